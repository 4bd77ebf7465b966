"""Rules of alarms, whom to call, what they were told, and maintenance tickets."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from central.alarms import Alarm
from central.store import Base


class AlarmRule(Base):
    """When a gateway's figures are an alarm; see central/fleet/rules.py."""

    __tablename__ = "alarm_rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(12))
    """`threshold`, `absence`, `rate` or `flapping`."""
    figure: Mapped[str] = mapped_column(String(32), default="")
    above: Mapped[bool] = mapped_column(default=True)
    limit: Mapped[float]
    clear_at: Mapped[float]
    """The alarm ends here, not at the limit, so that it does not flicker."""
    for_s: Mapped[int]
    """Seconds it must be so, or the time it is counted over."""
    severity: Mapped[str] = mapped_column(String(8), default="warning")
    tag: Mapped[str] = mapped_column(String(40), default="")
    """Only gateways of this group; empty: all."""
    quiet_from: Mapped[int | None]
    """Minute of the day from which nobody is called, unless it is severe."""
    quiet_to: Mapped[int | None]
    enabled: Mapped[bool] = mapped_column(default=True)


class RuleMemory(Base):
    """What a rule remembers of one gateway: the last points, [seconds, value]."""

    __tablename__ = "alarm_rule_memories"

    rule_id: Mapped[int] = mapped_column(ForeignKey("alarm_rules.id", ondelete="CASCADE"), primary_key=True)
    gateway_id: Mapped[int] = mapped_column(ForeignKey("gateways.id"), primary_key=True)
    points: Mapped[list[Any]] = mapped_column(default=list)


class Contact(Base):
    """Somebody to call about alarms, in a shift; `url` is Apprise's and holds secrets."""

    __tablename__ = "alarm_contacts"

    id: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(String(16), default="it")
    name: Mapped[str] = mapped_column(String(80))
    language: Mapped[str] = mapped_column(String(2), default="zh")
    """In which messages are written."""
    url: Mapped[str] = mapped_column(Text)
    least: Mapped[str] = mapped_column(String(8), default="warning")
    """The lightest alarm that is told."""
    after_min: Mapped[int] = mapped_column(default=0)
    """Minutes an alarm must have been seen by nobody."""
    days: Mapped[str] = mapped_column(String(7), default="1234567")
    """Days of the week, Monday is 1."""
    begins: Mapped[int] = mapped_column(default=0)
    """Minute of the day at which the shift begins."""
    ends: Mapped[int] = mapped_column(default=1440)


class Notice(Base):
    """That one contact was told of one alarm and of its end, and what the provider said: it took it, or not.

    Never that it arrived."""

    __tablename__ = "alarm_notices"
    __table_args__ = (UniqueConstraint("alarm_id", "contact_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    alarm_id: Mapped[int] = mapped_column(ForeignKey("alarms.id"))
    alarm: Mapped[Alarm] = relationship()
    contact_id: Mapped[int] = mapped_column(ForeignKey("alarm_contacts.id", ondelete="CASCADE"))
    contact: Mapped[Contact] = relationship()
    state: Mapped[str] = mapped_column(String(8), default="sending")
    """`sending`, `accepted` or `failed`."""
    why: Mapped[str] = mapped_column(Text, default="")
    tries: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime]
    ended: Mapped[str] = mapped_column(String(8), default="", index=True)
    """The same of word of the end: empty until then, `untold` if it is not to be told."""
    ended_tries: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None]


class Ticket(Base):
    """A piece of maintenance, from its report until the device itself has shown that it is mended."""

    __tablename__ = "tickets"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(160))
    gateway: Mapped[str] = mapped_column(String(48), index=True)
    device: Mapped[str] = mapped_column(String(48), default="")
    severity: Mapped[str] = mapped_column(String(8), default="warning")
    state: Mapped[str] = mapped_column(String(12), default="REPORTED")
    alarm_id: Mapped[int | None] = mapped_column(ForeignKey("alarms.id"))
    assigned_to: Mapped[str | None] = mapped_column(String(80))
    opened_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    steps: Mapped[list[Any]] = mapped_column(default=list)
    """[state, time, actor reference, note], oldest first."""
