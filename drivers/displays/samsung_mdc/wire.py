"""Bytes of Samsung MDC: `AA CMD ID LEN DATA SUM8`; replies `AA FF ID LEN 41|4E CMD DATA SUM8` (devices.md 6b).

The sum covers everything after AA. Only the commands used here are frames, and each has its own lengths.
"""

from collections.abc import Container
from dataclasses import dataclass

from devices.displays import Part
from drivers.framing import Framer, Verdict

CHECKED = True
START, REPLY = 0xAA, 0xFF
ACK, NAK = 0x41, 0x4E
POWER, VOLUME, SOURCE, FAULTS = 0x11, 0x12, 0x14, 0x0D
COMMANDS = frozenset({POWER, VOLUME, SOURCE, FAULTS})
SOURCES = {
    0x14: "pc",
    0x18: "dvi",
    0x0C: "av",
    0x21: "hdmi-1",
    0x23: "hdmi-2",
    0x25: "dp",
    0x31: "hdmi-3",
    0x33: "hdmi-4",
    0x40: "tv",
}
FAULT_BYTES = 6
"""Lamp, temperature, brightness sensor, no signal, degrees Celsius, fan."""
SHORT_REPLY, LONG_REPLY = 3, 2 + FAULT_BYTES
LONGEST_QUESTION, LONGEST_ANSWER = 6, 5 + LONG_REPLY


def sum8(data: bytes) -> int:
    """SUM8 of devices.md 0.2."""
    return sum(data) & 0xFF


@dataclass(frozen=True)
class Question:
    """A command to one display; without data it asks."""

    command: int
    display: int
    data: bytes = b""

    def to_bytes(self) -> bytes:
        """As on the wire."""
        body = bytes((self.command, self.display, len(self.data))) + self.data
        return bytes((START,)) + body + bytes((sum8(body),))


@dataclass(frozen=True)
class Answer:
    """What a display says to a command; after NAK, `data` is a code of one byte."""

    display: int
    result: int
    command: int
    data: bytes

    def to_bytes(self) -> bytes:
        """As on the wire."""
        body = bytes((REPLY, self.display, 2 + len(self.data), self.result, self.command)) + self.data
        return bytes((START,)) + body + bytes((sum8(body),))


def troubles_of(data: bytes) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Parts that warn and parts that failed, of the block of faults."""
    lamp, temperature, _, no_signal, _, fan = data
    broken: tuple[tuple[Part, int], ...] = (("lamp", lamp), ("temperature", temperature), ("fan", fan))
    return (("signal",) if no_signal else ()), tuple(part for part, is_so in broken if is_so)


def question_framer() -> Framer[Question]:
    """Reads what displays receive."""
    return Framer(_question, LONGEST_QUESTION)


def answer_framer() -> Framer[Answer]:
    """Reads what displays send."""
    return Framer(_answer, LONGEST_ANSWER)


def _question(window: bytes) -> Verdict[Question]:
    frame = _whole(window, (COMMANDS, None, (0, 1)), 3)
    return Question(frame[1], frame[2], frame[4:-1]) if isinstance(frame, bytes) else frame


def _answer(window: bytes) -> Verdict[Answer]:
    frame = _whole(window, ((REPLY,), None, (SHORT_REPLY, LONG_REPLY), (ACK, NAK), COMMANDS), 3)
    if not isinstance(frame, bytes):
        return frame
    told = Answer(frame[2], frame[4], frame[5], frame[6:-1])
    is_long = told.command == FAULTS and told.result == ACK
    return told if (len(told.data) == FAULT_BYTES) == is_long else 1


def _whole(window: bytes, shape: tuple[Container[int] | None, ...], length_at: int) -> bytes | int | None:
    """The frame at the start of the window, if the bytes after AA are of that shape and the sum is right."""
    if window[0] != START:
        return 1
    if any(allowed is not None and byte not in allowed for byte, allowed in zip(window[1:], shape, strict=False)):
        return 1
    if len(window) <= length_at or len(window) < (size := 5 + window[length_at]):
        return None
    frame = window[:size]
    # No value used here is AA: it begins the next frame, and half a frame before it can have the right sum by chance.
    return frame if START not in frame[4:-1] and sum8(frame[1:-1]) == frame[-1] else 1
