"""Cases, their parties (personal data, kept apart) and their volumes."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from central.store import Base


class Case(Base):
    """One case, known by its number."""

    __tablename__ = "cases"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(60), unique=True)
    """As printed: （2026）苏0206民初123号."""
    type: Mapped[str] = mapped_column(String(16))
    """Key into `service.TYPES`: civil, criminal, ..."""
    cause: Mapped[str] = mapped_column(String(120))
    """案由."""
    state: Mapped[str] = mapped_column(String(16), default="RECEIVED")
    """A state of `flow`."""
    received_on: Mapped[date]
    closed_on: Mapped[date | None]
    judge_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    created_at: Mapped[datetime]

    parties: Mapped[list["Party"]] = relationship(order_by="Party.id", back_populates="case")
    volumes: Mapped[list["Volume"]] = relationship(order_by="[Volume.number, Volume.secret]", back_populates="case")


class Party(Base):
    """Somebody a case concerns. Personal data: nothing of this row but its number ever enters a line."""

    __tablename__ = "parties"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    part: Mapped[str] = mapped_column(String(20))
    """原告, 被告, 第三人, ..."""
    name: Mapped[str] = mapped_column(String(120), index=True)

    case: Mapped[Case] = relationship(back_populates="parties")

    @property
    def ref(self) -> str:
        """How lines name this party."""
        return f"party:{self.id}"


class Volume(Base):
    """One bound or loose bundle of paper, known by its barcode."""

    __tablename__ = "volumes"
    __table_args__ = (UniqueConstraint("case_id", "number", "secret"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    number: Mapped[int]
    """第几册."""
    secret: Mapped[bool] = mapped_column(default=False)
    """A side volume (副卷): court staff only."""
    size: Mapped[str] = mapped_column(String(1), default="M")
    """S, M or L: the smallest cell it fits."""
    barcode: Mapped[str | None] = mapped_column(String(40), unique=True)
    created_at: Mapped[datetime]

    case: Mapped[Case] = relationship(back_populates="volumes")

    @property
    def ref(self) -> str:
        """How lines name this volume."""
        return f"volume:{self.id}"
