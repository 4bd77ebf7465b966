"""Bytes of the "WKLY" lock board: `57 4B 4C 59 LEN ADDR CMD DATA... XOR8` (devices.md 1d).

LEN is the length of the whole frame. The check covers every byte before it, the header too; leaving the header out
gives the same byte for frames of nine bytes and a wrong one for all others. LEN must be what the command says, and
channels above 64 are not supported: so the header cannot stand inside a frame, and no hurt frame hides another.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass

from drivers.framing import Framer, Verdict

CHECKED = True
HEADER = b"WKLY"
OPEN, ASK, ASK_ALL, CHANGED = 0x82, 0x83, 0x84, 0x85
OK, FAILED = 0x00, 0xFF
MOST_CHANNELS = 64
START, LEAST = 7, 8
"""Bytes before the data; bytes of a frame without data."""
LONGEST = LEAST + 2 + MOST_CHANNELS

_QUESTIONS = dict(zip(range(0x80, 0x8A), ("n*c", "c", "c", "c", "", None, "", "n*c", "c", "c"), strict=True))
_ANSWERS = dict(zip(range(0x80, 0x8A), ("s", "sc", "scl", "scl", "sn*l", "cl", "s", "s", "sc", "sc"), strict=True))
"""Data by command, a letter a byte: status, channel, lock state, number; `*` repeats the last letter so many times."""
_MAY_BE: Mapping[str, Container[int]] = {
    "s": (0x00, 0x01, 0xFF),  # done; failed is FF, in some documents 01
    "l": (0x00, 0x01, 0xFF),  # which of 00 and 01 is shut is a setting; FF is not known
    "c": range(MOST_CHANNELS + 1),
    "n": range(MOST_CHANNELS + 1),
}


def xor8(data: bytes) -> int:
    """XOR8 of devices.md 0.2."""
    check = 0
    for byte in data:
        check ^= byte
    return check


@dataclass(frozen=True)
class Frame:
    """Any frame; what its data says depends on the command and the direction."""

    board: int
    command: int
    data: bytes = b""

    def to_bytes(self) -> bytes:
        """As on the wire."""
        body = HEADER + bytes((LEAST + len(self.data), self.board, self.command)) + self.data
        return body + bytes((xor8(body),))


def open_channel(board: int, channel: int) -> Frame:
    """Release one latch."""
    return Frame(board, OPEN, bytes((channel,)))


def ask_all(board: int) -> Frame:
    """Ask for the state of every channel."""
    return Frame(board, ASK_ALL)


def states(answer: Frame) -> bytes:
    """The states in a reply to `ask_all`, first channel first; none if the board says that it failed."""
    return answer.data[2:] if answer.data[0] == OK else b""


def question_framer() -> Framer[Frame]:
    """Reads what the host says."""
    return Framer(lambda window: _verdict(window, _QUESTIONS), LONGEST)


def answer_framer() -> Framer[Frame]:
    """Reads what boards say, the unsolicited 85 too."""
    return Framer(lambda window: _verdict(window, _ANSWERS), LONGEST)


def _verdict(window: bytes, layouts: Mapping[int, str | None]) -> Verdict[Frame]:
    if not HEADER.startswith(window[: len(HEADER)]):
        return 1
    if len(window) < START:
        return None
    layout = layouts.get(window[6])
    if layout is None:
        return 1
    fixed, repeats, last = layout.partition("*")
    if repeats:
        if len(window) < START + len(fixed):
            return None
        fixed += last * window[START + len(fixed) - 1]
    length = LEAST + len(fixed)
    if length != window[4] or length > LONGEST:
        return 1
    if len(window) < length:
        return None
    data = window[START : length - 1]
    sound = all(byte in _MAY_BE[letter] for byte, letter in zip(data, fixed, strict=True))
    return Frame(window[5], window[6], data) if sound and xor8(window[:length]) == 0 else 1
