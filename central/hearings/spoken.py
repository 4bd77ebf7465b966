"""What was said at a hearing: utterances as they were heard, their corrections, and who listened or read."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Float, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from central.grams import Grams
from central.hearings.tables import Hearing, Sound
from central.store import Base, BigId

SPOKEN = Grams("utterance_grams", "utterance_id")
"""Finds utterances by what was heard and by what it was corrected to."""


class Utterance(Base):
    """What was said between two silences at one seat. `heard` is never altered."""

    __tablename__ = "utterances"
    __table_args__ = (
        UniqueConstraint("sound_id", "from_sample"),
        Index("ix_utterances_hearing_id_from_sample", "hearing_id", "from_sample"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    hearing_id: Mapped[int] = mapped_column(ForeignKey("hearings.id"))
    sound_id: Mapped[int] = mapped_column(ForeignKey("hearing_sounds.id"))
    """The sound in which it ended."""
    seat: Mapped[str] = mapped_column(String(48))
    from_sample: Mapped[int] = mapped_column(BigId)
    to_sample: Mapped[int] = mapped_column(BigId)
    heard: Mapped[str] = mapped_column(Text)
    words: Mapped[list[Any]] = mapped_column(JSON)
    """[word, from_sample, to_sample, confidence] of each."""
    confidence: Mapped[float] = mapped_column(Float)
    """Of its least sure word."""
    fixed: Mapped[str | None] = mapped_column(Text)
    """What its last correction says; None if nobody corrected it."""
    corrections: Mapped[list["Correction"]] = relationship(order_by="Correction.id", back_populates="utterance")
    hearing: Mapped[Hearing] = relationship()
    sound: Mapped[Sound] = relationship()

    @property
    def text(self) -> str:
        """What counts now."""
        return self.heard if self.fixed is None else self.fixed

    @property
    def found_by(self) -> str:
        """What it is found by: as it was heard and as it was corrected."""
        return self.heard if self.fixed is None else f"{self.heard}\n{self.fixed}"


class Correction(Base):
    """Somebody says what was said; both stay."""

    __tablename__ = "corrections"

    id: Mapped[int] = mapped_column(primary_key=True)
    utterance_id: Mapped[int] = mapped_column(ForeignKey("utterances.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(80))
    """Who, as a reference; `words` where the list of the case's words did it."""
    at: Mapped[datetime]
    line: Mapped[int] = mapped_column(BigId)
    utterance: Mapped[Utterance] = relationship(back_populates="corrections")


class Access(Base):
    """Somebody listened to a stretch, or read the transcript, or took a copy."""

    __tablename__ = "hearing_accesses"
    __table_args__ = (Index("ix_hearing_accesses_hearing_id_at", "hearing_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    hearing_id: Mapped[int] = mapped_column(ForeignKey("hearings.id"))
    by: Mapped[str] = mapped_column(String(80))
    what: Mapped[str] = mapped_column(String(8))
    """listen, read or copy."""
    part: Mapped[str] = mapped_column(String(60), default="")
    """Which segment and seat, or which form of copy."""
    at: Mapped[datetime]
    line: Mapped[int] = mapped_column(BigId)
