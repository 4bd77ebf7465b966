"""A USB HID POS reader as a CodeReader."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping

from pydantic import BaseModel, ConfigDict, Field

from devices.describe import Property
from devices.readers import READER_PROPERTIES, CodeRead
from drivers.codes import Encoding, text_of
from drivers.commissioning import Said
from drivers.line import Line
from drivers.link import Link
from drivers.readers.usb_barcode import wire
from drivers.usb_port import OnlyUsb

ABOUT = "Barcode or QR reader on USB that reports as HID POS"
VERIFIED = False
TRANSPORTS = ("usb",)
COMMISSIONING = Said("它的报告自带长度和码制。", "Its reports carry their length and symbology themselves.")
WAITING = 256
"""Reports kept while nobody takes them; the oldest go first."""


class Config(BaseModel):
    """One reader. It must be set to HID POS, not to keyboard."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: OnlyUsb
    hush_s: float = Field(default=0.5, gt=0, le=5, description="Seconds of silence after which half a report is noise.")
    encoding: Encoding = Field(default="auto", description="Text encoding; auto tries UTF-8, then GB18030.")


def line(link: Link, config: Config) -> Line[wire.Report]:
    """The line of the reader's port."""
    return Line(link, wire.answer_framer(), hush_s=config.hush_s)


class Device:
    """One reader. Codes that cannot be text are dropped and counted as noise."""

    properties: Mapping[str, Property] = READER_PROPERTIES

    def __init__(self, config: Config, line: Line[wire.Report]) -> None:
        self._config = config
        self._line = line
        self._reports: deque[wire.Report] = deque(maxlen=WAITING)
        self._arrived = asyncio.Event()

    async def watch(self) -> AsyncIterator[CodeRead]:
        """Each code as it is read. Raises DeviceOffline when the reader is gone."""
        with self._line.listening(lambda _: True, self._took):
            while True:
                aim, data = await self._code()
                text = text_of(aim + data, bool(aim), self._config.encoding)
                if text is None:
                    self._line.counts.noise += len(data)
                else:
                    yield CodeRead(code=text.code, symbology=text.symbology, encoding=text.encoding)

    async def _code(self) -> tuple[bytes, bytes]:
        first = await self._next()
        data, last = first.data, first
        while last.more:
            last = await self._next()
            data += last.data
            if len(data) > wire.LONGEST_CODE:
                self._line.counts.noise += len(data)
                data = b""
        return first.aim, data

    async def _next(self) -> wire.Report:
        while not self._reports:
            self._arrived.clear()
            await self._line.pause(None, self._arrived)
        return self._reports.popleft()

    def _took(self, report: wire.Report) -> None:
        self._reports.append(report)
        self._arrived.set()
