"""Banks of electric locks: cells with a latch that can be released and a door that can be watched."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import ClassVar, Literal, Protocol

from pydantic import Field

from devices.describe import Property
from devices.messages import Fact, Fetch, Wish

Door = Literal["open", "shut", "unknown"]


class DoorChanged(Fact):
    """A door is now open, shut, or no longer known (no sensor, or the sensor lies)."""

    cell: int = Field(ge=1)
    door: Door
    found: bool = False
    """True if it was so when the device was first asked; False if it was seen to move."""

    def state(self) -> tuple[str, str]:
        """The lasting state of one cell's door."""
        return f"cell-{self.cell}", self.door


class OpenNotDetected(Fact):
    """The latch was released but the door was not seen to open in time."""

    cell: int


class DoorLeftOpen(Fact):
    """A door stands open longer than the station allows."""

    cell: int
    seconds: int


class OpenCell(Wish):
    """Release the latch of one cell."""

    kind: ClassVar[str] = "locks"
    patience_s: ClassVar[float] = 8.0

    cell: int = Field(ge=1)

    def answered_by(self, fact: Fact) -> bool:
        """The door of that cell is seen open."""
        return isinstance(fact, DoorChanged) and fact.cell == self.cell and fact.door == "open"

    def unanswered(self, states: Mapping[str, str]) -> OpenNotDetected | None:
        """The door was not seen to open; one that stood open already could not be."""
        return None if states.get(f"cell-{self.cell}") == "open" else OpenNotDetected(cell=self.cell)

    async def put_to(self, device: "LockBank", fetch: Fetch) -> None:
        """Release the latch; the door, not the board, is the answer."""
        await device.open(self.cell)


class LockBank(Protocol):
    """Cells numbered from 1, whatever the board counts from."""

    cells: Sequence[int]

    async def open(self, cell: int) -> None:
        """Release one latch; safe to repeat. Raises WishRejected (no such cell), DeviceOffline, DeviceFault."""

    def watch(self) -> AsyncIterator[DoorChanged]:
        """Every door once with `found`, then each change. Raises DeviceOffline when the board is gone."""


def door_properties(cells: Sequence[int]) -> Mapping[str, Property]:
    """The self-description of a bank: one enum a cell."""
    return {
        f"cell-{cell}": Property(name=f"Cell {cell}", datatype="enum", format="open,shut,unknown") for cell in cells
    }
