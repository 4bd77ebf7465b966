"""An "ETH" relay board in software: relays that release latches, inputs that see doors, and hands to move them."""

from collections.abc import Mapping
from typing import Any

from drivers.cabinet import Cabinet
from drivers.hands import Hand
from drivers.late import Late
from drivers.locks.eth_relay import wire


class Emulator:
    """One board with its locks wired as the driver's settings say; every relay is off when it starts."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._board = int(settings.get("board", 0))
        self._first_relay = int(settings.get("first_relay", 0))
        self._first_input = int(settings.get("first_input", 0))
        self._release_bit = int(settings.get("release_bit", 1))
        self._closed_bit = int(settings.get("closed_bit", 1))
        self._cabinet = Cabinet(int(settings.get("cells", 8)))
        self._relays: set[int] = set()
        self._late = Late()
        self._framer = wire.question_framer()

    def feed(self, data: bytes) -> bytes:
        """What the board answers at once."""
        return b"".join(self._late.pass_on(self._answer(question)) for question in self._framer.feed(data))

    def poll(self) -> bytes:
        """Answers that come late."""
        return self._late.poll()

    def look(self) -> dict[str, Any]:
        """Doors, latches, how often each was released, and the relays that are on."""
        return {**self._cabinet.look(), **self._late.look(), "relays": sorted(self._relays)}

    def hands(self) -> Mapping[str, Hand]:
        """Doors to move, and ways to misbehave."""
        return {**self._cabinet.hands(), **self._late.hands()}

    def _answer(self, question: wire.Frame) -> bytes:
        if question.destination != self._board:
            return b""
        asked = range(question.first, question.first + question.count)
        if question.command == wire.WRITE_RELAYS:
            for bit, relay in enumerate(asked):
                self._move(relay, question.mask >> bit & 1)
            return question.replied(question.mask).to_bytes()
        ones = self._relays if question.command == wire.READ_RELAYS else self._inputs()
        return question.replied(sum(1 << bit for bit, place in enumerate(asked) if place in ones)).to_bytes()

    def _move(self, relay: int, state: int) -> None:
        """A latch is released when its relay moves, not while it stands."""
        if state == (relay in self._relays):
            return
        self._relays ^= {relay}
        if state == self._release_bit:
            self._cabinet.release(relay - self._first_relay + 1)

    def _inputs(self) -> set[int]:
        """Of a lock that is not wired the input is 0."""
        shut = frozenset(self._cabinet.shut())
        ones = shut if self._closed_bit else self._cabinet.wired() - shut
        return {cell - 1 + self._first_input for cell in ones}
