"""Printers of receipts: what can be laid out on a roll, and what is known of roll and printer."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import ClassVar, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from devices.describe import Property
from devices.errors import WishRejected
from devices.messages import Fact, Fetch, Wish

Sha256 = str
Paper = Literal["ok", "near_end", "out", "unknown"]
Online = Literal["online", "offline", "cover_open", "error", "unknown"]


class ReceiptRow(BaseModel):
    """One row of a receipt."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    large: bool = False
    bold: bool = False
    centre: bool = False


class Receipt(BaseModel):
    """What is printed for one job: rows of text, then a barcode and a QR code if given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: tuple[ReceiptRow, ...]
    barcode: str | None = Field(default=None, max_length=40, pattern=r"^[ -~]+$")
    qr: str | None = Field(default=None, max_length=600)


class PrinterChanged(Fact):
    """What the printer says of itself; `unknown` is not `ok`: many answer nothing (devices.md section 5a)."""

    online: Online
    paper: Paper

    def state(self) -> tuple[str, str]:
        """The lasting state of the printer."""
        return "status", f"{self.online},{self.paper}"


class ReceiptPrinted(Fact):
    """The job went out and the printer, asked afterwards, was on line and had paper."""

    document: Sha256 | None = None


class BytesHandedOver(Fact):
    """The job went out but nothing can tell whether paper came; pages say so."""

    document: Sha256 | None = None


class PrintReceipt(Wish):
    """Print the receipt whose JSON is the blob of that hash; names are in the blob, never in the wish."""

    kind: ClassVar[str] = "printers"
    patience_s: ClassVar[float] = 20.0

    document: Sha256 = Field(pattern=r"^[0-9a-f]{64}$")

    def answered_by(self, fact: Fact) -> bool:
        """The job is out."""
        return isinstance(fact, ReceiptPrinted | BytesHandedOver) and fact.document == self.document

    async def put_to(self, device: "ReceiptPrinter", fetch: Fetch) -> Fact:
        """Fetch the document and print it once. Raises WishRejected if it is no receipt."""
        try:
            receipt = Receipt.model_validate_json(await fetch(self.document))
        except ValidationError as error:
            # Where, not what: the refusal becomes a line, and what stands in the document may be a name.
            where = ".".join(map(str, error.errors()[0]["loc"]))
            raise WishRejected(f"document {self.document[:12]} is no receipt: {where or 'no JSON'}") from None
        printed = await device.print(receipt)
        return printed.model_copy(update={"document": self.document})


class ReceiptPrinter(Protocol):
    """A printer that prints each job once and says beforehand when it cannot."""

    async def print(self, receipt: Receipt) -> ReceiptPrinted | BytesHandedOver:
        """Print one job; never repeated by itself. Raises DeviceFault (no paper, cover), DeviceOffline."""

    def watch(self) -> AsyncIterator[PrinterChanged]:
        """The state once, then each change. Raises DeviceOffline when the printer is gone."""


PRINTER_PROPERTIES: Mapping[str, Property] = {
    "status": Property(name="Line and paper", datatype="string"),
}


def plain(receipt: Receipt) -> Sequence[str]:
    """The rows as text, for pages, logs of emulators and tests."""
    return [row.text for row in receipt.rows]
