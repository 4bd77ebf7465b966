"""Readers: barcodes, QR codes, tags, identity cards. What they read is a fact; whom it means is for others to know.

Of an identity card only its kind is a fact. What stands on it stays in the reader's memory until whoever needs it takes
it, once; it is no message, has no text form, and is forgotten by itself.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from devices.describe import Property
from devices.messages import Fact


class CodeRead(Fact):
    """A code was read: its text, and how the text was found (AIM symbology, encoding) where known."""

    code: str
    symbology: str | None = None
    encoding: str | None = None


class TagSeen(Fact):
    """A tag (EPC, UID) came into the field."""

    tag: str


class TagLost(Fact):
    """A tag left the field."""

    tag: str


IdCardKind = Literal["citizen", "residence_permit", "foreigner_2017", "foreigner_2023"]
"""Of a citizen, of a resident from Hong Kong, Macao or Taiwan, and both cards of foreign permanent residents."""


class IdCardShown(Fact):
    """An identity card was read; what stands on it is for `IdCardReader.take` alone."""

    card: IdCardKind


class IdCardNotRead(Fact):
    """A card could not be read: the reader's code in hex, `silent`, or `layout` if it is of no known kind."""

    why: str


@dataclass(frozen=True, repr=False)
class IdCard:
    """What stands on an identity card, as it stands there; what a kind of card does not have is empty. Never log it."""

    kind: IdCardKind
    name: str
    sex: str
    """0 unknown, 1 male, 2 female, 9 not said (GB/T 2261.1)."""
    birth: str
    """YYYYMMDD, like `valid_from` and `valid_to`, which may also be 长期."""
    number: str
    valid_from: str
    valid_to: str
    nation: str = ""
    """01 to 56, 97, 98 (GB/T 3304)."""
    address: str = ""
    issuer: str = ""
    english_name: str = ""
    nationality: str = ""
    travel_permit: str = ""
    issues: str = ""
    """How often it was issued or renewed."""
    photo: bytes = b""
    """Compressed (WLT); only a licensed library can open it."""


class CodeReader(Protocol):
    """Something that reads codes when they are shown to it."""

    def watch(self) -> AsyncIterator[CodeRead]:
        """Each code as it is read. Raises DeviceOffline when the reader is gone."""


class TagReader(Protocol):
    """Something that knows which tags are in its field."""

    def watch(self) -> AsyncIterator[TagSeen | TagLost]:
        """Each tag in the field once, then who comes and leaves. Raises DeviceOffline, DeviceFault."""


class IdCardReader(Protocol):
    """Something on which identity cards are laid."""

    def watch(self) -> AsyncIterator[IdCardShown | IdCardNotRead]:
        """Each card once as it is laid there. Raises DeviceOffline, DeviceFault."""

    def take(self) -> IdCard | None:
        """The card read last, and forget it; None if there is none, it was taken, or it lay too long."""


READER_PROPERTIES: Mapping[str, Property] = {
    "reads": Property(name="Codes read since start", datatype="integer"),
}
