"""Alarms: what a person has to look at, open once for each kind and subject. They hold references, never names."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, String, case, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from central.clock import utc_now
from central.store import Base, tell


class AlarmKind(StrEnum):
    """What can be wrong; pages say it in words."""

    CHAIN_BROKEN = "chain_broken"
    BAD_SEAL = "bad_seal"
    FORK = "fork"
    POISON = "poison"
    DOOR_UNASKED = "door_unasked"
    DOOR_LEFT_OPEN = "door_left_open"
    PERMIT_REPEATED = "permit_repeated"
    FORGED_WISHES = "forged_wishes"
    IDENTITY_CONTESTED = "identity_contested"
    LOSS_DECLARED = "loss_declared"
    GATEWAY_LOST = "gateway_lost"
    DEVICE_GONE = "device_gone"
    CONFIG_REFUSED = "config_refused"
    SOFTWARE_REFUSED = "software_refused"
    FILES_REFUSED = "files_refused"
    SAFE_MODE = "safe_mode"
    RULE = "rule"
    SITE_LOST = "site_lost"
    DEVICES_GONE = "devices_gone"
    VOLUME_OVERDUE = "volume_overdue"
    CUSTODY_UNCLEAR = "custody_unclear"
    RECORDING_FAULT = "recording_fault"
    ARMING_REFUSED = "arming_refused"
    SOUND_MISSING = "sound_missing"
    SOUND_ALTERED = "sound_altered"
    CENTRAL_FULL = "central_full"


SEVERITY: Mapping[str, int] = {"notice": 0, "warning": 1, "severe": 2}
"""How bad an alarm is, lightest first."""
_SEVERE = frozenset(
    {
        *("chain_broken", "bad_seal", "fork", "door_unasked", "forged_wishes", "identity_contested", "loss_declared"),
        *("safe_mode", "site_lost", "recording_fault", "arming_refused", "sound_missing", "sound_altered"),
        "central_full",
    }
)
_NOTICE = frozenset({"volume_overdue", "config_refused", "software_refused", "files_refused"})


def heaviest(severity: InstrumentedAttribute[str]) -> ColumnElement[int]:
    """To put the worst first, whatever came later: a flood of light alarms hides none that is severe."""
    return case(SEVERITY, value=severity).desc()


class Alarm(Base):
    """One alarm from its first sight until somebody or the world clears it."""

    __tablename__ = "alarms"
    __table_args__ = (
        Index(
            "uq_alarms_open",
            "kind",
            "subject",
            unique=True,
            sqlite_where=text("cleared_at IS NULL"),
            postgresql_where=text("cleared_at IS NULL"),
        ),
        Index("ix_alarms_again", "kind", "subject", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(160))
    """What it is about: a gateway, `gateway/device` or `gateway/device/cell`, or a central."""
    params: Mapped[dict[str, Any]]
    raised_at: Mapped[datetime]
    last_at: Mapped[datetime]
    times: Mapped[int] = mapped_column(default=1)
    severity: Mapped[str] = mapped_column(String(8), default="warning")
    cause_id: Mapped[int | None] = mapped_column(ForeignKey("alarms.id"), index=True)
    """The alarm that explains this one, which is then shown within it and told to nobody."""
    seen_at: Mapped[datetime | None]
    seen_by: Mapped[str | None] = mapped_column(String(80))
    assigned_to: Mapped[str | None] = mapped_column(String(80))
    """Who sees to it, an actor reference."""
    cleared_at: Mapped[datetime | None] = mapped_column(index=True)
    cleared_by: Mapped[str | None] = mapped_column(String(80))
    """Actor reference, None when the world itself cleared it."""


def severity_of(kind: str) -> str:
    """How bad an alarm of that kind is, unless who raises it says otherwise."""
    return "severe" if kind in _SEVERE else "notice" if kind in _NOTICE else "warning"


def raise_alarm(
    session: Session,
    kind: AlarmKind,
    subject: str,
    *,
    at: datetime | None = None,
    severity: str | None = None,
    **params: Any,
) -> Alarm:
    """The open alarm of that kind and subject, raised now or counted once more with the newest params."""
    at = at or utc_now()
    tell(session, "alarms")
    alarm = _open(session, kind, subject)
    if alarm is None:
        alarm = Alarm(
            kind=kind, subject=subject, params=params, raised_at=at, last_at=at, severity=severity or severity_of(kind)
        )
        try:
            with session.begin_nested():
                session.add(alarm)
        except IntegrityError:
            alarm = _open(session, kind, subject)
            if alarm is None:
                raise
        else:
            return alarm
    alarm.times += 1
    alarm.last_at = at
    alarm.params = params
    return alarm


def clear_alarm(
    session: Session, kind: AlarmKind, subject: str, *, at: datetime | None = None, by: str | None = None
) -> bool:
    """Close the open alarm of that kind and subject; False if there was none."""
    alarm = _open(session, kind, subject)
    if alarm is None:
        return False
    alarm.cleared_at = at or utc_now()
    alarm.cleared_by = by
    tell(session, "alarms")
    return True


def state_of(alarm: Alarm) -> str:
    """Where it is in its life: raised, seen, assigned, cleared."""
    if alarm.cleared_at is not None:
        return "cleared"
    return "assigned" if alarm.assigned_to else "seen" if alarm.seen_at else "raised"


def see_alarm(session: Session, alarm: Alarm, *, at: datetime, by: str, assign: str | None = None) -> None:
    """A person has seen it, and it may be somebody's from now on; nobody else is called for it."""
    if alarm.seen_at is None:
        alarm.seen_at, alarm.seen_by = at, by
    alarm.assigned_to = assign or alarm.assigned_to
    tell(session, "alarms")


def open_alarms(session: Session, most: int | None = None) -> list[Alarm]:
    """Every open alarm, the worst first, then the newest; with `most`, so many of those that no other explains."""
    found = select(Alarm).where(Alarm.cleared_at.is_(None)).order_by(heaviest(Alarm.severity), Alarm.last_at.desc())
    return list(session.scalars(found if most is None else found.where(Alarm.cause_id.is_(None)).limit(most)))


def _open(session: Session, kind: AlarmKind, subject: str) -> Alarm | None:
    found = select(Alarm).where(Alarm.kind == kind, Alarm.subject == subject, Alarm.cleared_at.is_(None))
    return session.scalars(found.with_for_update()).one_or_none()
