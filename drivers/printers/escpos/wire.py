"""Bytes of ESC/POS: the commands a printer receives, and the two kinds of status it sends (devices.md 5a, 5b).

**Nothing here is checked.** A DLE EOT reply is one byte that does not say which question it answers; an ASB packet is
four. Fixed bits tell them apart; the paper bits come in pairs, which catches a single flip there. So the driver
believes a change of state only when it reads it twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from devices.printers import Online, Paper
from drivers.framing import Framer, Verdict

CHECKED = False
PRINTER, OFFLINE_CAUSE, PAPER = 1, 2, 4
"""What DLE EOT asks for."""
ASB_SIZE = 4
LONGEST_TEXT = 4096
LONGEST = 65536
"""A longer command (a whole page as one raster) is noise; pictures go in bands."""

ASB_ON = b"\x1d\x61\x0e"
"""Tell every change of line, error and paper; not of the drawer."""

_NEAR_END, _OUT = 0x0C, 0x60
_COVER, _STOPPED, _ERROR = 0x04, 0x20, 0x40
_OFFLINE = 0x08


def ask_status(what: int) -> bytes:
    """DLE EOT."""
    return bytes((0x10, 0x04, what))


@dataclass(frozen=True)
class Status:
    """One byte in reply to a DLE EOT; which one, only the asker knows."""

    byte: int

    def paper(self) -> Paper:
        """Read as the reply to PAPER."""
        if self.byte & _OUT:
            return "out"
        return "near_end" if self.byte & _NEAR_END else "ok"

    def online(self, cause: "Status | None") -> Online:
        """Read as the reply to PRINTER, with the reply to OFFLINE_CAUSE if there was one."""
        if cause is not None and cause.byte & _COVER:
            return "cover_open"
        if cause is not None and cause.byte & _ERROR:
            return "error"
        return "offline" if self.byte & _OFFLINE else "online"

    def fits(self, what: int) -> bool:
        """Could it be the reply to that question: the paper bits agree in pairs."""
        if what != PAPER:
            return True
        return self.byte & _NEAR_END in (0, _NEAR_END) and self.byte & _OUT in (0, _OUT)

    def to_bytes(self) -> bytes:
        """As on the wire."""
        return bytes((self.byte,))


@dataclass(frozen=True)
class Asb:
    """An automatic status packet: something changed."""

    packet: bytes

    def to_bytes(self) -> bytes:
        """As on the wire."""
        return self.packet


Answer = Status | Asb


@dataclass(frozen=True)
class Command:
    """One command, or a run of text, as a printer receives it. `name` is one of the names below, or `text`."""

    name: str
    raw: bytes

    def to_bytes(self) -> bytes:
        """As on the wire."""
        return self.raw


FIXED: Mapping[bytes, tuple[str, int]] = {
    b"\x0a": ("line_feed", 1),
    b"\x0d": ("carriage_return", 1),
    b"\x09": ("tab", 1),
    b"\x10\x04": ("status", 3),
    b"\x10\x05": ("recover", 3),
    b"\x10\x14": ("pulse_now", 5),
    b"\x1b@": ("initialise", 2),
    b"\x1b!": ("mode", 3),
    b"\x1ba": ("align", 3),
    b"\x1bE": ("bold", 3),
    b"\x1bM": ("font", 3),
    b"\x1b-": ("underline", 3),
    b"\x1bd": ("feed", 3),
    b"\x1bJ": ("feed_dots", 3),
    b"\x1b2": ("line_spacing_default", 2),
    b"\x1b3": ("line_spacing", 3),
    b"\x1bt": ("code_page", 3),
    b"\x1bR": ("country", 3),
    b"\x1bp": ("pulse", 5),
    b"\x1c&": ("chinese_on", 2),
    b"\x1c.": ("chinese_off", 2),
    b"\x1c!": ("chinese_mode", 3),
    b"\x1cW": ("chinese_size", 3),
    b"\x1d!": ("size", 3),
    b"\x1da": ("asb", 3),
    b"\x1dr": ("buffered_status", 3),
    b"\x1dh": ("barcode_height", 3),
    b"\x1dw": ("barcode_width", 3),
    b"\x1dH": ("barcode_text", 3),
    b"\x1df": ("barcode_font", 3),
}
"""Commands of fixed length: name and length by their first bytes."""
_VARIABLE = (b"\x1dV", b"\x1d(", b"\x1dk", b"\x1dv0")
_STARTS = (*FIXED, *_VARIABLE)


def question_framer() -> Framer[Command]:
    """Reads what a printer receives. A run of text is complete when a control byte follows it."""
    return Framer(_command, LONGEST)


def answer_framer() -> Framer[Answer]:
    """Reads what a printer sends."""
    return Framer(_answer, ASB_SIZE)


def _answer(window: bytes) -> Verdict[Answer]:
    kind = window[0] & 0x93
    if kind == 0x12:
        return Status(window[0])
    if kind != 0x10 or any(byte & 0x90 for byte in window[1:]):
        return 1
    return Asb(window) if len(window) == ASB_SIZE else None


def _command(window: bytes) -> Verdict[Command]:
    if window[0] >= 0x20:
        return _text(window)
    for size in (1, 2):
        if window[:size] in FIXED:
            name, length = FIXED[window[:size]]
            return Command(name, window[:length]) if len(window) >= length else None
    if not any(start.startswith(window[: len(start)]) for start in _STARTS):
        return 1
    named = _variable(window)
    if named is None:
        return None
    name, length = named
    if length > LONGEST:
        return 1
    return Command(name, window[:length]) if len(window) >= length else None


def _text(window: bytes) -> Verdict[Command]:
    end = next((at for at, byte in enumerate(window[:LONGEST_TEXT]) if byte < 0x20), None)
    if end is None and len(window) < LONGEST_TEXT:
        return None
    return Command("text", window[: end or LONGEST_TEXT])


def _variable(window: bytes) -> tuple[str, int] | None:
    """Name and length of a command whose length is inside it, None if that has not come yet."""
    start = window[:2]
    if start == b"\x1dV" and len(window) > 2:
        return "cut", 4 if window[2] in b"AB" else 3
    if start == b"\x1d(" and len(window) >= 5:
        return "function", 5 + int.from_bytes(window[3:5], "little")
    if start == b"\x1dk":
        return _barcode(window)
    if start == b"\x1dv" and len(window) >= 8:
        across, down = int.from_bytes(window[4:6], "little"), int.from_bytes(window[6:8], "little")
        return "raster", 8 + across * down
    return None


def _barcode(window: bytes) -> tuple[str, int] | None:
    """The old form ends with NUL, the new one counts."""
    if len(window) < 4:
        return None
    if window[2] >= ord("A"):
        return "barcode", 4 + window[3]
    end = window.find(0, 3, 3 + 256)
    if end >= 0:
        return "barcode", end + 1
    return ("barcode", LONGEST + 1) if len(window) >= 3 + 256 else None
