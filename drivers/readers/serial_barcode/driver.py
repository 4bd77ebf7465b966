"""A serial barcode or QR reader as a CodeReader, hand-held (reads by itself) or fixed (triggered by us)."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from devices.describe import Property
from devices.readers import READER_PROPERTIES, CodeRead
from drivers.line import Line
from drivers.link import Link, Port
from drivers.readers.serial_barcode import wire

ABOUT = "Serial barcode or QR reader (code and end mark; Honeywell-style trigger)"
VERIFIED = False
TRANSPORTS = ("serial", "tcp")
WAITING = 64
"""Codes kept while nobody takes them; the oldest go first."""


class Config(BaseModel):
    """One reader on its own port, set up to match what was programmed into it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: Port
    baud: int = Field(default=9600, description="Line speed.")
    suffix: Literal["cr", "crlf", "lf", "tab", "none"] = Field(default="cr", description="End mark after each code.")
    hush_s: float = Field(default=0.1, gt=0, le=2, description="Seconds of silence that end a code without end mark.")
    aim: bool = Field(
        default=False, description="The reader sends AIM identifiers; a code without one is damaged and dropped."
    )
    encoding: wire.Encoding = Field(default="auto", description="Text encoding; auto tries UTF-8, then GB18030.")
    trigger: Literal["continuous", "host"] = Field(
        default="continuous", description="continuous: it reads by itself; host: we trigger it and read all twice."
    )
    trigger_s: float = Field(default=2.0, gt=0, le=30, description="Seconds a trigger is held while nothing is read.")
    gap_s: float = Field(default=0.1, ge=0, le=2, description="Seconds of rest between two triggers.")


def line(link: Link, config: Config) -> Line[wire.Code]:
    """The line of the reader's port."""
    return Line(link, wire.answer_framer(config.suffix), gap_s=config.gap_s, hush_s=config.hush_s)


class Device:
    """One reader. Codes that cannot be text are dropped and counted as noise."""

    properties: Mapping[str, Property] = READER_PROPERTIES

    def __init__(self, config: Config, line: Line[wire.Code]) -> None:
        self._config = config
        self._line = line
        self._codes: deque[wire.Code] = deque(maxlen=WAITING)
        self._arrived = asyncio.Event()
        self._shown: wire.Code | None = None

    async def watch(self) -> AsyncIterator[CodeRead]:
        """Each code as it is read. Raises DeviceOffline when the reader is gone."""
        read = self._read_twice if self._config.trigger == "host" else self._read
        with self._line.listening(lambda _: True, self._took):
            while True:
                code = await read()
                text = wire.text_of(code.data, self._config.aim, self._config.encoding)
                if text is None:
                    self._line.counts.noise += len(code.to_bytes())
                else:
                    yield CodeRead(code=text.code, symbology=text.symbology, encoding=text.encoding)

    def _took(self, code: wire.Code) -> None:
        self._codes.append(code)
        self._arrived.set()

    async def _next(self, seconds: float | None) -> wire.Code | None:
        if not self._codes:
            self._arrived.clear()
            await self._line.pause(seconds, self._arrived)
        return self._codes.popleft() if self._codes else None

    async def _read(self) -> wire.Code:
        while True:
            code = await self._next(None)
            if code is not None:
                return code

    async def _read_twice(self) -> wire.Code:
        """A code that two triggers gave alike; the same label is not told again until it was taken away."""
        while True:
            first = await self._triggered()
            if first == self._shown:
                continue
            self._shown = None
            if first is not None and first == await self._triggered():
                self._shown = first
                return first

    async def _triggered(self) -> wire.Code | None:
        self._codes.clear()
        await self._line.tell(wire.TRIGGER)
        code = await self._next(self._config.trigger_s)
        if code is None:
            await self._line.tell(wire.UNTRIGGER)
        return code
