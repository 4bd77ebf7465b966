"""A SAM-V as an IdCardReader: find, select and read, again and again. What stands on a card is kept for one taker."""

import time
from collections.abc import AsyncIterator, Mapping

from pydantic import BaseModel, ConfigDict, Field

from devices.describe import Property
from devices.errors import DeviceFault, DeviceOffline
from devices.readers import IdCard, IdCardNotRead, IdCardShown
from drivers.commissioning import Said, Step
from drivers.line import Line
from drivers.link import Link
from drivers.readers.id_card import hid, wire
from drivers.readers.id_card.card import card_of
from drivers.tags import Clock
from drivers.usb_port import BytePort, is_usb

ABOUT = "Resident identity card reader with SAM-V (serial; USB as HID)"
VERIFIED = False
TRANSPORTS = ("serial", "tcp", "usb")
COMMISSIONING = (
    Step(
        about=Said("波特率（baud）", "its speed (baud)"),
        do=Said("请把一张测试证件放上去（不要用真证件）。", "Lay a test card on it (no real one)."),
        learn=lambda tried, fact: {} if isinstance(fact, IdCardShown | IdCardNotRead) else None,
        tries=({"baud": 115200}, {"baud": 9600}),
        tells_at_once=False,
    ),
)


class Config(BaseModel):
    """One reader on its own port. Fingerprints are never asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: BytePort
    baud: int = Field(default=115200, description="Line speed, if serial.")
    timeout_s: float = Field(default=0.5, gt=0, le=10, description="Seconds to wait for an answer.")
    read_s: float = Field(default=2.5, gt=0, le=30, description="Seconds to wait for what stands on a card.")
    tries: int = Field(default=3, ge=1, le=10, description="How often a question is tried.")
    attempts: int = Field(default=3, ge=1, le=20, description="How often a card is tried before it cannot be read.")
    poll_s: float = Field(default=0.4, gt=0, le=60, description="Seconds of rest between two looks for a card.")
    forget_s: float = Field(
        default=60.0, gt=0, le=600, description="Seconds after which a card that nobody took is forgotten."
    )


def line(link: Link, config: Config) -> Line[wire.Frame | hid.Report]:
    """The line of the reader's port."""
    framer = hid.framer() if is_usb(config.port) else wire.answer_framer()
    return Line(link, framer, timeout_s=config.timeout_s)  # type: ignore[arg-type]


class Device:
    """One reader. A card is told once while it lies there."""

    properties: Mapping[str, Property] = {}

    def __init__(self, config: Config, line: Line[wire.Frame | hid.Report], now: Clock = time.monotonic) -> None:
        self._config = config
        self._line = line
        self._now = now
        self._by_usb = is_usb(config.port)
        self._kept: tuple[IdCard, float] | None = None

    def take(self) -> IdCard | None:
        """The card read last, and forget it; None if there is none, it was taken, or it lay too long."""
        self._forget_old()
        kept, self._kept = self._kept, None
        return kept[0] if kept else None

    async def watch(self) -> AsyncIterator[IdCardShown | IdCardNotRead]:
        """Each card once as it is laid there. Raises DeviceOffline, DeviceFault."""
        told, failures = False, 0
        try:
            while True:
                found = await self._ask(wire.FIND, self._config.timeout_s)
                if found is None:
                    raise DeviceOffline(f"{self._line.link.name}: the reader does not answer")
                is_here = found.status == wire.FOUND
                # After a reading that was cut off, find denies the card until it is lifted: select it all the same.
                if (is_here and not told) or failures:
                    fact = await self._read()
                    failures += 1
                    if isinstance(fact, IdCardShown) or failures >= self._config.attempts:
                        told, failures = True, 0
                        yield fact
                elif not is_here:
                    told = False
                await self._line.pause(self._config.poll_s)
                self._forget_old()
        finally:
            self._kept = None

    async def _read(self) -> IdCardShown | IdCardNotRead:
        for question, wait_s in ((wire.SELECT, self._config.timeout_s), (wire.READ, self._config.read_s)):
            said = await self._ask(question, wait_s)
            if said is None or said.status != wire.OK:
                return IdCardNotRead(why=f"{said.status:02X}" if said else "silent")
        card = card_of(said.data) if said else None
        if card is None:
            return IdCardNotRead(why="layout")
        self._kept = (card, self._now())
        return IdCardShown(card=card.kind)

    async def _ask(self, question: wire.Frame, wait_s: float) -> wire.Frame | None:
        """Its answer, or None if none comes. Raises DeviceOffline (the port is gone), DeviceFault."""
        said = hid.question(question.to_bytes()) if self._by_usb else question

        def fits(frame: wire.Frame | hid.Report) -> bool:
            return frame.is_first if isinstance(frame, hid.Report) else wire.answers(question, frame)

        answer = await self._line.ask_softly(said.to_bytes(), fits, tries=self._config.tries, timeout_s=wait_s)
        return await self._whole(question, answer) if isinstance(answer, hid.Report) else answer

    async def _whole(self, question: wire.Frame, first: hid.Report) -> wire.Frame | None:
        """The answer in a first report and those that follow. Raises DeviceOffline, DeviceFault."""
        if not first.done:
            raise DeviceFault(f"{self._line.link.name}: the reader cannot reach its SAM-V; unplug it and plug it in")
        frame = first.payload[hid.ANSWER_HEAD :]
        for number in range(1, first.following + 1):
            more = await self._line.ask_softly(hid.NEXT.to_bytes(), lambda report, n=number: report.number == n)  # type: ignore[misc]
            if not isinstance(more, hid.Report):
                return None
            frame += more.payload[1:]
        fitting = [said for said in wire.answer_framer().feed(frame) if wire.answers(question, said)]
        return fitting[0] if fitting else None

    def _forget_old(self) -> None:
        if self._kept and self._now() - self._kept[1] >= self._config.forget_s:
            self._kept = None
