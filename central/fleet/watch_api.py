"""REST: gateways, their devices and alarms, to be read by programs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from central.alarms import Alarm, state_of
from central.fleet.service import gateway_of
from central.fleet.tables import Gateway
from central.people.auth import needs
from central.people.roles import Actor
from central.store import newest
from central.web.here import StoreOf
from central.web.rest import After, Limit, Out

router = APIRouter(prefix="/api/v1", tags=["fleet"])

Reader = Annotated[Actor, Depends(needs("fleet.read"))]


class DeviceOut(Out):
    """A device as it was heard last."""

    name: str
    product: str = Field(description="`kind/product` of its driver.")
    presence: str = Field(description="back, gone or unknown.")
    states: Mapping[str, Any] = Field(description="Property -> last value, as at the broker (Homie).")


class GatewayOut(Out):
    """A gateway as it was heard last."""

    name: str
    state: str = Field(description="active, suspended or revoked.")
    presence: str = Field(description="ready, init, disconnected, lost, or unknown before the first word.")
    floor: str
    room: str
    groups: list[str]
    version: str | None = Field(description="Of its software.")
    safe_mode: bool
    clock_trusted: bool
    last_seen: datetime | None
    heartbeat_at: datetime | None
    heartbeat: Mapping[str, Any] = Field(description="Figures of the newest heartbeat.")
    devices: list[DeviceOut]


class AlarmOut(Out):
    """One alarm, open or cleared."""

    id: int
    kind: str
    subject: str = Field(description="A gateway, `gateway/device` or `gateway/device/cell`; or a central.")
    severity: str
    state: str = Field(description="raised, seen, assigned or cleared.")
    params: Mapping[str, Any] = Field(description="What is known of it besides.")
    raised_at: datetime
    last_at: datetime
    times: int
    cause: int | None = Field(description="`id` of the alarm that explains it.")
    seen_at: datetime | None
    seen_by: str | None = Field(description="A reference, as those below.")
    assigned_to: str | None
    cleared_at: datetime | None
    cleared_by: str | None = Field(description="null if it ended by itself.")


@router.get("/gateways")
def gateways(
    store: StoreOf,
    _: Reader,
    limit: Limit = 50,
    after: Annotated[str, Query(description="`name` of the last gateway of the piece before.")] = "",
) -> list[GatewayOut]:
    """Gateways by name, with their devices."""
    some = select(Gateway).where(Gateway.name > after).order_by(Gateway.name).limit(limit)
    with store.read() as session:
        return [_gateway(each) for each in session.scalars(some.options(selectinload(Gateway.devices)))]


@router.get("/gateways/{gateway}")
def one_gateway(store: StoreOf, _: Reader, gateway: str) -> GatewayOut:
    """One gateway with its devices."""
    with store.read() as session:
        return _gateway(gateway_of(session, gateway))


@router.get("/alarms")
def alarms(
    store: StoreOf,
    _: Reader,
    closed: Annotated[bool, Query(description="Those that are cleared instead.")] = False,
    explained: Annotated[bool, Query(description="False leaves out those that another explains.")] = True,
    limit: Limit = 50,
    after: After = None,
) -> list[AlarmOut]:
    """Open alarms, newest first."""
    some = select(Alarm).where(Alarm.cleared_at.is_not(None) if closed else Alarm.cleared_at.is_(None))
    some = some if explained else some.where(Alarm.cause_id.is_(None))
    with store.read() as session:
        return [told_of(alarm) for alarm in session.scalars(newest(some, Alarm.id, limit, after))]


def told_of(alarm: Alarm) -> AlarmOut:
    """An alarm as programs are told of it."""
    return AlarmOut.of(alarm, state=state_of(alarm), cause=alarm.cause_id)


def _gateway(gateway: Gateway) -> GatewayOut:
    return GatewayOut.of(
        gateway,
        groups=gateway.tags,
        safe_mode=gateway.safe,
        heartbeat_at=gateway.beat_at,
        heartbeat=gateway.health,
        devices=gateway.devices_now,
    )
