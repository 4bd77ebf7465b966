"""A GM65-type engine as a CodeReader: reads by itself, or once for each trigger we send it as a settings frame."""

from collections.abc import AsyncIterator, Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from devices.describe import Property
from devices.readers import READER_PROPERTIES, CodeRead
from drivers.codes import Encoding, Suffix
from drivers.commissioning import Said
from drivers.line import Line
from drivers.link import Link, Port
from drivers.readers.gm65 import wire
from drivers.reading import Reading, code_shown

ABOUT = "Barcode and QR engine GM65, GM812 and kin (serial)"
VERIFIED = False
TRANSPORTS = ("serial", "tcp")
COMMISSIONING = (
    code_shown(
        Said("波特率（baud）", "its speed (baud)"),
        [{"baud": 9600, "aim": True}, {"baud": 9600, "aim": False}, {"baud": 115200, "aim": False}],
    ),
)


class Config(BaseModel):
    """One engine on its own port. Only AIM identifiers and the trigger are written to it, and nothing is saved."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: Port
    baud: int = Field(default=9600, description="Line speed.")
    suffix: Suffix = Field(default="cr", description="End mark after each code.")
    hush_s: float = Field(default=0.1, gt=0, le=2, description="Seconds of silence that end a code without end mark.")
    aim: bool = Field(
        default=False, description="Switch AIM identifiers on at start; a code without one is damaged and dropped."
    )
    encoding: Encoding = Field(default="auto", description="Text encoding; auto tries UTF-8, then GB18030.")
    trigger: Literal["continuous", "host"] = Field(
        default="continuous", description="continuous: it reads by itself; host: we trigger it and read all twice."
    )
    trigger_s: float = Field(default=2.0, gt=0, le=30, description="Seconds a trigger is given to read something.")
    gap_s: float = Field(default=0.1, ge=0, le=2, description="Seconds of rest between two questions.")
    timeout_s: float = Field(default=0.5, gt=0, le=10, description="Seconds to wait for an answer.")
    tries: int = Field(default=3, ge=1, le=10, description="How often a question is tried.")


def line(link: Link, config: Config) -> Line[wire.Answer]:
    """The line of the engine's port."""
    framer = wire.answer_framer(config.suffix)
    return Line(link, framer, timeout_s=config.timeout_s, gap_s=config.gap_s, hush_s=config.hush_s)


class Device:
    """One engine. Codes that cannot be text are dropped and counted as noise."""

    properties: Mapping[str, Property] = READER_PROPERTIES

    def __init__(self, config: Config, line: Line[wire.Answer]) -> None:
        self._config = config
        self._line = line
        self._reading = Reading(config, line, self._trigger)

    async def watch(self) -> AsyncIterator[CodeRead]:
        """Each code as it is read. Raises DeviceOffline when the engine is gone or obeys no setting."""
        if self._config.aim:
            await self._set(wire.SWITCH_AIM_ON)
        async for code in self._reading.watch():
            yield code

    async def _trigger(self, on: bool) -> None:
        # A single reading ends by itself; no frame that ends it was published.
        if on:
            await self._set(wire.TRIGGER)

    async def _set(self, setting: wire.Setting) -> None:
        await self._line.ask(setting.to_bytes(), lambda answer: answer == wire.DONE, tries=self._config.tries)
