"""Relays that release latches: at rest before the first pulse and after each, whatever comes between."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from devices.errors import DeviceOffline
from drivers.line import Line


class Relays:
    """The relays of one board; `put_to_rest` sets all of them so and raises DeviceOffline unless the board says so."""

    def __init__(self, line: Line[Any], put_to_rest: Callable[[], Awaitable[None]], pulse_s: float) -> None:
        self._line = line
        self._put_to_rest = put_to_rest
        self._pulse_s = pulse_s
        self._turn = asyncio.Lock()
        self._rested = False

    async def settle(self) -> None:
        """Put every relay to rest. Raises DeviceOffline."""
        async with self._turn:
            await self._rest()

    async def pulse(self, move: Callable[[], Awaitable[bool]]) -> bool:
        """Let `move` set a relay, and put it to rest when the pulse is over; gives what `move` gave."""
        async with self._turn:
            if not self._rested:
                await self._rest()
            try:
                moved = await move()
                await self._line.pause(self._pulse_s)
            except asyncio.CancelledError:
                with suppress(DeviceOffline):
                    await self._rest()
                raise
            await self._rest()
            return moved

    async def timed(self, move: Callable[[], Awaitable[bool]]) -> bool:
        """Let `move` start a pulse that the board itself ends; gives what `move` gave."""
        async with self._turn:
            if not self._rested:
                await self._rest()
            return await move()

    async def _rest(self) -> None:
        self._rested = False
        await self._put_to_rest()
        self._rested = True
