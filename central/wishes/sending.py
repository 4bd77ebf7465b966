"""Notices, labels and letters that a person sends to a device: which can take one, what is in it, and the signed wish.

What is written is a blob; the wish names it by its hash, so no line and no retained message holds a word of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy import and_, false, or_, select
from sqlalchemy.orm import Session

from central.blobs import Blobs
from central.fleet.catalogue import catalogue_named
from central.fleet.tables import Device, Gateway
from central.web.refused import Refused
from central.wishes import service
from central.wishes.rounds import reachable
from central.wishes.tables import WishRow
from devices.displays import Notice, ShowNotice
from devices.messages import Wish, wire_name
from devices.printers import MOST_COPIES, Label, PrintLabel, PrintLetter, Sides

M = TypeVar("M", bound=BaseModel)
What = Literal["notice", "label"]
OBEYED: Mapping[What | Literal["letter"], str] = {
    "notice": wire_name(ShowNotice),
    "label": wire_name(PrintLabel),
    "letter": wire_name(PrintLetter),
}
"""What a device that takes one has to obey."""
MOST_MINUTES = 24 * 60


@dataclass(frozen=True)
class Target:
    """A device that can take it."""

    gateway: str
    device: str
    is_there: bool

    @property
    def name(self) -> str:
        """As forms and addresses name it."""
        return f"{self.gateway}/{self.device}"


def targets(session: Session, blobs: Blobs, what: What | Literal["letter"], gateway: str = "") -> Sequence[Target]:
    """Every device, or those of one gateway, that takes one by its gateway's catalogue; those that are there first.

    A fleet has thousands of devices and a few catalogues: these are read, and only what fits is fetched.
    """
    in_use = Gateway.state == "active", *((Gateway.name == gateway,) if gateway else ())
    taking = []
    for sha256 in session.scalars(select(Gateway.catalogue).where(*in_use, Gateway.catalogue.is_not(None)).distinct()):
        drivers = (catalogue_named(blobs, sha256 or "") or {}).get("drivers", {})
        products = [product for product, told in drivers.items() if OBEYED[what] in told["obeys"]]
        taking.append(and_(Gateway.catalogue == sha256, Device.product.in_(products)))
    there = and_(Gateway.presence == "ready", Device.presence == "back")
    found = select(Gateway.name, Device.name, there).join(Device, Device.gateway_id == Gateway.id)
    found = found.where(*in_use, Device.removed_at.is_(None), or_(false(), *taking))
    return [Target(*row) for row in session.execute(found.order_by(there.desc(), Gateway.name, Device.name))]


def notice(title: str, text: str) -> Notice:
    """A notice of a title and lines of text. Raises Refused (422)."""
    if not title.strip():
        raise Refused("请写通知的标题。", code="no_title", status=422)
    return _made(Notice, title=title.strip(), rows=_rows(text))


def label(text: str, barcode: str) -> Label:
    """A label of lines of text and a barcode, either of which may be empty. Raises Refused (422)."""
    if not (text.strip() or barcode.strip()):
        raise Refused("请写标签上的文字或条码。", code="empty_label", status=422)
    return _made(Label, rows=_rows(text), barcode=barcode.strip() or None)


def send(  # noqa: PLR0913  (what, where, for how long, who, when: each is said by the caller)
    session: Session, blobs: Blobs, to: str, document: Notice | Label, minutes: int, now: datetime, *, actor: str
) -> WishRow:
    """Ask the device `gateway/device` for it; a notice stands for so many minutes.

    Raises Refused: it takes none (404), its gateway is not there, or the time is none (422).
    """
    what: What = "notice" if isinstance(document, Notice) else "label"
    _takes(session, blobs, to, what)
    if not 1 <= minutes <= MOST_MINUTES:
        raise Refused("显示时间应为 1 到 {most} 分钟。", code="bad_minutes", status=422, most=MOST_MINUTES)
    sha256 = blobs.put(document.model_dump_json(exclude_defaults=True).encode())
    wish: Wish = ShowNotice(document=sha256, seconds=minutes * 60) if what == "notice" else PrintLabel(document=sha256)
    return _asked(session, to, wish, f"send:{what}", now, actor)


def send_letter(  # noqa: PLR0913  (what, where, how, who, when: each is said by the caller)
    session: Session, blobs: Blobs, to: str, pdf: bytes, copies: int, sides: Sides, now: datetime, *, actor: str
) -> WishRow:
    """Ask the printer `gateway/device` for a letter. Raises Refused as `send` does, and if it is no PDF (422)."""
    _takes(session, blobs, to, "letter")
    if not pdf.startswith(b"%PDF-"):
        raise Refused("信函必须是 PDF 文件。", code="no_pdf", status=422)
    if not 1 <= copies <= MOST_COPIES:
        raise Refused("份数应为 1 到 {most}。", code="bad_copies", status=422, most=MOST_COPIES)
    wish = PrintLetter(document=blobs.put(pdf), copies=copies, sides=sides)
    return _asked(session, to, wish, "send:letter", now, actor)


def _takes(session: Session, blobs: Blobs, to: str, what: What | Literal["letter"]) -> None:
    """Raises Refused: the gateway is not there, or the device does not take such."""
    gateway = to.partition("/")[0]
    reachable(session, gateway)
    if to not in {target.name for target in targets(session, blobs, what, gateway)}:
        raise Refused("设备“{device}”不能显示或打印这个。", code="not_for_it", status=404, device=to)


def _asked(session: Session, to: str, wish: Wish, reason: str, now: datetime, actor: str) -> WishRow:
    gateway, _, device = to.partition("/")
    return service.ask(session, gateway, device, wish, actor, reason, now)


def _rows(text: str) -> tuple[str, ...]:
    return tuple(row.strip() for row in text.splitlines() if row.strip())


def _made(model: type[M], **fields: Any) -> M:
    try:
        return model(**fields)
    except ValidationError as error:
        where = str(error.errors()[0]["loc"][0])
        text = {
            "title": "标题最多 60 个字。",
            "rows": "最多 12 行。",
            "barcode": "条码只能用字母、数字和普通符号，最多 40 个。",
        }[where]
        raise Refused(text, code=f"bad_{where}", status=422) from None
