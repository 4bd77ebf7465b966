"""Bytes of 48-lock Kerong-style boards: `02 ADDR LOCK CMD 03 SUM8`, answered by `02 ADDR LOCK 75 LEN ... SUM8`.

devices.md 1b; one source. A reply is the six bytes that say a release was done, or twelve with the switches of 48
doors. The sum covers everything before it. A hurt reply is skipped whole because its switches may look like a frame;
where it could be of either length it is taken for the longer.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from drivers.framing import Framer, Verdict, is_damaged

CHECKED = True
STX, ETX = 0x02, 0x03
STATUS, UNLOCK, DONE = 0x60, 0x61, 0x75
LOCKS = 48
SWITCH_BYTES = LOCKS // 8
SHORT, LONG = 6, 6 + SWITCH_BYTES


def sum8(data: bytes) -> int:
    """SUM8 of devices.md 0.2."""
    return sum(data) & 0xFF


@dataclass(frozen=True)
class Question:
    """What the host says: a command for one lock, or for the board with lock 0."""

    board: int
    lock: int
    command: int

    def to_bytes(self) -> bytes:
        """As on the wire."""
        body = bytes((STX, self.board, self.lock, self.command, ETX))
        return body + bytes((sum8(body),))


@dataclass(frozen=True)
class Answer:
    """What a board says when it did as asked: nothing more, or six bytes of switches."""

    board: int
    lock: int
    switches: bytes = b""

    def switch(self, place: int) -> int:
        """The switch of one door, from 0; what it means is a setting."""
        return int.from_bytes(self.switches, "little") >> place & 1

    def to_bytes(self) -> bytes:
        """As on the wire."""
        body = bytes((STX, self.board, self.lock, DONE, len(self.switches))) + self.switches
        return body + bytes((sum8(body),))


def status(board: int) -> Question:
    """Ask one board for every switch."""
    return Question(board, 0, STATUS)


def unlock(board: int, lock: int) -> Question:
    """Release one lock."""
    return Question(board, lock, UNLOCK)


def question_framer() -> Framer[Question]:
    """Reads what the host says."""
    return Framer(_question, SHORT)


def answer_framer() -> Framer[Answer]:
    """Reads what boards say."""
    return Framer(_answer, LONG)


_QUESTION: Mapping[int, frozenset[int]] = {
    0: frozenset({STX}),
    3: frozenset({STATUS, UNLOCK}),
    4: frozenset({ETX}),
}
_ANSWER: Mapping[int, frozenset[int]] = {
    0: frozenset({STX}),
    3: frozenset({DONE}),
    4: frozenset({0, SWITCH_BYTES}),
}


def _wrong_bits(window: bytes, shape: Mapping[int, frozenset[int]]) -> int:
    """How many bits of the bytes that are there stand against the shape."""
    return sum(
        min((window[at] ^ value).bit_count() for value in values) for at, values in shape.items() if at < len(window)
    )


def _is_whole(frame: bytes, shape: Mapping[int, frozenset[int]]) -> bool:
    return _wrong_bits(frame, shape) == 0 and frame[2] <= LOCKS and frame[-1] == sum8(frame[:-1])


def _is_question(frame: bytes) -> bool:
    return _is_whole(frame, _QUESTION)


def _is_answer(frame: bytes) -> bool:
    return frame[4] == len(frame) - SHORT and _is_whole(frame, _ANSWER)


def _question(window: bytes) -> Verdict[Question]:
    if _wrong_bits(window, _QUESTION) > 1:
        return 1
    if len(window) < SHORT:
        return None
    frame = window[:SHORT]
    if _is_question(frame):
        return Question(frame[1], frame[2], frame[3])
    return SHORT if is_damaged(frame, _is_question) else 1


def _answer(window: bytes) -> Verdict[Answer]:
    if _wrong_bits(window, _ANSWER) > 1:
        return 1
    for length in (SHORT, LONG):
        if len(window) < length:
            return None
        if _is_answer(window[:length]):
            return Answer(window[1], window[2], window[5 : length - 1])
    return next((length for length in (LONG, SHORT) if is_damaged(window[:length], _is_answer)), 1)
