"""The alarm desk: alarms by cause with their life, the rules behind them, whom to call, and maintenance tickets."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from central.alarms import SEVERITY, Alarm, AlarmKind, clear_alarm, see_alarm, state_of
from central.fleet import rules, service, tickets
from central.fleet.alarm_tables import AlarmRule, Contact, Notice, Ticket
from central.fleet.facts import AlarmCleared, AlarmSeen
from central.ledger.own import record
from central.people.roles import ROLE_NAMES
from central.web.here import Now, Reading, go, needs, pages, store_of
from central.web.look import page
from central.web.refused import Refused

router = pages()

Reader = Annotated[Any, Depends(needs("fleet.read"))]
Keeper = Annotated[Any, Depends(needs("fleet.write"))]
_SHOWN = 200


@router.get("/alarms")
def alarms(request: Request, by: Reader, session: Reading, closed: bool = False) -> HTMLResponse:
    """What a person has to look at, and what to do about it; what has one cause is one."""
    found = select(Alarm).where(
        Alarm.cause_id.is_(None), Alarm.cleared_at.is_not(None) if closed else Alarm.cleared_at.is_(None)
    )
    found = found.order_by(Alarm.cleared_at.desc() if closed else Alarm.last_at.desc()).limit(_SHOWN)
    shown = sorted(session.scalars(found), key=lambda alarm: -SEVERITY[alarm.severity] if not closed else 0)
    numbers = [alarm.id for alarm in shown]
    context = {"within": _within(session, numbers), "notices": _notices(session, numbers), "state_of": state_of}
    return page(request, "fleet/alarms.html", alarms=shown, closed=closed, **context)


@router.post("/alarms/{alarm}/seen")
def seen(request: Request, by: Keeper, now: Now, alarm: int, mine: Annotated[bool, Form()] = False) -> Response:
    """Somebody has seen it, or takes it."""
    with store_of(request).write() as session:
        found = session.get(Alarm, alarm)
        if found is not None and found.cleared_at is None:
            see_alarm(session, found, at=now, by=by.ref, assign=by.ref if mine else None)
            record(session, AlarmSeen(alarm=alarm, assigned=mine), actor=by.ref)
    return go("/alarms")


@router.post("/alarms/{alarm}/clear")
def clear(request: Request, by: Keeper, now: Now, alarm: int) -> Response:
    """Somebody saw to it, and to what is within it."""
    with store_of(request).write() as session:
        found = session.get(Alarm, alarm)
        if found is not None and found.cleared_at is None:
            for each in (found, *session.scalars(select(Alarm).where(Alarm.cause_id == alarm))):
                clear_alarm(session, AlarmKind(each.kind), each.subject, at=now, by=by.ref)
            record(session, AlarmCleared(alarm=alarm), actor=by.ref)
    return go("/alarms")


@router.get("/alarms/rules")
def rule_page(request: Request, by: Reader, session: Reading) -> HTMLResponse:
    """The rules, and whom to call."""
    return _rules(request, session, None)


@router.post("/alarms/rules")
async def change_rule(request: Request, by: Keeper) -> Response:
    """Change a rule, or make another."""
    told = {name: str(value) for name, value in (await request.form()).items()}
    try:
        with store_of(request).write() as session:
            _write_rule(session, told)
    except Refused as refused:
        with store_of(request).read() as session:
            return _rules(request, session, refused)
    return go("/alarms/rules")


@router.post("/alarms/contacts")
async def add_contact(request: Request, by: Keeper) -> Response:
    """Add somebody to call."""
    told = {name: str(value) for name, value in (await request.form()).items()}
    try:
        contact = _contact(told)
        with store_of(request).write() as session:
            session.add(contact)
    except Refused as refused:
        with store_of(request).read() as session:
            return _rules(request, session, refused)
    return go("/alarms/rules")


@router.post("/alarms/contacts/{contact}/remove")
def remove_contact(request: Request, by: Keeper, contact: int) -> Response:
    """Call somebody no longer."""
    with store_of(request).write() as session:
        found = session.get(Contact, contact)
        if found is not None:
            for notice in session.scalars(select(Notice).where(Notice.contact_id == contact)):
                session.delete(notice)
            session.delete(found)
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
            return _tickets(request, session, False, about, refused)
    return go("/tickets")


@router.post("/tickets/{ticket}/{to}")
def step(request: Request, by: Keeper, now: Now, ticket: int, to: str, note: Annotated[str, Form()] = "") -> Response:
    """Bring a ticket one step onward."""
    with store_of(request).write() as session:
        found = session.get(Ticket, ticket)
        if found is None:
            raise Refused("没有第 {n} 号工单。", code="no_such_ticket", status=404, n=str(ticket))
        tickets.step(session, found, to, now, actor=by.ref, note=note)
    return go("/tickets")


def _tickets(request: Request, session: Session, closed: bool, about: str, refused: Refused | None) -> HTMLResponse:
    is_closed = Ticket.state == "CLOSED"
    found = select(Ticket).where(is_closed if closed else ~is_closed).order_by(Ticket.id.desc()).limit(_SHOWN)
    shown = sorted(session.scalars(found), key=lambda ticket: -SEVERITY[ticket.severity])
    return page(
        request,
        "fleet/tickets.html",
        refused.status if refused else 200,
        tickets=shown,
        closed=closed,
        about=about,
        steps=tickets.steps,
        things=service.things(session),
        refused=refused.said if refused else None,
    )


def _rules(request: Request, session: Session, refused: Refused | None) -> HTMLResponse:
    return page(
        request,
        "fleet/rules.html",
        refused.status if refused else 200,
        rules=session.scalars(select(AlarmRule).order_by(AlarmRule.id)).all(),
        contacts=session.scalars(select(Contact).order_by(Contact.after_min, Contact.id)).all(),
        kinds=rules.KINDS,
        roles=ROLE_NAMES,
        refused=refused.said if refused else None,
    )


def _contact(told: dict[str, str]) -> Contact:
    contact = Contact(
        role=told.get("role", "it"),
        name=told.get("name", "")[:80],
        url=told.get("url", "").strip(),
        least=told.get("least", "warning"),
        after_min=int(_number(told, "after_min")),
        days=told.get("days", "") or "1234567",
        begins=_minutes(told.get("begins", "")) or 0,
        ends=_minutes(told.get("ends", "")) or 1440,
    )
    if "://" not in contact.url or contact.least not in SEVERITY or contact.role not in ROLE_NAMES:
        raise Refused("请填写 Apprise 地址，例如 mailto://… 或 wecombot://…。", code="bad_contact", status=422)
    return contact


def _write_rule(session: Session, told: dict[str, str]) -> None:
    number = told.get("id", "")
    rule = session.get(AlarmRule, int(number)) if number.isdecimal() else AlarmRule(name="", kind="threshold")
    if rule is None or told.get("kind") not in rules.KINDS or told.get("severity") not in SEVERITY:
        raise Refused("规则的种类或轻重不对。", code="bad_rule", status=422)
    rule.name, rule.kind = told.get("name", "").strip()[:80] or told["kind"], told["kind"]
    rule.figure, rule.severity, rule.tag = told.get("figure", "")[:32], told["severity"], told.get("tag", "")[:40]
    rule.limit, rule.clear_at = _number(told, "limit"), _number(told, "clear_at")
    rule.for_s, rule.above = int(_number(told, "for_s")), told.get("above", "1") == "1"
    rule.quiet_from, rule.quiet_to = _minutes(told.get("quiet_from", "")), _minutes(told.get("quiet_to", ""))
    rule.enabled = told.get("enabled") == "1"
    if (rule.clear_at > rule.limit) if rule.above else (rule.clear_at < rule.limit):
        raise Refused("解除值要在界限以内，否则告警会反复跳动。", code="bad_rule", status=422)
    session.add(rule)


def _number(told: dict[str, str], name: str) -> float:
    try:
        return float(told.get(name) or 0)
    except ValueError as error:
        raise Refused("“{value}”不是数字。", code="bad_number", status=422, value=told[name]) from error


def _minutes(text: str) -> int | None:
    """Minute of the day of HH:MM; None if nothing is written."""
    if not text.strip():
        return None
    hours, _, minutes = text.partition(":")
    if not (hours.isdecimal() and minutes.isdecimal() and int(hours) <= 24 and int(minutes) < 60):
        raise Refused("“{value}”不是时间，请写成 08:30。", code="bad_time", status=422, value=text)
    return int(hours) * 60 + int(minutes)


def _within(session: Session, numbers: Sequence[int]) -> dict[int, list[Alarm]]:
    found: dict[int, list[Alarm]] = {}
    for alarm in session.scalars(select(Alarm).where(Alarm.cause_id.in_(numbers)).order_by(Alarm.subject)):
        found.setdefault(alarm.cause_id or 0, []).append(alarm)
    return found


def _notices(session: Session, numbers: Sequence[int]) -> dict[int, list[Notice]]:
    found: dict[int, list[Notice]] = {}
    asked = select(Notice).where(Notice.alarm_id.in_(numbers)).options(joinedload(Notice.contact)).order_by(Notice.id)
    for notice in session.scalars(asked):
        found.setdefault(notice.alarm_id, []).append(notice)
    return found
