"""The courtrooms of the court: gateways whose configuration has a courtroom, with its name and seats."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.blobs import Blobs, NoBlob
from central.fleet import configuration, documents
from central.fleet.tables import Gateway
from central.web.refused import Refused


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
    found = session.scalars(select(Gateway).where(Gateway.state != "revoked")).all()
    known = [room for gateway in found if (room := _room(session, blobs, gateway)) is not None]
    return sorted(known, key=lambda room: (room.name, room.gateway))


def find_room(session: Session, blobs: Blobs, gateway: str) -> Room:
    """The courtroom of that gateway; raises Refused."""
    found = session.scalars(select(Gateway).where(Gateway.name == gateway).with_for_update()).one_or_none()
    room = found and _room(session, blobs, found)
    if not room:
        raise Refused(
            "“{gateway}”不是法庭的网关。请从列表中选一个法庭。", code="no_such_room", status=422, gateway=gateway
        )
    return room


def _room(session: Session, blobs: Blobs, gateway: Gateway) -> Room | None:
    sha256 = gateway.configuration
    if sha256 is None:
        wanted = documents.current(session, gateway, documents.CONFIG)
        sha256 = wanted.sha256 if wanted else None
    try:
        told = _courtroom(blobs, sha256) if sha256 else None
    except (NoBlob, OSError):
        return None
    return Room(gateway.name, told[0], told[1], gateway.is_there, gateway.floor) if told else None


@lru_cache(maxsize=4096)
def _courtroom(blobs: Blobs, sha256: str) -> tuple[str, tuple[str, ...]] | None:
    """Name and seats in a configuration; None if it has no courtroom. Raises NoBlob: it may still come."""
    blobs.size(sha256)
    text = configuration.read(blobs, sha256)
    try:
        stations = configuration.values(text).get("stations") if text else None
    except Refused:
        return None
    told = stations.get("courtroom") if isinstance(stations, dict) else None
    if not isinstance(told, dict) or not isinstance(told.get("seats"), dict):
        return None
    return str(told.get("room", "")), tuple(map(str, told["seats"]))
