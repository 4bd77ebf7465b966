"""Lockers and their cells, who has which volume, every move of it, and permits."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.orm.attributes import set_committed_value

from central.cases.tables import Volume
from central.store import Base, BigId
from central.web.refused import Said

UNDER_WAY = ("SCAN", "CMD", "ACKED", "OPENED", "LEFT_OPEN")
"""States of a move that is not over."""
IN_THE_INDEX: tuple[Any, ...] = tuple(literal_column(f"'{state}'") for state in UNDER_WAY)
"""The same as the indexes of `Move` spell them: a question that hands them over as values finds neither index."""
PUTS_IN = ("deposit", "return")
"""Kinds of a move by which the volume goes into a cell."""
_UNDER_WAY_SQL = text("state IN ('SCAN', 'CMD', 'ACKED', 'OPENED', 'LEFT_OPEN')")
_LIVE_SQL = text("state = 'LIVE'")


class Cabinet(Base):
    """One locker: its devices hang on one gateway."""

    __tablename__ = "cabinets"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(48), unique=True)
    """Short, as written on it and in addresses."""
    place: Mapped[str] = mapped_column(String(120), default="")
    gateway: Mapped[str] = mapped_column(String(48))
    reader: Mapped[str | None] = mapped_column(String(48))
    printer: Mapped[str | None] = mapped_column(String(48))

    cells: Mapped[list["Cell"]] = relationship(order_by="Cell.number", back_populates="cabinet")

    @property
    def topic(self) -> str:
        """Its live topic: any of its cells changed."""
        return f"cabinet:{self.id}"


class Cell(Base):
    """One cell: as numbered on the locker, and as (device, cell) on its gateway."""

    __tablename__ = "cells"
    __table_args__ = (UniqueConstraint("cabinet_id", "number"), UniqueConstraint("gateway", "device", "device_cell"))

    id: Mapped[int] = mapped_column(primary_key=True)
    cabinet_id: Mapped[int] = mapped_column(ForeignKey("cabinets.id"))
    number: Mapped[int]
    size: Mapped[str] = mapped_column(String(1))
    gateway: Mapped[str] = mapped_column(String(48))
    device: Mapped[str] = mapped_column(String(48))
    device_cell: Mapped[int]
    state: Mapped[str] = mapped_column(String(12), default="free")
    """free, occupied, reserved (for a deposit under way) or blocked (by a person)."""
    door: Mapped[str] = mapped_column(String(8), default="unknown")
    door_at: Mapped[datetime | None]
    volume_id: Mapped[int | None] = mapped_column(ForeignKey("volumes.id"), unique=True)

    cabinet: Mapped[Cabinet] = relationship(back_populates="cells", lazy="joined")
    volume: Mapped[Volume | None] = relationship(viewonly=True)

    @property
    def label(self) -> str:
        """As people say it: `A-07`."""
        return f"{self.cabinet.name}-{self.number:02d}"

    @property
    def ref(self) -> str:
        """How lines of central name this cell."""
        return f"cell:{self.id}"

    @property
    def topic(self) -> str:
        """Its live topic."""
        return f"cell:{self.id}"

    @property
    def subject(self) -> str:
        """How the ledger and alarms name it."""
        return f"{self.gateway}/{self.device}/{self.device_cell}"


class Custody(Base):
    """Where one volume is now: the sum of its moves."""

    __tablename__ = "custody"
    __table_args__ = (Index("ix_custody_state_due", "state", "due"),)

    volume_id: Mapped[int] = mapped_column(ForeignKey("volumes.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(12))
    """A state of `flow`."""
    cell_id: Mapped[int | None] = mapped_column(ForeignKey("cells.id"), index=True)
    holder: Mapped[str | None] = mapped_column(String(40), index=True)
    """`person:3` or `party:7` while it is out."""
    reserved_for: Mapped[str | None] = mapped_column(String(40), index=True)
    due: Mapped[datetime | None]
    since: Mapped[datetime]
    overdue_at: Mapped[datetime | None]
    misplaced_at: Mapped[datetime | None]
    tamper_at: Mapped[datetime | None]

    volume: Mapped[Volume] = relationship(lazy="joined", viewonly=True)
    cell: Mapped[Cell | None] = relationship(viewonly=True)

    @property
    def sides(self) -> frozenset[str]:
        """The side states it is in."""
        times = {"OVERDUE": self.overdue_at, "MISPLACED": self.misplaced_at, "TAMPER": self.tamper_at}
        return frozenset(side for side, at in times.items() if at is not None)


class Move(Base):
    """One attempt to change custody, from begun to committed or failed, with the lines that prove it."""

    __tablename__ = "moves"
    __table_args__ = (
        Index("ix_moves_state_begun_at", "state", "begun_at"),
        Index("uq_moves_one_a_volume", "volume_id", unique=True, sqlite_where=_UNDER_WAY_SQL,
              postgresql_where=_UNDER_WAY_SQL),
        Index("uq_moves_one_a_cell", "cell_id", unique=True, sqlite_where=_UNDER_WAY_SQL,
              postgresql_where=_UNDER_WAY_SQL),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    volume_id: Mapped[int] = mapped_column(ForeignKey("volumes.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    """deposit, return (a deposit of what was out), hand_out; or desk events: take_back, bind, ..."""
    state: Mapped[str] = mapped_column(String(20))
    """SCAN, CMD, ACKED, OPENED, LEFT_OPEN under way; COMMITTED; or failed: see `door.FAILED`."""
    cabinet_id: Mapped[int | None] = mapped_column(ForeignKey("cabinets.id"))
    cell_id: Mapped[int | None] = mapped_column(ForeignKey("cells.id"), index=True)
    person: Mapped[str] = mapped_column(String(40))
    """Who acts."""
    holder: Mapped[str | None] = mapped_column(String(40))
    """Who has it afterwards (hand-out), or had it before (deposit)."""
    due: Mapped[datetime | None]
    wish: Mapped[str | None] = mapped_column(String(16), index=True)
    permit: Mapped[str | None] = mapped_column(String(16), index=True)
    note: Mapped[str] = mapped_column(String(400), default="")
    """A reason in a person's own words; stays here, for it may hold names."""
    said: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """The last message to the person, packed; read it with `message`."""
    evidence: Mapped[str] = mapped_column(String(12), default="door")
    """What the commit rests on: `door` (seen to close, no tag reader), `door_found` (found closed after a power cut)
    or `person` (word at a desk)."""
    begun_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    shut_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    lines: Mapped[dict[str, Any]]
    """Step -> number of the line that proves it (`LedgerLine.id`)."""
    receipt: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the receipt's blob."""
    receipt_wish: Mapped[str | None] = mapped_column(String(16))

    # Written by their numbers alone: what else may hang together costs as much to find out as to write.
    volume: Mapped[Volume] = relationship(lazy="joined", viewonly=True)
    cell: Mapped[Cell | None] = relationship(viewonly=True)
    cabinet: Mapped[Cabinet | None] = relationship(viewonly=True)

    @property
    def under_way(self) -> bool:
        """True while it is not over."""
        return self.state in UNDER_WAY

    @property
    def puts_in(self) -> bool:
        """True if the volume goes into a cell."""
        return self.kind in PUTS_IN

    @property
    def message(self) -> Said | None:
        """The last message to the person."""
        return Said.unpacked(self.said) if self.said else None

    @property
    def topic(self) -> str:
        """Its live topic."""
        return f"move:{self.id}"

    def be_at(self, cabinet: Cabinet, cell: Cell | None = None) -> None:
        """It goes by that cabinet and, once chosen, that cell; neither needs to be asked for again."""
        self.cabinet_id, self.cell_id = cabinet.id, cell.id if cell else None
        set_committed_value(self, "cabinet", cabinet)
        set_committed_value(self, "cell", cell)

    def prove(self, step: str, line: int) -> None:
        """This line proves that step."""
        self.lines = {**self.lines, step: line}


class Permit(Base):
    """One opening of one cell, given ahead; works at the locker while central is down."""

    __tablename__ = "permits"
    __table_args__ = (
        Index("ix_permits_state_expires_at", "state", "expires_at"),
        Index("uq_permits_one_a_volume", "volume_id", unique=True, sqlite_where=_LIVE_SQL, postgresql_where=_LIVE_SQL),
        Index("uq_permits_one_a_cell", "cell_id", unique=True, sqlite_where=_LIVE_SQL, postgresql_where=_LIVE_SQL),
    )

    jti: Mapped[str] = mapped_column(String(16), primary_key=True)
    volume_id: Mapped[int] = mapped_column(ForeignKey("volumes.id"), index=True)
    cell_id: Mapped[int] = mapped_column(ForeignKey("cells.id"))
    issued_by: Mapped[str] = mapped_column(String(40))
    holder: Mapped[str] = mapped_column(String(40))
    bearer: Mapped[bool]
    due: Mapped[datetime | None]
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12), default="LIVE")
    """LIVE, USED, REVOKED or EXPIRED."""
    ended_at: Mapped[datetime | None]
    refused: Mapped[int] = mapped_column(default=0)
    """How often a gateway refused it."""
    issued_line: Mapped[int] = mapped_column(BigId)
    used_line: Mapped[int | None] = mapped_column(BigId)

    volume: Mapped[Volume] = relationship(lazy="joined")
    cell: Mapped[Cell] = relationship()
