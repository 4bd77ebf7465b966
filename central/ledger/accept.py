"""Where facts enter: a sealed batch is checked against the book, stored raw, projected, and only then acknowledged.

Everything here runs in the caller's transaction. What comes back says how far the book is committed once that
transaction is; nothing may be told to the gateway before.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import bindparam, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from central.alarms import AlarmKind, raise_alarm
from central.clock import Clock, utc_now
from central.ledger.again import AGAIN, is_known
from central.ledger.batch import Batch, BatchRefused, Sender, open_batch
from central.ledger.parking import UNPROJECTABLE, Projection
from central.ledger.projection import LineView, Projector, Watcher
from central.ledger.tables import Book, Fork, LedgerLine, line_id, store_lines, store_seal
from central.store import tell
from devices.journal import ZERO, BadLine, read_line

_LOG = logging.getLogger(__name__)
# Statements asked for each batch are made once: making one costs as much as asking it.
_BOOK = select(Book).where(Book.gateway == bindparam("gateway"), Book.book == bindparam("book")).with_for_update()
_LOCKED = "books"
"""In a session's `info`: the books this transaction holds."""

Result = Literal["stored", "again", "gap", "fork", "refused", "suspended"]


@dataclass(frozen=True)
class Accepted:
    """How far a book is committed after a batch, and what became of the batch."""

    gateway: str
    result: Result
    book: str | None
    """None if the gateway has no book yet and the batch named none that can be believed."""
    seq: int = 0
    head: str = ZERO
    fresh: int = 0
    """Lines that were new."""


class Ledger:
    """Takes in batches for one court; `projectors` are shown each new line in the order given here."""

    def __init__(
        self,
        court: str,
        projectors: Sequence[Projector] = (),
        watchers: Sequence[Watcher] = (),
        clock: Clock = utc_now,
    ) -> None:
        self.court = court
        self._watchers = tuple(watchers)
        self.projection = Projection(projectors, clock)
        self._clock = clock

    def accept(self, session: Session, sender: Sender, payload: bytes, seal: str | None) -> Accepted:
        """Take in one batch; whatever is wrong with it is an alarm and an answer, never an exception.

        Raises only what the database raises; then nothing is committed and nothing acknowledged.
        """
        try:
            batch = open_batch(self.court, sender, payload, seal)
            return self._take(session, sender, batch)
        except BatchRefused as refused:
            params: dict[str, Any] = {"why": refused.why, "book": refused.book, "seq": refused.seq}
            raise_alarm(session, refused.kind, sender.name, at=self._clock(), **params)
            return self._standing(session, sender, refused.book, "refused")

    def notice(self, session: Session, gateway: str, raw: bytes) -> None:
        """Show watchers a line that came ahead of its batch; what is no line is passed over, for it proves nothing."""
        try:
            line = LineView(gateway, 0, read_line(raw), "")
        except BadLine as error:
            _LOG.info("%s: news that is no line: %s", gateway, error)
            return
        for watcher in self._watchers:
            if line.type in watcher.types:
                try:
                    with session.begin_nested():
                        watcher.notice(session, line)
                except UNPROJECTABLE as error:
                    _LOG.info("%s: news that cannot be read: %s", gateway, error)

    def retry(self, session: Session, subject: str) -> int:
        """Project the parked lines of a subject again, oldest first; gives how many still wait (ledger rule 6)."""
        return self.projection.retry(session, subject)

    def _take(self, session: Session, sender: Sender, batch: Batch) -> Accepted:
        if sender.suspended:
            return self._standing(session, sender, batch.claims.book, "suspended")
        book = self._book(session, sender, batch)
        if book is None or batch.claims.first > book.seq + 1:
            return self._standing(session, sender, batch.claims.book, "gap")
        overlap = self._overlap(session, book, batch)
        if overlap is None or (overlap == 0 and batch.lines[0].prev != book.head):
            return self._fork(session, book, batch)
        if overlap == len(batch.lines):
            return _at(book, "again")
        if book.state == "fork":
            return self._fork(session, book, batch)
        self._append(session, sender, book, batch, overlap)
        return _at(book, "stored", len(batch.lines) - overlap)

    def _book(self, session: Session, sender: Sender, batch: Batch) -> Book | None:
        """The batch's book, locked; opened by its first line (ledger rule 1). None if that line is still to come."""
        book = _find(session, sender.name, batch.claims.book)
        if book is not None or batch.claims.first != 1:
            return book
        opens = batch.opens
        if opens is None or (opens.gateway, opens.book, opens.key) != (sender.name, batch.claims.book, batch.kid):
            why = "its first line does not open this book for this gateway and key"
            raise BatchRefused(AlarmKind.CHAIN_BROKEN, why, batch.claims.book, 1)
        before = newest_book(session, sender.name)
        if before is not None and before.book == opens.book:  # another central was first (ledger rule 14)
            return _find(session, sender.name, opens.book)
        if before is not None and (opens.why != "new" or before.key == opens.key):  # else a box that replaced another
            params: dict[str, Any] = {"book": opens.book, "follows": opens.follows, "why": opens.why}
            raise_alarm(session, AlarmKind.FORK, sender.name, at=self._clock(), **params)
        now = self._clock()
        book = Book(
            gateway=sender.name,
            book=opens.book,
            key=opens.key,
            follows=opens.follows,
            why=opens.why,
            opened_at=now,
            received_at=now,
        )
        try:
            with session.begin_nested():
                session.add(book)
        except IntegrityError:  # another central was first, and only just
            return _find(session, sender.name, batch.claims.book)
        return book

    def _overlap(self, session: Session, book: Book, batch: Batch) -> int | None:
        """How many of its lines are committed already and equal; None if one differs (ledger rule 2)."""
        known = min(book.seq, batch.claims.seq) - batch.claims.first + 1
        if known <= 0:
            return 0
        first = line_id(book.id, batch.claims.first)
        stored = select(LedgerLine.hash).where(LedgerLine.id >= first, LedgerLine.id < first + known)
        hashes = list(session.scalars(stored.order_by(LedgerLine.id)))
        return known if hashes == list(batch.hashes[:known]) else None

    def _append(self, session: Session, sender: Sender, book: Book, batch: Batch, overlap: int) -> None:
        if batch.kid != book.key:
            why = f"sealed by {batch.kid}; this book is sealed by {book.key} until a line says otherwise"
            raise BatchRefused(AlarmKind.BAD_SEAL, why, batch.claims.book, book.seq + 1)
        next_key = batch.next_key
        if next_key is not None and next_key not in sender.keys:
            why = f"it hands over to key {next_key}, which central has not certified"
            raise BatchRefused(AlarmKind.BAD_SEAL, why, batch.claims.book, batch.claims.seq)
        lines, hashes, now = batch.lines[overlap:], batch.hashes[overlap:], self._clock()
        book_id, name = book.id, sender.name
        store_lines(session, name, book_id, lines, hashes)
        store_seal(session, book_id, batch.claims, batch.seal, (batch.lines[0].at, batch.lines[-1].at, now))
        book.seq, book.head, book.received_at = batch.claims.seq, batch.claims.head, now
        book.key = next_key or book.key
        wanted = self.projection.wanted(session, name, lines)
        views = [
            LineView(name, book_id, line, hash_)
            for line, hash_ in zip(lines, hashes, strict=True)
            if line.seq in wanted and not (AGAIN in line.body and is_known(session, name, line))
        ]
        self.projection.take(session, views)

    def _fork(self, session: Session, book: Book, batch: Batch) -> Accepted:
        """Keep the other history too, once; the book takes no more lines (ledger rules 2 and 3)."""
        between = LedgerLine.id.between(line_id(book.id, batch.claims.first), line_id(book.id, batch.claims.seq))
        stored = dict(session.execute(select(LedgerLine.seq, LedgerLine.hash).where(between)).all())
        kept = set(
            session.execute(
                select(Fork.seq, Fork.hash).where(
                    Fork.book_id == book.id, Fork.seq.between(batch.claims.first, batch.claims.seq)
                )
            )
        )
        now = self._clock()
        for line, hash_ in zip(batch.lines, batch.hashes, strict=True):
            if stored.get(line.seq) != hash_ and (line.seq, hash_) not in kept:
                session.add(
                    Fork(book_id=book.id, seq=line.seq, hash=hash_, raw=line.raw, token=batch.seal, received_at=now)
                )
        if book.state != "fork":
            book.state = "fork"
            params: dict[str, Any] = {"book": book.book, "seq": min(book.seq, batch.claims.first)}
            raise_alarm(session, AlarmKind.FORK, book.gateway, at=now, **params)
        tell(session, f"gateway:{book.gateway}")
        return _at(book, "fork")

    def _standing(self, session: Session, sender: Sender, book: str | None, result: Result) -> Accepted:
        """Where the gateway stands in that book, or in its newest."""
        found = _find(session, sender.name, book) if book else newest_book(session, sender.name)
        if found is None:
            return Accepted(sender.name, result, book)
        return _at(found, result)


def newest_book(session: Session, gateway: str) -> Book | None:
    """The book a gateway wrote last, as far as central knows."""
    return session.scalars(select(Book).where(Book.gateway == gateway).order_by(Book.id.desc()).limit(1)).one_or_none()


def newest_books(session: Session) -> Iterable[Book]:
    """The book each gateway wrote last, as far as central knows."""
    return session.scalars(select(Book).where(Book.id.in_(select(func.max(Book.id)).group_by(Book.gateway))))


def _find(session: Session, gateway: str, book: str) -> Book | None:
    """That book, locked; asked for once a transaction, for nobody else can change it before the end of it."""
    locked: dict[tuple[str, str], Book] = session.info.setdefault(_LOCKED, {})
    found = locked.get((gateway, book)) or session.scalars(_BOOK, {"gateway": gateway, "book": book}).one_or_none()
    if found is not None:
        locked[gateway, book] = found
    return found


def _at(book: Book, result: Result, fresh: int = 0) -> Accepted:
    return Accepted(book.gateway, "fork" if book.state == "fork" else result, book.book, book.seq, book.head, fresh)
