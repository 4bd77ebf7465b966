"""Bytes of ZPL: formats a printer receives, and the three lines it answers to ~HS (devices.md 5c).

**Nothing here is checked.** But the reply has its shape: three lines between STX and ETX, of digits, with so many
fields each.
"""

import re
from dataclasses import dataclass

from devices.printers import Online, Paper
from drivers.framing import Framer, Verdict

CHECKED = False
ASK_STATUS = b"~HS"
LONGEST = 65536
"""A longer format is noise; pictures are not sent."""
LONGEST_LINE = 64
FIELDS = (12, 11, 2)
"""Of the three lines."""

_LINE = re.compile(rb"\x02([\d,]+)\x03\r\n")
_BEGINS_A_LINE = re.compile(rb"\x02[\d,]*(\x03\r?)?\Z")
_SET = frozenset({"1"})


@dataclass(frozen=True)
class Question:
    """What a printer receives: `status`, or a `format` (one label)."""

    name: str
    raw: bytes

    def to_bytes(self) -> bytes:
        """As on the wire."""
        return self.raw


@dataclass(frozen=True)
class Status:
    """The reply to ~HS."""

    raw: bytes

    def to_bytes(self) -> bytes:
        """As on the wire."""
        return self.raw

    @property
    def paper(self) -> Paper:
        """Line 1 field 2."""
        return "out" if self._field(1, 2) in _SET else "ok"

    @property
    def online(self) -> Online:
        """Line 2 fields 3 and 4: head, ribbon; line 1 fields 11, 12: temperature, 3: pause."""
        if self._field(2, 3) in _SET:
            return "cover_open"
        if self._field(2, 4) in _SET:
            return "ribbon_out"
        if self._field(1, 11) in _SET or self._field(1, 12) in _SET:
            return "error"
        return "paused" if self._field(1, 3) in _SET else "online"

    @property
    def waiting(self) -> int:
        """Formats waiting and labels remaining: line 1 field 5, line 2 field 9."""
        return int(self._field(1, 5) or 0) + int(self._field(2, 9) or 0)

    def _field(self, line: int, field: int) -> str:
        fields: list[bytes] = _LINE.findall(self.raw)[line - 1].split(b",")
        return fields[field - 1].decode()


def question_framer() -> Framer[Question]:
    """Reads what a printer receives."""
    return Framer(_question, LONGEST)


def answer_framer() -> Framer[Status]:
    """Reads what a printer sends."""
    return Framer(_answer, LONGEST_LINE * len(FIELDS))


def _question(window: bytes) -> Verdict[Question]:
    if window[:3] == ASK_STATUS:
        return Question("status", ASK_STATUS)
    if window[:3] == b"^XA":
        end = window.find(b"^XZ")
        if end >= 0:
            return Question("format", window[: end + 3])
        return None if len(window) < LONGEST else 1
    return None if any(start.startswith(window) for start in (ASK_STATUS, b"^XA")) else 1


def _answer(window: bytes) -> Verdict[Status]:
    at = 0
    for fields in FIELDS:
        line = window[at : at + LONGEST_LINE]
        whole = _LINE.match(line)
        if whole is None:
            begins = not line or _BEGINS_A_LINE.match(line)
            return None if begins and len(line) < LONGEST_LINE else 1
        if whole[1].count(b",") + 1 != fields:
            return 1
        at += whole.end()
    return Status(window[:at])
