"""An M100-type UHF module as a TagReader: asked for one inventory (22) again and again."""

import time
from collections.abc import AsyncIterator, Iterable, Mapping
from functools import partial
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from devices.describe import Property
from devices.errors import DeviceFault, DeviceOffline
from devices.readers import TagLost, TagSeen
from drivers.commissioning import Said, tag_in_field
from drivers.line import Line
from drivers.link import Link, Port
from drivers.readers.uhf_m100 import wire
from drivers.tags import Clock, watch_tags

ABOUT = "UHF module M100, R200, YRM100 or JRD-4035"
VERIFIED = False
TRANSPORTS = ("serial", "tcp")
COMMISSIONING = (
    tag_in_field(Said("帧格式（framing）", "the framing (framing)"), [{"framing": "bb"}, {"framing": "aa"}]),
)


class Config(BaseModel):
    """One module on its own port."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: Port
    baud: int = Field(default=115200, description="Line speed.")
    framing: Literal["auto", "bb", "aa"] = Field(
        default="auto", description="bb: frames are BB to 7E; aa: AA to DD; auto: ask in both and see."
    )
    timeout_s: float = Field(default=0.5, gt=0, le=10, description="Seconds to wait for an answer.")
    tries: int = Field(default=3, ge=1, le=10, description="How often a question is tried.")
    poll_s: float = Field(default=0.2, gt=0, le=60, description="Seconds of rest between two inventories.")
    lost_after_s: float = Field(
        default=3.0, gt=0, le=600, description="Seconds unheard after which a tag has left; one round misses many."
    )


def line(link: Link, config: Config) -> Line[wire.Frame]:
    """The line of the module's port."""
    return Line(link, wire.answer_framer(), timeout_s=config.timeout_s)


class Device:
    """One module. A tag is named by its EPC in hex digits."""

    properties: Mapping[str, Property] = {}

    def __init__(self, config: Config, line: Line[wire.Frame], now: Clock = time.monotonic) -> None:
        self._config = config
        self._line = line
        self._now = now

    async def watch(self) -> AsyncIterator[TagSeen | TagLost]:
        """Each tag in the field once, then who comes and leaves. Raises DeviceOffline, DeviceFault."""
        framing = await self._framing()
        async for fact in watch_tags(self._line, lambda: self._inventory(framing), _tags, self._config, self._now):
            yield fact

    async def _framing(self) -> wire.Framing:
        fixed = self._config.framing
        framings: Iterable[wire.Framing] = wire.ENDS if fixed == "auto" else (fixed,)
        for _ in range(self._config.tries):
            for framing in framings:
                answer = await self._line.ask_softly(wire.version(framing), _is_version)
                if answer is not None:
                    return answer.framing
        raise DeviceOffline(f"{self._line.link.name}: no version told in {' or '.join(framings)}")

    async def _inventory(self, framing: wire.Framing) -> wire.Frame:
        fits = partial(_tells_of_tags, framing)
        answer = await self._line.ask(wire.inventory(framing), fits, tries=self._config.tries)
        if answer.command == wire.FAILED and answer.parameters[0] != wire.NO_TAG:
            raise DeviceFault(f"{self._line.link.name}: the reader answers error {answer.parameters[0]:02X}")
        return answer


def _is_version(frame: wire.Frame) -> bool:
    return frame.command == wire.VERSION


def _tells_of_tags(framing: wire.Framing, frame: wire.Frame) -> bool:
    return frame.framing == framing and frame.command in (wire.INVENTORY, wire.FAILED)


def _tags(frame: wire.Frame) -> list[str]:
    return [frame.epc.hex().upper()] if frame.epc else []
