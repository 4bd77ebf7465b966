"""A WKLY board in software: the same bytes, doors that spring open, and hands to move them."""

from collections.abc import Mapping
from typing import Any

from drivers.cabinet import Cabinet
from drivers.hands import Hand
from drivers.late import Late
from drivers.locks.wkly import wire


class Emulator:
    """One board of the bus; questions to other boards pass it by.

    Settings are those of the driver, `answers_open`: false for a board that says nothing to a release, and `reports`:
    false for one that does not tell by itself of doors that move. Of the releases it knows only that of one latch.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._board = int(settings.get("board", 0))
        self._first = int(settings.get("first_channel", 1))
        self._closed = int(settings.get("closed_bit", 1))
        self._answers_open = bool(settings.get("answers_open", True))
        self._reports = bool(settings.get("reports", True))
        self._refuses = False
        self._cabinet = Cabinet(int(settings.get("cells", 24)))
        self._late = Late()
        self._framer = wire.question_framer()
        self._told = self._states()

    def feed(self, data: bytes) -> bytes:
        """What the board answers at once."""
        return b"".join(self._late.pass_on(self._answer(question)) for question in self._framer.feed(data))

    def poll(self) -> bytes:
        """Answers that come late, and a report of each door that moved."""
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
            "refuse": Hand("是否不开锁并回答失败", self._set_refuses, {"on": "bool"}),
        }

    def _set_answers_open(self, on: bool) -> None:
        self._answers_open = on

    def _set_refuses(self, on: bool) -> None:
        self._refuses = on

    def _answer(self, question: wire.Frame) -> bytes:
        if question.board != self._board:
            return b""
        channels = question.data
        match question.command:
            case wire.ASK_ALL:
                states = self._states()
                return self._say(wire.ASK_ALL, wire.OK, len(states), *states)
            case wire.ASK:
                return self._say(wire.ASK, wire.OK, *channels, self._state(channels[0]))
            case wire.OPEN:
                return self._open(channels)
        return b""

    def _open(self, channels: bytes) -> bytes:
        if not self._refuses:
            self._cabinet.release(channels[0] - self._first + 1)
        if not self._answers_open:
            return b""
        return self._say(wire.OPEN, wire.FAILED if self._refuses else wire.OK, *channels, self._state(channels[0]))

    def _say(self, command: int, *data: int) -> bytes:
        return wire.Frame(self._board, command, bytes(data)).to_bytes()

    def _states(self) -> bytes:
        shut = frozenset(self._cabinet.shut())
        return bytes(self._closed if cell in shut else 1 - self._closed for cell in sorted(self._cabinet.wired()))

    def _state(self, channel: int) -> int:
        """FF for a lock that is not wired."""
        at = channel - self._first
        states = self._states()
        return states[at] if 0 <= at < len(states) else 0xFF

    def _door_reports(self) -> bytes:
        states, told = self._states(), self._told
        self._told = states
        if not self._reports:
            return b""
        moved = [at for at, state in enumerate(states) if state != told[at]]
        return b"".join(self._say(wire.CHANGED, at + self._first, states[at]) for at in moved)
