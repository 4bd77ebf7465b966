"""Bytes of VISCA cameras: `8x ... FF` to camera x, `z0 ... FF` from it, z = 8 + x (devices.md 7a).

**Nothing here is checked**; what has not exactly the form of a known message is none. A command is acknowledged
(`z0 4y FF`) and done (`z0 5y FF`) on a socket y, or refused (`z0 6y ee FF`).
"""

import re
from dataclasses import dataclass

from drivers.framing import Framer, Verdict

CHECKED = False
END = 0xFF
LONGEST = 16
SYNTAX, FULL, CANCELLED, NO_SOCKET, NOT_NOW = 0x02, 0x03, 0x04, 0x05, 0x41
REFUSALS = {SYNTAX: "syntax", FULL: "buffer full", CANCELLED: "cancelled", NO_SOCKET: "no socket", NOT_NOW: "not now"}
_BROADCAST = 0x88
_NIBBLES = rb"[\x00-\x0f]"
_QUESTION = re.compile(
    rb"[\x81-\x87](?:\x09\x06\x12|\x01\x06\x04|\x01\x04\x3f[\x01\x02][\x00-\xfe])\xff|\x88(?:\x30\x01|\x01\x00\x01)\xff"
)
_ANSWER = re.compile(
    rb"[\x90\xa0\xb0\xc0\xd0\xe0\xf0](?:[\x41\x42\x51\x52]|\x50" + _NIBBLES + rb"{8}|[\x60-\x62][\x02-\x05\x41])\xff"
)
_ASKS, _TELLS = range(0x81, 0x89), range(0x90, 0x100, 0x10)


@dataclass(frozen=True)
class Frame:
    """Any message, to or from a camera."""

    raw: bytes

    def to_bytes(self) -> bytes:
        """As on the wire."""
        return self.raw

    @property
    def camera(self) -> int:
        """Whose it is; 8 is every camera."""
        return self.raw[0] & 0x0F if self.raw[0] <= _BROADCAST else (self.raw[0] >> 4) - 8

    @property
    def is_taken(self) -> bool:
        """The camera has understood a command and is at it."""
        return len(self.raw) == 3 and self.raw[1] >> 4 == 4

    @property
    def is_done(self) -> bool:
        """The camera says that it has done what it was told."""
        return len(self.raw) == 3 and self.raw[1] >> 4 == 5

    @property
    def refusal(self) -> int | None:
        """Why a command is not obeyed; None if this is no refusal."""
        return self.raw[2] if len(self.raw) == 4 and self.raw[1] >> 4 == 6 else None

    @property
    def position(self) -> tuple[int, int] | None:
        """Pan and tilt in steps, each with its sign; None if this tells none."""
        if len(self.raw) != 11:
            return None
        pan, tilt = (_signed(self.raw[at : at + 4]) for at in (2, 6))
        return pan, tilt


def ask_position(camera: int) -> Frame:
    """Where does it look?"""
    return Frame(bytes((0x80 | camera, 0x09, 0x06, 0x12, END)))


def recall(camera: int, preset: int) -> Frame:
    """Turn to a stored position, 0 to 254."""
    return Frame(bytes((0x80 | camera, 0x01, 0x04, 0x3F, 0x02, preset, END)))


def taken(camera: int, socket: int) -> Frame:
    """It is at it."""
    return Frame(bytes((0x80 + camera * 0x10, 0x40 | socket, END)))


def done(camera: int, socket: int) -> Frame:
    """It has done so."""
    return Frame(bytes((0x80 + camera * 0x10, 0x50 | socket, END)))


def refused(camera: int, why: int) -> Frame:
    """It does not."""
    return Frame(bytes((0x80 + camera * 0x10, 0x60, why, END)))


def position(camera: int, pan: int, tilt: int) -> Frame:
    """There it looks."""
    return Frame(bytes((0x80 + camera * 0x10, 0x50)) + _nibbles(pan) + _nibbles(tilt) + bytes((END,)))


def question_framer() -> Framer[Frame]:
    """Reads what the host says."""
    return Framer(lambda window: _verdict(window, _ASKS, _QUESTION), LONGEST)


def answer_framer() -> Framer[Frame]:
    """Reads what cameras say."""
    return Framer(lambda window: _verdict(window, _TELLS, _ANSWER), LONGEST)


def _verdict(window: bytes, heads: range, form: re.Pattern[bytes]) -> Verdict[Frame]:
    if window[0] not in heads:
        return 1
    end = window.find(END, 1, LONGEST) + 1
    if not end:
        return None if len(window) < LONGEST else 1
    return Frame(window[:end]) if form.fullmatch(window[:end]) else 1


def _nibbles(value: int) -> bytes:
    word = value & 0xFFFF
    return bytes(word >> shift & 0x0F for shift in (12, 8, 4, 0))


def _signed(nibbles: bytes) -> int:
    word = sum(nibble << shift for nibble, shift in zip(nibbles, (12, 8, 4, 0), strict=True))
    return word - 0x10000 if word & 0x8000 else word
