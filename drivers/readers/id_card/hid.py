"""A SAM-V frame in HID reports of 64 bytes (devices.md 4, V1: one maker's reader). No I/O.

Byte 0 is the size of the payload. A transmission's first payload is `FOLLOWING 34` and data, an answer's `FOLLOWING 34
90 00` and data; each following payload is `C0 + NUMBER` and data, and an answer's come one by one, asked for by `FF`.
"""

from dataclasses import dataclass, field

from drivers.framing import Framer, Verdict

SIZE = 64
ROOM = SIZE - 1
SAM, DONE = 0x34, b"\x90\x00"
FOLLOWS = 0xC0
ANSWER_HEAD = 2 + len(DONE)


@dataclass(frozen=True)
class Report:
    """One packet."""

    raw: bytes = field(repr=False)

    def to_bytes(self) -> bytes:
        """As on the wire."""
        return self.raw

    @property
    def payload(self) -> bytes:
        """As much as byte 0 says."""
        return self.raw[1 : 1 + self.raw[0]]

    @property
    def number(self) -> int:
        """Its place among those that follow the first; 0 of a first one."""
        return self.raw[1] & ~FOLLOWS if self.raw[1] & FOLLOWS == FOLLOWS else 0

    @property
    def following(self) -> int:
        """Of a first one: how many follow."""
        return self.raw[1] & ~FOLLOWS

    @property
    def is_first(self) -> bool:
        """True if an answer or a question of a SAM-V begins with it."""
        return self.raw[1] & FOLLOWS == 0 and self.raw[2] == SAM

    @property
    def done(self) -> bool:
        """Of an answer's first: did the reader's own part of the work succeed?"""
        return self.payload[2:ANSWER_HEAD] == DONE


def report(payload: bytes) -> Report:
    """A packet with that payload."""
    return Report((bytes((len(payload),)) + payload).ljust(SIZE, b"\0"))


NEXT = Report(b"\xff".ljust(SIZE, b"\0"))
"""Asks for the report that follows."""


def question(frame: bytes) -> Report:
    """A frame of the host's, which is never longer than one report."""
    return report(bytes((0, SAM)) + frame)


def answer(frame: bytes) -> list[Report]:
    """A frame of the reader's."""
    first, rest = frame[: ROOM - ANSWER_HEAD], frame[ROOM - ANSWER_HEAD :]
    pieces = [rest[at : at + ROOM - 1] for at in range(0, len(rest), ROOM - 1)]
    following = [report(bytes((FOLLOWS | number,)) + piece) for number, piece in enumerate(pieces, 1)]
    return [report(bytes((len(pieces), SAM)) + DONE + first), *following]


def framer() -> Framer[Report]:
    """Reads reports, both ways."""
    return Framer(_report, SIZE)


def _report(window: bytes) -> Verdict[Report]:
    if window[0] != 0xFF and not 1 <= window[0] <= ROOM:
        return 1
    return Report(window) if len(window) >= SIZE else None
