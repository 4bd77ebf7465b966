"""Hearings as they are planned and as their courtrooms tell them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from central.cases.tables import Case
from central.people.tables import Person
from central.store import Base, BigId
from devices.agenda import Role

_WAITS = text("words IS NOT NULL AND taken IS NULL")
_WORDLESS = text("words IS NULL")


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
    opened_at: Mapped[datetime | None]
    """When its sample 0 was taken."""
    rate: Mapped[int] = mapped_column(default=0)
    """Samples a second; 0 before it was opened."""
    samples: Mapped[int] = mapped_column(BigId, default=0)
    """Length of its axis as far as it is known."""
    closed_at: Mapped[datetime | None]
    manifest: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the manifest's blob, once it is sealed."""
    seal: Mapped[str | None] = mapped_column(Text)
    """The gateway's token over the manifest."""
    sealed_line: Mapped[int | None] = mapped_column(BigId)
    proven_at: Mapped[datetime | None]
    """When central had read every blob of it."""
    proven_line: Mapped[int | None] = mapped_column(BigId)
    flaws: Mapped[list[Any] | None] = mapped_column(JSON)
    """What was not as it was sealed: each a `proof.Flaw`."""
    countersign: Mapped[str | None] = mapped_column(Text)
    """Central's token over the manifest, if there was no flaw."""
    wish: Mapped[str | None] = mapped_column(String(16))
    """The newest wish its courtroom was asked."""

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

    @property
    def is_open(self) -> bool:
        """True from 宣布开庭 to 闭庭."""
        return self.state in ("recording", "paused")

    def seconds(self, sample: int) -> float:
        """So long after it was opened."""
        return sample / self.rate if self.rate else 0.0


class Event(Base):
    """One line of a courtroom about a hearing: what happened, where on its axis."""

    __tablename__ = "hearing_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    hearing_id: Mapped[int] = mapped_column(ForeignKey("hearings.id"), index=True)
    type: Mapped[str] = mapped_column(String(40))
    """Wire name of the fact."""
    at: Mapped[datetime]
    at_sample: Mapped[int | None] = mapped_column(BigId)
    to_sample: Mapped[int | None] = mapped_column(BigId)
    """One past the last, of what has a length."""
    what: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The fact's body."""
    line: Mapped[int] = mapped_column(BigId)
    note: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the blob with the note that a fault is owed."""
    note_by: Mapped[str | None] = mapped_column(String(80))
    note_at: Mapped[datetime | None]
    note_line: Mapped[int | None] = mapped_column(BigId)


class Segment(Base):
    """About a minute of the seats of one device."""

    __tablename__ = "hearing_segments"
    __table_args__ = (UniqueConstraint("hearing_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    hearing_id: Mapped[int] = mapped_column(ForeignKey("hearings.id"))
    number: Mapped[int]
    from_sample: Mapped[int] = mapped_column(BigId)
    to_sample: Mapped[int] = mapped_column(BigId)
    rate: Mapped[int]
    at: Mapped[datetime]
    """The box's time of its first sample."""
    mixed: Mapped[str | None] = mapped_column(String(64))
    salvaged: Mapped[bool] = mapped_column(default=False)
    line: Mapped[int] = mapped_column(BigId)
    wish: Mapped[str | None] = mapped_column(String(16))
    """The newest wish by which a room was asked to write it down."""
    wished_at: Mapped[datetime | None]
    sounds: Mapped[list["Sound"]] = relationship(order_by="Sound.seat", back_populates="segment")


class Sound(Base):
    """One seat's part of a segment."""

    __tablename__ = "hearing_sounds"
    __table_args__ = (
        UniqueConstraint("segment_id", "seat"),
        Index("ix_hearing_sounds_waiting", "id", sqlite_where=_WAITS, postgresql_where=_WAITS),
        Index("ix_hearing_sounds_wordless", "segment_id", sqlite_where=_WORDLESS, postgresql_where=_WORDLESS),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    segment_id: Mapped[int] = mapped_column(ForeignKey("hearing_segments.id"))
    seat: Mapped[str] = mapped_column(String(48))
    sound: Mapped[str] = mapped_column(String(64))
    """SHA-256 of its FLAC."""
    words: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of its words, once there are any."""
    taken: Mapped[str | None] = mapped_column(String(64))
    """The words that were taken into the transcript."""
    device: Mapped[str] = mapped_column(String(48))
    channel: Mapped[int]
    segment: Mapped[Segment] = relationship(back_populates="sounds")
