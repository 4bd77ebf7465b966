"""A serial barcode or QR reader as a CodeReader, hand-held (reads by itself) or fixed (triggered by us)."""

from collections.abc import AsyncIterator, Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from devices.describe import Property
from devices.readers import READER_PROPERTIES, CodeRead
from drivers.codes import Code, Encoding, Suffix
from drivers.commissioning import Said
from drivers.line import Line
from drivers.link import Link, Port
from drivers.readers.serial_barcode import wire
from drivers.reading import Reading, code_shown

ABOUT = "Serial barcode or QR reader (code and end mark; Honeywell-style trigger)"
VERIFIED = False
TRANSPORTS = ("serial", "tcp")
COMMISSIONING = (
    code_shown(
        Said("波特率，带不带 AIM 标识（baud、aim）", "its speed, and whether it sends AIM identifiers (baud, aim)"),
        [{"baud": 9600, "aim": False}, {"baud": 115200, "aim": False}],
    ),
)


class Config(BaseModel):
    """One reader on its own port, set up to match what was programmed into it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: Port
    baud: int = Field(default=9600, description="Line speed.")
    suffix: Suffix = Field(default="cr", description="End mark after each code.")
    hush_s: float = Field(default=0.1, gt=0, le=2, description="Seconds of silence that end a code without end mark.")
    aim: bool = Field(
        default=False, description="The reader sends AIM identifiers; a code without one is damaged and dropped."
    )
    encoding: Encoding = Field(default="auto", description="Text encoding; auto tries UTF-8, then GB18030.")
    trigger: Literal["continuous", "host"] = Field(
        default="continuous", description="continuous: it reads by itself; host: we trigger it and read all twice."
    )
    trigger_s: float = Field(default=2.0, gt=0, le=30, description="Seconds a trigger is held while nothing is read.")
    gap_s: float = Field(default=0.1, ge=0, le=2, description="Seconds of rest between two triggers.")


def line(link: Link, config: Config) -> Line[Code]:
    """The line of the reader's port."""
    return Line(link, wire.answer_framer(config.suffix), gap_s=config.gap_s, hush_s=config.hush_s)


class Device:
    """One reader. Codes that cannot be text are dropped and counted as noise."""

    properties: Mapping[str, Property] = READER_PROPERTIES

    def __init__(self, config: Config, line: Line[Code]) -> None:
        self._line = line
        self._reading = Reading(config, line, self._trigger)

    def watch(self) -> AsyncIterator[CodeRead]:
        """Each code as it is read. Raises DeviceOffline when the reader is gone."""
        return self._reading.watch()

    async def _trigger(self, on: bool) -> None:
        await self._line.tell(wire.TRIGGER if on else wire.UNTRIGGER)
