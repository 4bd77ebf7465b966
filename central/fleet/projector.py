"""What gateways tell of themselves, read into the registry; and the alarms that follow from it."""

from sqlalchemy.orm import Session

from central.alarms import AlarmKind, clear_alarm, raise_alarm
from central.fleet.service import device_of, find, set_state
from central.fleet.tables import Gateway
from central.ledger.projection import LineView
from central.store import tell
from devices.box import (
    ClockChanged,
    DeviceBack,
    DeviceGone,
    ForgedWishes,
    IdentityContested,
    LinesDropped,
    Started,
)
from devices.messages import Fact, wire_name

_ALARMING: tuple[type[Fact], ...] = (DeviceGone, ForgedWishes, IdentityContested, LinesDropped)
_TOLD: tuple[type[Fact], ...] = (Started, ClockChanged, DeviceBack, *_ALARMING)


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
                _started(session, gateway, started)
            case ClockChanged(trusted=trusted):
                gateway.clock_trusted = trusted
            case DeviceBack(verified=verified):
                device = device_of(session, gateway, line.device)
                device.presence, device.verified, device.changed_at = "back", verified, line.at
                clear_alarm(session, AlarmKind.DEVICE_GONE, line.subject, at=line.at)
            case DeviceGone():
                device = device_of(session, gateway, line.device)
                device.presence, device.changed_at = "gone", line.at
                alarm(session, line)
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
        case ForgedWishes(count=count):
            raise_alarm(session, AlarmKind.FORGED_WISHES, line.gateway, at=line.at, count=count)
        case LinesDropped(count=count, why=why):
            raise_alarm(session, AlarmKind.LOSS_DECLARED, line.gateway, at=line.at, count=count, why=why)
        case IdentityContested(takeovers=takeovers):
            raise_alarm(session, AlarmKind.IDENTITY_CONTESTED, line.gateway, at=line.at, takeovers=takeovers)


def _started(session: Session, gateway: Gateway, started: Started) -> None:
    gateway.version, gateway.catalogue = started.version[:32], started.catalogue
    gateway.simulated = started.simulated
    for name, product in started.devices.items():
        device_of(session, gateway, name).product = product
