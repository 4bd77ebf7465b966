"""A Winnsen-type board in software: the same bytes, doors that spring open, and hands to move them."""

from collections.abc import Mapping
from typing import Any

from drivers.cabinet import Cabinet
from drivers.hands import Hand
from drivers.late import Late
from drivers.locks.winnsen import wire


class Emulator:
    """One board of the bus; questions to other boards, and to locks that are not wired, pass it by.

    Settings are those of the driver, and `answers_open`: false for a board that says nothing to a release.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._station = int(settings.get("station", 1))
        self._first = int(settings.get("first_lock", 1))
        self._closed_bit = int(settings.get("closed_bit", 0))
        self._answers_open = bool(settings.get("answers_open", True))
        self._misread = False
        self._cabinet = Cabinet(int(settings.get("cells", 24)))
        self._late = Late()
        self._framer = wire.question_framer()

    def feed(self, data: bytes) -> bytes:
        """What the board answers at once."""
        return b"".join(self._late.pass_on(self._answer(question)) for question in self._framer.feed(data))

    def poll(self) -> bytes:
        """Answers that come late."""
        return self._late.poll()

    def look(self) -> dict[str, Any]:
        """Doors, latches, and how often each was released."""
        return {**self._cabinet.look(), **self._late.look(), "answers_open": self._answers_open}

    def hands(self) -> Mapping[str, Hand]:
        """Doors to move, and ways to misbehave."""
        return {
            **self._cabinet.hands(),
            **self._late.hands(),
            "answer_open": Hand("开锁后是否应答", self._set_answers_open, {"on": "bool"}),
            "misread": Hand("下一次状态应答出错", self._misread_next),
        }

    def _set_answers_open(self, on: bool) -> None:
        self._answers_open = on

    def _misread_next(self) -> None:
        self._misread = True

    def _answer(self, question: wire.Question) -> bytes:
        cell = question.lock - self._first + 1
        if question.station != self._station or cell not in self._cabinet.wired():
            return b""
        if question.function == wire.ASK:
            shut = (cell in self._cabinet.shut()) is not self._misread
            self._misread = False
            state = self._closed_bit if shut else 1 - self._closed_bit
            return wire.Answer(wire.STATE, self._station, question.lock, state).to_bytes()
        self._cabinet.release(cell)
        opened = wire.Answer(wire.OPENED, self._station, question.lock, wire.DONE)
        return opened.to_bytes() if self._answers_open else b""
