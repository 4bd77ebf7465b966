"""The minutes on paper: heading, who took part, what was said by speaker, lines to sign on.

DOCX by python-docx, PDF by Typst; both hold the same, with the hash of the text that was signed on each page's foot.
"""

import io
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from central.hearings.minutes_text import Minutes
from devices.agenda import ROLE_NAMES

Say = Callable[..., str]
"""A message in the reader's language."""
Time = Callable[[Any], str]
_TYPST = Path(__file__).with_name("minutes.typ")
_FONT = "Noto Serif CJK SC"


@dataclass(frozen=True)
class Signed:
    """A signature under the text: drawn (PNG), or what stands there instead; neither yet."""

    who: str
    drawn: bytes | None = None
    instead: str = ""
    when: str = ""


@dataclass(frozen=True)
class Sheet:
    """What stands on the paper, in words."""

    title: str
    court: str
    heading: str
    mark: str
    rows: Sequence[tuple[str, str]]
    said: Sequence[Mapping[str, str]]
    notes: Sequence[str]
    signatures: Sequence[Signed]


def sheet(
    minutes: Minutes, mark: str, notes: Sequence[str], signatures: Sequence[Signed], say: Say, time: Time
) -> Sheet:
    """The minutes as they are to be set; `mark` stands on the foot of each page."""
    colon = say("：")
    rows = [
        (say("案号") + colon, minutes.case),
        (say("案由") + colon, minutes.cause),
        (say("时间") + colon, f"{time(minutes.opened_at)} — {time(minutes.closed_at)}"),
        (say("地点") + colon, minutes.room),
        (say("是否公开审理") + colon, say("不公开审理") if minutes.closed else say("公开审理")),
        *((say(ROLE_NAMES[taker.role]) + colon, taker.name) for taker in minutes.takers),
    ]
    said = [
        {"at": clock(line.at_s), "who": say(ROLE_NAMES[line.role]) + colon, "text": line.text} for line in minutes.said
    ]
    heading = say("法庭笔录")
    return Sheet(f"{heading} {minutes.case}", minutes.court, heading, mark, rows, said, notes, signatures)


def docx(paper: Sheet) -> bytes:
    """As a Word document."""
    from docx import Document
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt

    document = Document()
    style = document.styles["Normal"]
    style.font.name, style.font.size = _FONT, Pt(12)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), _FONT)
    document.core_properties.title = paper.title
    for text, size in ((paper.court, 18), (paper.heading, 16)):
        line = document.add_paragraph()
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        run = line.add_run(text)
        run.bold, run.font.size = True, Pt(size)
    for label, value in paper.rows:
        document.add_paragraph(f"{label}{value}")
    for one in paper.said:
        line = document.add_paragraph()
        line.add_run(f"{one['at']} ").font.size = Pt(9)
        line.add_run(one["who"]).bold = True
        line.add_run(one["text"])
    for note in paper.notes:
        document.add_paragraph(note)
    table = document.add_table(rows=0, cols=3)
    for signed in paper.signatures:
        cells = table.add_row().cells
        cells[0].text, cells[2].text = signed.who, signed.when
        if signed.drawn is not None:
            cells[1].paragraphs[0].add_run().add_picture(io.BytesIO(signed.drawn), height=Cm(1.4))
        else:
            cells[1].text = signed.instead or "＿＿＿＿＿＿＿＿＿＿"
    document.sections[0].footer.paragraphs[0].text = paper.mark
    whole = io.BytesIO()
    document.save(whole)
    return whole.getvalue()


def pdf(paper: Sheet) -> bytes:
    """As a PDF."""
    import typst

    with tempfile.TemporaryDirectory(prefix="courtside-minutes-") as name:
        folder = Path(name)
        told = asdict(paper)
        for number, signed in enumerate(told["signatures"]):
            if signed["drawn"] is not None:
                (folder / f"{number}.png").write_bytes(signed["drawn"])
                signed["drawn"] = f"{number}.png"
        (folder / "told.json").write_text(json.dumps(told, ensure_ascii=False), "utf-8")
        (folder / "minutes.typ").write_bytes(_TYPST.read_bytes())
        return bytes(typst.compile(folder / "minutes.typ", root=folder))


def clock(seconds: int) -> str:
    """Hours, minutes and seconds."""
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
