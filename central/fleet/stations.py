"""The stations of a kind: gateways whose configuration in force has one, with what it says of it."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.blobs import Blobs, NoBlob
from central.fleet import configuration, documents
from central.fleet.tables import Gateway
from central.web.refused import Refused


def stations(session: Session, blobs: Blobs, kind: str) -> Iterator[tuple[Gateway, Mapping[str, Any]]]:
    """Each gateway that has such a station, by name, and the station's settings as plain values."""
    for gateway in session.scalars(select(Gateway).where(Gateway.state != "revoked").order_by(Gateway.name)):
        told = station_at(session, blobs, gateway, kind)
        if told is not None:
            yield gateway, told


def station_at(session: Session, blobs: Blobs, gateway: Gateway, kind: str) -> Mapping[str, Any] | None:
    """The settings of that gateway's station; None if it has none of that kind, or what it has is still to come."""
    sha256 = gateway.configuration
    if sha256 is None:
        wanted = documents.current(session, gateway, documents.CONFIG)
        sha256 = wanted.sha256 if wanted else None
    try:
        return _station(blobs, sha256, kind) if sha256 else None
    except (NoBlob, OSError):
        return None


@lru_cache(maxsize=4096)
def _station(blobs: Blobs, sha256: str, kind: str) -> Mapping[str, Any] | None:
    """The settings of that station in a configuration. Raises NoBlob: it may still come."""
    blobs.size(sha256)
    text = configuration.read(blobs, sha256)
    try:
        told = configuration.values(text).get("stations") if text else None
    except Refused:
        return None
    settings = told.get(kind) if isinstance(told, dict) else None
    return settings if isinstance(settings, dict) else None
