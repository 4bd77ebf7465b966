"""Proof: one line of the ledger with its place in the chain and its seal, and the lines that wait parked."""

import json
from typing import Annotated, Any, cast

from fastapi import Depends, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from central.ledger.parking import Projection, parked_lines
from central.ledger.proof import find_line, seal_over
from central.ledger.tables import Book, LedgerLine, line_id
from central.web.here import Reading, go, needs, pages, store_of
from central.web.look import page
from devices.journal import line_hash, read_line

router = pages()

Reader = Annotated[Any, Depends(needs("case.read", "fleet.read", "audit.read"))]
Auditor = Annotated[Any, Depends(needs("audit.read"))]


@router.get("/ledger/{line}")
def proof(request: Request, by: Reader, session: Reading, line: int) -> HTMLResponse:
    """A line as it was hashed, its neighbours, and the seal over it, all worked out anew."""
    row = find_line(session, line)
    book = session.get_one(Book, row.book_id)
    read = read_line(row.raw)
    before, after = _beside(session, row, -1), _beside(session, row, 1)
    intact = (
        line_hash(row.raw) == row.hash
        and (before is None or read.prev == line_hash(before.raw))
        and (after is None or read_line(after.raw).prev == row.hash)
    )
    return page(
        request,
        "ledger/line.html",
        line=row,
        raw=row.raw.decode(),
        body={name: _shown(value) for name, value in read.body.items()},
        prev=read.prev,
        book=book,
        seal=seal_over(session, row),
        before=before.id if before else None,
        after=after.id if after else None,
        intact=intact,
    )


@router.get("/ledger/{line}/raw")
def raw(by: Reader, session: Reading, line: int) -> Response:
    """The very bytes that were hashed."""
    row = find_line(session, line)
    name = f'attachment; filename="line-{row.id}.json"'
    return Response(row.raw, media_type="application/octet-stream", headers={"content-disposition": name})


@router.get("/parked")
def parked(request: Request, by: Auditor, session: Reading) -> HTMLResponse:
    """Lines that are stored but not yet believed."""
    return page(request, "ledger/parked.html", parked=list(parked_lines(session)))


@router.post("/parked/retry")
def retry(request: Request, by: Auditor, subject: Annotated[str, Form()]) -> Response:
    """Project again what waits of one subject."""
    projection = cast(Projection, request.app.state.projection)
    with store_of(request).write() as session:
        projection.retry(session, subject)
    return go("/parked")


def _beside(session: Session, row: LedgerLine, step: int) -> LedgerLine | None:
    return session.get(LedgerLine, line_id(row.book_id, row.seq + step))


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
