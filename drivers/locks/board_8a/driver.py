"""The "8A" lock board as a LockBank: latches released by 8A, doors known by reading all contacts again and again.

What the board replies to a release is not believed: a board that failed may echo the command, which is the success
reply of another lock. Door reports (81) are taken as a hint to look, never as a door's state.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from devices.describe import Property
from devices.locks import Door, DoorChanged, door_properties
from drivers.commissioning import door_by_hand, opened_and_seen
from drivers.doors import Doors
from drivers.line import Line
from drivers.link import Link, Port
from drivers.locks.board_8a import wire

ABOUT = 'Chinese "8A" lock board, 16 to 50 locks (RS-485, RS-232)'
VERIFIED = False
TRANSPORTS = ("serial", "tcp")
COMMISSIONING = (door_by_hand("shorted_means", ("open", "shut")), opened_and_seen())


class Config(BaseModel):
    """One board; several may share a port."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: Port
    baud: int = Field(default=9600, description="Line speed.")
    board: int = Field(default=1, ge=1, le=127, description="Address of the board on the bus, as on its switches.")
    cells: int = Field(default=24, ge=1, le=50, description="How many locks are wired, from the first.")
    board_locks: Literal[16, 24, 32, 50] | None = Field(
        default=None, description="Locks the board has, wired or not; without it the smallest board that holds `cells`."
    )
    shorted_means: Literal["open", "shut"] = Field(
        default="open", description="The door when its feedback contact is shorted. Open one by hand and see."
    )
    reports: bool = Field(default=False, description="The board tells by itself when a door moves (81).")
    gap_s: float = Field(default=0.05, ge=0, le=2, description="Seconds of rest between two questions on the bus.")
    timeout_s: float = Field(default=1.0, gt=0, le=10, description="Seconds to wait for an answer.")
    open_reply_s: float = Field(
        default=1.5, gt=0, le=10, description="Seconds to wait for the reply to a release; boards take about one."
    )
    tries: int = Field(default=3, ge=1, le=10, description="How often a question, or a release, is tried.")
    poll_s: float = Field(default=1.0, gt=0, le=60, description="Seconds between looks while nothing moves.")
    poll_fast_s: float = Field(default=0.25, gt=0, le=60, description="Seconds between looks while a door may move.")

    @model_validator(mode="after")
    def _cells_fit(self) -> Self:
        if self.cells > self.locks:
            raise ValueError(f"cells: {self.cells} do not fit a board with board_locks: {self.locks}")
        return self

    @property
    def locks(self) -> int:
        """Locks the board has."""
        return self.board_locks or next(size for size in wire.SIZES if size >= self.cells)


def line(link: Link, config: Config) -> Line[wire.Answer]:
    """The line of a port on which one or more of these boards hang."""
    framer = wire.answer_framer(config.locks, reports=config.reports)
    return Line(link, framer, timeout_s=config.timeout_s, gap_s=config.gap_s)


class Device:
    """One board. Cells and locks both count from 1."""

    def __init__(self, config: Config, line: Line[wire.Answer]) -> None:
        self.cells: Sequence[int] = range(1, config.cells + 1)
        self.properties: Mapping[str, Property] = door_properties(self.cells)
        self._config = config
        self._line = line
        self._framer = wire.answer_framer(config.locks, reports=config.reports)
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
        question = wire.open_lock(self._config.board, cell)
        reply = await self._line.ask_softly(
            question.to_bytes(),
            lambda answer: (
                isinstance(answer, wire.Short)
                and (answer.start, answer.board, answer.lock) == (wire.COMMAND, question.board, question.lock)
            ),
            timeout_s=self._config.open_reply_s,
            framer=self._framer,
        )
        return reply is not None

    async def _read(self) -> Mapping[int, Door]:
        answer = await self._line.ask(
            wire.read_all(self._config.board).to_bytes(),
            lambda answer: isinstance(answer, wire.Contacts) and answer.board == self._config.board,
            tries=self._config.tries,
            framer=self._framer,
        )
        return {cell: self._door(answer, cell) for cell in self.cells}

    def _door(self, answer: wire.Answer, cell: int) -> Door:
        if not isinstance(answer, wire.Contacts):
            return "unknown"
        shorted: Door = self._config.shorted_means
        apart: Door = "shut" if shorted == "open" else "open"
        return shorted if answer.shorted(cell) else apart

    def _is_our_report(self, answer: wire.Answer) -> bool:
        return isinstance(answer, wire.Short) and (answer.start, answer.board) == (wire.REPORT, self._config.board)
