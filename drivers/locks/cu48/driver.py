"""A 48-lock Kerong-style board as a LockBank: latches released by 61, doors known by asking 60 again and again."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from devices.describe import Property
from devices.locks import Door, DoorChanged, door_properties
from drivers.commissioning import cell_one, door_by_hand, opened_and_seen
from drivers.doors import Doors
from drivers.line import Line
from drivers.link import Link, Port
from drivers.locks.cu48 import wire

ABOUT = "Kerong-style CU48 lock board, 48 locks (RS-485, TCP)"
VERIFIED = False
TRANSPORTS = ("serial", "tcp")
COMMISSIONING = (cell_one("first_lock", (0, 1)), door_by_hand("closed_bit"), opened_and_seen())


class Config(BaseModel):
    """One board; several may share a port."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: Port
    baud: int = Field(default=19200, description="Line speed; that of the older Kerong boards, no source says it.")
    board: int = Field(default=0, ge=0, le=255, description="Address of the board on the bus.")
    cells: int = Field(default=wire.LOCKS, ge=1, le=wire.LOCKS, description="How many locks are wired, from the first.")
    first_lock: Literal[0, 1] = Field(
        default=0, description="Number the board gives its first lock. Release cell 1 and see."
    )
    closed_bit: Literal[0, 1] = Field(
        default=1, description="Switch bit of a shut door. Open a door by hand and see: locks differ."
    )
    gap_s: float = Field(default=0.1, ge=0, le=2, description="Seconds of rest between two questions on the bus.")
    timeout_s: float = Field(default=1.0, gt=0, le=10, description="Seconds to wait for an answer.")
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

    async def open(self, cell: int) -> None:
        """Release one latch; safe to repeat. Raises WishRejected (no such cell), DeviceOffline."""
        await self._doors.release(cell, lambda: self._unlock(cell), self._config.tries)

    def watch(self) -> AsyncIterator[DoorChanged]:
        """Every door once with `found`, then each change. Raises DeviceOffline when the board is gone."""
        return self._doors.watch()

    async def _unlock(self, cell: int) -> bool:
        """True if the board says that it released that lock."""
        done = wire.Answer(self._config.board, cell - 1 + self._config.first_lock)
        question = wire.unlock(done.board, done.lock)
        return await self._line.ask_softly(question.to_bytes(), lambda answer: answer == done) is not None

    async def _read(self) -> Mapping[int, Door]:
        answer = await self._line.ask(
            wire.status(self._config.board).to_bytes(),
            lambda answer: answer.board == self._config.board and answer.switches != b"",
            tries=self._config.tries,
        )
        return {cell: self._door(answer, cell) for cell in self.cells}

    def _door(self, answer: wire.Answer, cell: int) -> Door:
        return "shut" if answer.switch(cell - 1) == self._config.closed_bit else "open"
