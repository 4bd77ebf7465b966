"""Office printers as whoever keeps them running sees them: what stops them, and what will soon run out."""

from collections.abc import AsyncIterator, Mapping
from typing import Literal, Protocol

from devices.describe import Property
from devices.messages import Fact

Want = Literal[
    "low_paper", "no_paper", "low_toner", "no_toner", "door_open", "jam", "offline", "service", "tray_in_missing",
    "tray_out_missing", "supply_missing", "output_near_full", "output_full", "input_empty", "overdue",
]  # fmt: skip
"""What a printer wants, in the order of the bits of hrPrinterDetectedErrorState (RFC 2790)."""
Band = Literal["enough", "low", "empty"]


class WantsChanged(Fact):
    """Everything the printer wants now; none if it is well. Whether it prints just now is no line."""

    wants: tuple[Want, ...] = ()

    def state(self) -> tuple[str, str]:
        """The lasting state of the machine."""
        return "wants", ",".join(self.wants) or "none"


class SuppliesChanged(Fact):
    """Which supplies are low and which are empty, by their number in the printer's own list."""

    low: tuple[int, ...] = ()
    empty: tuple[int, ...] = ()

    def state(self) -> tuple[str, str]:
        """The lasting state of its supplies."""
        told = [*(f"{number} low" for number in self.low), *(f"{number} empty" for number in self.empty)]
        return "supplies", ",".join(told) or "enough"


class KeptMachine(Protocol):
    """A machine that says what it wants."""

    @property
    def readings(self) -> Mapping[str, float]:
        """Pages printed in its life (`pages`) and what is left of each supply in percent (`supply-1`)."""

    def watch(self) -> AsyncIterator[WantsChanged | SuppliesChanged]:
        """How it stands, then each change. Raises DeviceOffline, DeviceFault (it is no printer)."""


SUPPLY_PROPERTIES: Mapping[str, Property] = {
    "wants": Property(name="Wants", datatype="string"),
    "supplies": Property(name="Supplies", datatype="string"),
}
