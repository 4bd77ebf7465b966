"""The courtrooms of the court: gateways whose configuration has a courtroom, with its name and seats."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.blobs import Blobs
from central.fleet import stations
from central.fleet.tables import Gateway
from central.places import in_order
from central.web.refused import Refused
from devices.hearings import COURTROOM


@dataclass(frozen=True)
class Room:
    """One courtroom."""

    gateway: str
    name: str
    """As its agenda calls it."""
    seats: tuple[str, ...]
    is_there: bool
    """True while its gateway is connected."""
    floor: str = ""


def rooms(session: Session, blobs: Blobs) -> Sequence[Room]:
    """Every courtroom by name."""
    found = (_room(gateway, told) for gateway, told in stations.stations(session, blobs, COURTROOM))
    return sorted((room for room in found if room), key=lambda room: (in_order(room.name), room.gateway))


def find_room(session: Session, blobs: Blobs, gateway: str) -> Room:
    """The courtroom of that gateway; raises Refused."""
    found = session.scalars(select(Gateway).where(Gateway.name == gateway).with_for_update()).one_or_none()
    told = stations.station_at(session, blobs, found, COURTROOM) if found else None
    room = _room(found, told) if found and told is not None else None
    if not room:
        raise Refused(
            "“{gateway}”不是法庭的网关。请从列表中选一个法庭。", code="no_such_room", status=422, gateway=gateway
        )
    return room


def _room(gateway: Gateway, told: Mapping[str, Any]) -> Room | None:
    """As its configuration has it; None if that names no seats."""
    seats = told.get("seats")
    if not isinstance(seats, dict):
        return None
    return Room(gateway.name, str(told.get("room", "")), tuple(map(str, seats)), gateway.is_there, gateway.floor)
