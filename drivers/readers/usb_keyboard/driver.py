"""A barcode reader that acts as a keyboard, as a CodeReader: its keys are the gateway's alone and reach no console."""

from collections.abc import AsyncIterator, Mapping
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from devices.describe import Property
from devices.readers import READER_PROPERTIES, CodeRead
from drivers.codes import Code, Encoding
from drivers.commissioning import Said
from drivers.event_link import open_events
from drivers.line import Line
from drivers.link import Link
from drivers.readers.usb_keyboard import wire
from drivers.reading import Reading, code_shown

ABOUT = "Barcode or QR reader that acts as a keyboard (US layout, no Chinese)"
VERIFIED = False
TRANSPORTS = ("input",)
COMMISSIONING = (
    code_shown(Said("带不带 AIM 标识（aim）", "whether it sends AIM identifiers (aim)"), [{"aim": False}]),
)
ENDS = {"enter": b"\r", "tab": b"\t", "none": b""}


class Config(BaseModel):
    """One reader. It must be set to the US keyboard layout."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: str = Field(
        pattern=r"^input:[!-~]+$",
        description="input:NAME as `ls /dev/input/by-id` shows it (it ends in -event-kbd), or input:/dev/input/...",
    )
    end_key: Literal["enter", "tab", "none"] = Field(default="enter", description="Key pressed after each code.")
    hush_s: float = Field(default=0.2, gt=0, le=2, description="Seconds of silence that end a code without end key.")
    aim: bool = Field(
        default=False, description="The reader sends AIM identifiers; a code without one is damaged and dropped."
    )
    encoding: ClassVar[Encoding] = "utf-8"
    trigger: ClassVar[Literal["continuous", "host"]] = "continuous"
    trigger_s: ClassVar[float] = 0.0


async def hold(config: Config) -> Line[Code]:
    """The line of the reader, which is taken for the gateway alone. Raises DeviceOffline."""
    return line(open_events(config.port), config)


def line(link: Link, config: Config) -> Line[Code]:
    """The line of the reader's port."""
    return Line(link, wire.TypedFramer(wire.HERE, ENDS[config.end_key]), hush_s=config.hush_s)


class Device:
    """One reader. Codes with a key in them that types no character are dropped and counted as noise."""

    properties: Mapping[str, Property] = READER_PROPERTIES

    def __init__(self, config: Config, line: Line[Code]) -> None:
        self._reading = Reading(config, line, _nothing_to_trigger)

    def watch(self) -> AsyncIterator[CodeRead]:
        """Each code as it is read. Raises DeviceOffline when the reader is gone."""
        return self._reading.watch()


async def _nothing_to_trigger(on: bool) -> None:
    """A keyboard reads by itself."""
