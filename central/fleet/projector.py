"""What gateways tell of themselves, read into the registry; and the alarms that follow from it."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.alarms import AlarmKind, clear_alarm, raise_alarm
from central.fleet import documents
from central.fleet.service import device_of, find, handed_over, set_state
from central.fleet.tables import Device, Gateway
from central.ledger.projection import LineView
from central.store import tell
from devices.box import (
    ClockChanged,
    ConfigKept,
    ConfigRefused,
    ConfigTried,
    DeviceBack,
    DeviceGone,
    FilesKept,
    FilesRefused,
    ForgedWishes,
    IdentityContested,
    KeyChanged,
    LinesDropped,
    SelfTested,
    SoftwareKept,
    SoftwareRefused,
    SoftwareTried,
    Started,
)
from devices.messages import Fact, wire_name

_ALARMING: tuple[type[Fact], ...] = (
    ConfigRefused,
    DeviceGone,
    FilesRefused,
    ForgedWishes,
    IdentityContested,
    LinesDropped,
    SoftwareRefused,
)
_TOLD: tuple[type[Fact], ...] = (
    Started,
    ClockChanged,
    KeyChanged,
    ConfigTried,
    ConfigKept,
    DeviceBack,
    SelfTested,
    SoftwareTried,
    SoftwareKept,
    FilesKept,
    *_ALARMING,
)


class FleetProjector:
    """Keeps versions, devices and clocks of gateways as their journals tell them."""

    types = frozenset(wire_name(fact) for fact in _TOLD)

    def project(self, session: Session, line: LineView) -> None:
        """Take in one line of a gateway; raises LookupError if the registry does not know it."""
        gateway = find(session, line.gateway)
        if gateway is None:
            raise LookupError(f"no gateway is called {line.gateway!r}")
        match line.fact:
            case Started() as started:
                _started(session, gateway, started, line)
            case ConfigTried() | ConfigKept() | ConfigRefused() as told:
                _configured(session, gateway, told, line)
            case SoftwareTried() | SoftwareKept() | SoftwareRefused() | FilesKept() | FilesRefused() as told:
                _changed(session, gateway, told, line)
            case SelfTested(device=name, ok=ok):
                tested = device_of(session, gateway, name)
                tested.tested_at, tested.tested_ok = line.at, ok
                tell(session, "tickets", f"device:{gateway.name}/{name}")
            case KeyChanged(key=key):
                handed_over(session, gateway, key, line.at)
            case ClockChanged(trusted=trusted):
                gateway.clock_trusted = trusted
            case DeviceBack() | DeviceGone():
                _came_or_went(session, gateway, line)
            case IdentityContested():
                alarm(session, line)
                set_state(session, gateway, "suspended", line.at, why="identity_contested")
            case _:
                alarm(session, line)
        tell(session, "fleet", f"gateway:{gateway.name}", f"device:{gateway.name}/{line.device}")


class FleetWatcher:
    """Raises the fleet's alarms at once, while the lines that prove them still wait in a backlog."""

    types = frozenset(wire_name(fact) for fact in _ALARMING)

    def notice(self, session: Session, line: LineView) -> None:
        """Raise the alarm this line will raise."""
        alarm(session, line)


def alarm(session: Session, line: LineView) -> None:
    """The alarm a line of a gateway stands for, if any; raises UnreadableMessage."""
    match line.fact:
        case DeviceGone(why=why):
            raise_alarm(session, AlarmKind.DEVICE_GONE, line.subject, at=line.at, why=why)
        case ConfigRefused(version=version, why=why):
            raise_alarm(session, AlarmKind.CONFIG_REFUSED, line.gateway, at=line.at, version=version, why=why)
        case SoftwareRefused(version=version, why=why):
            raise_alarm(session, AlarmKind.SOFTWARE_REFUSED, line.gateway, at=line.at, version=version, why=why)
        case FilesRefused(version=version, why=why):
            raise_alarm(session, AlarmKind.FILES_REFUSED, line.gateway, at=line.at, version=version, why=why)
        case ForgedWishes(count=count):
            raise_alarm(session, AlarmKind.FORGED_WISHES, line.gateway, at=line.at, count=count)
        case LinesDropped(count=count, why=why):
            raise_alarm(session, AlarmKind.LOSS_DECLARED, line.gateway, at=line.at, count=count, why=why)
        case IdentityContested(takeovers=takeovers):
            raise_alarm(session, AlarmKind.IDENTITY_CONTESTED, line.gateway, at=line.at, takeovers=takeovers)


def _started(session: Session, gateway: Gateway, started: Started, line: LineView) -> None:
    gateway.version, gateway.catalogue = started.version[:32], started.catalogue
    gateway.simulated, gateway.safe = started.simulated, started.safe
    gateway.configuration = started.configuration or gateway.configuration
    if started.safe:
        raise_alarm(session, AlarmKind.SAFE_MODE, gateway.name, at=line.at)
        return
    clear_alarm(session, AlarmKind.SAFE_MODE, gateway.name, at=line.at)
    _has(session, gateway, started.devices, line)


def _came_or_went(session: Session, gateway: Gateway, line: LineView) -> None:
    device = device_of(session, gateway, line.device)
    device.changed_at = line.at
    if isinstance(line.fact, DeviceBack):
        device.presence, device.verified = "back", line.fact.verified
        clear_alarm(session, AlarmKind.DEVICE_GONE, line.subject, at=line.at)
    else:
        device.presence = "gone"
        alarm(session, line)


def _configured(
    session: Session, gateway: Gateway, fact: ConfigTried | ConfigKept | ConfigRefused, line: LineView
) -> None:
    match fact:
        case ConfigTried(version=version):
            documents.told(session, gateway, documents.CONFIG, version, "tried", line.at)
        case ConfigRefused(version=version, why=why, devices=devices):
            documents.told(session, gateway, documents.CONFIG, version, "refused", line.at, why)
            alarm(session, line)
            if devices:
                _has(session, gateway, devices, line)
        case ConfigKept(version=version, devices=devices):
            documents.told(session, gateway, documents.CONFIG, version, "kept", line.at)
            current = documents.current(session, gateway, documents.CONFIG)
            if current is not None and current.version == version:
                gateway.configuration, gateway.safe = current.sha256, False
                clear_alarm(session, AlarmKind.CONFIG_REFUSED, gateway.name, at=line.at)
                clear_alarm(session, AlarmKind.SAFE_MODE, gateway.name, at=line.at)
            _has(session, gateway, devices, line)


def _changed(session: Session, gateway: Gateway, fact: Fact, line: LineView) -> None:
    match fact:
        case FilesKept(document=document, version=version):
            documents.told(session, gateway, document, version, "kept", line.at)
            clear_alarm(session, AlarmKind.FILES_REFUSED, gateway.name, at=line.at)
        case FilesRefused(document=document, version=version, why=why):
            documents.told(session, gateway, document, version, "refused", line.at, why)
            alarm(session, line)
        case SoftwareTried(version=version):
            documents.told(session, gateway, documents.SOFTWARE, version, "tried", line.at)
        case SoftwareRefused(version=version, why=why):
            documents.told(session, gateway, documents.SOFTWARE, version, "refused", line.at, why)
            alarm(session, line)
        case SoftwareKept(version=version):
            documents.told(session, gateway, documents.SOFTWARE, version, "kept", line.at)
            clear_alarm(session, AlarmKind.SOFTWARE_REFUSED, gateway.name, at=line.at)


def _has(session: Session, gateway: Gateway, devices: Mapping[str, str], line: LineView) -> None:
    """These are its devices now; others it had are gone from its configuration, and nobody misses them."""
    for name, product in devices.items():
        device = device_of(session, gateway, name)
        device.product, device.removed_at = product, None
    for device in session.scalars(select(Device).where(Device.gateway_id == gateway.id, Device.removed_at.is_(None))):
        if device.name not in devices:
            device.removed_at, device.presence = line.at, "unknown"
            clear_alarm(session, AlarmKind.DEVICE_GONE, f"{gateway.name}/{device.name}", at=line.at)
