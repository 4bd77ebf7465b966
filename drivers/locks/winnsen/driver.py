"""A Winnsen-type board as a LockBank: one question a lock, and nothing of what is heard is checked by the protocol."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from devices.describe import Property
from devices.locks import Door, DoorChanged, door_properties
from drivers.commissioning import cell_one, door_by_hand, opened_and_seen
from drivers.doors import Doors
from drivers.line import Line
from drivers.link import Link, Port
from drivers.locks.winnsen import wire

ABOUT = "Winnsen-type lock board (frames begin 90 06, no check; RS-485, RS-232)"
VERIFIED = False
TRANSPORTS = ("serial", "tcp")
COMMISSIONING = (cell_one("first_lock", (1, 0)), door_by_hand("closed_bit"), opened_and_seen())


class Config(BaseModel):
    """One board; several may share a port."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: Port
    baud: int = Field(default=9600, description="Line speed.")
    station: int = Field(default=1, ge=0, le=255, description="Address of the board; boards count from 0 or from 1.")
    cells: int = Field(default=24, ge=1, le=64, description="How many locks are wired, from the first.")
    first_lock: Literal[0, 1] = Field(
        default=1, description="Number the board gives its first lock. Release cell 1 and see."
    )
    closed_bit: Literal[0, 1] = Field(
        default=0, description="State of a shut door. Open a door by hand and see: locks differ."
    )
    gap_s: float = Field(default=0.02, ge=0, le=2, description="Seconds of rest between two questions on the bus.")
    timeout_s: float = Field(default=1.0, gt=0, le=10, description="Seconds to wait for an answer.")
    open_reply_s: float = Field(default=3.0, gt=0, le=10, description="Seconds to wait for the reply to a release.")
    tries: int = Field(default=3, ge=1, le=10, description="How often a question, or a release, is tried.")
    poll_s: float = Field(default=1.0, gt=0, le=60, description="Seconds between looks while nothing moves.")
    poll_fast_s: float = Field(default=0.25, gt=0, le=60, description="Seconds between looks while a door may move.")


def line(link: Link, config: Config) -> Line[wire.Answer]:
    """The line of a port on which one or more of these boards hang."""
    return Line(link, wire.answer_framer(), timeout_s=config.timeout_s, gap_s=config.gap_s)


class Device:
    """One board. Cells count from 1, the board's locks from `first_lock`."""

    def __init__(self, config: Config, line: Line[wire.Answer]) -> None:
        self.cells: Sequence[int] = range(1, config.cells + 1)
        self.properties: Mapping[str, Property] = door_properties(self.cells)
        self._config = config
        self._line = line
        self._doors = Doors(line, self.cells, self._read, config.poll_s, config.poll_fast_s)
        self._believed: dict[int, int] = {}

    async def open(self, cell: int) -> None:
        """Release one latch; safe to repeat. Raises WishRejected (no such cell), DeviceOffline."""
        await self._doors.release(cell, lambda: self._unlock(cell), self._config.tries)

    def watch(self) -> AsyncIterator[DoorChanged]:
        """Every door once with `found`, then each change. Raises DeviceOffline when the board is gone."""
        return self._doors.watch()

    async def _unlock(self, cell: int) -> bool:
        """True if the board says that it released that lock."""
        reply = await self._line.ask_softly(
            self._question(wire.OPEN, cell),
            lambda answer: self._is_of(answer, wire.OPENED, cell),
            timeout_s=self._config.open_reply_s,
        )
        return reply is not None and reply.value == wire.DONE

    async def _read(self) -> Mapping[int, Door]:
        return {cell: await self._door(cell) for cell in self.cells}

    async def _door(self, cell: int) -> Door:
        """A state that differs from the one believed is only believed when it is read twice in a row."""
        seen = await self._state(cell)
        for _ in range(self._config.tries):
            if seen == self._believed.get(cell):
                break
            before, seen = seen, await self._state(cell)
            if seen == before:
                self._believed[cell] = seen
        if seen != self._believed.get(cell):
            return "unknown"
        return "shut" if seen == self._config.closed_bit else "open"

    async def _state(self, cell: int) -> int:
        answer = await self._line.ask(
            self._question(wire.ASK, cell),
            lambda answer: self._is_of(answer, wire.STATE, cell),
            tries=self._config.tries,
        )
        return answer.value

    def _question(self, function: int, cell: int) -> bytes:
        return wire.Question(function, self._config.station, self._lock(cell)).to_bytes()

    def _is_of(self, answer: wire.Answer, function: int, cell: int) -> bool:
        return (answer.function, answer.station, answer.lock) == (function, self._config.station, self._lock(cell))

    def _lock(self, cell: int) -> int:
        return cell - 1 + self._config.first_lock
