"""An "8A" lock board in software: the same bytes, doors that spring open, and hands to move them."""

from collections.abc import Mapping
from typing import Any

from drivers.cabinet import Cabinet
from drivers.hands import Hand
from drivers.late import Late
from drivers.locks.board_8a import wire


class Emulator:
    """One board of the bus; questions to other boards pass it by.

    Settings are those of the driver, and `answers_open`: false for a board that says nothing to a release.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        cells = int(settings.get("cells", 24))
        self._board = int(settings.get("board", 1))
        self._locks = int(settings.get("board_locks") or next(size for size in wire.SIZES if size >= cells))
        self._shorted_means = str(settings.get("shorted_means", "open"))
        self._reports = bool(settings.get("reports", False))
        self._answers_open = bool(settings.get("answers_open", True))
        self._cabinet = Cabinet(cells)
        self._late = Late()
        self._framer = wire.question_framer()
        self._told: frozenset[int] = self._shorted()

    def feed(self, data: bytes) -> bytes:
        """What the board answers at once."""
        return b"".join(self._late.pass_on(self._answer(question)) for question in self._framer.feed(data))

    def poll(self) -> bytes:
        """Answers that come late, and reports of doors that moved if the board sends them."""
        return self._late.poll() + self._door_reports()

    def look(self) -> dict[str, Any]:
        """Doors, latches, and how often each was released."""
        return {**self._cabinet.look(), **self._late.look(), "answers_open": self._answers_open}

    def hands(self) -> Mapping[str, Hand]:
        """Doors to move, and ways to misbehave."""
        return {
            **self._cabinet.hands(),
            **self._late.hands(),
            "answer_open": Hand("开锁后是否应答", self._set_answers_open, {"on": "bool"}),
        }

    def _set_answers_open(self, on: bool) -> None:
        self._answers_open = on

    def _answer(self, question: wire.Short) -> bytes:
        if question.what == wire.ADDRESS:
            return wire.Short(wire.READ, 1, self._board, wire.ADDRESS).to_bytes()
        if question.board != self._board:
            return b""
        if question.start == wire.COMMAND:
            return self._open(question.lock)
        if question.lock == wire.ALL_LOCKS:
            return self._contacts()
        return wire.Short(wire.READ, self._board, question.lock, self._contact(question.lock)).to_bytes()

    def _open(self, lock: int) -> bytes:
        if lock == wire.ALL_LOCKS:
            self._cabinet.release_all()
        else:
            self._cabinet.release(lock)
        if not self._answers_open:
            return b""
        return wire.Short(wire.COMMAND, self._board, lock, self._contact(lock)).to_bytes()

    def _contacts(self) -> bytes:
        word = sum(1 << (lock - 1) for lock in self._shorted())
        return wire.Contacts(self._board, word.to_bytes(wire.status_bytes(self._locks), "big")).to_bytes()

    def _contact(self, lock: int) -> int:
        return wire.SHORTED if lock in self._shorted() else wire.APART

    def _shorted(self) -> frozenset[int]:
        """Locks whose contact is shorted; one that is not wired never is."""
        shut = frozenset(self._cabinet.shut())
        return shut if self._shorted_means == "shut" else self._cabinet.wired() - shut

    def _door_reports(self) -> bytes:
        shorted, told = self._shorted(), self._told
        self._told = shorted
        if not self._reports:
            return b""
        return b"".join(
            wire.Short(wire.REPORT, self._board, lock, self._contact(lock)).to_bytes()
            for lock in sorted(shorted ^ told)
        )
