"""Readers: barcodes, QR codes, tags. What they read is a fact; whom it means is for others to know."""

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

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


class CodeReader(Protocol):
    """Something that reads codes when they are shown to it."""

    def watch(self) -> AsyncIterator[CodeRead]:
        """Each code as it is read. Raises DeviceOffline when the reader is gone."""


class TagReader(Protocol):
    """Something that knows which tags are in its field."""

    def watch(self) -> AsyncIterator[TagSeen | TagLost]:
        """Each tag in the field once, then who comes and leaves. Raises DeviceOffline, DeviceFault."""


READER_PROPERTIES: Mapping[str, Property] = {
    "reads": Property(name="Codes read since start", datatype="integer"),
}
