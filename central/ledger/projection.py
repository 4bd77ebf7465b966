"""How a module turns stored lines into its tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol

from sqlalchemy.orm import Session

from central.ledger.tables import LedgerLine, line_id
from devices.journal import Line, read_line
from devices.messages import Fact, read_fact


@dataclass(frozen=True)
class LineView:
    """One stored line as a projector sees it."""

    gateway: str
    book_id: int
    seq: int
    hash: str
    at: datetime
    """When it was written, by the writer's clock."""
    device: str
    type: str
    body: Mapping[str, Any]
    cause: str | None

    @property
    def id(self) -> int:
        """Its number in the ledger (`LedgerLine.id`)."""
        return line_id(self.book_id, self.seq)

    @cached_property
    def fact(self) -> Fact:
        """What happened; raises UnreadableMessage."""
        return read_fact(self.type, self.body)

    @property
    def subject(self) -> str:
        """What it is about: `gateway/device`, or `gateway/device/cell`."""
        cell = self.body.get("cell")
        return f"{self.gateway}/{self.device}" + (f"/{cell}" if isinstance(cell, int) else "")


class Projector(Protocol):
    """A module's reading of the ledger. What it writes goes into the ledger's own transaction."""

    types: frozenset[str]
    """Wire names of the facts it wants; others are never shown to it."""

    def project(self, session: Session, line: LineView) -> None:
        """Take in one line, exactly once, in the order of its book. Any error parks the line (ledger rule 6)."""


def view_of(gateway: str, book_id: int, line: Line, hash_: str) -> LineView:
    """The view of a line just read."""
    return LineView(gateway, book_id, line.seq, hash_, line.at, line.device, line.type, line.body, line.cause)


def stored_view(row: LedgerLine) -> LineView:
    """The view of a stored line, read again from its bytes."""
    return view_of(row.gateway, row.book_id, read_line(row.raw), row.hash)
