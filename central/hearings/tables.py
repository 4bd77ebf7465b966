"""Hearings as they are planned and as their courtrooms tell them."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from central.cases.tables import Case
from central.people.tables import Person
from central.store import Base
from devices.agenda import Role


class Hearing(Base):
    """One hearing in one courtroom."""

    __tablename__ = "hearings"
    __table_args__ = (
        Index("ix_hearings_gateway_opens_at", "gateway", "opens_at"),
        Index("ix_hearings_opens_at", "opens_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(40), unique=True)
    """How lines and the room's agenda name it; it says nothing of the case."""
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    """None while nobody has said to which case a recording belongs that was not planned here."""
    gateway: Mapped[str] = mapped_column(String(48))
    """The box beside the room."""
    room: Mapped[str] = mapped_column(String(80))
    """The room's name on the agenda."""
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    """Planned."""
    closed: Mapped[bool] = mapped_column(default=False)
    """Not public (不公开审理)."""
    seats: Mapped[dict[str, Role]] = mapped_column(JSON, default=dict)
    """Seat of the room -> who sits there."""
    presiding_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    """The presiding judge."""
    corrections: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    """As words are heard -> as they are to be written."""
    words: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the blob with the words of the case."""
    state: Mapped[str] = mapped_column(String(10), default="scheduled")
    """A state of `devices.procedure`, or `withdrawn`."""
    planned_by: Mapped[str] = mapped_column(String(80), default="")
    planned_at: Mapped[datetime]

    case: Mapped[Case | None] = relationship(lazy="joined")
    presiding: Mapped[Person | None] = relationship(lazy="joined")

    @property
    def topic(self) -> str:
        """Its live topic."""
        return f"hearing:{self.id}"

    @property
    def is_planned(self) -> bool:
        """True while it can still be moved."""
        return self.state in ("scheduled", "armed")
