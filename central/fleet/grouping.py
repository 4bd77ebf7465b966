"""One cause instead of fifty alarms: what went at one time in one place is one alarm with the others in it."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.alarms import Alarm, AlarmKind, clear_alarm, raise_alarm
from central.fleet.tables import Gateway

TOGETHER = timedelta(seconds=60)
"""What went within this time may have one cause."""
SITE_LEAST, DEVICES_LEAST = 3, 3
COURT = "court"
"""Subject of what concerns more than one floor."""
_NAMED = 20


def sweep(session: Session, now: datetime) -> None:
    """Gather alarms that have one cause, and end the cause when the last of them ends."""
    _gather(session, AlarmKind.GATEWAY_LOST, AlarmKind.SITE_LOST, SITE_LEAST, lambda lost: _by_place(session, lost))
    _gather(session, AlarmKind.DEVICE_GONE, AlarmKind.DEVICES_GONE, DEVICES_LEAST, _by_gateway)
    for kind in (AlarmKind.SITE_LOST, AlarmKind.DEVICES_GONE):
        for cause in session.scalars(select(Alarm).where(Alarm.kind == kind, Alarm.cleared_at.is_(None))):
            left = select(Alarm.id).where(Alarm.cause_id == cause.id, Alarm.cleared_at.is_(None)).limit(1)
            if session.scalars(left).first() is None:
                clear_alarm(session, kind, cause.subject, at=now)


def _gather(
    session: Session,
    kind: AlarmKind,
    cause: AlarmKind,
    least: int,
    places: Callable[[Sequence[Alarm]], Mapping[str, Sequence[Alarm]]],
) -> None:
    found = select(Alarm).where(Alarm.kind == kind, Alarm.cleared_at.is_(None)).order_by(Alarm.raised_at)
    if session.scalars(found.where(Alarm.cause_id.is_(None)).limit(1)).first() is None:
        return
    alarms = session.scalars(found).all()
    for subject, together in places(alarms).items():
        for alike in _at_once(together):
            if len(alike) >= least and any(alarm.cause_id is None for alarm in alike):
                _join(session, cause, subject, alike)


def _join(session: Session, kind: AlarmKind, subject: str, alarms: Sequence[Alarm]) -> None:
    names = sorted(alarm.subject for alarm in alarms)
    named = ", ".join(names[:_NAMED])
    cause = raise_alarm(session, kind, subject, at=alarms[-1].raised_at, count=len(names), of=named)
    session.flush()
    for alarm in alarms:
        alarm.cause_id = cause.id


def _at_once(alarms: Sequence[Alarm]) -> list[list[Alarm]]:
    """Runs of alarms each of which came soon after the one before."""
    runs: list[list[Alarm]] = []
    for alarm in alarms:
        if runs and alarm.raised_at - runs[-1][-1].raised_at <= TOGETHER:
            runs[-1].append(alarm)
        else:
            runs.append([alarm])
    return runs


def _by_place(session: Session, lost: Sequence[Alarm]) -> Mapping[str, Sequence[Alarm]]:
    """By room and by floor if they stand in one, else the court as a whole: the smallest place that holds them all."""
    names = [alarm.subject for alarm in lost]
    rows = session.execute(select(Gateway.name, Gateway.floor, Gateway.room).where(Gateway.name.in_(names)))
    places = {name: (floor, room) for name, floor, room in rows}
    found: dict[str, Sequence[Alarm]] = {}
    for run in _at_once(lost):
        at = {places.get(alarm.subject, ("", "")) for alarm in run}
        floors = {floor for floor, _ in at}
        if len(at) == 1 and at != {("", "")}:
            subject = "/".join(part for part in next(iter(at)) if part)
        else:
            subject = next(iter(floors)) if len(floors) == 1 and floors != {""} else COURT
        found[f"place:{subject}"] = [*found.get(f"place:{subject}", []), *run]
    return found


def _by_gateway(gone: Sequence[Alarm]) -> Mapping[str, Sequence[Alarm]]:
    found: dict[str, list[Alarm]] = defaultdict(list)
    for alarm in gone:
        found[alarm.subject.partition("/")[0]].append(alarm)
    return found
