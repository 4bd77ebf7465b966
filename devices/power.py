"""Power: what feeds the box and the room, as an uninterruptible supply tells it."""

from collections.abc import AsyncIterator, Mapping
from typing import Literal, Protocol

from devices.describe import Property
from devices.messages import Fact

Supply = Literal["mains", "battery", "ending", "off", "unknown"]
"""`ending`: on battery, and it will not last; whatever must be on disk is to be there now."""
Fault = Literal["alarm", "bypass", "failed", "low_battery", "overload", "replace_battery"]


class SupplyChanged(Fact):
    """What feeds the load now, and what is wrong with the supply, in the order of the alphabet."""

    supply: Supply
    faults: tuple[Fault, ...] = ()

    def state(self) -> tuple[str, str]:
        """The supply, and its faults behind it."""
        return "supply", ",".join((self.supply, *self.faults))


class PowerSupply(Protocol):
    """An uninterruptible supply."""

    def watch(self) -> AsyncIterator[SupplyChanged]:
        """How it stands, then each change. Raises DeviceOffline, DeviceFault."""


POWER_PROPERTIES: Mapping[str, Property] = {"supply": Property(name="Supply and its faults", datatype="string")}
