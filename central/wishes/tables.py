"""Wishes: one row each, from asked to answered, with the lines that prove it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from central.store import Base, BigId
from devices.messages import Wish, read_wish

WAITING = ("asked", "sent", "taken")
"""States in which the world may still answer in time."""


class WishRow(Base):
    """What was asked of one device, and how far it came.

    asked -> sent -> taken -> answered | refused | expired (unanswered) | interrupted. An answer that arrives after
    `expired` or `interrupted` still counts: what the door did is truer than what central supposed.
    """

    __tablename__ = "wishes"
    __table_args__ = (
        Index("ix_wishes_state_asked_at", "state", "asked_at"),
        Index("ix_wishes_asked_at", "asked_at"),
    )

    jti: Mapped[str] = mapped_column(String(16), primary_key=True)
    gateway: Mapped[str] = mapped_column(String(48))
    device: Mapped[str] = mapped_column(String(48))
    type: Mapped[str] = mapped_column(String(64))
    body: Mapped[dict[str, Any]]
    actor: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(80))
    """A code such as `deposit:12`; never free text, for it travels."""
    state: Mapped[str] = mapped_column(String(16), default="asked")
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    """End of the token's life."""
    answer_by: Mapped[datetime]
    """When an answer is no longer expected."""
    sent_at: Mapped[datetime | None]
    taken_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    why: Mapped[str | None] = mapped_column(String(40))
    """`devices.box.Refusal`, or `open_not_detected`."""
    detail: Mapped[str] = mapped_column(String(400), default="")
    asked_line: Mapped[int] = mapped_column(BigId)
    taken_line: Mapped[int | None] = mapped_column(BigId)
    ended_line: Mapped[int | None] = mapped_column(BigId)

    @property
    def wish(self) -> Wish:
        """The wish itself."""
        return read_wish(self.type, self.body)

    @property
    def waiting(self) -> bool:
        """True while an answer may still come in time."""
        return self.state in WAITING


class CareRound(Base):
    """One thing asked of many boxes or devices at once; its wishes have `reason` for theirs."""

    __tablename__ = "care_rounds"

    id: Mapped[int] = mapped_column(primary_key=True)
    do: Mapped[str] = mapped_column(String(16))
    """`test` or `diagnostics`."""
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    refused: Mapped[list[Any]]
    """[gateway, device, why as `Said.packed` has it] of what was not even asked."""

    @property
    def reason(self) -> str:
        """Why its wishes were asked; also the live topic of the round."""
        return f"round:{self.id}"
