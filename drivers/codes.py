"""Codes as readers send them: data and an end mark, AIM identifiers, encodings (devices.md 3). No I/O."""

import re
from dataclasses import dataclass
from typing import Literal

Suffix = Literal["cr", "crlf", "lf", "tab", "none"]
SUFFIXES = {"cr": b"\r", "crlf": b"\r\n", "lf": b"\n", "tab": b"\t", "none": b""}
"""End marks by the name of their setting."""
LONGEST = 8192
"""No symbology holds more (QR: 7089 digits); what goes on longer is noise."""

AIM = re.compile(rb"\]([A-Za-z])([0-9A-Za-z])")
SYMBOLOGIES = {
    "A": "Code 39",
    "C": "Code 128",
    "C1": "GS1-128",
    "E": "EAN-13",
    "E4": "EAN-8",
    "F": "Codabar",
    "G": "Code 93",
    "I": "ITF",
    "L": "PDF417",
    "Q": "QR Code",
    "d": "Data Matrix",
    "d2": "GS1 Data Matrix",
    "z": "Aztec",
}
"""AIM identifiers, the code letter alone or with its modifier."""

Encoding = Literal["auto", "utf-8", "gb18030"]


@dataclass(frozen=True)
class Code:
    """What was read, and the mark that ended it (empty if silence did)."""

    data: bytes
    suffix: bytes

    def to_bytes(self) -> bytes:
        """As on the wire."""
        return self.data + self.suffix


@dataclass(frozen=True)
class Text:
    """A code as text, and how that was found."""

    code: str
    symbology: str | None
    encoding: str


class CodeFramer:
    """Splits what a reader sends at its end mark; silence ends a code too, for a reader may be set to send no mark.

    Of a reader that has sent its mark once, what ends without it is a code cut off, and the beginning of one volume's
    barcode may be the whole of another's: that is noise.
    """

    def __init__(self, suffix: bytes) -> None:
        self._suffix = suffix
        self._pending = b""
        self._overrun = False
        self._sends_marks = False
        self.noise = 0

    def feed(self, data: bytes) -> list[Code]:
        """The codes that are complete with these bytes."""
        self._pending += data
        codes: list[Code] = []
        while self._suffix and (end := self._pending.find(self._suffix)) >= 0:
            code, self._pending = self._pending[:end], self._pending[end + len(self._suffix) :]
            codes += self._code(code, self._suffix)
            self._overrun, self._sends_marks = False, True
        if len(self._pending) > LONGEST:
            self._overrun = True
            keep = max(0, len(self._suffix) - 1)
            self.noise += len(self._pending) - keep
            self._pending = self._pending[len(self._pending) - keep :]
        return codes

    def flush(self) -> list[Code]:
        """The line fell silent: what is pending is a code that has no end mark, if this reader sends none."""
        code, self._pending = self._pending, b""
        self._overrun |= self._sends_marks
        codes = self._code(code, b"")
        self._overrun = False
        return codes

    def _code(self, data: bytes, suffix: bytes) -> list[Code]:
        code = b"" if self._overrun else data.lstrip(b"\r\n\t\0")
        self.noise += len(data) - len(code)
        if code:
            return [Code(code, suffix)]
        self.noise += len(suffix)
        return []


def text_of(data: bytes, aim: bool, encoding: Encoding) -> Text | None:
    """A code as text; None if it is damaged: no text in that encoding, or without the identifier it should have."""
    symbology = None
    data = data.rstrip(b"\r\n\t\0")
    if aim:
        found = AIM.match(data)
        if found is None:
            return None
        letter, modifier = found[1].decode(), found[2].decode()
        symbology = SYMBOLOGIES.get(letter + modifier) or SYMBOLOGIES.get(letter) or found[0].decode()
        data = data[found.end() :]
    for name in ("utf-8", "gb18030") if encoding == "auto" else (encoding,):
        try:
            return Text(data.decode(name), symbology, name)
        except UnicodeDecodeError:
            continue
    return None
