"""The alarm desk: alarms by cause with their life, the rules behind them, whom to call, and maintenance tickets."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from central.alarms import Alarm, heaviest, state_of
from central.fleet import desk, duty, rules, service, tickets
from central.fleet.alarm_tables import AlarmRule, Contact, Notice, Ticket
from central.fleet.lasting import lasting
from central.people.roles import ROLE_NAMES
from central.people.service import name_of
from central.web.here import Now, Reading, go, needs, pages, store_of
from central.web.look import page
from central.web.refused import Refused
from central.web.words import SOURCE

router = pages()

Reader = Annotated[Any, Depends(needs("fleet.read"))]
Keeper = Annotated[Any, Depends(needs("fleet.write"))]
_SHOWN = 200
_EMPTY_RULE = dict.fromkeys(
    ("id", "name", "kind", "severity", "figure", "limit", "clear_at", "for_s", "tag", "quiet_from", "quiet_to"), ""
)
_EMPTY_CONTACT = {"id": "", "name": "", "url": "", "role": "it", "least": "warning", "language": SOURCE,
                  "begins": "00:00", "ends": "24:00", "days": "1234567", "after_min": "0"}  # fmt: skip


@router.get("/alarms")
def alarms(request: Request, by: Reader, session: Reading, closed: bool = False) -> HTMLResponse:
    """What a person has to look at, and what to do about it; what has one cause is one."""
    found = select(Alarm).where(
        Alarm.cause_id.is_(None), Alarm.cleared_at.is_not(None) if closed else Alarm.cleared_at.is_(None)
    )
    order = (Alarm.cleared_at.desc(),) if closed else (heaviest(Alarm.severity), Alarm.last_at.desc())
    shown = session.scalars(found.order_by(*order).limit(_SHOWN)).all()
    numbers = [alarm.id for alarm in shown]
    whose = {alarm.assigned_to or alarm.seen_by for alarm in shown} | {alarm.cleared_by for alarm in shown}
    return page(
        request,
        "fleet/alarms.html",
        alarms=shown,
        closed=closed,
        more=(session.scalar(select(func.count()).select_from(found.subquery())) or 0) - len(shown),
        within=_within(session, numbers),
        notices=_notices(session, numbers),
        orders=_orders(session, numbers),
        lasting=lasting(session, shown),
        hands=desk.hands(session),
        names={ref: name_of(session, ref) for ref in whose if ref},
        state_of=state_of,
    )


@router.post("/alarms/{alarm}/seen")
def seen(request: Request, by: Keeper, now: Now, alarm: int, mine: Annotated[bool, Form()] = False) -> Response:
    """Somebody has seen it, or takes it."""
    with store_of(request).write() as session:
        if (found := _open(session, alarm)) is not None and mine:
            desk.hand(session, found, by.ref, now, actor=by.ref)
        elif found is not None:
            desk.see(session, found, now, actor=by.ref)
    return go("/alarms")


@router.post("/alarms/{alarm}/hand")
def hand(request: Request, by: Keeper, now: Now, alarm: int, to: Annotated[str, Form()] = "") -> Response:
    """It is another's from now on, who may act on it."""
    with store_of(request).write() as session:
        if (found := _open(session, alarm)) is not None:
            desk.hand(session, found, to, now, actor=by.ref)
    return go("/alarms")


@router.post("/alarms/{alarm}/clear")
def clear(request: Request, by: Keeper, now: Now, alarm: int) -> Response:
    """Somebody saw to it, and to what is within it."""
    with store_of(request).write() as session:
        if (found := _open(session, alarm)) is not None:
            desk.clear(session, found, now, actor=by.ref)
    return go("/alarms")


@router.get("/alarms/rules")
def rule_page(request: Request, by: Reader, session: Reading) -> HTMLResponse:
    """The rules, and whom to call."""
    return _rules(request, session, None)


@router.post("/alarms/rules")
async def change_rule(request: Request, by: Keeper, now: Now) -> Response:
    """Change a rule, or make another."""
    told = {name: str(value) for name, value in (await request.form()).items()}
    try:
        with store_of(request).write() as session:
            duty.write_rule(session, told, now, actor=by.ref)
    except Refused as refused:
        typed = _EMPTY_RULE | told | {"above": told.get("above", "1") == "1", "enabled": told.get("enabled") == "1"}
        with store_of(request).read() as session:
            return _rules(request, session, refused, rule=typed)
    return go("/alarms/rules")


@router.post("/alarms/contacts")
async def change_contact(request: Request, by: Keeper) -> Response:
    """Change whom to call, or add somebody."""
    told = {name: str(value) for name, value in (await request.form()).items()}
    try:
        with store_of(request).write() as session:
            duty.write_contact(session, told, actor=by.ref)
    except Refused as refused:
        with store_of(request).read() as session:
            return _rules(request, session, refused, contact=told)
    return go("/alarms/rules")


@router.post("/alarms/contacts/{contact}/try")
def try_contact(request: Request, by: Keeper, contact: int) -> HTMLResponse:
    """Send a message that only shows whether messages arrive, and say what the provider said."""
    store, state = store_of(request), request.app.state
    told = duty.tried(store, contact, state.messages, state.send)
    with store.read() as session:
        return _rules(request, session, None, tried=told)


@router.post("/alarms/contacts/{contact}/remove")
def remove_contact(request: Request, by: Keeper, contact: int) -> Response:
    """Call somebody no longer."""
    with store_of(request).write() as session:
        duty.remove_contact(session, contact, actor=by.ref)
    return go("/alarms/rules")


@router.get("/tickets")
def ticket_page(request: Request, by: Reader, session: Reading, closed: bool = False, about: str = "") -> HTMLResponse:
    """Maintenance tickets with the ways onward, and the form for another."""
    return _tickets(request, session, closed, about, None)


@router.post("/tickets")
def report(
    request: Request,
    by: Reader,
    now: Now,
    title: Annotated[str, Form()] = "",
    about: Annotated[str, Form()] = "",
    severity: Annotated[str, Form(pattern="^(notice|warning|severe)$")] = "warning",
) -> Response:
    """Report that something does not work; everybody who sees the fleet may."""
    gateway, _, device = about.partition("/")
    try:
        with store_of(request).write() as session:
            tickets.report(session, title, gateway, device, now, severity=severity, actor=by.ref)
    except Refused as refused:
        with store_of(request).read() as session:
            return _tickets(request, session, False, about, refused, title=title, severity=severity)
    return go("/tickets")


@router.post("/tickets/{ticket}/{to}")
def step(request: Request, by: Keeper, now: Now, ticket: int, to: str, note: Annotated[str, Form()] = "") -> Response:
    """Bring a ticket one step onward."""
    with store_of(request).write() as session:
        tickets.step(session, tickets.one(session, ticket), to, now, actor=by.ref, note=note.strip())
    return go("/tickets")


def _open(session: Session, number: int) -> Alarm | None:
    """None if it was cleared, perhaps just now: what the page shows next says so."""
    found = session.get(Alarm, number)
    return found if found is not None and found.cleared_at is None else None


def _tickets(  # noqa: PLR0913
    request: Request,
    session: Session,
    closed: bool,
    about: str,
    refused: Refused | None,
    *,
    title: str = "",
    severity: str = "warning",
) -> HTMLResponse:
    is_closed = Ticket.state == "CLOSED"
    found = select(Ticket).where(is_closed if closed else ~is_closed)
    order = (Ticket.id.desc(),) if closed else (heaviest(Ticket.severity), Ticket.id.desc())
    shown = session.scalars(found.order_by(*order).limit(_SHOWN)).all()
    alarms = session.scalars(select(Alarm).where(Alarm.id.in_([each.alarm_id for each in shown if each.alarm_id])))
    refs = {ref for ticket in shown for _, _, ref, _ in ticket.steps if ref}
    return page(
        request,
        "fleet/tickets.html",
        refused.status if refused else 200,
        tickets=shown,
        drawn_at="/tickets",
        closed=closed,
        about=about,
        typed={"title": title, "severity": severity},
        causes={alarm.id: alarm for alarm in alarms},
        names={ref: name_of(session, ref) for ref in refs},
        history={
            ticket.id: [(to, datetime.fromisoformat(at), ref, note) for to, at, ref, note in ticket.steps]
            for ticket in shown
        },
        steps=tickets.steps,
        things=service.things(session),
        refused=refused.said if refused else None,
    )


def _rules(
    request: Request,
    session: Session,
    refused: Refused | None,
    *,
    rule: Mapping[str, Any] | None = None,
    contact: Mapping[str, str] | None = None,
    tried: tuple[str, bool] | None = None,
) -> HTMLResponse:
    return page(
        request,
        "fleet/rules.html",
        refused.status if refused else 200,
        drawn_at="/alarms/rules",
        rules=session.scalars(select(AlarmRule).order_by(AlarmRule.id)).all(),
        contacts=session.scalars(select(Contact).order_by(Contact.after_min, Contact.id)).all(),
        kinds=rules.KINDS,
        roles=ROLE_NAMES,
        typed_rule=rule,
        typed={**_EMPTY_CONTACT, **contact} if contact else None,
        begun=_EMPTY_CONTACT,
        tried=tried,
        refused=refused.said if refused else None,
    )


def _within(session: Session, numbers: Sequence[int]) -> dict[int, list[Alarm]]:
    found: dict[int, list[Alarm]] = {}
    for alarm in session.scalars(select(Alarm).where(Alarm.cause_id.in_(numbers)).order_by(Alarm.subject)):
        found.setdefault(alarm.cause_id or 0, []).append(alarm)
    return found


def _orders(session: Session, numbers: Sequence[int]) -> dict[int, Ticket]:
    """The ticket each of these alarms opened."""
    found = session.scalars(select(Ticket).where(Ticket.alarm_id.in_(numbers)).order_by(Ticket.id))
    return {ticket.alarm_id: ticket for ticket in found if ticket.alarm_id is not None}


def _notices(session: Session, numbers: Sequence[int]) -> dict[int, list[Notice]]:
    found: dict[int, list[Notice]] = {}
    asked = select(Notice).where(Notice.alarm_id.in_(numbers)).options(joinedload(Notice.contact)).order_by(Notice.id)
    for notice in session.scalars(asked):
        found.setdefault(notice.alarm_id, []).append(notice)
    return found
