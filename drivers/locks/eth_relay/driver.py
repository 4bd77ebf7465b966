"""An "ETH" relay board as a LockBank: a relay is pulsed to release a latch, an input tells of its door."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from devices.describe import Property
from devices.locks import Door, DoorChanged, door_properties
from drivers.commissioning import door_by_hand, opened_and_seen
from drivers.doors import Doors
from drivers.line import Line
from drivers.link import Link, Port
from drivers.locks.eth_relay import wire
from drivers.relays import Relays

ABOUT = '"ETH" network relay board, protocol V42: relays for latches, inputs for doors (TCP)'
VERIFIED = False
TRANSPORTS = ("tcp",)
COMMISSIONING = (door_by_hand("closed_bit"), opened_and_seen())


class Config(BaseModel):
    """One board."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: Port
    baud: int = Field(default=9600, description="Not used on TCP.")
    board: int = Field(default=0, ge=0, le=254, description="Address of the board.")
    cells: int = Field(default=8, ge=1, le=32, description="How many locks are wired, one after another.")
    first_relay: int = Field(default=0, ge=0, le=31, description="Relay of cell 1; the board counts from 0.")
    first_input: int = Field(default=0, ge=0, le=31, description="Input of cell 1; the board counts from 0.")
    release_bit: Literal[0, 1] = Field(
        default=1, description="Relay bit that releases a latch: 1 on the NO contact of most locks, else 0."
    )
    closed_bit: Literal[0, 1] = Field(
        default=1, description="Input bit of a shut door. Open a door by hand and see: contacts differ."
    )
    pulse_s: float = Field(default=0.4, gt=0, le=5, description="Seconds for which a latch is released.")
    gap_s: float = Field(default=0.05, ge=0, le=2, description="Seconds of rest between two questions.")
    timeout_s: float = Field(default=1.0, gt=0, le=10, description="Seconds to wait for an answer.")
    tries: int = Field(default=3, ge=1, le=10, description="How often a question, or a release, is tried.")
    poll_s: float = Field(default=1.0, gt=0, le=60, description="Seconds between looks while nothing moves.")
    poll_fast_s: float = Field(default=0.25, gt=0, le=60, description="Seconds between looks while a door may move.")


def line(link: Link, config: Config) -> Line[wire.Frame]:
    """The line of a board."""
    return Line(link, wire.answer_framer(), timeout_s=config.timeout_s, gap_s=config.gap_s)


class Device:
    """One board. Cells count from 1. Its relays rest before the first latch is released and after each."""

    def __init__(self, config: Config, line: Line[wire.Frame]) -> None:
        self.cells: Sequence[int] = range(1, config.cells + 1)
        self.properties: Mapping[str, Property] = door_properties(self.cells)
        self._config = config
        self._line = line
        self._doors = Doors(line, self.cells, self._read, config.poll_s, config.poll_fast_s)
        self._relays = Relays(line, self._rest, config.pulse_s)

    async def open(self, cell: int) -> None:
        """Release one latch; safe to repeat. Raises WishRejected (no such cell), DeviceOffline."""
        await self._doors.release(cell, lambda: self._pulse(cell), self._config.tries)

    async def watch(self) -> AsyncIterator[DoorChanged]:
        """Every door once with `found`, then each change. Raises DeviceOffline when the board is gone."""
        await self._relays.settle()
        async for change in self._doors.watch():
            yield change

    async def _pulse(self, cell: int) -> bool:
        """True if the board says that the relay moved."""
        relay = self._config.first_relay + cell - 1

        async def move() -> bool:
            return await self._line.ask_softly(*self._set(relay, 1, self._config.release_bit)) is not None

        return await self._relays.pulse(move)

    async def _rest(self) -> None:
        """Put every relay of these cells to rest. Raises DeviceOffline if the board does not say so for each."""
        for start, count in self._groups():
            resting = 0 if self._config.release_bit else (1 << count) - 1
            await self._line.ask(*self._set(self._config.first_relay + start, count, resting), tries=self._config.tries)

    async def _read(self) -> Mapping[int, Door]:
        doors: dict[int, Door] = {}
        for start, count in self._groups():
            question = wire.read_inputs(self._config.board, self._config.first_input + start, count)
            answer = await self._line.ask(
                question.to_bytes(),
                lambda answer, asked=question: answer == asked.replied(answer.mask),  # type: ignore[misc]
                tries=self._config.tries,
            )
            doors |= {start + bit + 1: self._door(answer.mask >> bit & 1) for bit in range(count)}
        return doors

    def _set(self, first: int, count: int, mask: int) -> tuple[bytes, Callable[[wire.Frame], bool]]:
        """A question that sets relays, and what fits it."""
        question = wire.write(self._config.board, first, count, mask)
        return question.to_bytes(), question.replied(mask).__eq__

    def _door(self, bit: int) -> Door:
        return "shut" if bit == self._config.closed_bit else "open"

    def _groups(self) -> list[tuple[int, int]]:
        """First and number of the relays or inputs of each frame, counted from those of cell 1."""
        cells = self._config.cells
        return [(start, min(wire.GROUP, cells - start)) for start in range(0, cells, wire.GROUP)]
