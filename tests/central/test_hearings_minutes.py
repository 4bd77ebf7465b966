"""Minutes are drawn up, read back, objected to and signed by hash; what was signed stays as it is."""

import base64
import io
import struct
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from docx import Document
from sqlalchemy import select

from central.hearings import minutes, minutes_flow, transcript
from central.hearings.drawn import png
from central.hearings.minutes_pages import take
from central.hearings.minutes_tables import MinutesText
from central.hearings.spoken import Utterance
from central.hearings.tables import Hearing
from central.ledger.tables import LedgerLine
from central.store import Store
from central.web.refused import Refused
from devices.hearings import HearingClosed, HearingOpened, SeatSound, SegmentRecorded
from devices.journal import read_line
from devices.speech import Utterance as Heard
from devices.speech import Word, Words
from tests.central.courtroom import Courtroom
from tests.central.desk import desk
from tests.central.locker import Locker
from tests.kit.databases import sqlite_in

RATE = 16000
ON_PAPER = (
    "惠山区人民法院",
    "法庭笔录",
    "民间借贷纠纷",
    "审判长：李法官",
    "原告：请求判令还款",
    "拒绝签名：认为记录不全",
)
SAID = {"judge": "现在开庭", "plaintiff": "请求判令还款", "defendant": "不同意"}


class Told:
    """A form."""

    def __init__(self, **told: Any) -> None:
        known = {"how": "", "key": "", "name": "", "words": "", "drawing": "", "objection": 0, "signature": None}
        self.__dict__.update(known | told)


class Office:
    """A hearing that was held and transcribed, and whose minutes are being made."""

    def __init__(self, room: Courtroom) -> None:
        self.room, self.hearing = room, room.plan()
        ref, now = self.hearing.ref, room.locker.now
        seats = {
            seat: SeatSound(sound=room.blobs.put(f"sound {seat}".encode()), device="table-a", channel=n,
                            words=room.blobs.put(_words(seat, n)))
            for n, seat in enumerate(SAID, 1)
        }  # fmt: skip
        room.tell(
            HearingOpened(hearing=ref, by="agenda", opened_at=now, rate=RATE),
            SegmentRecorded(hearing=ref, number=1, from_sample=0, to_sample=10 * RATE, rate=RATE, at=now, seats=seats),
        )

    def close(self) -> "Office":
        """闭庭, and its words are here."""
        self.room.tell(HearingClosed(hearing=self.hearing.ref, at_sample=10 * RATE, by="agenda"))
        transcript.take_in(self.room.store, self.room.blobs, lambda: self.room.locker.now)
        return self

    def do(self, event: str, by: str = "clerk", **told: Any) -> MinutesText:
        """One step."""
        with self.room.store.write() as session:
            hearing = self.room.find(session, self.hearing)
            hand = minutes.Hand(self.room.actor(by), hearing, self.room.blobs, "惠山区人民法院", self.room.locker.now)
            text = take(session, hand, event, Told(**told))
            session.flush()
            _ = text.objections, text.signatures
            return text

    def sign(self, key: str, by: str = "clerk") -> MinutesText:
        """Somebody signs."""
        return self.do("sign", by, key=key, name=f"人{key}", drawing=drawing())

    def correct(self, heard: str, text: str) -> None:
        """Say what was really said."""
        with self.room.store.write() as session:
            found = session.scalars(select(Utterance).where(Utterance.heard == heard)).unique().one()
            hearing, now = session.get_one(Hearing, self.hearing.id), self.room.locker.now
            transcript.correct(session, self.room.actor(), hearing, found.id, text, now)

    def lines(self, *types: str) -> list[dict[str, Any]]:
        """What central's book has of that."""
        with self.room.store.read() as session:
            found = select(LedgerLine.raw).where(LedgerLine.type.in_(types)).order_by(LedgerLine.id)
            return [dict(read_line(raw).body) for raw in session.scalars(found)]


def _words(seat: str, second: int) -> bytes:
    word = Word(word=SAID[seat], from_sample=second * RATE, to_sample=second * RATE + 8000)
    heard = Heard(from_sample=word.from_sample, to_sample=word.to_sample, words=(word,))
    whole = Words(seat=seat, from_sample=0, to_sample=10 * RATE, rate=RATE, model="m", utterances=(heard,))
    return whole.model_dump_json().encode()


def drawing(width: int = 40, height: int = 12, rows: int | None = None) -> str:
    """What the pad sends: an image of that size, with so many rows in it."""
    pixels = zlib.compress((b"\x00" + bytes((16, 32, 74, 255)) * width) * (height if rows is None else rows))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)), (b"IDAT", pixels), (b"IEND", b"")]
    data = b"\x89PNG\r\n\x1a\n"
    for kind, body in chunks:
        data += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


@pytest.fixture
def office(room: Courtroom) -> Office:
    return Office(room)


@pytest.fixture
def signing(court_key: Ed25519PrivateKey, up_to_date: Path, tmp_path: Path) -> Iterator[Office]:
    """Minutes that were read back; on SQLite, for what pages show of them does not hang on the database."""
    store = Store(sqlite_in(tmp_path, up_to_date))
    office = Office(Courtroom(Locker(store, court_key, tmp_path / "blobs")))
    office.close().do("draw_up")
    office.do("read_back", how="aloud")
    yield office
    store.close()


def refusal(office: Office, event: str, by: str = "clerk", **told: Any) -> str:
    with pytest.raises(Refused) as refused:
        office.do(event, by, **told)
    return refused.value.code


def test_minutes_go_from_draft_over_an_objection_to_the_signatures_of_all(office: Office) -> None:
    assert refusal(office, "draw_up") == "wrong_state"
    assert office.close().do("draw_up").state == "DRAFT"
    assert refusal(office, "sign", key="plaintiff", name="周某", drawing=drawing()) == "wrong_state"
    office.do("read_back", how="aloud")
    objected = office.do("object", key="defendant", words="漏记了不同意的理由")
    assert objected.state == "OBJECTED"
    assert refusal(office, "sign", key="plaintiff", name="周某", drawing=drawing()) == "wrong_state"
    refused = office.do("refuse", objection=objected.objections[0].id, words="录音中没有说过理由")
    assert (refused.state, refused.objections[0].decided) == ("READ_BACK", "refused")
    assert refusal(office, "sign", key="presiding", name="李法官", drawing=drawing()) == "not_presiding"
    assert refusal(office, "sign", by="clerk2", key="clerk", name="钱书记", drawing=drawing()) == "not_the_clerk"
    office.sign("plaintiff")
    assert refusal(office, "sign", key="plaintiff", name="周某", drawing=drawing()) == "signed_before"
    office.do("decline", key="defendant", name="吴某", words="认为记录不全")
    office.sign("presiding", "judge")
    signed = office.sign("clerk")
    assert signed.state == "SIGNED"
    told = office.lines("minutes_signed", "signing_declined")
    assert [line["key"] for line in told] == ["plaintiff", "defendant", "presiding", "clerk"]
    assert {line["text"] for line in told} == {signed.text}
    spoken = "".join(str(line) for line in office.lines("minutes_drawn_up", "minutes_objected", "objection_decided"))
    assert "理由" not in spoken and "现在开庭" not in spoken


def test_a_signed_text_stays_and_a_later_correction_needs_a_new_one_with_new_signatures(office: Office) -> None:
    office.close().do("draw_up")
    office.do("read_back", how="screen")
    for key in ("plaintiff", "defendant", "clerk"):
        office.sign(key)
    first = office.sign("presiding", "judge")
    assert first.state == "SIGNED" and refusal(office, "draw_up") == "wrong_state"
    office.correct("不同意", "不同意原告的请求")
    second = office.do("draw_up")
    assert (second.number, second.state, second.signatures) == (2, "DRAFT", [])
    assert second.text != first.text
    with office.room.store.read() as session:
        texts = minutes.texts(session, office.hearing.id)
        assert [(text.number, text.state, len(text.signatures)) for text in texts] == [
            (2, "DRAFT", 0),
            (1, "SIGNED", 4),
        ]
        said = [line.text for line in minutes.read(office.room.blobs, texts[1]).said]
        assert said == list(SAID.values())


def test_a_text_that_was_corrected_meanwhile_is_not_signed_any_more(office: Office) -> None:
    office.close().do("draw_up")
    text = office.do("read_back", how="read")
    raised = office.do("object", key="plaintiff", words="应为归还本金")
    assert office.do("grant", objection=raised.objections[0].id, words="录音核对属实").state == "CORRECTING"
    assert refusal(office, "sign", key="clerk", name="王书记", drawing=drawing()) == "wrong_state"
    office.correct("请求判令还款", "请求判令归还本金")
    assert office.do("draw_up").number == text.number + 1


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("", "not_drawn"),
        ("data:image/png;base64,%%", "not_drawn"),
        ("data:image/png;base64," + base64.b64encode(b"GIF89a").decode(), "bad_drawing"),
        (drawing(rows=3), "bad_drawing"),
        (drawing(width=4000), "bad_drawing"),
    ],
    ids=["nothing", "no base64", "no PNG", "rows missing", "too wide"],
)
def test_a_drawing_that_is_none_is_refused(told: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        png(told)
    assert refused.value.code == code


def test_only_steps_of_the_table_are_taken() -> None:
    assert minutes_flow.to("SIGNED", "sign") is None
    assert minutes_flow.to("OBJECTED", "refuse", 1) == "OBJECTED"


def test_after_a_granted_correction_the_page_leads_to_the_words_and_back(signing: Office) -> None:
    raised = signing.do("object", key="plaintiff", words="应为归还本金")
    signing.do("grant", objection=raised.objections[0].id, words="录音核对属实")
    page = f"/hearings/{signing.hearing.id}/minutes"
    with desk(signing.room.locker) as at:
        at.sign_in("clerk")
        assert "准予的补正还没有改进文字里" in at.open(page) and "/transcript" in at.shown
        signing.correct("请求判令还款", "请求判令归还本金")
        assert "准予的补正还没有改进文字里" not in at.open(page) and f"{page}/draw_up" in at.shown


def test_a_refused_step_keeps_what_was_written_and_nobody_objects_by_default(signing: Office) -> None:
    page = f"/hearings/{signing.hearing.id}/minutes"
    with desk(signing.room.locker) as at:
        at.sign_in("clerk")
        assert '<select class="form-select mb-2" id="who" name="key" required><option value="">' in at.open(page)
        assert ">应为归还本金<" in at.send(f"{page}/object", 404, key="", words="应为归还本金")
        shown = at.send(f"{page}/sign", 422, key="plaintiff", name="周某的代理人", drawing="")
        assert 'value="周某的代理人"' in shown and page in shown


def test_the_minutes_come_as_word_and_pdf_with_heading_speakers_signatures_and_hash(
    signing: Office, tmp_path: Path
) -> None:
    signing.sign("plaintiff")
    text = signing.do("decline", key="defendant", name="吴某", words="认为记录不全")
    with desk(signing.room.locker) as at:
        at.sign_in("clerk")
        shown = at.open(f"/hearings/{signing.hearing.id}/minutes")
        assert "请求判令还款" in shown and "认为记录不全" in shown and "data:image/png;base64," in shown
        word = at.client.get(f"/hearings/{signing.hearing.id}/minutes/1.docx")
        pdf = at.client.get(f"/hearings/{signing.hearing.id}/minutes/1.pdf")
    document = Document(io.BytesIO(word.content))
    body = "\n".join(paragraph.text for paragraph in document.paragraphs)
    under = "\n".join(cell.text for row in document.tables[0].rows for cell in row.cells)
    (tmp_path / "minutes.pdf").write_bytes(pdf.content)
    subprocess.run(["qpdf", "--check", tmp_path / "minutes.pdf"], check=True, capture_output=True)
    told = ["pdftotext", "-layout", tmp_path / "minutes.pdf", "-"]
    page = subprocess.run(told, check=True, capture_output=True, text=True).stdout
    for there in (body + under, page):
        plain = there.replace(" ", "").replace("\n", "")
        missing = [words for words in ON_PAPER if words not in plain]
        assert missing == []
    assert text.text in page and text.text in document.sections[0].footer.paragraphs[0].text
    assert len(document.inline_shapes) == 1


def test_minutes_wait_on_the_first_page_for_who_drew_them_up_and_for_the_judge_until_each_is_done(
    office: Office,
) -> None:
    def waits(login: str) -> list[str]:
        with office.room.store.read() as session:
            return [text.state for text in minutes.waiting(session, office.room.actor(login), 5)]

    office.close()
    assert (waits("clerk"), waits("judge")) == ([], [])
    office.do("draw_up")
    assert (waits("clerk"), waits("judge")) == (["DRAFT"], [])
    office.do("read_back", how="aloud")
    assert (waits("clerk"), waits("judge"), waits("clerk2")) == (["READ_BACK"], ["READ_BACK"], [])
    with desk(office.room.locker) as at:
        at.sign_in("judge")
        assert f'href="/hearings/{office.hearing.id}/minutes"' in at.open("/") and "都办好了" not in at.shown
    office.sign("presiding", "judge")
    assert (waits("clerk"), waits("judge")) == (["READ_BACK"], [])
    for key in ("plaintiff", "defendant", "clerk"):
        office.sign(key)
    assert (waits("clerk"), waits("judge")) == ([], [])
