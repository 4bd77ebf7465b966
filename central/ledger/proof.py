"""One line of the ledger, and the seal over it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.ledger.tables import LedgerLine, Seal
from central.web.refused import Refused


def find_line(session: Session, line: int) -> LedgerLine:
    """The line of that number; raises Refused (404)."""
    row = session.get(LedgerLine, line) if line < 1 << 63 else None
    if row is None:
        raise Refused("账册里没有第 {line} 号记录。", code="no_such_line", status=404, line=line)
    return row


def seal_over(session: Session, row: LedgerLine) -> Seal | None:
    """The first seal of its book that is over the line."""
    covers = select(Seal).where(Seal.book_id == row.book_id, Seal.seq >= row.seq, Seal.first <= row.seq)
    return session.scalars(covers.order_by(Seal.seq).limit(1)).one_or_none()
