"""An LED strip on an Onbon BX font card, as a Screen. Each text carries the seconds for which the card may show it.

What counts as shown is the card's word that it took the text; whether its lamps are lit nobody tells. Some cards are
said not to keep the time-out: such a one is blanked by the gateway alone, and keeps its text if the gateway dies.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from devices.describe import Property
from devices.displays import SCREEN_PROPERTIES, Notice, NoticeShown, ScreenChanged
from devices.errors import DeviceError, DeviceFault
from drivers.commissioning import Said, Step
from drivers.displays.led_sign import wire
from drivers.line import Line
from drivers.link import Link, Port

ABOUT = (
    "LED strip on an Onbon BX font card (serial, TCP port 5005); blank without the gateway only if its card keeps time"
)
VERIFIED = False
TRANSPORTS = ("serial", "tcp")
TEST_S = 60
"""Seconds for which a test text stands."""
COMMISSIONING = (
    Step(
        about=Said("控制卡按什么数宽度（unit）", "what its card counts widths in (unit)"),
        before=Said("现在要在条屏上显示一行测试文字。", "A line of test text is shown on the strip now."),
        do=Said("文字走满整条屏幕，而且清楚吗？", "Does the text run over the whole strip, and can it be read?"),
        tries=({"unit": "eight"}, {"unit": "one"}, {"unit": "one_flagged"}),
        act=lambda device: _show_test(device),
        asks=True,
    ),
)
MISSING = "〓"
"""Printed for what the card's font has not."""
DOTS = 8
LONGEST_TEXT = 512
"""Bytes; what goes beyond is left off."""

_log = logging.getLogger(__name__)


class Config(BaseModel):
    """One strip. No program may be stored on its card, or that is seen whenever no notice is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: Port
    baud: int = Field(default=9600, description="Line speed, if serial.")
    screen: int = Field(default=1, ge=1, le=0xFFFD, description="Number of the screen, as set on its card.")
    width: int = Field(default=128, ge=8, le=2048, multiple_of=DOTS, description="Width of the strip in dots.")
    height: int = Field(default=16, ge=8, le=512, description="Height of the strip in dots.")
    unit: Literal["eight", "one", "one_flagged"] = Field(
        default="eight",
        description="What the card counts a width in: eight dots (5K), one, or one told by the top bit.",
    )
    effect: Literal["scroll", "still"] = Field(
        default="scroll", description="scroll: one line that runs to the left; still: lines that stand."
    )
    speed: int = Field(default=10, ge=0, le=24, description="0 is the fastest, 24 the slowest.")
    timeout_s: float = Field(default=1.0, gt=0, le=10, description="Seconds to wait for the card's answer.")
    tries: int = Field(default=3, ge=1, le=10, description="How often a text is sent.")
    poll_s: float = Field(default=10.0, gt=0, le=600, description="Seconds between looks whether the card is there.")


def line(link: Link, config: Config) -> Line[wire.Packet]:
    """The line of the strip's port."""
    return Line(link, wire.answer_framer(), timeout_s=config.timeout_s)


class Device:
    """One strip, blank whenever the gateway comes to it."""

    properties: Mapping[str, Property] = SCREEN_PROPERTIES

    def __init__(self, config: Config, line: Line[wire.Packet]) -> None:
        self._config = config
        self._line = line
        self._turn = asyncio.Lock()
        self._stirred = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._text = b""
        self._until = 0.0
        self._kept_until = 0.0
        """When the card drops the text by itself; to the second, not after `_until`."""

    async def show(self, notice: Notice, seconds: int) -> NoticeShown:
        """Show it for so long, then nothing. Raises DeviceFault (the card refuses), DeviceOffline."""
        async with self._turn:
            self._text, self._until = text_of(notice), self._loop.time() + seconds
            try:
                await self._send()
            except DeviceError:
                self._until = self._loop.time()  # whatever stands there now goes
                raise
            finally:
                self._stirred.set()
            return NoticeShown()

    async def watch(self) -> AsyncIterator[ScreenChanged]:
        """What it shows once, then each change. Raises DeviceOffline when it is gone, DeviceFault."""
        known = ""
        _log.warning("%s: it is not proven that this card blanks the strip if the gateway dies", self._line.link.name)
        async with self._turn:
            if not self._text:
                await self._say(wire.blank(self._config.screen))
        while True:
            self._stirred.clear()
            async with self._turn:
                await self._keep()
                shows: Literal["notice", "blank"] = "notice" if self._text else "blank"
            if shows != known:
                known = shows
                yield ScreenChanged(shows=shows)
            await self._line.pause(self._rest(), self._stirred)

    async def _keep(self) -> None:
        """Blank it if its time is over, renew what the card would drop before, else ask if the card is there."""
        now = self._loop.time()
        if self._text and now >= self._until:
            self._text = b""
            await self._say(wire.blank(self._config.screen))
        elif self._text and self._kept_until < self._until and now >= self._kept_until - wire.MOST_S / 2:
            await self._send()
        else:
            await self._say(wire.ping(self._config.screen))

    def _rest(self) -> float:
        left = self._until - self._loop.time() if self._text else self._config.poll_s
        return max(0.0, min(left, self._config.poll_s))

    async def _send(self) -> None:
        config = self._config
        left = max(1, min(round(self._until - self._loop.time()), wire.MOST_S))
        wide = config.width // DOTS if config.unit == "eight" else config.width
        flag = 0x8000 if config.unit == "one_flagged" else 0
        area = wire.Area(
            x=flag, y=0, width=wide | flag, height=config.height, timeout_s=left,
            moves=config.effect == "scroll", speed=config.speed, text=self._text, dwell=0,
        )  # fmt: skip
        self._kept_until = self._loop.time() + left
        await self._say(wire.show(config.screen, area))

    async def _say(self, packet: wire.Packet) -> None:
        """Every packet may be repeated: each says how the strip is to stand."""
        answer = await self._line.ask(packet.to_bytes(), _is_answer, tries=self._config.tries)
        if answer.command == wire.NACK:
            raise DeviceFault(f"the card refuses {packet.command.hex(' ')}, error {answer.data[2:3].hex()}")


async def _show_test(device: "Device") -> None:
    await device.show(Notice(title="测试文字 1234567890 测试文字 1234567890"), TEST_S)


def _is_answer(packet: wire.Packet) -> bool:
    return packet.command in (wire.ACK, wire.NACK)


def text_of(notice: Notice) -> bytes:
    """A notice in the card's GB 2312, what it lacks replaced. A backslash would begin an order to the card."""
    text = "  ".join((notice.title, *notice.rows)).replace("\\", "＼")
    told = b""
    for char in text:
        code = _in_font(char if char.isprintable() else " ")
        if len(told) + len(code) > LONGEST_TEXT:
            break
        told += code
    return told


def _in_font(char: str) -> bytes:
    try:
        return char.encode("gb2312")
    except UnicodeEncodeError:
        return MISSING.encode("gb2312")
