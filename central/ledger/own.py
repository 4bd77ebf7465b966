"""Central's own book: what people and central itself do stands in the same ledger as what the world does."""

import hashlib
import time
import uuid
from dataclasses import dataclass, field
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import event, select
from sqlalchemy.orm import Session, SessionTransaction

from central.clock import Clock, utc_now
from central.ledger.projection import LineView
from central.ledger.tables import CENTRAL, Book, store_lines, store_seal
from central.store import Store
from devices.box import BookOpened
from devices.claims import SealClaims
from devices.grants import sign, thumbprint
from devices.journal import Stamp, line_hash, read_line, write_line
from devices.messages import Fact, write_body

_PEN = "pen"
_BOOK = "own book"
_UNSEALED = "own lines"
"""In a session's `info`: lines that its next flush writes and seals together, at the latest that of the commit."""
_OPEN = (
    select(Book)
    .where(Book.gateway == CENTRAL, Book.state == "open")
    .order_by(Book.id.desc())
    .limit(1)
    .with_for_update()
    .execution_options(autoflush=False)  # what else the transaction changed has no part in it
)


@dataclass(frozen=True)
class Pen:
    """What central writes its book with."""

    court: str
    key: Ed25519PrivateKey
    clock: Clock = utc_now
    introduction: str | None = None
    """The key's certificate, for gateways that know only a former key (`grants.sign`)."""
    boot: str = field(default_factory=lambda: uuid.uuid4().hex[:12])

    @cached_property
    def kid(self) -> str:
        """Thumbprint of the key."""
        return thumbprint(self.key.public_key())


def take_pen(store: Store, pen: Pen) -> None:
    """From now on `record` works in every session of the store."""
    store.info[_PEN] = pen


def pen_of(session: Session) -> Pen:
    """The pen of the store this session belongs to: the court's name, its key and its clock."""
    pen: Pen = session.info[_PEN]
    return pen


def record(
    session: Session, fact: Fact, *, device: str = CENTRAL, actor: str | None = None, cause: str | None = None
) -> LineView:
    """Append a line to central's own book in this transaction; gives the line.

    `actor` is a reference (`person:3`), never a name, and stands in the body. `cause` is the id of the wish
    or permit it belongs to. The book stays locked until the transaction ends.
    """
    pen = pen_of(session)
    book: Book | None = session.info.get(_BOOK)
    if book is None or book not in session:  # gone if it was opened in a savepoint that was undone
        book = session.info[_BOOK] = _open_book(session, pen)
    return _append(session, pen, book, fact, device, actor, cause)


def hash_of(text: str) -> str:
    """The SHA-256 by which a line names words, for it holds none."""
    return hashlib.sha256(text.encode()).hexdigest()


def _open_book(session: Session, pen: Pen) -> Book:
    book = session.scalars(_OPEN).one_or_none()
    if book is not None and book.key == pen.kid:
        return book
    last = session.scalars(select(Book).where(Book.gateway == CENTRAL).order_by(Book.id.desc()).limit(1)).one_or_none()
    if book is not None:
        book.state = "closed"
    now = pen.clock()
    follows = last.head if last else None
    # A book that was closed without a successor belongs to a restored database.
    why = "restored_disk" if last is not None and last.key == pen.kid else "new"
    opened = Book(
        gateway=CENTRAL,
        book=uuid.uuid4().hex,
        key=pen.kid,
        follows=follows,
        why=why,
        opened_at=now,
        received_at=now,
    )
    session.add(opened)
    session.flush()
    first = BookOpened(gateway=CENTRAL, book=opened.book, key=pen.kid, follows=follows, why=why)
    _append(session, pen, opened, first, CENTRAL, None, None)
    return opened


def _append(  # noqa: PLR0913  (one private call per line; a parameter object would say nothing)
    session: Session, pen: Pen, book: Book, fact: Fact, device: str, actor: str | None, cause: str | None
) -> LineView:
    body = write_body(fact) | ({"actor": actor} if actor else {})
    at = max(pen.clock(), book.received_at)
    stamp = Stamp(at=at, boot=pen.boot, mono_ms=time.monotonic_ns() // 1_000_000)
    raw = write_line(book.seq + 1, book.head, stamp, device, (fact.type, body), cause)
    view = LineView(CENTRAL, book.id, read_line(raw), line_hash(raw))
    book.seq, book.head, book.received_at = view.seq, view.hash, at
    session.info.setdefault(_UNSEALED, (book, []))[1].append(view)
    return view


@event.listens_for(Session, "before_flush")
def _seal(session: Session, *_: object) -> None:
    """A session that recorded something has changed the book, so it does flush."""
    if _UNSEALED not in session.info:
        return
    book, views = session.info.pop(_UNSEALED)
    pen, first, last = pen_of(session), views[0], views[-1]
    store_lines(session, CENTRAL, book.id, [view.line for view in views], [view.hash for view in views])
    claims = SealClaims(iss=CENTRAL, aud=pen.court, book=book.book, first=first.seq, seq=last.seq, head=last.hash)
    seal = sign("seal", claims.write(), pen.key, pen.kid)
    store_seal(session, book.id, claims, seal, (first.at, last.at, last.at))


@event.listens_for(Session, "after_soft_rollback")
def _undo(session: Session, _: SessionTransaction) -> None:
    """A savepoint begins with a flush: what waits when one is undone was recorded in it, and the book forgets it."""
    session.info.pop(_UNSEALED, None)
