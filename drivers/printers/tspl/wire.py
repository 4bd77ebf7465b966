"""Bytes of TSPL: lines a printer receives, and the byte it answers to ESC ! ? (devices.md 5d).

**Nothing here is checked.** The reply is one byte of bits; only FF, what an open line reads as, is no reply.
"""

from dataclasses import dataclass

from devices.printers import Online, Paper
from drivers.framing import Framer, Verdict

CHECKED = False
ASK_STATUS = b"\x1b!?"
LONGEST_LINE = 2048
HEAD_OPEN, JAM, NO_PAPER, NO_RIBBON, PAUSED, PRINTING, COVER_OPEN, HOT = (1 << bit for bit in range(8))
_OPEN_LINE = 0xFF


@dataclass(frozen=True)
class Question:
    """What a printer receives: `status`, or a `line` of the language."""

    name: str
    raw: bytes

    def to_bytes(self) -> bytes:
        """As on the wire."""
        return self.raw


@dataclass(frozen=True)
class Status:
    """The reply to ESC ! ?; 00 is ready."""

    byte: int

    def to_bytes(self) -> bytes:
        """As on the wire."""
        return bytes((self.byte,))

    @property
    def paper(self) -> Paper:
        """Is there paper."""
        return "out" if self.byte & NO_PAPER else "ok"

    @property
    def online(self) -> Online:
        """What keeps it from printing, if anything does."""
        for bits, told in (
            (HEAD_OPEN | COVER_OPEN, "cover_open"),
            (NO_RIBBON, "ribbon_out"),
            (JAM | HOT, "error"),
            (PAUSED, "paused"),
        ):
            if self.byte & bits:
                return told  # type: ignore[return-value]
        return "online"

    @property
    def printing(self) -> bool:
        """A label is under way."""
        return bool(self.byte & PRINTING)


def question_framer() -> Framer[Question]:
    """Reads what a printer receives."""
    return Framer(_question, LONGEST_LINE)


def answer_framer() -> Framer[Status]:
    """Reads what a printer sends."""
    return Framer(lambda window: 1 if window[0] == _OPEN_LINE else Status(window[0]), 1)


def _question(window: bytes) -> Verdict[Question]:
    if window[:3] == ASK_STATUS:
        return Question("status", ASK_STATUS)
    if ASK_STATUS.startswith(window):
        return None
    if not b"A" <= window[:1] <= b"Z":
        return 1
    end = window.find(b"\r\n")
    if end >= 0:
        return Question("line", window[: end + 2])
    return None if len(window) < LONGEST_LINE else len(window)
