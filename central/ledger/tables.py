"""What the ledger keeps: books, their lines as raw bytes, the seals over them, forks, and lines that wait parked."""

from collections.abc import Sequence
from datetime import datetime
from itertools import repeat

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Table, Text, UniqueConstraint, insert, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from central.store import Base, BigId, Millis, append_rows, millis
from devices.claims import SealClaims
from devices.journal import ZERO, Line

CENTRAL = "central"
"""The gateway under whose name central's own book stands."""

_SEQ_BITS = 40


def line_id(book_id: int, seq: int) -> int:
    """The number of a line in the whole ledger: book and place in one, so that no line can be stored twice."""
    return book_id << _SEQ_BITS | seq


def book_and_seq(line: int) -> tuple[int, int]:
    """Book and place of the line of that number."""
    return line >> _SEQ_BITS, line & (1 << _SEQ_BITS) - 1


class Book(Base):
    """One journal database of a gateway, and how far it is committed."""

    __tablename__ = "ledger_books"
    __table_args__ = (UniqueConstraint("gateway", "book"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    gateway: Mapped[str] = mapped_column(String(48), index=True)
    book: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(16))
    """Thumbprint of the key that seals its next lines."""
    follows: Mapped[str | None] = mapped_column(String(64))
    why: Mapped[str] = mapped_column(String(16), default="new")
    seq: Mapped[int] = mapped_column(BigId, default=0)
    """The last committed line."""
    head: Mapped[str] = mapped_column(String(64), default=ZERO)
    """Its hash."""
    state: Mapped[str] = mapped_column(String(16), default="open")
    """`open`, `fork` (two histories; takes no more lines) or `closed`."""
    opened_at: Mapped[datetime]
    received_at: Mapped[datetime]


class LedgerLine(Base):
    """One line, for ever: the bytes that were hashed, and what is looked for in them."""

    __tablename__ = "ledger_lines"
    __table_args__ = (
        Index(
            "ix_ledger_lines_cause",
            "cause",
            sqlite_where=text("cause IS NOT NULL"),
            postgresql_where=text("cause IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    """`line_id(book_id, seq)`."""
    book_id: Mapped[int] = mapped_column(ForeignKey("ledger_books.id"))
    seq: Mapped[int] = mapped_column(BigId)
    hash: Mapped[str] = mapped_column(String(64))
    gateway: Mapped[str] = mapped_column(String(48))
    device: Mapped[str] = mapped_column(String(64))
    type: Mapped[str] = mapped_column(String(64))
    cause: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Millis)
    """When it was written, by the writer's clock."""
    raw: Mapped[bytes] = mapped_column(LargeBinary)


class Seal(Base):
    """A writer's signed word on lines `first` to `seq` of a book."""

    __tablename__ = "ledger_seals"
    __table_args__ = (Index("ix_ledger_seals_book_seq", "book_id", "seq"), Index("ix_ledger_seals_last_at", "last_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("ledger_books.id"))
    first: Mapped[int] = mapped_column(BigId)
    seq: Mapped[int] = mapped_column(BigId)
    head: Mapped[str] = mapped_column(String(64))
    token: Mapped[str] = mapped_column(Text)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    received_at: Mapped[datetime]


class Fork(Base):
    """A line that contradicts a committed one, sealed by the same gateway; both are kept."""

    __tablename__ = "ledger_forks"
    __table_args__ = (UniqueConstraint("book_id", "seq", "hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("ledger_books.id"))
    seq: Mapped[int] = mapped_column(BigId)
    hash: Mapped[str] = mapped_column(String(64))
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    token: Mapped[str] = mapped_column(Text)
    """The seal it came under."""
    received_at: Mapped[datetime]


class Parked(Base):
    """A stored line that could not be projected yet, or waits behind one of the same subject."""

    __tablename__ = "ledger_parked"

    id: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("ledger_lines.id"), unique=True)
    subject: Mapped[str] = mapped_column(String(160), index=True)
    """`gateway/device` or `gateway/device/cell`."""
    why: Mapped[str] = mapped_column(Text)
    """Empty when it only waits behind another."""
    parked_at: Mapped[datetime]


_LINES: Table = Base.metadata.tables[LedgerLine.__tablename__]
_COLUMNS = ("id", "book_id", "seq", "hash", "gateway", "device", "type", "cause", "at", "raw")
_SEAL = insert(Base.metadata.tables[Seal.__tablename__])


def store_lines(session: Session, gateway: str, book: int, lines: Sequence[Line], hashes: Sequence[str]) -> None:
    """Keep lines of a book with their hashes, for ever. Past the session, which would take ten times as long."""
    seqs, _, ats, _, _, devices, types, _, causes, raws = zip(*lines, strict=True)
    ids = map(line_id(book, 0).__add__, seqs)
    told = (seqs, hashes, repeat(gateway), devices, types, causes, map(millis, ats), raws)
    rows = list(zip(ids, repeat(book), *told, strict=False))  # the book and its gateway have no end
    append_rows(session, _LINES, _COLUMNS, rows)


def store_seal(
    session: Session, book: int, claims: SealClaims, token: str, times: tuple[datetime, datetime, datetime]
) -> None:
    """Keep a seal; `times` are those of the first and the last line, and when it was received."""
    first_at, last_at, received_at = times
    told = {"first": claims.first, "seq": claims.seq, "head": claims.head, "token": token}
    told_at = {"first_at": first_at, "last_at": last_at, "received_at": received_at}
    session.connection().execute(_SEAL, {"book_id": book, **told, **told_at})
