"""Bytes of Winnsen-type lock boards: `90 06 FN STATION LOCK 03` and `90 07 85|92 STATION .. .. 03` (devices.md 1e).

Nothing here is checked: a flipped bit in a number or a state goes unseen, and one in a release opens another lock. What
can be held against a frame is its fixed bytes, its function and its results of 0 or 1. The replies to a release and to
a question differ in the order of their last two fields.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from drivers.framing import Framer, Verdict

CHECKED = False
START, END = 0x90, 0x03
OPEN, ASK = 0x05, 0x12
OPENED, STATE = 0x85, 0x92
DONE = 1
"""Result of a release that was done; 0 is failed."""
QUESTION, ANSWER = 6, 7
"""Bytes of a frame; also its second byte."""


@dataclass(frozen=True)
class Question:
    """What the host says of one lock."""

    function: int
    station: int
    lock: int

    def to_bytes(self) -> bytes:
        """As on the wire."""
        return bytes((START, QUESTION, self.function, self.station, self.lock, END))


@dataclass(frozen=True)
class Answer:
    """What a board says of one lock: the result of a release, or a state whose meaning is a setting."""

    function: int
    station: int
    lock: int
    value: int

    def to_bytes(self) -> bytes:
        """As on the wire."""
        fields = (self.lock, self.value) if self.function == OPENED else (self.value, self.lock)
        return bytes((START, ANSWER, self.function, self.station, *fields, END))


def question_framer() -> Framer[Question]:
    """Reads what the host says."""
    return Framer(_question, QUESTION)


def answer_framer() -> Framer[Answer]:
    """Reads what boards say."""
    return Framer(_answer, ANSWER)


Shape = Sequence[Container[int]]
_ANY = range(256)
_BIT = range(2)
_QUESTION: Shape = ({START}, {QUESTION}, {OPEN, ASK}, _ANY, _ANY, {END})
_ANSWERS: Mapping[int, Shape] = {
    OPENED: ({START}, {ANSWER}, {OPENED}, _ANY, _ANY, _BIT, {END}),
    STATE: ({START}, {ANSWER}, {STATE}, _ANY, _BIT, _ANY, {END}),
}
_EITHER: Shape = ({START}, {ANSWER}, _ANSWERS.keys())


def _stands_against(window: bytes, shape: Shape) -> bool:
    return any(byte not in allowed for byte, allowed in zip(window, shape, strict=False))


def _question(window: bytes) -> Verdict[Question]:
    if _stands_against(window, _QUESTION):
        return 1
    return None if len(window) < QUESTION else Question(*window[2:5])


def _answer(window: bytes) -> Verdict[Answer]:
    if _stands_against(window, _EITHER):
        return 1
    if len(window) < len(_EITHER):
        return None
    function = window[2]
    if _stands_against(window, _ANSWERS[function]):
        return 1
    if len(window) < ANSWER:
        return None
    station, lock, value = window[3:6] if function == OPENED else (window[3], window[5], window[4])
    return Answer(function, station, lock, value)
