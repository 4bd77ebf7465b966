"""A Modbus RTU relay board as a LockBank: a relay is pulsed to release a latch, an input tells of its door."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from devices.describe import Property
from devices.errors import DeviceFault
from devices.locks import Door, DoorChanged, door_properties
from drivers.commissioning import cell_one, door_by_hand, opened_and_seen
from drivers.doors import Doors
from drivers.line import Line
from drivers.link import Link, Port
from drivers.locks.modbus_relay import wire
from drivers.relays import Relays

ABOUT = "Modbus RTU relay board (Waveshare and kin): relays for latches, inputs for doors (RS-485, TCP)"
VERIFIED = False
TRANSPORTS = ("serial", "tcp")
COMMISSIONING = (cell_one("first_relay", (0, 1)), door_by_hand("closed_bit"), opened_and_seen())


class Config(BaseModel):
    """One board on a bus."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: Port
    baud: int = Field(default=9600, description="Speed of the line.")
    unit: int = Field(default=1, ge=1, le=247, description="Address of the board.")
    cells: int = Field(default=8, ge=1, le=64, description="How many locks are wired, one after another.")
    first_relay: int = Field(default=0, ge=0, le=255, description="Relay of cell 1: most boards count from 0, some 1.")
    first_input: int = Field(default=0, ge=0, le=255, description="Input of cell 1, likewise.")
    on_value: Literal[0xFF00, 0x0100] = Field(
        default=0xFF00, description="What sets a relay: 65280 (FF00) by the standard, 256 (0100) at some boards."
    )
    release_bit: Literal[0, 1] = Field(
        default=1, description="Relay bit that releases a latch: 1 on the NO contact of most locks, else 0."
    )
    closed_bit: Literal[0, 1] = Field(
        default=1, description="Input bit of a shut door. Open a door by hand and see: contacts differ."
    )
    spare_relay: int | None = Field(
        default=None,
        ge=0,
        le=255,
        description="A relay with nothing on it: there the start finds out whether the board ends pulses by itself.",
    )
    pulse_s: float = Field(default=0.4, gt=0, le=5, description="Seconds for which a latch is released.")
    gap_s: float = Field(default=0.05, ge=0, le=2, description="Seconds of rest between two questions.")
    timeout_s: float = Field(default=0.5, gt=0, le=10, description="Seconds to wait for an answer.")
    tries: int = Field(default=3, ge=1, le=10, description="How often a question, or a release, is tried.")
    poll_s: float = Field(default=1.0, gt=0, le=60, description="Seconds between looks while nothing moves.")
    poll_fast_s: float = Field(default=0.25, gt=0, le=60, description="Seconds between looks while a door may move.")


def line(link: Link, config: Config) -> Line[wire.Frame]:
    """The line of a bus."""
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
        self._ends_pulses = False

    async def open(self, cell: int) -> None:
        """Release one latch; safe to repeat. Raises WishRejected (no such cell), DeviceOffline."""
        await self._doors.release(cell, lambda: self._pulse(cell), self._config.tries)

    async def watch(self) -> AsyncIterator[DoorChanged]:
        """Every door once with `found`, then each change. Raises DeviceOffline when the board is gone, DeviceFault."""
        await self._relays.settle()
        self._ends_pulses = await self._probe()
        async for change in self._doors.watch():
            yield change

    async def _probe(self) -> bool:
        """True if a timed pulse moves the spare relay; some boards refuse it, some repeat it and do nothing."""
        spare = self._config.spare_relay
        if spare is None:
            return False
        moved = await self._said(wire.write_relay(self._config.unit, wire.TIMED_ON + spare, self._ticks()))
        works = moved and (await self._bits(wire.read_relays(self._config.unit, spare, 1)))[0]
        await self._said(wire.write_relay(self._config.unit, spare, 0))
        return works

    async def _pulse(self, cell: int) -> bool:
        """True if the board says that the relay moved."""
        unit, relay, on = self._config.unit, self._config.first_relay + cell - 1, self._config.release_bit
        if self._ends_pulses:
            timed = wire.write_relay(unit, (wire.TIMED_ON if on else wire.TIMED_OFF) + relay, self._ticks())
            return await self._relays.timed(lambda: self._said(timed))
        moving = wire.write_relay(unit, relay, self._config.on_value if on else 0)
        return await self._relays.pulse(lambda: self._said(moving))

    async def _said(self, question: wire.Frame) -> bool:
        """True if the board repeats what was asked; False if it refuses or says nothing."""
        answer = await self._line.ask_softly(question.to_bytes(), lambda answer: wire.answers(question, answer))
        return answer is not None and not answer.function & wire.EXCEPTION

    async def _rest(self) -> None:
        resting = [not self._config.release_bit] * self._config.cells
        await self._ask(wire.write_relays(self._config.unit, self._config.first_relay, resting))

    async def _read(self) -> Mapping[int, Door]:
        question = wire.read_inputs(self._config.unit, self._config.first_input, self._config.cells)
        bits = await self._bits(question)
        return {cell: "shut" if bits[cell - 1] == bool(self._config.closed_bit) else "open" for cell in self.cells}

    async def _bits(self, question: wire.Frame) -> list[bool]:
        return (await self._ask(question)).bits

    async def _ask(self, question: wire.Frame) -> wire.Frame:
        """The answer. Raises DeviceFault if the board refuses, DeviceOffline if it says nothing."""
        answer = await self._line.ask(
            question.to_bytes(), lambda answer: wire.answers(question, answer), tries=self._config.tries
        )
        if answer.function & wire.EXCEPTION:
            raise DeviceFault(
                f"board {self._config.unit} refuses function {question.function:02X} with code {answer.data[0]}; "
                "are cells, first_relay and first_input those of this board?"
            )
        return answer

    def _ticks(self) -> int:
        return max(1, round(self._config.pulse_s / wire.TICK_S))
