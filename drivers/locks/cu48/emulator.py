"""A 48-lock Kerong-style board in software: the same bytes, doors that spring open, and hands to move them."""

from collections.abc import Mapping
from typing import Any

from drivers.cabinet import Cabinet
from drivers.hands import Hand
from drivers.late import Late
from drivers.locks.cu48 import wire


class Emulator:
    """One board of the bus; questions to other boards pass it by.

    Settings are those of the driver, and `answers_unlock`: false for a board that says nothing to a release.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._board = int(settings.get("board", 0))
        self._first = int(settings.get("first_lock", 0))
        self._closed_bit = int(settings.get("closed_bit", 1))
        self._answers_unlock = bool(settings.get("answers_unlock", True))
        self._cabinet = Cabinet(int(settings.get("cells", wire.LOCKS)))
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
        return {**self._cabinet.look(), **self._late.look(), "answers_unlock": self._answers_unlock}

    def hands(self) -> Mapping[str, Hand]:
        """Doors to move, and ways to misbehave."""
        return {
            **self._cabinet.hands(),
            **self._late.hands(),
            "answer_unlock": Hand("开锁后是否应答", self._set_answers_unlock, {"on": "bool"}),
        }

    def _set_answers_unlock(self, on: bool) -> None:
        self._answers_unlock = on

    def _answer(self, question: wire.Question) -> bytes:
        if question.board != self._board:
            return b""
        if question.command == wire.STATUS:
            return wire.Answer(self._board, question.lock, self._switches()).to_bytes()
        self._cabinet.release(question.lock - self._first + 1)
        return wire.Answer(self._board, question.lock).to_bytes() if self._answers_unlock else b""

    def _switches(self) -> bytes:
        """Of a lock that is not wired the bit is 0."""
        shut = frozenset(self._cabinet.shut())
        ones = shut if self._closed_bit else self._cabinet.wired() - shut
        return sum(1 << (cell - 1) for cell in ones).to_bytes(wire.SWITCH_BYTES, "little")
