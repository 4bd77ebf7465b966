"""A Chafon UHF reader (UHFReader18 or 288) as a TagReader: asked for one inventory (01) again and again."""

import time
from collections.abc import AsyncIterator, Mapping

from pydantic import BaseModel, ConfigDict, Field

from devices.describe import Property
from devices.errors import DeviceFault
from devices.readers import TagLost, TagSeen
from drivers.commissioning import Said, tag_in_field
from drivers.line import Line
from drivers.link import Link, Port
from drivers.readers.uhf_chafon import wire
from drivers.tags import Clock, watch_tags

ABOUT = "UHF reader UHFReader18 or UHFReader288 (Chafon and clones)"
VERIFIED = False
TRANSPORTS = ("serial", "tcp")
COMMISSIONING = (
    tag_in_field(
        Said("型号与波特率（model、baud）", "which model, and its speed (model, baud)"),
        [{"model": "18", "baud": 57600}, {"model": "288", "baud": 115200}],
    ),
)
WITHOUT_FAULT = wire.LISTS | {wire.NO_TAG}


class Config(BaseModel):
    """One reader on its own port."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: Port
    baud: int = Field(default=57600, description="Line speed; 57600 on an 18, 115200 on a 288.")
    model: wire.Model = Field(default="18", description="Which of the two protocols it speaks.")
    address: int = Field(default=255, ge=0, le=255, description="Address of the reader; 255 is understood by any.")
    antenna: int = Field(default=1, ge=1, le=4, description="288: which antenna.")
    timeout_s: float = Field(default=3.0, gt=0, le=30, description="Seconds to wait for the end of a round.")
    tries: int = Field(default=3, ge=1, le=10, description="How often a round is tried.")
    poll_s: float = Field(default=0.2, gt=0, le=60, description="Seconds of rest between two rounds.")
    lost_after_s: float = Field(
        default=5.0, gt=0, le=600, description="Seconds unheard after which a tag has left; one round misses many."
    )


def line(link: Link, config: Config) -> Line[wire.Answer]:
    """The line of the reader's port."""
    return Line(link, wire.answer_framer(), timeout_s=config.timeout_s)


class Device:
    """One reader. A tag is named by its EPC in hex digits."""

    properties: Mapping[str, Property] = {}

    def __init__(self, config: Config, line: Line[wire.Answer], now: Clock = time.monotonic) -> None:
        self._config = config
        self._line = line
        self._now = now

    def watch(self) -> AsyncIterator[TagSeen | TagLost]:
        """Each tag in the field once, then who comes and leaves. Raises DeviceOffline, DeviceFault."""
        return watch_tags(self._line, self._round, self._tags, self._config, self._now)

    async def _round(self) -> wire.Answer:
        question = wire.inventory(self._config.address, self._config.model, self._config.antenna)
        answer = await self._line.ask(question, self._ends_our_round, tries=self._config.tries)
        if answer.status not in WITHOUT_FAULT:
            raise DeviceFault(f"{self._line.link.name}: the reader answers status {answer.status:02X}")
        return answer

    def _is_ours(self, answer: wire.Answer) -> bool:
        return answer.command == wire.INVENTORY and self._config.address in (wire.ANY_ADDRESS, answer.address)

    def _ends_our_round(self, answer: wire.Answer) -> bool:
        return self._is_ours(answer) and answer.status != wire.MORE

    def _tags(self, answer: wire.Answer) -> list[str]:
        return [epc.hex().upper() for epc in answer.epcs(self._config.model)] if self._is_ours(answer) else []
