"""Text of a Megatec supply: `Q1 CR`, answered by 47 bytes of figures and eight bits (devices.md 9a).

**Nothing here is checked**; what has not exactly the form of an answer is none.
"""

import re
from dataclasses import dataclass

from drivers.framing import Framer, Verdict

CHECKED = False
Q1 = b"Q1\r"
SIZE = 47
_ANSWER = re.compile(
    rb"\(\d{3}\.\d \d{3}\.\d \d{3}\.\d \d{3} \d\d\.\d (?:\d\d\.\d|\d\.\d\d) (?:\d\d\.\d|--\.-) ([01]{8})\r"
)
MAINS_FAILED, BATTERY_LOW, BYPASS, FAILED, INTERACTIVE, TESTING, ENDING, BEEPER = range(8)
"""Places of the bits, from the left."""


@dataclass(frozen=True)
class Frame:
    """A question or an answer."""

    raw: bytes

    def to_bytes(self) -> bytes:
        """As on the wire."""
        return self.raw

    def bit(self, place: int) -> bool:
        """Of an answer: one of the eight bits."""
        return self.raw[-9:-1][place : place + 1] == b"1"


def status(volts: float, bits: str) -> Frame:
    """An answer with that input voltage, and unremarkable figures."""
    return Frame(f"({volts:05.1f} {volts:05.1f} 226.0 014 49.0 27.5 30.0 {bits}\r".encode())


def question_framer() -> Framer[Frame]:
    """Reads what the host says."""
    return Framer(_question, len(Q1))


def answer_framer() -> Framer[Frame]:
    """Reads what a supply says."""
    return Framer(_answer, SIZE)


def _question(window: bytes) -> Verdict[Frame]:
    if window != Q1[: len(window)]:
        return 1
    return Frame(window) if len(window) == len(Q1) else None


def _answer(window: bytes) -> Verdict[Frame]:
    if window[:1] != b"(" or b"(" in window[1:SIZE]:
        return 1
    if len(window) < SIZE:
        return None
    return Frame(window[:SIZE]) if _ANSWER.fullmatch(window[:SIZE]) else 1
