"""REST: the life of a wish, and notices, labels and letters sent by one."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, UploadFile
from pydantic import Field

from central.people.auth import needs
from central.people.roles import Actor
from central.web import look
from central.web.here import Now, StoreOf, blobs_of
from central.web.rest import In, Out
from central.wishes import sending, service
from central.wishes.tables import WishRow
from devices.printers import Sides

router = APIRouter(prefix="/api/v1", tags=["wishes"])


class WishOut(Out):
    """What was asked of a device and how far it came."""

    id: str
    gateway: str
    device: str
    type: str
    body: dict[str, Any]
    actor: str = Field(description="A reference, such as person:3.")
    reason: str
    state: str = Field(description="asked, sent, taken, answered, refused, expired, interrupted")
    why: str | None
    message: str = Field(description="How it stands, in words.")
    asked_at: datetime
    sent_at: datetime | None = Field(description="When it was noted that the broker took it; never waited for.")
    taken_at: datetime | None
    ended_at: datetime | None
    lines: dict[str, int] = Field(description="Step -> number of the ledger line that proves it.")


class NoticeIn(In):
    """What a screen is to show to everybody before it."""

    title: str
    rows: list[str] = Field(default=[], description="At most 12.")
    minutes: int = Field(default=60, description="At most a day; then it is gone.")


class LabelIn(In):
    """What stands on a label."""

    rows: list[str] = Field(default=[], description="At most 12.")
    barcode: str = Field(default="", description="CODE128.")


Sender = Annotated[Actor, Depends(needs("device.send"))]


@router.get("/wishes/{jti}")
def wish(request: Request, store: StoreOf, _: Annotated[Actor, Depends(needs("cabinet.read"))], jti: str) -> WishOut:
    """One wish by its id."""
    with store.read() as session:
        return _told(request, service.find(session, jti))


@router.post("/devices/{gateway}/{device}/notice", status_code=201)
def show_notice(  # noqa: PLR0913  (who asks, where, what)
    request: Request, store: StoreOf, by: Sender, now: Now, gateway: str, device: str, told: NoticeIn
) -> WishOut:
    """Show a notice on a screen or strip, by a signed wish; its life is at /wishes/{id}."""
    with store.write() as session:
        document = sending.notice(told.title, "\n".join(told.rows))
        row = sending.send(session, blobs_of(request), f"{gateway}/{device}", document, told.minutes, now, actor=by.ref)
        return _told(request, row)


@router.post("/devices/{gateway}/{device}/label", status_code=201)
def print_label(  # noqa: PLR0913  (who asks, where, what)
    request: Request, store: StoreOf, by: Sender, now: Now, gateway: str, device: str, told: LabelIn
) -> WishOut:
    """Print a label, by a signed wish; its life is at /wishes/{id}."""
    with store.write() as session:
        document = sending.label("\n".join(told.rows), told.barcode)
        return _told(
            request, sending.send(session, blobs_of(request), f"{gateway}/{device}", document, 1, now, actor=by.ref)
        )


@router.post("/devices/{gateway}/{device}/letter", status_code=201)
def print_letter(  # noqa: PLR0913  (who asks, where, what)
    request: Request,
    store: StoreOf,
    by: Sender,
    now: Now,
    gateway: str,
    device: str,
    file: UploadFile,
    copies: Annotated[int, Form()] = 1,
    sides: Annotated[Sides, Form()] = "one",
) -> WishOut:
    """Print a PDF as a letter, by a signed wish; its life is at /wishes/{id}."""
    pdf, blobs, to = file.file.read(), blobs_of(request), f"{gateway}/{device}"
    with store.write() as session:
        return _told(request, sending.send_letter(session, blobs, to, pdf, copies, sides, now, actor=by.ref))


def _told(request: Request, row: WishRow) -> WishOut:
    lines = {"asked": row.asked_line, "taken": row.taken_line, "ended": row.ended_line}
    return WishOut.of(
        row,
        id=row.jti,
        message=look.words(request).tell(service.outcome(row)),
        lines={step: line for step, line in lines.items() if line is not None},
    )
