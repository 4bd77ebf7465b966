"""An "A0" UHF reader as a TagReader: asked for one round of real-time inventory (89) again and again."""

import time
from collections.abc import AsyncIterator, Mapping

from pydantic import BaseModel, ConfigDict, Field

from devices.describe import Property
from devices.errors import DeviceFault
from devices.readers import TagLost, TagSeen
from drivers.commissioning import Said, tag_in_field
from drivers.line import Line
from drivers.link import Link, Port
from drivers.readers.uhf_a0 import wire
from drivers.tags import Clock, watch_tags

ABOUT = 'UHF reader of the "A0" family (YR9010, YR903, R2000 modules, Rodinbell, Invelion)'
VERIFIED = False
TRANSPORTS = ("serial", "tcp")
COMMISSIONING = (tag_in_field(Said("波特率（baud）", "its speed (baud)"), [{"baud": 115200}, {"baud": 38400}]),)


class Config(BaseModel):
    """One reader on its own port."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: Port
    baud: int = Field(default=115200, description="Line speed; 38400 on some.")
    address: int = Field(default=1, ge=0, le=255, description="Address of the reader; 255 is understood by any.")
    timeout_s: float = Field(default=2.0, gt=0, le=30, description="Seconds to wait for the end of a round.")
    tries: int = Field(default=3, ge=1, le=10, description="How often a round is tried.")
    poll_s: float = Field(default=0.2, gt=0, le=60, description="Seconds of rest between two rounds.")
    lost_after_s: float = Field(
        default=3.0, gt=0, le=600, description="Seconds unheard after which a tag has left; one round misses many."
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

    def watch(self) -> AsyncIterator[TagSeen | TagLost]:
        """Each tag in the field once, then who comes and leaves. Raises DeviceOffline, DeviceFault."""
        return watch_tags(self._line, self._round, self._tags, self._config, self._now)

    async def _round(self) -> wire.Frame:
        answer = await self._line.ask(
            wire.inventory(self._config.address), self._ends_our_round, tries=self._config.tries
        )
        if answer.failure not in (None, wire.NO_TAG):
            raise DeviceFault(f"{self._line.link.name}: the reader answers error {answer.failure:02X}")
        return answer

    def _is_ours(self, frame: wire.Frame) -> bool:
        return self._config.address in (wire.ANY_ADDRESS, frame.address)

    def _ends_our_round(self, frame: wire.Frame) -> bool:
        return frame.ends_round and self._is_ours(frame)

    def _tags(self, frame: wire.Frame) -> list[str]:
        return [frame.epc.hex().upper()] if frame.epc and self._is_ours(frame) else []
