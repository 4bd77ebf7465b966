"""Facts a gateway tells anew after it had to open another book (ledger rule 3): known ones are not projected twice.

A line told anew is a line like any other and is stored; but where the ledger holds one of its earlier tellings,
what it says has been taken in already. `again` in its body names them: `{"at": first time, "as": [[book, seq,
hash], ...]}`. A hash that is not the stored one proves nothing: then the line is taken in as news.
"""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.ledger.tables import Book, LedgerLine, line_id
from devices.journal import Line

AGAIN = "again"


def is_known(session: Session, gateway: str, line: Line) -> bool:
    """True if the ledger holds an earlier telling of this line's fact."""
    again = line.body.get(AGAIN)
    told = again.get("as") if isinstance(again, dict) else None
    return isinstance(told, list) and any(_is_held(session, gateway, place) for place in told)


def _is_held(session: Session, gateway: str, place: Any) -> bool:
    match place:
        case [str(book), int(seq), str(hash_)] if 0 < seq < 1 << 40:
            id_ = session.scalar(select(Book.id).where(Book.gateway == gateway, Book.book == book))
            if id_ is None:
                return False
            held = select(LedgerLine.hash).where(LedgerLine.id == line_id(id_, seq))
            return session.scalar(held) == hash_
    return False
