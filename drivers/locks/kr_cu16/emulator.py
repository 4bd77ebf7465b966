"""A KR-CU12/16 board in software: the same bytes, doors that spring open, and hands to move them."""

from collections.abc import Mapping
from typing import Any

from drivers.cabinet import Cabinet
from drivers.hands import Hand
from drivers.late import Late
from drivers.locks.kr_cu16 import wire


class Emulator:
    """One board of the bus; questions to other boards pass it by.

    Settings are those of the driver, and `answers_unlock`: true for a board that answers 31 with its status.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._board = int(settings.get("board", 0))
        self._closed_bit = int(settings.get("closed_bit", 1))
        self._answers_unlock = bool(settings.get("answers_unlock", False))
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

    def _answer(self, question: wire.Short) -> bytes:
        if question.command == wire.STATUS_EVERY:
            return self._status(wire.STATUS_EVERY_IS)
        if question.board != self._board:
            return b""
        if question.command == wire.STATUS:
            return self._status(wire.STATUS_IS)
        if question.command == wire.UNLOCK:
            self._cabinet.release(question.lock + 1)
        elif question.command == wire.UNLOCK_ALL:
            self._cabinet.release_all()
        else:
            return b""
        return self._status(wire.STATUS_IS) if self._answers_unlock else b""

    def _status(self, command: int) -> bytes:
        shut = sum(1 << (cell - 1) for cell in self._cabinet.shut())
        hooks = shut if self._closed_bit else ~shut & 0xFFFF
        return wire.Status(self._board << 4, command, hooks).to_bytes()
