"""Scanners of paper: what one can be asked for, what it says of itself, and one page after another out of it."""

from collections.abc import AsyncIterator, Mapping
from typing import Literal, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict

from devices.describe import Property
from devices.messages import Fact
from devices.scan_settings import Mode as Mode
from devices.scan_settings import ScanSettings as ScanSettings
from devices.scan_settings import Source as Source

Side = Literal["front", "back"]
Format = Literal["jpeg", "png", "tiff"]
Feeder = Literal["loaded", "empty", "unknown"]
Trouble = Literal["none", "jam", "double_feed", "cover_open", "busy", "fault", "unknown"]
Ending = Literal["out_of_paper", "jam", "double_feed", "cover_open", "truncated", "cancelled", "gone", "fault"]
"""Why a batch of sheets ended; only `out_of_paper` is as it should be."""


class ScanOption(BaseModel):
    """One setting of a device as it describes it now; setting another one may change it (SANE, devices.md 8a)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    type: Literal["boolean", "integer", "number", "text"]
    unit: str | None = None
    choices: tuple[str | int | float, ...] | None = None
    least: float | None = None
    most: float | None = None
    active: bool = True
    """False: it has no meaning beside the others as they are set now."""
    settable: bool = True
    """False: a sensor, or a switch on the device."""


class Page(NamedTuple):
    """One side of one sheet, whole: the device said how large it would be, and so large it is."""

    image: bytes
    """The file as it is kept: its hash is the page's, and nothing alters it afterwards."""
    format: Format
    width: int
    height: int
    """Pixels."""
    side: Side


class ScannerChanged(Fact):
    """What the scanner says of itself; `unknown` is not `fine`: many tell nothing until they are to scan."""

    feeder: Feeder
    trouble: Trouble = "none"

    def state(self) -> tuple[str, str]:
        """The lasting state of feeder and paper path."""
        return "status", f"{self.feeder},{self.trouble}"


class ScannerButton(Fact):
    """Somebody pressed a button on the scanner itself."""

    button: str


class ScanStopped(Exception):
    """A batch ended otherwise than by the last sheet; every page given before is whole and stays good."""

    def __init__(self, why: Ending, text: str) -> None:
        super().__init__(text)
        self.why: Ending = why


class Scanner(Protocol):
    """A device that turns sheets into pages, one batch at a time."""

    async def options(self) -> tuple[ScanOption, ...]:
        """What can be set, asked of the device now. Raises DeviceOffline, DeviceBusy."""

    def scan(self, settings: ScanSettings) -> AsyncIterator[Page]:
        """Each page of the sheets in it; the next is read when the next is asked for, and leaving it cancels.

        Raises WishRejected (a setting it has not; nothing was fed), DeviceBusy, DeviceOffline, ScanStopped.
        """

    def watch(self) -> AsyncIterator[ScannerChanged | ScannerButton]:
        """The state once, then each change and button. Raises DeviceOffline when the scanner is gone."""


SCANNER_PROPERTIES: Mapping[str, Property] = {
    "status": Property(name="Feeder and paper path", datatype="string"),
}
