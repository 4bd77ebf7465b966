"""What a person does about an alarm, at a page or by a program: sees it, takes it, hands it to another, clears it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.alarms import Alarm, AlarmKind, clear_alarm, see_alarm
from central.fleet.facts import AlarmCleared, AlarmSeen
from central.fleet.lasting import lasting
from central.ledger.own import record
from central.people.roles import Actor, may
from central.people.service import people
from central.web.refused import Refused


def one(session: Session, number: int) -> Alarm:
    """The alarm of that number. Raises Refused (404)."""
    found = session.get(Alarm, number)
    if found is None:
        raise Refused("没有第 {n} 号告警。", code="no_such_alarm", status=404, n=str(number))
    return found


def hands(session: Session) -> list[Actor]:
    """Everybody whose an alarm can be, by name: who works here and may act on it."""
    here = (person.actor for person in people(session) if person.disabled_at is None)
    return sorted((each for each in here if may(each, "fleet.write")), key=lambda each: (each.name, each.id))


def see(session: Session, alarm: Alarm, now: datetime, *, actor: str) -> None:
    """Nobody else is called for it. Raises Refused (409): cleared."""
    _must_be_open(alarm)
    see_alarm(session, alarm, at=now, by=actor)
    record(session, AlarmSeen(alarm=alarm.id), actor=actor)


def hand(session: Session, alarm: Alarm, to: str, now: datetime, *, actor: str) -> None:
    """It is theirs from now on, who may act themselves. Raises Refused (409, 422): cleared; not to that one."""
    _must_be_open(alarm)
    if all(each.ref != to for each in hands(session)):
        raise Refused("告警只能交给在岗、能管理设备的人，请另选一位。", code="cannot_act", status=422)
    see_alarm(session, alarm, at=now, by=actor, assign=to)
    record(session, AlarmSeen(alarm=alarm.id, assigned=True, to=None if to == actor else to), actor=actor)


def clear(session: Session, alarm: Alarm, now: datetime, *, actor: str) -> None:
    """Somebody saw to it, and to what is within it. Raises Refused (409): cleared already, or still so."""
    _must_be_open(alarm)
    if lasting(session, [alarm]):
        raise Refused("它还没有恢复，不能解除；恢复后告警自动解除。不用再通知别人时，请按“看到了”。",
                      code="still_so")  # fmt: skip
    for each in (alarm, *session.scalars(select(Alarm).where(Alarm.cause_id == alarm.id))):
        clear_alarm(session, AlarmKind(each.kind), each.subject, at=now, by=actor)
    record(session, AlarmCleared(alarm=alarm.id), actor=actor)


def _must_be_open(alarm: Alarm) -> None:
    if alarm.cleared_at is not None:
        raise Refused("这条告警已经解除。", code="alarm_cleared")
