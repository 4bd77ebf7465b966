"""An ESC/POS printer as a ReceiptPrinter. A job leaves once or not at all; what cannot be known is not claimed."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from devices.describe import Property
from devices.errors import DeviceFault, DeviceOffline
from devices.printers import PRINTER_PROPERTIES, BytesHandedOver, PrinterChanged, Receipt, ReceiptPrinted
from drivers.commissioning import Said, Step
from drivers.line import Line
from drivers.link import Link
from drivers.printers.escpos import wire
from drivers.usb_port import BytePort

ABOUT = "ESC/POS receipt printer (TCP port 9100, serial, USB)"
VERIFIED = False
TRANSPORTS = ("serial", "tcp", "usb")
COMMISSIONING = (
    Step(
        about=Said("打印机是否回报状态（asb）", "whether the printer tells how it stands (asb)"),
        before=Said("请装好纸，合上上盖。", "Put in paper and shut the cover."),
        do=Said("请打开打印机上盖。", "Open the printer's cover."),
        learn=lambda tried, fact: {} if isinstance(fact, PrinterChanged) and fact.online == "cover_open" else None,
        otherwise={"asb": False},
    ),
)
QUESTIONS = (wire.PRINTER, wire.OFFLINE_CAUSE, wire.PAPER)
BITS_A_BYTE = 10
"""On a serial line: eight, start and stop."""

_log = logging.getLogger(__name__)


class Config(BaseModel):
    """One printer on its own port."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: BytePort
    baud: int = Field(default=19200, description="Line speed, if serial.")
    paper_mm: Literal[58, 80] = Field(default=80, description="Width of the roll in millimetres.")
    four_byte: bool = Field(default=False, description="The printer has the rare (four-byte) characters of GB18030.")
    logo: str = Field(
        default="", description="PNG picture at the head of each receipt; without it while it is missing."
    )
    asb: bool = Field(default=True, description="Let the printer tell changes by itself (ASB).")
    timeout_s: float = Field(default=0.5, gt=0, le=10, description="Seconds to wait for a status byte.")
    tries: int = Field(default=3, ge=1, le=10, description="How often a printer that used to answer is asked.")
    settle_s: float = Field(default=1.0, ge=0, le=30, description="Seconds after a job before asking how it went.")
    poll_s: float = Field(default=5.0, gt=0, le=600, description="Seconds between looks while nothing is printed.")


def line(link: Link, config: Config) -> Line[wire.Answer]:
    """The line of the printer's port."""
    byte_s = BITS_A_BYTE / config.baud if config.port.startswith("/") else 0.0
    return Line(link, wire.answer_framer(), timeout_s=config.timeout_s, byte_s=byte_s)


class Device:
    """One printer. Many answer some status questions or none: what is not answered is unknown, not fine."""

    properties: Mapping[str, Property] = PRINTER_PROPERTIES

    def __init__(self, config: Config, line: Line[wire.Answer]) -> None:
        self._config = config
        self._line = line
        self._answers: set[int] = set()
        self._stirred = asyncio.Event()
        self.replaced = 0
        """Characters the printer lacks that were replaced since the start."""

    async def print(self, receipt: Receipt) -> ReceiptPrinted | BytesHandedOver:
        """Print one job; never repeated. Raises DeviceFault (no paper, cover; also midway), DeviceOffline."""
        _refuse(await self._settled_state(), "nothing was printed")
        # Late import, in a thread: python-escpos is large, and a gateway at rest need not carry it.
        job, replaced = await asyncio.to_thread(_lay_out, receipt, self._config)
        if replaced:
            self.replaced += replaced
            _log.warning("%s: %d characters cannot be printed and were replaced", self._line.link.name, replaced)
        await self._line.tell(job)
        self._stirred.set()
        try:
            await self._line.pause(self._config.settle_s)
            state = await self._settled_state()
        except DeviceOffline:
            return BytesHandedOver()
        _refuse(state, "the receipt may be incomplete")
        proven = state.online == "online" and state.paper != "unknown"
        return ReceiptPrinted() if proven else BytesHandedOver()

    async def watch(self) -> AsyncIterator[PrinterChanged]:
        """The state once, then each change. Raises DeviceOffline when the printer is gone."""
        known: PrinterChanged | None = None
        # A packet only says "look now": one question more is cheaper than a believed flipped bit.
        with self._line.listening(lambda answer: isinstance(answer, wire.Asb), lambda _: self._stirred.set()):
            if self._config.asb:
                await self._line.tell(wire.ASB_ON)
            while True:
                self._stirred.clear()
                state = await self._state()
                if state != known:
                    state = await self._settled_state()
                if state != known:
                    known = state
                    yield state
                await self._line.pause(self._config.poll_s, self._stirred)

    async def _settled_state(self) -> PrinterChanged:
        """A state read twice alike, for nothing checks a status byte; the last of three if it will not settle."""
        before = await self._state()
        for _ in range(2 if self._answers else 0):
            state = await self._state()
            if state == before:
                break
            before = state
        return before

    async def _state(self) -> PrinterChanged:
        replies = {what: await self._ask(what) for what in QUESTIONS}
        printer, cause, paper = (replies[what] for what in QUESTIONS)
        return PrinterChanged(
            online="unknown" if printer is None else printer.online(cause),
            paper="unknown" if paper is None else paper.paper(),
        )

    async def _ask(self, what: int) -> wire.Status | None:
        """None from a printer that never answered this; DeviceOffline from one that used to."""
        used_to = what in self._answers
        reply = await self._line.ask_softly(
            wire.ask_status(what),
            lambda answer: isinstance(answer, wire.Status) and answer.fits(what),
            tries=self._config.tries if used_to else 1,
        )
        if isinstance(reply, wire.Status):
            self._answers.add(what)
            return reply
        if used_to:
            raise DeviceOffline(f"{self._line.link.name}: the printer no longer answers")
        return None


def _refuse(state: PrinterChanged, outcome: str) -> None:
    """Raise DeviceFault if a person has to look at the printer first."""
    if state.online in ("cover_open", "error", "offline") or state.paper == "out":
        trouble = "no paper" if state.paper == "out" else state.online.replace("_", " ")
        raise DeviceFault(f"printer: {trouble}; {outcome}")


def _lay_out(receipt: Receipt, config: Config) -> tuple[bytes, int]:
    from drivers.printers.escpos.layout import lay_out

    job, replaced = lay_out(receipt, config.paper_mm, config.four_byte)
    return _logo(config) + job, replaced


def _logo(config: Config) -> bytes:
    """The picture as bytes; nothing without one, and no receipt is held up by one that cannot be read."""
    if not config.logo:
        return b""
    from drivers.printers.escpos.logo import raster  # as above

    try:
        return raster(Path(config.logo), config.paper_mm)
    except (OSError, SyntaxError) as error:  # what Pillow raises for a file that is no picture
        _log.warning("the logo %s cannot be printed: %s", config.logo, error)
        return b""
