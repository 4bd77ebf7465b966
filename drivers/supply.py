"""Watching a supply that must be asked: a change counts when it was told twice, for these protocols have no check."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from devices.power import SupplyChanged
from drivers.commissioning import Said, Step
from drivers.line import Line

MAINS_PULLED = Step(
    about=Said("断电时它说不说", "whether it tells that the mains failed"),
    before=Said("请确认 UPS 已充好电。", "See that the supply is charged."),
    do=Said("请拔下 UPS 的市电插头，看到变化后插回。", "Pull the supply's mains plug; put it back once it is seen."),
    learn=lambda tried, fact: {} if isinstance(fact, SupplyChanged) and fact.supply in ("battery", "ending") else None,
)
"""Proves that the line is that of this supply."""


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
