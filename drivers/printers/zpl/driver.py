"""A ZPL printer as a LabelPrinter: what ~HS tells is known before a label is sent."""

from collections.abc import AsyncIterator, Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from devices.describe import Property
from devices.errors import WishRejected
from devices.printers import PRINTER_PROPERTIES, BytesHandedOver, Label, LabelPrinted, PrinterChanged
from drivers.commissioning import Said
from drivers.labelling import HEAD_LIFTED, Labelling, Look, label_printed
from drivers.line import Line
from drivers.link import Link
from drivers.printers.zpl import wire
from drivers.printers.zpl.layout import lay_out
from drivers.usb_port import BytePort

ABOUT = "ZPL label printer (Zebra and kin; CODE128, QR, Chinese, RFID; TCP port 9100, serial, USB)"
VERIFIED = False
TRANSPORTS = ("serial", "tcp", "usb")
COMMISSIONING = (
    HEAD_LIFTED,
    label_printed(Said("打印头密度（dots_mm）", "the dots of its head (dots_mm)"), [{"dots_mm": 12}, {"dots_mm": 8}]),
)


class Config(BaseModel):
    """One printer on its own port."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: BytePort
    baud: int = Field(default=9600, description="Line speed, if serial.")
    width_mm: int = Field(default=60, ge=10, le=220, description="Width of a label in millimetres.")
    height_mm: int = Field(default=40, ge=10, le=300, description="Height of a label in millimetres.")
    dots_mm: Literal[6, 8, 12, 24] = Field(default=8, description="Dots a millimetre: 8 for 203 dpi, 12 for 300.")
    font: str = Field(
        default="0", pattern=r"^(0|[A-Z]:[A-Z0-9_]+\.[A-Z]{3})$", description="0, or E:SIMSUN.TTF: a font with Chinese."
    )
    rfid: bool = Field(default=False, description="The printer writes tags.")
    timeout_s: float = Field(default=1.0, gt=0, le=10, description="Seconds to wait for a reply.")
    tries: int = Field(default=3, ge=1, le=10, description="How often its state is asked.")
    settle_s: float = Field(default=0.5, ge=0, le=30, description="Seconds between looks while it prints.")
    print_s: float = Field(default=15.0, gt=0, le=60, description="Seconds a label may take.")
    poll_s: float = Field(default=5.0, gt=0, le=600, description="Seconds between looks while nothing is printed.")


def line(link: Link, config: Config) -> Line[wire.Status]:
    """The line of the printer's port."""
    return Line(link, wire.answer_framer(), timeout_s=config.timeout_s)


class Device:
    """One printer."""

    properties: Mapping[str, Property] = PRINTER_PROPERTIES

    def __init__(self, config: Config, line: Line[wire.Status]) -> None:
        self._config = config
        self._line = line
        self._labelling = Labelling(config, line, self._look)

    async def print_label(self, label: Label) -> LabelPrinted | BytesHandedOver:
        """Print one label; never repeated. Raises DeviceFault, DeviceOffline; WishRejected: it writes no tags."""
        if label.epc is not None and not self._config.rfid:
            raise WishRejected("this printer writes no tags; set `rfid` if it does")
        size = self._config.width_mm, self._config.height_mm
        return await self._labelling.print(lay_out(label, *size, self._config.dots_mm, self._config.font))

    def watch(self) -> AsyncIterator[PrinterChanged]:
        """The state once, then each change. Raises DeviceOffline when the printer is gone."""
        return self._labelling.watch()

    async def _look(self) -> Look:
        status = await self._line.ask(wire.ASK_STATUS, lambda _: True, tries=self._config.tries)
        return Look(PrinterChanged(online=status.online, paper=status.paper), status.waiting > 0)
