"""What gateways tell of themselves, read into the registry; and the alarms that follow from it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.alarms import Alarm, AlarmKind, clear_alarm, raise_alarm
from central.fleet import documents
from central.fleet.service import enter_device, find, handed_over, set_state
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
        self.project_batch(session, [line])

    def project_batch(self, session: Session, lines: Sequence[LineView]) -> None:
        """Take in lines of one gateway; what is known of its devices is read once. Raises LookupError."""
        box = _Box(session, lines[0].gateway)
        with session.no_autoflush:
            for line in lines:
                _project(session, box, line)
                tell(session, "fleet", f"gateway:{line.gateway}", f"device:{line.gateway}/{line.device}")


class _Box:
    """A gateway with its devices, and those of them for which an alarm is open; raises LookupError."""

    def __init__(self, session: Session, name: str) -> None:
        found = find(session, name)
        if found is None:
            raise LookupError(f"no gateway is called {name!r}")
        self.gateway = found
        self._session = session
        devices = session.scalars(select(Device).where(Device.gateway_id == found.id))
        self.devices = {device.name: device for device in devices}
        gone = Alarm.kind == AlarmKind.DEVICE_GONE, Alarm.subject.startswith(f"{name}/"), Alarm.cleared_at.is_(None)
        self._missed = set(session.scalars(select(Alarm.subject).where(*gone)))

    def device(self, name: str) -> Device:
        """Its device of that name, entered in the registry when first heard of."""
        if name not in self.devices:
            self.devices[name] = enter_device(self._session, self.gateway, name)
        return self.devices[name]

    def missed(self, device: str) -> None:
        """An alarm is open for it."""
        self._missed.add(f"{self.gateway.name}/{device}")

    def found(self, device: str, at: datetime) -> None:
        """It need not be looked for any more."""
        subject = f"{self.gateway.name}/{device}"
        if subject in self._missed:
            clear_alarm(self._session, AlarmKind.DEVICE_GONE, subject, at=at)
            self._missed.discard(subject)


def _project(session: Session, box: _Box, line: LineView) -> None:
    gateway = box.gateway
    match line.fact:
        case Started() as started:
            _started(session, box, started, line)
        case ConfigTried() | ConfigKept() | ConfigRefused() as told:
            _configured(session, box, told, line)
        case SoftwareTried() | SoftwareKept() | SoftwareRefused() | FilesKept() | FilesRefused() as told:
            _changed(session, gateway, told, line)
        case SelfTested(device=name, ok=ok):
            tested = box.device(name)
            tested.tested_at, tested.tested_ok = line.at, ok
            tell(session, "tickets", f"device:{gateway.name}/{name}")
        case KeyChanged(key=key):
            handed_over(session, gateway, key, line.at)
        case ClockChanged(trusted=trusted):
            gateway.clock_trusted = trusted
        case DeviceBack() | DeviceGone():
            _came_or_went(session, box, line)
        case IdentityContested():
            alarm(session, line)
            set_state(session, gateway, "suspended", line.at, why="identity_contested")
        case _:
            alarm(session, line)


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


def _started(session: Session, box: _Box, started: Started, line: LineView) -> None:
    gateway = box.gateway
    gateway.version, gateway.catalogue = started.version[:32], started.catalogue
    gateway.simulated, gateway.safe = started.simulated, started.safe
    gateway.configuration = started.configuration or gateway.configuration
    if started.safe:
        raise_alarm(session, AlarmKind.SAFE_MODE, gateway.name, at=line.at)
        return
    clear_alarm(session, AlarmKind.SAFE_MODE, gateway.name, at=line.at)
    _has(box, started.devices, line)


def _came_or_went(session: Session, box: _Box, line: LineView) -> None:
    device = box.device(line.device)
    device.changed_at = line.at
    if isinstance(line.fact, DeviceBack):
        device.presence, device.verified = "back", line.fact.verified
        box.found(line.device, line.at)
    else:
        device.presence = "gone"
        box.missed(line.device)
        alarm(session, line)


def _configured(session: Session, box: _Box, fact: ConfigTried | ConfigKept | ConfigRefused, line: LineView) -> None:
    gateway = box.gateway
    match fact:
        case ConfigTried(version=version):
            documents.told(session, gateway, documents.CONFIG, version, "tried", line.at)
        case ConfigRefused(version=version, why=why, devices=devices):
            documents.told(session, gateway, documents.CONFIG, version, "refused", line.at, why)
            alarm(session, line)
            if devices:
                _has(box, devices, line)
        case ConfigKept(version=version, devices=devices):
            documents.told(session, gateway, documents.CONFIG, version, "kept", line.at)
            current = documents.current(session, gateway, documents.CONFIG)
            if current is not None and current.version == version:
                gateway.configuration, gateway.safe = current.sha256, False
                clear_alarm(session, AlarmKind.CONFIG_REFUSED, gateway.name, at=line.at)
                clear_alarm(session, AlarmKind.SAFE_MODE, gateway.name, at=line.at)
            _has(box, devices, line)


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


def _has(box: _Box, devices: Mapping[str, str], line: LineView) -> None:
    """These are its devices now; others it had are gone from its configuration, and nobody misses them."""
    for name, product in devices.items():
        device = box.device(name)
        device.product, device.removed_at = product, None
    for name, device in box.devices.items():
        if name not in devices and device.removed_at is None:
            device.removed_at, device.presence = line.at, "unknown"
            box.found(name, line.at)
