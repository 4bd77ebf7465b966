"""Printers of receipts, labels and letters: what can be laid out, and what is known of paper and printer."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from devices.describe import Property
from devices.errors import WishRejected
from devices.messages import Fact, Fetch, Wish

Sha256 = str
Paper = Literal["ok", "near_end", "out", "unknown"]
Online = Literal["online", "offline", "cover_open", "ribbon_out", "paused", "error", "unknown"]


class ReceiptRow(BaseModel):
    """One row of a receipt."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    text: str
    large: bool = False
    bold: bool = False
    centre: bool = False


class Receipt(BaseModel):
    """What is printed for one job: rows of text, then a barcode and a QR code if given."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    rows: tuple[ReceiptRow, ...]
    barcode: str | None = Field(default=None, max_length=40, pattern=r"^[ -~]+$")
    qr: str | None = Field(default=None, max_length=600)


class Label(BaseModel):
    """What is printed on one label: rows of text, then a barcode and a QR code if given; `epc` goes into its tag."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    rows: tuple[str, ...] = Field(max_length=12)
    barcode: str | None = Field(default=None, max_length=40, pattern=r"^[ -~]+$")
    qr: str | None = Field(default=None, max_length=300)
    epc: str | None = Field(default=None, pattern=r"^([0-9A-F]{4}){1,31}$", description="EPC in hex digits.")


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
        receipt = await _document(Receipt, self.document, fetch)
        if not isinstance(device, ReceiptPrinter):
            raise WishRejected("this printer prints no receipts")
        printed = await device.print(receipt)
        return printed.model_copy(update={"document": self.document})


class LabelPrinted(Fact):
    """The label came out as far as the printer tells: nothing waits, nothing is wrong. A tag is not read back."""

    document: Sha256 | None = None


class PrintLabel(Wish):
    """Print the label whose JSON is the blob of that hash."""

    kind: ClassVar[str] = "printers"
    patience_s: ClassVar[float] = 30.0

    document: Sha256 = Field(pattern=r"^[0-9a-f]{64}$")

    def answered_by(self, fact: Fact) -> bool:
        """The label is out."""
        return isinstance(fact, LabelPrinted | BytesHandedOver) and fact.document == self.document

    async def put_to(self, device: "LabelPrinter", fetch: Fetch) -> Fact:
        """Fetch the document and print it once. Raises WishRejected if it is no label, or not for this printer."""
        if not isinstance(device, LabelPrinter):
            raise WishRejected("this printer prints no labels")
        printed = await device.print_label(await _document(Label, self.document, fetch))
        return printed.model_copy(update={"document": self.document})


Sides = Literal["one", "long_edge", "short_edge"]
MOST_COPIES = 50


@dataclass(frozen=True)
class Letter:
    """A PDF and how it is printed; `name` is what the printer's own panel calls it, and says nothing of its content."""

    name: str
    pdf: bytes = field(repr=False)
    copies: int = 1
    sides: Sides = "one"


class LetterPrinted(Fact):
    """The printer, asked afterwards, said that every page is printed."""

    document: Sha256 | None = None


class PrintLetter(Wish):
    """Print the PDF that is the blob of that hash."""

    kind: ClassVar[str] = "printers"
    patience_s: ClassVar[float] = 240.0

    document: Sha256 = Field(pattern=r"^[0-9a-f]{64}$")
    copies: int = Field(default=1, ge=1)
    """At most MOST_COPIES."""
    sides: Sides = "one"

    def answered_by(self, fact: Fact) -> bool:
        """The letter is out."""
        return isinstance(fact, LetterPrinted | BytesHandedOver) and fact.document == self.document

    async def put_to(self, device: "LetterPrinter", fetch: Fetch) -> Fact:
        """Fetch the document and print it once. Raises WishRejected: no PDF, too many copies, not for this printer."""
        if not isinstance(device, LetterPrinter):
            raise WishRejected("this printer prints no letters")
        if self.copies > MOST_COPIES:
            raise WishRejected(f"a letter is printed in {MOST_COPIES} copies at most, not in {self.copies}")
        pdf = await fetch(self.document)
        if not pdf.startswith(b"%PDF-"):
            raise WishRejected(f"document {self.document[:12]} is no PDF")
        printed = await device.print_letter(Letter(self.document[:12], pdf, self.copies, self.sides))
        return printed.model_copy(update={"document": self.document})


D = TypeVar("D", bound=BaseModel)


async def _document(model: type[D], document: Sha256, fetch: Fetch) -> D:
    try:
        return model.model_validate_json(await fetch(document))
    except ValidationError as error:
        # Where, not what: the refusal becomes a line, and what stands in the document may be a name.
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise WishRejected(f"document {document[:12]} is no {model.__name__.lower()}: {where or 'no JSON'}") from None


@runtime_checkable
class ReceiptPrinter(Protocol):
    """A printer that prints each job once and says beforehand when it cannot."""

    async def print(self, receipt: Receipt) -> ReceiptPrinted | BytesHandedOver:
        """Print one job; never repeated by itself. Raises DeviceFault (no paper, cover), DeviceOffline."""

    def watch(self) -> AsyncIterator[PrinterChanged]:
        """The state once, then each change. Raises DeviceOffline when the printer is gone."""


@runtime_checkable
class LabelPrinter(Protocol):
    """A printer that prints each label once and says beforehand when it cannot."""

    async def print_label(self, label: Label) -> LabelPrinted | BytesHandedOver:
        """Print one label; never repeated. Raises DeviceFault (paper, ribbon, head), DeviceOffline, WishRejected."""

    def watch(self) -> AsyncIterator[PrinterChanged]:
        """The state once, then each change. Raises DeviceOffline when the printer is gone."""


@runtime_checkable
class LetterPrinter(Protocol):
    """An office printer that prints each letter once and says beforehand when it cannot."""

    async def print_letter(self, letter: Letter) -> LetterPrinted | BytesHandedOver:
        """Print one letter; never repeated. Raises DeviceFault, DeviceBusy, DeviceOffline, WishRejected."""

    def watch(self) -> AsyncIterator[PrinterChanged]:
        """The state once, then each change. Raises DeviceOffline when the printer is gone."""


PRINTER_PROPERTIES: Mapping[str, Property] = {
    "status": Property(name="Line and paper", datatype="string"),
}


def plain(receipt: Receipt) -> Sequence[str]:
    """The rows as text, for pages, logs of emulators and tests."""
    return [row.text for row in receipt.rows]
