"""Bytes of a SAM-V: `AA AA AA 96 69 LENGTH BODY X` (devices.md 4, GA/T 467).

LENGTH (two bytes, high first) counts BODY and X; X makes the XOR of everything from LENGTH on 0. A question's body is
command and parameter, an answer's `00 00 STATUS` and data. The preamble is not part of the check.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import xor

from drivers.framing import Framer, Verdict

CHECKED = True
PREAMBLE = bytes.fromhex("AA AA AA 96 69")
HEAD = len(PREAMBLE) + 2
FOUND, OK, NO_CARD = 0x9F, 0x90, 0x80
TEXT, PHOTO = 256, 1024
READ_DATA = 4 + TEXT + PHOTO
"""Data of a card without fingerprint: two lengths, text and photo."""
QUESTION_LENGTHS = frozenset({3, 4})
ANSWER_LENGTHS = frozenset({4, 8, 12, 20, 4 + READ_DATA, 6 + READ_DATA, 6 + 512 + READ_DATA, 6 + 1024 + READ_DATA})
"""Status alone, found, selected, SAM id, read, and read with 0, 512 or 1024 bytes of fingerprint."""


@dataclass(frozen=True)
class Frame:
    """A question or an answer. Its body is never shown, for it may hold what stands on a card."""

    body: bytes = field(repr=False)

    @property
    def status(self) -> int:
        """Of an answer."""
        return self.body[2]

    @property
    def data(self) -> bytes:
        """Of an answer."""
        return self.body[3:]

    def to_bytes(self) -> bytes:
        """As on the wire."""
        checked = (len(self.body) + 1).to_bytes(2, "big") + self.body
        return PREAMBLE + checked + bytes((xor8(checked),))


FIND, SELECT, READ = (Frame(bytes.fromhex(command)) for command in ("20 01", "20 02", "30 01"))
GOOD: Mapping[Frame, tuple[int, int]] = {FIND: (FOUND, 4), SELECT: (OK, 8), READ: (OK, READ_DATA)}
"""Status and bytes of data that say yes to a question."""


def xor8(data: bytes) -> int:
    """XOR8 of devices.md 0.2."""
    return reduce(xor, data, 0)


def answer(status: int, data: bytes = b"") -> Frame:
    """What a reader says."""
    return Frame(bytes((0, 0, status)) + data)


def answers(question: Frame, said: Frame) -> bool:
    """True if the frame can be this question's answer: its yes, or any short no."""
    if said.status in (FOUND, OK):
        return (said.status, len(said.data)) == GOOD[question]
    return not said.data


def question_framer() -> Framer[Frame]:
    """Reads what the host says."""
    return Framer(lambda window: _verdict(window, QUESTION_LENGTHS), HEAD + max(QUESTION_LENGTHS))


def answer_framer() -> Framer[Frame]:
    """Reads what a reader says."""
    return Framer(_answer, HEAD + max(ANSWER_LENGTHS))


def _answer(window: bytes) -> Verdict[Frame]:
    found = _verdict(window, ANSWER_LENGTHS)
    return 1 if isinstance(found, Frame) and found.body[:2] != b"\0\0" else found


def _verdict(window: bytes, lengths: frozenset[int]) -> Verdict[Frame]:
    if window[: len(PREAMBLE)] != PREAMBLE[: len(window)]:
        return 1
    if len(window) < HEAD:
        return None
    length = int.from_bytes(window[len(PREAMBLE) : HEAD], "big")
    if length not in lengths:
        return 1
    if len(window) < HEAD + length:
        return None
    return Frame(window[HEAD : HEAD + length - 1]) if xor8(window[len(PREAMBLE) : HEAD + length]) == 0 else 1
