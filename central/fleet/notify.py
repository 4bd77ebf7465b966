"""Calling people about alarms, by role and shift, through Apprise. What a provider took is accepted, not delivered."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from central.alarms import SEVERITY, Alarm, heaviest
from central.clock import Clock
from central.fleet import endings
from central.fleet.alarm_tables import AlarmRule, Contact, Notice
from central.fleet.endings import Untold
from central.fleet.facts import NoticeAccepted
from central.fleet.messages import Messages
from central.ledger.own import record
from central.store import Store, row_in, tell

_LOG = logging.getLogger(__name__)

GRACE = timedelta(seconds=20)
"""Before anybody is called; meanwhile what has one cause is gathered, and what was a hiccup ends."""
EVERY_S = 5.0
TRIES = 3
RETRY = timedelta(minutes=1)
A_ROUND = 10
"""Messages sent in one round at most: a flood of alarms does not become a flood of messages."""

Send = Callable[[str, str, str], bool]
"""(url, title, body) -> whether the provider took it. Blocks."""


@dataclass(frozen=True)
class Call:
    """One message to be sent."""

    notices: Sequence[int]
    alarm: int
    url: str
    title: str
    body: str
    ended: bool = False
    """It tells that the alarm ended."""


def is_address(url: str) -> bool:
    """Whether Apprise knows how to send there; whether anybody answers there it does not ask."""
    import apprise  # as below

    return apprise.Apprise.instantiate(url, suppress_exceptions=True) is not None


def by_apprise(url: str, title: str, body: str) -> bool:
    """Send by Apprise; False if the provider did not take it, or the URL is none."""
    import apprise  # not at the head: a hundred services are looked through at import

    sender = apprise.Apprise()
    return bool(sender.add(url) and sender.notify(body=body, title=title))


def due(session: Session, now: datetime, messages: Messages) -> list[Call]:
    """Whom to call now about what, or to tell that it ended, in which words; each is noted as being sent."""
    contacts = session.scalars(select(Contact)).all()
    if not contacts:
        return []
    waiting = endings.untold(session, TRIES)
    calls = _calls(session, contacts, waiting, now, messages)
    return [*calls, *_ends(session, waiting, now, messages, A_ROUND - len(calls))]


def _calls(
    session: Session, contacts: Sequence[Contact], waiting: Sequence[Untold], now: datetime, messages: Messages
) -> list[Call]:
    known = {(alarm, each.notice.contact_id) for each in waiting for alarm in each.back}
    found = select(Alarm).where(
        Alarm.cleared_at.is_(None), Alarm.cause_id.is_(None), Alarm.seen_at.is_(None), Alarm.raised_at < now - GRACE
    )
    calls: list[Call] = []
    zone = messages.look.zone
    for alarm in session.scalars(found.order_by(heaviest(Alarm.severity), Alarm.raised_at)):
        for contact in contacts:
            if len(calls) >= A_ROUND:
                return calls
            if (alarm.id, contact.id) in known or not _concerns(session, alarm, contact, now, zone):
                continue
            if notice := _notice(session, alarm, contact, now):
                title, body = messages.about(session, alarm, contact.language, now)
                calls.append(Call([notice.id], alarm.id, contact.url, title, body))
    return calls


def _ends(session: Session, waiting: Sequence[Untold], now: datetime, messages: Messages, most: int) -> Iterator[Call]:
    """What has ended is told in the contact's shift, and in the quiet hours of no rule."""
    zone = messages.look.zone
    for (alarm, contact), notices in endings.over(waiting, now).items():
        late = any(notice.ended_at is not None and now - notice.ended_at < RETRY for notice in notices)
        if most <= 0 or late or not in_shift(contact, now, zone) or _is_quiet(session, alarm, now, zone):
            continue
        most -= 1
        for notice in notices:
            notice.ended, notice.ended_at, notice.ended_tries = "sending", now, notice.ended_tries + 1
        since = min(notice.alarm.raised_at for notice in notices)
        title, body = messages.of_end(session, alarm, since, contact.language)
        yield Call([notice.id for notice in notices], alarm.id, contact.url, title, body, ended=True)


def sent(session: Session, call: Call, accepted: bool, now: datetime) -> None:
    """What the provider said."""
    notices = session.scalars(select(Notice).where(Notice.id.in_(call.notices))).all()
    if not notices:  # the contact was taken away meanwhile
        return
    for notice in notices:
        if call.ended:
            notice.ended, notice.ended_at = "accepted" if accepted else "failed", now
        else:
            notice.state, notice.at = "accepted" if accepted else "failed", now
            notice.why = "" if accepted else "the provider did not take it"
    if accepted:
        record(session, NoticeAccepted(alarm=call.alarm, contact=notices[0].contact_id, ended=call.ended))
    tell(session, "alarms")


async def notifying(store: Store, clock: Clock, messages: Messages, send: Send = by_apprise) -> None:
    """Call whoever is to be called, until cancelled; a database away for a moment is tried again."""
    while True:
        try:
            for call in await asyncio.to_thread(_due, store, clock, messages):
                accepted = await asyncio.to_thread(send, call.url, call.title, call.body)
                await asyncio.to_thread(_sent, store, call, accepted, clock)
        except DBAPIError as error:
            _LOG.warning("nobody could be called: %s", error.orig)
        await asyncio.sleep(EVERY_S)


def in_shift(contact: Contact, now: datetime, zone: tzinfo) -> bool:
    """Whether it is the contact's time; a shift may go over midnight, and then belongs to the day it began."""
    local = now.astimezone(zone)
    minute = local.hour * 60 + local.minute
    if contact.begins <= contact.ends:
        return str(local.isoweekday()) in contact.days and contact.begins <= minute < contact.ends
    begun = local if minute >= contact.begins else local - timedelta(days=1)
    return str(begun.isoweekday()) in contact.days and (minute >= contact.begins or minute < contact.ends)


def _concerns(session: Session, alarm: Alarm, contact: Contact, now: datetime, zone: tzinfo) -> bool:
    return (
        SEVERITY[alarm.severity] >= SEVERITY[contact.least]
        and now - alarm.raised_at >= timedelta(minutes=contact.after_min)
        and in_shift(contact, now, zone)
        and not _is_quiet(session, alarm, now, zone)
    )


def _is_quiet(session: Session, alarm: Alarm, now: datetime, zone: tzinfo) -> bool:
    """Whether the rule behind it wants nobody called now; never if it is severe."""
    number = row_in(alarm.subject.rpartition("#")[2])
    if alarm.kind != "rule" or alarm.severity == "severe" or number is None:
        return False
    rule = session.get(AlarmRule, number)
    if rule is None or rule.quiet_from is None or rule.quiet_to is None:
        return False
    local = now.astimezone(zone)
    minute = local.hour * 60 + local.minute
    if rule.quiet_from <= rule.quiet_to:
        return rule.quiet_from <= minute < rule.quiet_to
    return minute >= rule.quiet_from or minute < rule.quiet_to


def _notice(session: Session, alarm: Alarm, contact: Contact, now: datetime) -> Notice | None:
    """The notice to be sent now, None if the contact knows, or was tried in vain often or just before."""
    found = select(Notice).where(Notice.alarm_id == alarm.id, Notice.contact_id == contact.id)
    notice = session.scalars(found).one_or_none()
    if notice is None:
        notice = Notice(alarm_id=alarm.id, contact_id=contact.id, at=now)
        session.add(notice)
        session.flush()
    elif notice.state == "accepted" or notice.tries >= TRIES or now - notice.at < RETRY:
        return None
    notice.state, notice.at, notice.tries = "sending", now, (notice.tries or 0) + 1
    return notice


def _due(store: Store, clock: Clock, messages: Messages) -> Sequence[Call]:
    with store.write() as session:
        return due(session, clock(), messages)


def _sent(store: Store, call: Call, accepted: bool, clock: Clock) -> None:
    with store.write() as session:
        sent(session, call, accepted, clock())
