"""The texts of minutes, what was objected to them, and who signed which."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from central.hearings.tables import Hearing
from central.store import Base, BigId


class MinutesText(Base):
    """One text of the minutes of a hearing: what is read back, objected to and signed. It is never altered."""

    __tablename__ = "minutes"
    __table_args__ = (UniqueConstraint("hearing_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    hearing_id: Mapped[int] = mapped_column(ForeignKey("hearings.id"))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the blob; it is what is signed."""
    state: Mapped[str] = mapped_column(String(10))
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    line: Mapped[int] = mapped_column(BigId)
    read_how: Mapped[str] = mapped_column(String(10), default="")
    """`aloud`, `read`, `screen`; empty before it was read back."""
    read_at: Mapped[datetime | None]
    read_line: Mapped[int | None] = mapped_column(BigId)
    objections: Mapped[list["Objection"]] = relationship(order_by="Objection.id", back_populates="minutes")
    signatures: Mapped[list["Signature"]] = relationship(order_by="Signature.id", back_populates="minutes")
    hearing: Mapped[Hearing] = relationship()


class Objection(Base):
    """Somebody asks that the text be corrected; granted, or recorded as refused."""

    __tablename__ = "minutes_objections"

    id: Mapped[int] = mapped_column(primary_key=True)
    minutes_id: Mapped[int] = mapped_column(ForeignKey("minutes.id"), index=True)
    key: Mapped[str] = mapped_column(String(48))
    """Whose: a `minutes_text.Taker.key`."""
    says: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    line: Mapped[int] = mapped_column(BigId)
    decided: Mapped[str] = mapped_column(String(8), default="")
    """`granted` or `refused`; empty while it is open."""
    reason: Mapped[str] = mapped_column(Text, default="")
    decided_by: Mapped[str] = mapped_column(String(80), default="")
    decided_at: Mapped[datetime | None]
    decided_line: Mapped[int | None] = mapped_column(BigId)
    minutes: Mapped[MinutesText] = relationship(back_populates="objections")


class Signature(Base):
    """Somebody signed the text, or declined to."""

    __tablename__ = "minutes_signatures"
    __table_args__ = (UniqueConstraint("minutes_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    minutes_id: Mapped[int] = mapped_column(ForeignKey("minutes.id"))
    key: Mapped[str] = mapped_column(String(48))
    name: Mapped[str] = mapped_column(String(80))
    drawn: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the PNG; None if it was signed by certificate or declined."""
    certified: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the CMS signature by a certificate of `subject`, which `issuer` issued."""
    subject: Mapped[str] = mapped_column(Text, default="")
    issuer: Mapped[str] = mapped_column(Text, default="")
    declined: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[str] = mapped_column(String(80))
    """Whose session it was given in."""
    at: Mapped[datetime]
    line: Mapped[int] = mapped_column(BigId)
    minutes: Mapped[MinutesText] = relationship(back_populates="signatures")
