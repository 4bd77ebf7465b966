"""Watching a supply that must be asked: a change counts when it was told twice, for these protocols have no check."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from devices.power import SupplyChanged
from drivers.line import Line


async def watch_supply(
    line: Line[Any], read: Callable[[], Awaitable[SupplyChanged]], poll_s: float
) -> AsyncIterator[SupplyChanged]:
    """How it stands, then each change that two readings gave alike. Raises what `read` raises, DeviceOffline."""
    told: SupplyChanged | None = None
    while True:
        now = await read()
        if now != told and now == await read():
            told = now
            yield now
        await line.pause(poll_s)
