"""REST: a line of the ledger with its seal, and days of it as a file that proves itself."""

from datetime import date, datetime, timedelta
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import FileResponse
from pydantic import Field
from sqlalchemy.orm import Session

from central import pki
from central.fleet.signatory import signatory
from central.ledger.export import Span, export
from central.ledger.own import Pen
from central.ledger.proof import find_line, seal_over
from central.ledger.tables import Book, LedgerLine
from central.people.auth import needs
from central.people.roles import Actor
from central.web.here import StoreOf
from central.web.look import look_of
from central.web.refused import Refused
from central.web.rest import ZIP, Out, archive
from devices.journal import read_line

router = APIRouter(prefix="/api/v1", tags=["ledger"])

MOST = timedelta(days=31)
"""One export holds no more; a longer time is had in several, or by `courtside-central export`."""


class SealOut(Out):
    """A gateway's word on a piece of its book."""

    first: int = Field(description="`seq` of the first line it is over.")
    seq: int = Field(description="`seq` of the last.")
    token: str = Field(description="EdDSA JWT over `book`, `first`, `seq` and `head`, the hash of the last line.")


class LineOut(Out):
    """A line as it was taken in."""

    line: int = Field(description="Its number here, as other answers name it.")
    gateway: str = Field(description="Whose line; `central` wrote its own.")
    book: str
    seq: int = Field(description="Its place in the book.")
    prev: str = Field(description="Hash of the line before.")
    hash: str = Field(description="SHA-256 of `raw` as UTF-8.")
    raw: str = Field(description="The JSON line that was hashed, byte for byte.")
    at: datetime
    device: str
    type: str
    seal: SealOut | None


@router.get("/lines/{line}")
def one_line(store: StoreOf, _: Annotated[Actor, Depends(needs("fleet.read"))], line: int) -> LineOut:
    """A line of the ledger, as other answers name it in `line` and `lines`."""
    with store.read() as session:
        return _line(session, find_line(session, line))


@router.get(
    "/ledger.zip",
    response_class=FileResponse,
    responses={200: {"content": {ZIP: {}}, "description": "For `courtside-central verify`, or by its README."}},
)
def days(
    request: Request,
    store: StoreOf,
    _: Annotated[Actor, Depends(needs("audit.read"))],
    begin: Annotated[date, Query(alias="from", description="First day, by the court's clocks.")],
    end: Annotated[date, Query(alias="to", description="Last day; 31 days at most.")],
) -> FileResponse:
    """What the ledger holds of some days, with its proof."""
    if not timedelta(0) <= end - begin < MOST:
        raise Refused("一次可导出 1 到 {most} 天，止日不能早于起日。", code="bad_days", status=422, most=MOST.days)
    zone = look_of(request).zone
    pen, authority = cast(Pen, request.app.state.pen), cast(pki.Authority, request.app.state.authority)
    signer, span = signatory(store, authority, pen), Span.of_days(begin, end, zone)
    return archive(f"ledger-{begin}-{end}.zip", lambda file: export(store, signer, span, file))


def _line(session: Session, row: LedgerLine) -> LineOut:
    book, read, seal = session.get_one(Book, row.book_id), read_line(row.raw), seal_over(session, row)
    return LineOut(
        line=row.id, gateway=book.gateway, book=book.book, seq=row.seq, prev=read.prev, hash=row.hash,
        raw=row.raw.decode(), at=row.at, device=read.device, type=read.type,
        seal=SealOut.of(seal) if seal else None,
    )  # fmt: skip
