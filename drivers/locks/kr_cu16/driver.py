"""Kerong KR-CU12/16 as a LockBank: latches released by 31, doors known by asking 30 again and again."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from devices.describe import Property
from devices.locks import Door, DoorChanged, door_properties
from drivers.commissioning import door_by_hand, opened_and_seen
from drivers.doors import Doors
from drivers.line import Line
from drivers.link import Link, Port
from drivers.locks.kr_cu16 import wire

ABOUT = "Kerong KR-CU12 / KR-CU16 lock board (RS-485, or TCP port 5000)"
VERIFIED = False
TRANSPORTS = ("serial", "tcp")
COMMISSIONING = (door_by_hand("closed_bit", unseen={"hooks_wired": False}), opened_and_seen())


class Config(BaseModel):
    """One board; several may share a port."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: Port
    baud: int = Field(default=19200, description="Line speed; 19200 on most boards, 115200 on some.")
    board: int = Field(default=0, ge=0, le=15, description="Address of the board on the bus, as on its switches.")
    cells: int = Field(default=16, ge=1, le=16, description="How many locks are wired, from the first.")
    closed_bit: Literal[0, 1] = Field(
        default=1,
        description="Hook bit of a shut door. Open a door by hand and see: locks differ.",
    )
    hooks_wired: bool = Field(default=True, description="False if no hook wires are fitted: doors are then unknown.")
    gap_s: float = Field(default=0.1, ge=0, le=2, description="Seconds of rest between two questions on the bus.")
    timeout_s: float = Field(default=1.0, gt=0, le=10, description="Seconds to wait for an answer.")
    tries: int = Field(default=3, ge=1, le=10, description="How often a question, or a release, is tried.")
    unlock_reply_s: float = Field(
        default=0.15, gt=0, le=10, description="Seconds to wait for a reply to a release; many boards give none."
    )
    poll_s: float = Field(default=1.0, gt=0, le=60, description="Seconds between looks while nothing moves.")
    poll_fast_s: float = Field(default=0.25, gt=0, le=60, description="Seconds between looks while a door may move.")


def line(link: Link, config: Config) -> Line[wire.Answer]:
    """The line of a port on which one or more of these boards hang."""
    return Line(link, wire.answer_framer(), timeout_s=config.timeout_s, gap_s=config.gap_s)


class Device:
    """One board. Cells count from 1, the board's locks from 0."""

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
        """True if the board said anything; sources disagree on whether it does, and with what."""
        question = wire.unlock(self._config.board, cell - 1)
        reply = await self._line.ask_softly(question, self._is_ours, timeout_s=self._config.unlock_reply_s)
        return reply is not None

    async def _read(self) -> Mapping[int, Door]:
        question = wire.status(self._config.board)
        answer = await self._line.ask(question, self._is_our_status, tries=self._config.tries)
        return {cell: self._door(answer, cell) for cell in self.cells}

    def _door(self, answer: wire.Answer, cell: int) -> Door:
        if not self._config.hooks_wired or not isinstance(answer, wire.Status):
            return "unknown"
        return "shut" if answer.hook(cell - 1) == self._config.closed_bit else "open"

    def _is_ours(self, answer: wire.Answer) -> bool:
        return answer.board == self._config.board

    def _is_our_status(self, answer: wire.Answer) -> bool:
        return isinstance(answer, wire.Status) and answer.command == wire.STATUS_IS and self._is_ours(answer)
