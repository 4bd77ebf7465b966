"""The WKLY board as a LockBank: latches released by 82, doors asked for by 84 and whenever the board sends 85."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from devices.describe import Property
from devices.locks import Door, DoorChanged, door_properties
from drivers.commissioning import cell_one, door_by_hand, opened_and_seen
from drivers.doors import Doors
from drivers.line import Line
from drivers.link import Link, Port
from drivers.locks.wkly import wire

ABOUT = 'Chinese "WKLY" lock board (frames begin 57 4B 4C 59; RS-485, RS-232)'
VERIFIED = False
TRANSPORTS = ("serial", "tcp")
COMMISSIONING = (cell_one("first_channel", (1, 0)), door_by_hand("closed_bit"), opened_and_seen())


class Config(BaseModel):
    """One board; several may share a port."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: Port
    baud: int = Field(default=9600, description="Line speed; 9600 is assumed, no source says it.")
    board: int = Field(default=0, ge=0, le=255, description="Address of the board on the bus.")
    cells: int = Field(default=24, ge=1, le=wire.MOST_CHANNELS, description="How many locks are wired, from the first.")
    first_channel: Literal[0, 1] = Field(
        default=1, description="Number the board gives its first lock. Release cell 1 and see."
    )
    closed_bit: Literal[0, 1] = Field(
        default=1, description="Lock state of a shut door. Open a door by hand and see: locks differ."
    )
    gap_s: float = Field(default=0.05, ge=0, le=2, description="Seconds of rest between two questions on the bus.")
    timeout_s: float = Field(default=1.0, gt=0, le=10, description="Seconds to wait for an answer.")
    tries: int = Field(default=3, ge=1, le=10, description="How often a question, or a release, is tried.")
    poll_s: float = Field(default=1.0, gt=0, le=60, description="Seconds between looks while nothing moves.")
    poll_fast_s: float = Field(default=0.25, gt=0, le=60, description="Seconds between looks while a door may move.")


def line(link: Link, config: Config) -> Line[wire.Frame]:
    """The line of a port on which one or more of these boards hang."""
    return Line(link, wire.answer_framer(), timeout_s=config.timeout_s, gap_s=config.gap_s)


class Device:
    """One board. Cells count from 1, the board's channels from `first_channel`."""

    def __init__(self, config: Config, line: Line[wire.Frame]) -> None:
        self.cells: Sequence[int] = range(1, config.cells + 1)
        self.properties: Mapping[str, Property] = door_properties(self.cells)
        self._config = config
        self._line = line
        self._doors = Doors(line, self.cells, self._read, config.poll_s, config.poll_fast_s)

    async def open(self, cell: int) -> None:
        """Release one latch; safe to repeat. Raises WishRejected (no such cell), DeviceOffline."""
        await self._doors.release(cell, lambda: self._unlock(cell), self._config.tries)

    async def watch(self) -> AsyncIterator[DoorChanged]:
        """Every door once with `found`, then each change. Raises DeviceOffline when the board is gone."""
        with self._line.listening(self._is_our_report, lambda _: self._doors.stir()):
            async for change in self._doors.watch():
                yield change

    async def _unlock(self, cell: int) -> bool:
        """True if the board says that it released that latch."""
        channel = cell - 1 + self._config.first_channel
        reply = await self._line.ask_softly(
            wire.open_channel(self._config.board, channel).to_bytes(),
            lambda answer: self._is_ours(answer, wire.OPEN) and answer.data[1] == channel,
        )
        return reply is not None and reply.data[0] == wire.OK

    async def _read(self) -> Mapping[int, Door]:
        answer = await self._line.ask(
            wire.ask_all(self._config.board).to_bytes(),
            lambda answer: self._is_ours(answer, wire.ASK_ALL),
            tries=self._config.tries,
        )
        told = wire.states(answer)
        return {cell: self._door(told[cell - 1 : cell]) for cell in self.cells}

    def _door(self, state: bytes) -> Door:
        """The door of a state byte; a board with fewer channels than cells, or an error, tells nothing."""
        if state not in (b"\x00", b"\x01"):
            return "unknown"
        return "shut" if state[0] == self._config.closed_bit else "open"

    def _is_ours(self, answer: wire.Frame, command: int) -> bool:
        return (answer.board, answer.command) == (self._config.board, command)

    def _is_our_report(self, answer: wire.Frame) -> bool:
        return self._is_ours(answer, wire.CHANGED)
