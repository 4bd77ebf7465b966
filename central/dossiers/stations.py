"""The scanning stations of the court: where they stand, and the ways each can scan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from sqlalchemy.orm import Session

from central.blobs import Blobs
from central.fleet import stations as fleet
from central.web.refused import Refused
from devices.scanners import ScanSettings
from devices.scanning import SCANNING


@dataclass(frozen=True)
class Station:
    """One desk with a scanner."""

    gateway: str
    room: str
    is_there: bool
    """True while its gateway is connected."""
    presets: Mapping[str, ScanSettings]
    """Ways to scan, by name, in the order of its file."""
    has_button: bool
    """The scanner's own button begins a batch."""
    has_reader: bool
    """Start sheets can be shown."""


def stations(session: Session, blobs: Blobs) -> Sequence[Station]:
    """Every scanning station by name."""
    return [
        Station(gateway.name, gateway.room, gateway.is_there, _presets(told.get("presets")),
                has_button=bool(told.get("button_preset")), has_reader=bool(told.get("reader")))
        for gateway, told in fleet.stations(session, blobs, SCANNING)
    ]  # fmt: skip


def find_station(session: Session, blobs: Blobs, gateway: str) -> Station:
    """The station of that gateway. Raises Refused (404)."""
    found = next((station for station in stations(session, blobs) if station.gateway == gateway), None)
    if found is None:
        raise Refused("没有名为“{name}”的扫描工位。", code="no_such_desk", status=404, name=gateway)
    return found


def _presets(told: object) -> Mapping[str, ScanSettings]:
    """What this version can read of them; another it offers all the same, for the station decides."""
    presets: dict[str, ScanSettings] = {}
    for name, settings in told.items() if isinstance(told, dict) else ():
        try:
            presets[str(name)] = ScanSettings.model_validate(settings)
        except ValidationError:
            presets[str(name)] = ScanSettings()
    return presets
