"""The chain of custody of a volume: its moves, and for each step the ledger line that proves it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.custody.tables import Move
from central.ledger.tables import Book, LedgerLine


@dataclass(frozen=True)
class Proof:
    """Where a line stands: gateway, book, number, and the hash that anyone can compute again."""

    line: int
    gateway: str
    book: str
    seq: int
    hash: str
    at: datetime
    type: str


@dataclass(frozen=True)
class Link:
    """One move and its proof, step by step in the order of time."""

    move: Move
    steps: Sequence[tuple[str, Proof]]


def chain(session: Session, volume: int) -> list[Link]:
    """Every move of a volume, oldest first."""
    moves = session.scalars(select(Move).where(Move.volume_id == volume).order_by(Move.begun_at, Move.id)).all()
    return links(session, moves)


def links(session: Session, moves: Iterable[Move]) -> list[Link]:
    """These moves with their proof, in one question to the ledger."""
    wanted = list(moves)
    proofs = _proofs(session, {line for move in wanted for line in move.lines.values()})
    return [
        Link(move, sorted(((step, proofs[line]) for step, line in move.lines.items()), key=lambda one: one[1].at))
        for move in wanted
    ]


def _proofs(session: Session, lines: set[int]) -> Mapping[int, Proof]:
    found = select(LedgerLine, Book.book).join(Book, Book.id == LedgerLine.book_id).where(LedgerLine.id.in_(lines))
    return {
        line.id: Proof(line.id, line.gateway, book, line.seq, line.hash, line.at, line.type)
        for line, book in session.execute(found)
    }
