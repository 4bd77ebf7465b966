"""REST: maintenance tickets, read, opened and brought onward by programs."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from sqlalchemy import select

from central.fleet import tickets
from central.fleet.alarm_tables import Ticket
from central.people.auth import needs
from central.people.roles import Actor
from central.store import newest
from central.web.here import Now, StoreOf
from central.web.rest import After, In, Limit, Out

router = APIRouter(prefix="/api/v1", tags=["fleet"])

Reader = Annotated[Actor, Depends(needs("fleet.read"))]
Keeper = Annotated[Actor, Depends(needs("fleet.write"))]


class StepOut(Out):
    """One step that was taken."""

    to: str
    at: datetime
    by: str | None = Field(description="Who, as a reference; null if an alarm opened it.")
    note: str


class TicketOut(Out):
    """A piece of maintenance."""

    id: int
    title: str
    gateway: str
    device: str = Field(description="Empty: the gateway itself.")
    severity: str = Field(description="notice, warning or severe.")
    state: str = Field(description=", ".join(tickets.STATE_NAMES) + ".")
    alarm: int | None = Field(description="`id` of the alarm that opened it.")
    assigned_to: str | None
    opened_at: datetime
    closed_at: datetime | None
    steps: list[StepOut] = Field(description="Oldest first.")
    onward: list[str] = Field(description="States it can be brought to now.")


class TicketIn(In):
    """Something that does not work."""

    title: str = Field(max_length=160)
    gateway: str = Field(max_length=48)
    device: str = Field(default="", max_length=48)
    severity: Literal["notice", "warning", "severe"] = "warning"


class StepIn(In):
    """One step onward."""

    to: str = Field(max_length=12, description="One of `onward`.")
    note: str = Field(default="", max_length=400)


@router.get("/tickets")
def list_tickets(
    store: StoreOf,
    _: Reader,
    closed: Annotated[bool, Query(description="Those that are closed instead.")] = False,
    limit: Limit = 50,
    after: After = None,
) -> list[TicketOut]:
    """Open tickets, newest first."""
    is_closed = Ticket.state == "CLOSED"
    some = select(Ticket).where(is_closed if closed else ~is_closed)
    with store.read() as session:
        return [_ticket(ticket) for ticket in session.scalars(newest(some, Ticket.id, limit, after))]


@router.get("/tickets/{number}")
def one_ticket(store: StoreOf, _: Reader, number: int) -> TicketOut:
    """One ticket."""
    with store.read() as session:
        return _ticket(tickets.one(session, number))


@router.post("/tickets", status_code=201)
def report_ticket(store: StoreOf, by: Reader, now: Now, told: TicketIn) -> TicketOut:
    """Report that something does not work; whoever sees the fleet may."""
    with store.write() as session:
        of = (told.title, told.gateway, told.device)
        return _ticket(tickets.report(session, *of, now, severity=told.severity, actor=by.ref))


@router.post("/tickets/{number}/steps")
def step_ticket(store: StoreOf, by: Keeper, now: Now, number: int, told: StepIn) -> TicketOut:
    """Bring it one step onward; `VERIFIED` only once the device itself has shown that it works."""
    with store.write() as session:
        found = tickets.one(session, number)
        tickets.step(session, found, told.to, now, actor=by.ref, note=told.note)
        return _ticket(found)


def _ticket(ticket: Ticket) -> TicketOut:
    return TicketOut.of(
        ticket,
        alarm=ticket.alarm_id,
        steps=[StepOut(to=to, at=at, by=by, note=note) for to, at, by, note in ticket.steps],
        onward=[way.to for way in tickets.steps(ticket)],
    )
