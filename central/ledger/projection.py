"""How a module turns stored lines into its tables."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Protocol, runtime_checkable

from sqlalchemy.orm import Session

from central.ledger.tables import LedgerLine, line_id
from devices import schema
from devices.journal import Line, read_line
from devices.messages import Fact, read_fact

KINDS = schema.KINDS
"""Every kind of message that travels: their modules are loaded, so that no fact a gateway may tell is unknown here."""

_CELLS = 100_000
"""No bank has so many; a larger number is none, and would not fit a subject."""


class LineView:
    """One stored line as a projector sees it: who wrote it, where it stands, and what it says."""

    def __init__(self, gateway: str, book_id: int, line: Line, hash_: str) -> None:
        self.gateway = gateway
        self.book_id = book_id
        self.line = line
        self.hash = hash_
        self.device = line.device
        """The device it is about."""
        self.type = line.type
        """Wire name of the fact."""
        self.body = line.body
        """What the fact says, as written."""
        self.cause = line.cause
        """The wish or permit it follows."""

    @property
    def at(self) -> datetime:
        """When it was written, by the writer's clock."""
        return self.line.at

    @property
    def id(self) -> int:
        """Its number in the ledger (`LedgerLine.id`)."""
        return line_id(self.book_id, self.line.seq)

    @property
    def seq(self) -> int:
        """Its number in its book."""
        return self.line.seq

    @property
    def actor(self) -> str | None:
        """Who did it, in central's own book; a reference."""
        actor = self.line.body.get("actor")
        return actor if isinstance(actor, str) else None

    @cached_property
    def fact(self) -> Fact:
        """What happened; raises UnreadableMessage."""
        return read_fact(self.line.type, self.line.body)

    @property
    def subject(self) -> str:
        """What it is about: `gateway/device`, or `gateway/device/cell`."""
        cell = self.line.body.get("cell")
        whole = f"{self.gateway}/{self.line.device}"
        return f"{whole}/{cell}" if isinstance(cell, int) and 0 <= cell < _CELLS else whole


class Projector(Protocol):
    """A module's reading of the ledger. What it writes goes into the ledger's own transaction."""

    types: frozenset[str]
    """Wire names of the facts it wants; others are never shown to it."""

    def project(self, session: Session, line: LineView) -> None:
        """Take in one line, exactly once, in the order of its book. Any error parks the line (ledger rule 6)."""


@runtime_checkable
class BatchProjector(Protocol):
    """A projector for facts that come by the thousand: it sees a batch at a time and may work on what remains of it.

    When it fails, the batch is undone and shown again line by line through `project`.
    """

    def project_batch(self, session: Session, lines: Sequence[LineView]) -> None:
        """Take in the wanted lines of one batch, in order; equal in effect to `project` for each."""


@runtime_checkable
class Sieve(Protocol):
    """A projector of facts that come by the thousand, most of which leave no trace with it."""

    def concerns(self, session: Session, gateway: str, lines: Sequence[Line]) -> Iterable[Line]:
        """Those of a gateway's new lines, all of wanted types, that `project` must be shown; it may be shown more."""


class Watcher(Protocol):
    """Sees new lines at once and unproven, while a backlog drains; it may raise alarms and tell pages, no more."""

    types: frozenset[str]

    def notice(self, session: Session, line: LineView) -> None:
        """Something was reported; the line itself comes later. May be shown twice or never."""


def stored_view(row: LedgerLine) -> LineView:
    """The view of a stored line, read again from its bytes."""
    return LineView(row.gateway, row.book_id, read_line(row.raw), row.hash)
