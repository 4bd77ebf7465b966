"""Bytes of Kerong KR-CU12 and KR-CU16 boards: `02 ADDR CMD ... 03 SUM8` (devices.md 1a).

The high nibble of ADDR is the board, the low nibble the lock, both from 0. A question is five bytes. A reply is nine
bytes with two bytes of hook switches and two of infrared eyes, or the five-byte 38 that some boards send when they are
done. The sum covers everything before it, so no single flipped bit passes; a hurt reply is skipped whole because its
tail may look like a 38.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from drivers.framing import Framer, Verdict, is_damaged

CHECKED = True
STX, ETX = 0x02, 0x03
STATUS, UNLOCK, STATUS_EVERY, UNLOCK_ALL, UNLOCK_TIME, DONE = 0x30, 0x31, 0x32, 0x33, 0x37, 0x38
STATUS_IS, STATUS_EVERY_IS = 0x35, 0x36
LOCKS = 16

QUESTIONS = frozenset({STATUS, UNLOCK, STATUS_EVERY, UNLOCK_ALL, UNLOCK_TIME, DONE})
SHORT, LONG = 5, 9


def sum8(data: bytes) -> int:
    """SUM8 of devices.md 0.2."""
    return sum(data) & 0xFF


@dataclass(frozen=True)
class Short:
    """A five-byte frame: any question, or the reply 38."""

    address: int
    command: int

    @property
    def board(self) -> int:
        """The board, from 0."""
        return self.address >> 4

    @property
    def lock(self) -> int:
        """The lock, from 0; meaningless where the command is for the whole board."""
        return self.address & 0x0F

    def to_bytes(self) -> bytes:
        """As on the wire."""
        body = bytes((STX, self.address, self.command, ETX))
        return body + bytes((sum8(body),))


@dataclass(frozen=True)
class Status:
    """The nine-byte reply: bit 0 of `hooks` and of `eyes` belongs to lock 0. What a hook bit means is a setting."""

    address: int
    command: int
    hooks: int
    eyes: int = 0

    @property
    def board(self) -> int:
        """The board, from 0."""
        return self.address >> 4

    def hook(self, lock: int) -> int:
        """The hook bit of one lock, from 0."""
        return self.hooks >> lock & 1

    def to_bytes(self) -> bytes:
        """As on the wire."""
        switches = self.hooks.to_bytes(2, "little") + self.eyes.to_bytes(2, "little")
        body = bytes((STX, self.address, self.command)) + switches + bytes((ETX,))
        return body + bytes((sum8(body),))


Answer = Short | Status


def status(board: int) -> bytes:
    """Ask one board for its switches."""
    return Short(board << 4, STATUS).to_bytes()


def unlock(board: int, lock: int) -> bytes:
    """Release one lock, from 0."""
    return Short(board << 4 | lock, UNLOCK).to_bytes()


def question_framer() -> Framer[Short]:
    """Reads what the host says."""
    return Framer(_question, SHORT)


def answer_framer() -> Framer[Answer]:
    """Reads what boards say."""
    return Framer(_answer, LONG)


def _is_short(frame: bytes, commands: frozenset[int]) -> bool:
    return frame[0] == STX and frame[2] in commands and frame[3] == ETX and frame[4] == sum8(frame[:4])


def _is_question(frame: bytes) -> bool:
    return _is_short(frame, QUESTIONS)


def _is_status(frame: bytes) -> bool:
    return frame[0] == STX and frame[2] in _STATUSES and frame[7] == ETX and frame[8] == sum8(frame[:8])


_DONE = frozenset({DONE})
_STATUSES = frozenset({STATUS_IS, STATUS_EVERY_IS})
_SHORT_SHAPE: Sequence[tuple[int, frozenset[int]]] = ((0, frozenset({STX})), (2, QUESTIONS), (3, frozenset({ETX})))
_LONG_SHAPE: Sequence[tuple[int, frozenset[int]]] = ((0, frozenset({STX})), (2, _STATUSES), (7, frozenset({ETX})))


def _wrong_bits(window: bytes, shape: Sequence[tuple[int, frozenset[int]]]) -> int:
    """How many bits of the bytes that are there stand against the shape."""
    return sum(min((window[at] ^ value).bit_count() for value in values) for at, values in shape if at < len(window))


def _question(window: bytes) -> Verdict[Short]:
    if _wrong_bits(window, _SHORT_SHAPE) > 1:
        return 1
    if len(window) < SHORT:
        return None
    frame = window[:SHORT]
    if _is_question(frame):
        return Short(frame[1], frame[2])
    return SHORT if is_damaged(frame, _is_question) else 1


def _answer(window: bytes) -> Verdict[Answer]:
    if len(window) >= SHORT and _is_short(window, _DONE):
        return Short(window[1], window[2])
    if _wrong_bits(window, _LONG_SHAPE) > 1:
        return _not_a_status(window)
    if len(window) < LONG:
        return None
    frame = window[:LONG]
    if _is_status(frame):
        hooks, eyes = int.from_bytes(frame[3:5], "little"), int.from_bytes(frame[5:7], "little")
        return Status(frame[1], frame[2], hooks, eyes)
    return LONG if is_damaged(frame, _is_status) else 1


def _not_a_status(window: bytes) -> int | None:
    """Noise, unless it may still become the five-byte 38."""
    may_be_done = window[0] == STX and window[2:3] in (b"", bytes((DONE,))) and window[3:4] in (b"", bytes((ETX,)))
    return None if may_be_done and len(window) < SHORT else 1
