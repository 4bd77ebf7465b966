"""Maintenance: a ticket's way as a table, and the rule that only the device itself shows that it is mended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.alarms import Alarm
from central.fleet.alarm_tables import Ticket
from central.fleet.facts import TicketStepped
from central.fleet.service import find, find_device
from central.ledger.own import record
from central.store import tell
from central.web.refused import Refused, Said

STATE_NAMES: Mapping[str, str] = {
    "REPORTED": "已报修",
    "TRIAGED": "已分诊",
    "ASSIGNED": "已派工",
    "IN_PROGRESS": "处理中",
    "ON_HOLD": "已搁置",
    "DONE": "待验证",
    "VERIFIED": "已验证",
    "CLOSED": "已关闭",
}
"""Every state and what it is called."""
OPENS_AFTER = timedelta(seconds=60)
"""A severe alarm that lasts so long opens a ticket by itself."""


@dataclass(frozen=True)
class Step:
    """One way onward."""

    from_: str
    event: str
    to: str


STEPS: tuple[Step, ...] = (
    Step("REPORTED", "分诊", "TRIAGED"),
    Step("TRIAGED", "派给我", "ASSIGNED"),
    Step("ASSIGNED", "开始处理", "IN_PROGRESS"),
    Step("IN_PROGRESS", "搁置", "ON_HOLD"),
    Step("ON_HOLD", "继续处理", "IN_PROGRESS"),
    Step("IN_PROGRESS", "处理完毕", "DONE"),
    Step("DONE", "仍有故障", "IN_PROGRESS"),
    Step("DONE", "设备自检验证", "VERIFIED"),
    Step("VERIFIED", "关闭", "CLOSED"),
    Step("REPORTED", "不需处理，关闭", "CLOSED"),
    Step("TRIAGED", "不需处理，关闭", "CLOSED"),
)


def one(session: Session, number: int) -> Ticket:
    """The ticket of that number. Raises Refused (404)."""
    found = session.get(Ticket, number)
    if found is None:
        raise Refused("没有第 {n} 号工单。", code="no_such_ticket", status=404, n=str(number))
    return found


def steps(ticket: Ticket) -> list[Step]:
    """The ways onward from where it is."""
    return [step for step in STEPS if step.from_ == ticket.state]


def report(  # noqa: PLR0913
    session: Session,
    title: str,
    gateway: str,
    device: str,
    now: datetime,
    *,
    severity: str = "warning",
    alarm: Alarm | None = None,
    actor: str | None = None,
) -> Ticket:
    """Open a ticket. Raises Refused (422): without a title, or for what the fleet does not have."""
    if not title.strip():
        raise Refused("请写明出了什么问题。", code="no_title", status=422)
    known = find_device(session, gateway, device) if device else find(session, gateway)
    if known is None and device and find(session, gateway) is not None:
        raise Refused("网关 {gateway} 上没有名为“{device}”的设备。", code="no_such_device", status=422,
                      gateway=gateway, device=device)  # fmt: skip
    if known is None:
        raise Refused("没有名为“{gateway}”的网关。", code="no_such_gateway", status=422, gateway=gateway)
    ticket = Ticket(
        title=title.strip()[:160], gateway=gateway, device=device, severity=severity,
        alarm_id=alarm.id if alarm else None, opened_at=now, steps=[["REPORTED", now.isoformat(), actor, ""]],
    )  # fmt: skip
    session.add(ticket)
    session.flush()
    record(session, TicketStepped(ticket=ticket.id, to="REPORTED", gateway=gateway, device=device), actor=actor)
    tell(session, "tickets")
    return ticket


def step(session: Session, ticket: Ticket, to: str, now: datetime, *, actor: str | None, note: str = "") -> None:
    """Bring it one step onward. Raises Refused: no such way, or the device has not shown that it works."""
    if all(way.to != to for way in steps(ticket)):
        raise Refused("工单现为“{state}”，不能这样办理。", code="no_such_step", state=Said(STATE_NAMES[ticket.state]))
    if to == "VERIFIED" and not _shown(session, ticket):
        raise Refused("设备还没有通过处理完毕之后的自检，请先在设备页做一次自检。", code="not_verified")
    ticket.state = to
    ticket.assigned_to = actor if to == "ASSIGNED" else ticket.assigned_to
    ticket.done_at = now if to == "DONE" else ticket.done_at
    ticket.closed_at = now if to == "CLOSED" else None
    ticket.steps = [*ticket.steps, [to, now.isoformat(), actor, note[:400]]]
    fact = TicketStepped(ticket=ticket.id, to=to, gateway=ticket.gateway, device=ticket.device)
    record(session, fact, actor=actor)
    tell(session, "tickets")


def open_of(session: Session, gateway: str, device: str | None = None) -> list[Ticket]:
    """Tickets that are not closed of this gateway, or of one device of it."""
    found = select(Ticket).where(Ticket.gateway == gateway, Ticket.closed_at.is_(None)).order_by(Ticket.id)
    return list(session.scalars(found if device is None else found.where(Ticket.device == device)))


def severe_open(session: Session, gateway: str) -> list[Ticket]:
    """Severe tickets that stand against using what hangs on this gateway."""
    found = select(Ticket).where(
        Ticket.gateway == gateway, Ticket.severity == "severe", Ticket.state.not_in(("VERIFIED", "CLOSED"))
    )
    return list(session.scalars(found))


def sweep(session: Session, now: datetime) -> None:
    """A severe alarm of a gateway that lasts opens a ticket."""
    with_one = select(Ticket.alarm_id).where(Ticket.alarm_id.is_not(None))
    lasting = select(Alarm).where(
        Alarm.severity == "severe",
        Alarm.cleared_at.is_(None),
        Alarm.cause_id.is_(None),
        Alarm.raised_at < now - OPENS_AFTER,
        Alarm.id.not_in(with_one),
    )
    for alarm in session.scalars(lasting):
        gateway, _, rest = alarm.subject.partition("/")
        gateway, device = gateway.partition("#")[0], rest.partition("/")[0]
        if find(session, gateway) is None:
            continue
        device = device if device and find_device(session, gateway, device) else ""
        report(session, f"{alarm.kind} {alarm.subject}", gateway, device, now, severity=alarm.severity, alarm=alarm)


def _shown(session: Session, ticket: Ticket) -> bool:
    """After the work was done the device itself has passed its test; without a device its gateway is there."""
    if not ticket.device:
        gateway = find(session, ticket.gateway)
        return gateway is not None and gateway.is_there
    device = find_device(session, ticket.gateway, ticket.device)
    done = ticket.done_at
    return bool(device and done and device.tested_ok and device.tested_at and device.tested_at >= done)
