"""The doors of a bank of locks: released, looked at again soon, and told of when they change."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from devices.errors import WishRejected
from devices.locks import Door, DoorChanged
from drivers.line import Line

RESTLESS_POLLS = 40
"""How many quick looks follow a release."""

Look = Callable[[], Awaitable[Mapping[int, Door]]]
"""Reads every door of the bank; raises DeviceOffline."""


class Doors:
    """Doors that are only known by asking. Whoever looks, nothing seen is lost to `watch`."""

    def __init__(self, line: Line[Any], cells: Sequence[int], look: Look, poll_s: float, poll_fast_s: float) -> None:
        self._line = line
        self._cells = cells
        self._ask = look
        self._poll_s = poll_s
        self._poll_fast_s = poll_fast_s
        self._known: dict[int, Door] = {}
        self._seen_open: set[int] = set()
        """Since their latest release."""
        self._untold: list[DoorChanged] = []
        self._stirred = asyncio.Event()
        self._restless = 0

    async def release(self, cell: int, unlock: Callable[[], Awaitable[bool]], tries: int) -> None:
        """Release a latch until the board says so (`unlock` is True) or the door was seen open, at most `tries` times.

        A door that `watch` saw open meanwhile may be shut again by now: it is not released once more.
        Raises WishRejected if there is no such cell, DeviceOffline.
        """
        if cell not in self._cells:
            raise WishRejected(f"no cell {cell}: this bank has {self._cells[0]} to {self._cells[-1]}")
        self._seen_open.discard(cell)
        for _ in range(tries):
            heard = await unlock()
            self._restless = RESTLESS_POLLS
            await self.look()
            if heard or cell in self._seen_open:
                return

    async def look(self) -> Mapping[int, Door]:
        """Read every door now and keep what changed for `watch`. Raises DeviceOffline."""
        doors = await self._ask()
        for cell, door in doors.items():
            if door == "open":
                self._seen_open.add(cell)
            before = self._known.get(cell)
            if door != before:
                self._known[cell] = door
                self._untold.append(DoorChanged(cell=cell, door=door, found=before is None))
        self.stir()
        return doors

    def stir(self) -> None:
        """Something may have moved: `watch` looks at once."""
        self._stirred.set()

    async def watch(self) -> AsyncIterator[DoorChanged]:
        """Every door once with `found`, then each change. Raises DeviceOffline when the board is gone."""
        self._known.clear()
        self._untold.clear()
        while True:
            await self.look()
            self._stirred.clear()
            while self._untold:
                yield self._untold.pop(0)
            await self._line.pause(self._pace(), self._stirred)

    def _pace(self) -> float:
        self._restless = max(0, self._restless - 1)
        in_motion = self._restless or "open" in self._known.values()
        return self._poll_fast_s if in_motion else self._poll_s
