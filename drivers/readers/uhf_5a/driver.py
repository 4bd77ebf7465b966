"""A "5A" cabinet reader as a TagReader: started, heard for a while, stopped, again and again.

It would read on by itself; but a reader that falls silent then looks like an empty field. Stopped after each round, it
has to answer, and it takes settings (devices.md 2d).
"""

import time
from collections.abc import AsyncIterator, Mapping

from pydantic import BaseModel, ConfigDict, Field

from devices.describe import Property
from devices.errors import DeviceFault
from devices.readers import TagLost, TagSeen
from drivers.commissioning import Said, tag_in_field
from drivers.line import Line
from drivers.link import Link, Port
from drivers.readers.uhf_5a import wire
from drivers.tags import Clock, watch_tags

ABOUT = 'UHF cabinet reader of the "5A" family (GX protocol; serial, TCP port 8086)'
VERIFIED = False
TRANSPORTS = ("serial", "tcp")
COMMISSIONING = (
    tag_in_field(
        Said("天线接在哪个口（antennas）", "the socket of the antenna (antennas)"),
        [{"antennas": (socket,)} for socket in range(1, 5)],
    ),
)


class Config(BaseModel):
    """One reader on its own port."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: Port
    baud: int = Field(default=115200, description="Line speed.")
    antennas: tuple[int, ...] = Field(default=(1,), min_length=1, max_length=32, description="Antennas, from 1.")
    read_s: float = Field(default=0.5, gt=0, le=30, description="Seconds of reading in a round.")
    timeout_s: float = Field(default=1.0, gt=0, le=30, description="Seconds to wait for an answer.")
    tries: int = Field(default=3, ge=1, le=10, description="How often it is told to start or stop.")
    poll_s: float = Field(default=0.1, gt=0, le=60, description="Seconds of rest between two rounds.")
    lost_after_s: float = Field(
        default=5.0, gt=0, le=600, description="Seconds unheard after which a tag has left; one round misses many."
    )


def line(link: Link, config: Config) -> Line[wire.Frame]:
    """The line of the reader's port."""
    return Line(link, wire.answer_framer(), timeout_s=config.timeout_s)


class Device:
    """One reader. A tag is named by its EPC in hex digits."""

    properties: Mapping[str, Property] = {}

    def __init__(self, config: Config, line: Line[wire.Frame], now: Clock = time.monotonic) -> None:
        self._config = config
        self._line = line
        self._now = now
        self._alive = b""
        self._echoed = b""

    async def watch(self) -> AsyncIterator[TagSeen | TagLost]:
        """Each tag in the field once, then who comes and leaves. Raises DeviceOffline, DeviceFault."""
        with self._line.listening(lambda frame: frame.control == wire.ALIVE, self._heard_alive):
            await self._told(wire.Frame(wire.STOP))
            async for fact in watch_tags(self._line, self._round, self._tags, self._config, self._now):
                yield fact

    async def _round(self) -> wire.Frame:
        start = wire.start(sum(1 << antenna - 1 for antenna in set(self._config.antennas)))
        await self._start(start)
        await self._line.pause(self._config.read_s)
        await self._told(wire.Frame(wire.STOP))
        await self._echo()
        return start

    async def _start(self, start: wire.Frame) -> None:
        """It reads. Raises DeviceFault if it refuses again and again, DeviceOffline.

        One that reads already refuses too, as when its answer was lost and it was told twice: then it is stopped first.
        """
        for _ in range(self._config.tries):
            result = await self._told(start)
            if result == wire.DONE:
                return
            await self._told(wire.Frame(wire.STOP))
        raise DeviceFault(f"{self._line.link.name}: the reader does not start, result {result.hex().upper()}")

    async def _told(self, question: wire.Frame) -> bytes:
        """What it answers: 00 if it did so."""
        answer = await self._line.ask(
            question.to_bytes(), lambda frame: frame.control == question.control, tries=self._config.tries
        )
        return answer.data

    async def _echo(self) -> None:
        """Say that we are there, or the reader closes the connection; each number once, for it may be our own echo."""
        if self._alive != self._echoed:
            self._echoed = self._alive
            await self._line.tell(wire.Frame(wire.ALIVE, self._alive).to_bytes())

    def _heard_alive(self, frame: wire.Frame) -> None:
        self._alive = frame.data

    def _tags(self, frame: wire.Frame) -> list[str]:
        return [frame.epc.hex().upper()] if frame.epc else []
