"""A Modbus relay board in software: relays that release latches, inputs that see doors, and hands to move them."""

from collections.abc import Mapping
from typing import Any

from drivers.cabinet import Cabinet
from drivers.hands import Hand
from drivers.late import Late
from drivers.locks.modbus_relay import wire

_NO_ADDRESS = 2
_RELAYS = 64
_PULSE_POLLS = 4
"""Polls after which a timed pulse is over; an emulator has no clock."""


class Emulator:
    """One board with its locks wired as the driver's settings say; `timed` boards end pulses by themselves."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._unit = int(settings.get("unit", 1))
        self._first_relay = int(settings.get("first_relay", 0))
        self._first_input = int(settings.get("first_input", 0))
        self._release_bit = bool(settings.get("release_bit", 1))
        self._closed_bit = int(settings.get("closed_bit", 1))
        self._timed: str = str(settings.get("timed", "works"))
        """`works`, `refused` (exception 2) or `deaf` (repeated, and nothing moves)."""
        self._cabinet = Cabinet(int(settings.get("cells", 8)))
        self._relays: set[int] = set()
        self._pulses: dict[int, int] = {}
        self._late = Late()
        self._framer = wire.question_framer()

    def feed(self, data: bytes) -> bytes:
        """What the board answers at once."""
        return b"".join(self._late.pass_on(self._answer(question)) for question in self._framer.feed(data))

    def poll(self) -> bytes:
        """Answers that come late; pulses that are over."""
        for relay in list(self._pulses):
            self._pulses[relay] -= 1
            if self._pulses[relay] == 0:
                del self._pulses[relay]
                self._move(relay, relay not in self._relays)
        return self._late.poll()

    def look(self) -> dict[str, Any]:
        """Doors, latches, how often each was released, and the relays that are on."""
        return {**self._cabinet.look(), **self._late.look(), "relays": sorted(self._relays)}

    def hands(self) -> Mapping[str, Hand]:
        """Doors to move, and ways to misbehave."""
        return {**self._cabinet.hands(), **self._late.hands()}

    def _answer(self, question: wire.Frame) -> bytes:
        if question.unit != self._unit:
            return b""
        if question.function in (wire.READ_RELAYS, wire.READ_INPUTS):
            ones = self._relays if question.function == wire.READ_RELAYS else self._inputs()
            return self._read(question, ones)
        if question.function == wire.WRITE_RELAYS:
            states = int.from_bytes(question.data[5:], "little")
            for bit in range(question.value):
                self._move(question.address + bit, bool(states >> bit & 1))
        elif not self._write(question):
            return wire.Frame(self._unit, question.function | wire.EXCEPTION, bytes([_NO_ADDRESS])).to_bytes()
        return wire.Frame(self._unit, question.function, question.data[:4]).to_bytes()

    def _read(self, question: wire.Frame, ones: set[int]) -> bytes:
        asked = range(question.address, question.address + question.value)
        mask = sum(1 << bit for bit, place in enumerate(asked) if place in ones)
        size = (question.value + 7) // 8
        return wire.Frame(self._unit, question.function, bytes([size]) + mask.to_bytes(size, "little")).to_bytes()

    def _write(self, question: wire.Frame) -> bool:
        """False if there is no such address."""
        if question.address < _RELAYS:
            self._move(question.address, question.value != 0)
            return True
        relay, timed = question.address & 0xFF, question.address & 0xFF00
        if timed not in (wire.TIMED_ON, wire.TIMED_OFF) or self._timed == "refused":
            return False
        if self._timed == "works":
            self._move(relay, timed == wire.TIMED_ON)
            self._pulses[relay] = _PULSE_POLLS
        return True

    def _move(self, relay: int, state: bool) -> None:
        """A latch is released when its relay moves, not while it stands."""
        if state == (relay in self._relays):
            return
        self._relays ^= {relay}
        cell = relay - self._first_relay + 1
        if state == self._release_bit and cell in self._cabinet.wired():
            self._cabinet.release(cell)

    def _inputs(self) -> set[int]:
        """Of a lock that is not wired the input is 0."""
        shut = frozenset(self._cabinet.shut())
        ones = shut if self._closed_bit else self._cabinet.wired() - shut
        return {cell - 1 + self._first_input for cell in ones}
