"""The first page: what waits today for whoever looks, out of all that the court does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.alarms import Alarm, open_alarms
from central.custody import board as custody
from central.dossiers import board as dossiers
from central.fleet.alarm_tables import Ticket
from central.fleet.tables import Gateway
from central.hearings import minutes, schedule
from central.hearings.minutes_tables import MinutesText
from central.hearings.tables import Hearing
from central.people.pages import Here
from central.people.roles import Actor, may
from central.rules import service as rules
from central.web.here import Now, Reading, pages
from central.web.look import look_of, page

router = pages()

_SHOWN = 5
"""Alarms, tickets, minutes and dossiers at most; the rest stand on their own pages."""


@dataclass(frozen=True)
class Day:
    """What waits, by the part of the court it comes from; a part the person has nothing to do with is empty."""

    waiting: custody.Waiting
    alarms: Sequence[Alarm]
    hearings: Sequence[Hearing]
    minutes: Sequence[MinutesText]
    dossiers: Sequence[dossiers.Row]
    tickets: Sequence[Ticket]
    away: int
    """Boxes in use that are not there."""
    unchecked: int
    """Rules from memory that nobody has compared with the published text."""

    @property
    def nothing(self) -> bool:
        """True if nothing waits; alarms are no work of most."""
        others = (self.hearings, self.minutes, self.dossiers, self.tickets, self.away, self.unchecked)
        return self.waiting.nothing and not any(others)


@router.get("/")
def home(request: Request, by: Here, session: Reading, now: Now) -> HTMLResponse:
    """What waits for whoever looks: moves and volumes, hearings, dossiers to confirm; for the IT desk its machines."""
    day = _day(session, by, now, look_of(request).zone)
    waiting = day.waiting
    refs = {move.person for move in waiting.moves} | {row.holder for row in (*waiting.overdue, *waiting.held)}
    return page(request, "today.html", day=day, waiting=waiting, names=custody.names_of(session, refs))


def _day(session: Session, by: Actor, now: datetime, zone: tzinfo) -> Day:
    keeps_machines = may(by, "fleet.write")
    return Day(
        waiting=custody.waiting(session, by.ref, everybody=may(by, "volume.confirm")),
        alarms=open_alarms(session, _SHOWN) if may(by, "fleet.read") else [],
        hearings=_hearings(session, by, now, zone) if may(by, "hearing.read") else [],
        minutes=minutes.waiting(session, by, _SHOWN) if may(by, "hearing.correct") else [],
        dossiers=_to_confirm(session, by) if may(by, "dossier.write") else [],
        tickets=_tickets(session) if keeps_machines else [],
        away=_away(session) if keeps_machines else 0,
        unchecked=_unchecked(session) if may(by, "rules.write") else 0,
    )


def _hearings(session: Session, by: Actor, now: datetime, zone: tzinfo) -> Sequence[Hearing]:
    """Today's; a judge sees those he presides over."""
    begins = datetime.combine(now.astimezone(zone).date(), time(), zone)
    found = schedule.between(session, begins, begins + timedelta(days=1))
    return [hearing for hearing in found if may(by, "hearing.write") or hearing.presiding_id == by.id]


def _to_confirm(session: Session, by: Actor) -> Sequence[dossiers.Row]:
    return [row for row in dossiers.rows(session, by) if row.unconfirmed or row.unread][:_SHOWN]


def _tickets(session: Session) -> Sequence[Ticket]:
    waits = select(Ticket).where(Ticket.closed_at.is_(None)).order_by(Ticket.opened_at)
    return session.scalars(waits.limit(_SHOWN)).all()


def _away(session: Session) -> int:
    away = select(func.count()).where(Gateway.state == "active", Gateway.presence != "ready")
    return session.scalar(away) or 0


def _unchecked(session: Session) -> int:
    return sum(stands.mark == "M" for stands in rules.every(session).values())
