"""Frames of Modbus RTU, for whatever speaks it: `UNIT FUNCTION DATA CRC`, by pymodbus (devices.md 1g, 9b). No I/O.

An exception is the function with 80 added and a code. The CRC covers everything before it, low byte first.
"""

from dataclasses import dataclass
from typing import TypeVar

from pymodbus.framer.rtu import FramerRTU

from drivers.framing import Verdict

EXCEPTION = 0x80


@dataclass(frozen=True)
class Frame:
    """A question or an answer; `data` is what stands between function and CRC."""

    unit: int
    function: int
    data: bytes

    def to_bytes(self) -> bytes:
        """As on the wire."""
        body = bytes((self.unit, self.function)) + self.data
        return body + FramerRTU.compute_CRC(body).to_bytes(2, "big")  # its words are already the wire's way round

    @property
    def address(self) -> int:
        """Of a question or of the answer to a writing: the first coil, input or register."""
        return int.from_bytes(self.data[:2], "big")

    @property
    def value(self) -> int:
        """Of a question or of the answer to a writing: how many, or the value to be written."""
        return int.from_bytes(self.data[2:4], "big")

    def is_for(self, question: "Frame") -> bool:
        """True if it comes from whom the question was put to, and has its function, be it as an exception."""
        return self.unit == question.unit and self.function & ~EXCEPTION == question.function


F = TypeVar("F", bound=Frame)


def verdict(kind: type[F], window: bytes, length: int | None, longest: int) -> Verdict[F]:
    """A frame of `length` bytes at the start of the window: 0 if none begins there, None if more is needed to tell."""
    if length == 0 or (length or 0) > longest:
        return 1
    if length is None or len(window) < length:
        return None
    frame = kind(window[0], window[1], window[2 : length - 2])
    return frame if frame.to_bytes() == window[:length] else 1
