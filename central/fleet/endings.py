"""Who was called about an alarm hears of its end: once for what has one cause, and not of what comes straight back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from central.alarms import Alarm
from central.fleet.alarm_tables import Contact, Notice

SETTLED = timedelta(minutes=5)
"""An alarm that was over for so long has ended; one that comes back before is the same to whoever was called."""


@dataclass(frozen=True)
class Untold:
    """A call that was taken, about an alarm that was cleared without word of it."""

    notice: Notice
    back: frozenset[int]
    """The alarms that are this one come straight back: of them nobody is called again."""
    last: Alarm
    """The alarm whose end is to be told: this one, its cause, or this one come back."""


def untold(session: Session, tries: int) -> list[Untold]:
    """What is still to be told and was not tried so often in vain."""
    found = (
        select(Notice)
        .join(Notice.alarm)
        .where(Notice.state == "accepted", Notice.ended.in_(("", "sending", "failed")), Notice.ended_tries < tries)
        .where(Alarm.cleared_at.is_not(None))
        .options(contains_eager(Notice.alarm))
        .order_by(Notice.id)
    )
    return [_followed(session, notice) for notice in session.scalars(found)]


def over(waiting: Iterable[Untold], now: datetime) -> Mapping[tuple[Alarm, Contact], list[Notice]]:
    """What has ended for good, with whom to tell and all that they were called for because of it."""
    found: dict[tuple[Alarm, Contact], list[Notice]] = {}
    for each in waiting:
        if each.last.cleared_at is not None and now - each.last.cleared_at >= SETTLED:
            found.setdefault((each.last, each.notice.contact), []).append(each.notice)
    return found


def _followed(session: Session, notice: Notice) -> Untold:
    later = _later(session, notice.alarm)
    back, before = set[int](), notice.alarm
    for alarm in later:
        if before.cleared_at is None or alarm.raised_at - before.cleared_at >= SETTLED:
            break
        back.add(alarm.id)
        before = alarm
    last = [notice.alarm, *later][-1]
    while last.cause_id is not None:
        cause = session.get_one(Alarm, last.cause_id)
        last = [cause, *_later(session, cause)][-1]
    return Untold(notice, frozenset(back), last)


def _later(session: Session, alarm: Alarm) -> Sequence[Alarm]:
    """The alarms of that kind and subject after it, oldest first."""
    found = select(Alarm).where(Alarm.kind == alarm.kind, Alarm.subject == alarm.subject, Alarm.id > alarm.id)
    return session.scalars(found.order_by(Alarm.id)).all()
