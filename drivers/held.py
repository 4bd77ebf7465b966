"""What stands between the gateway and a device: a line on a port, or whatever else a driver holds to reach one."""

import asyncio
from typing import Protocol

from devices.errors import DeviceOffline
from drivers.line import Counts


class Held(Protocol):
    """Held while the device is watched; let go of, and made anew, when it is gone."""

    @property
    def counts(self) -> Counts:
        """What went wrong on it since it was opened."""

    async def pause(self, seconds: float) -> None:
        """Wait. Raises DeviceOffline as soon as it is gone."""

    async def close(self) -> None:
        """Let go; may be called twice."""


async def pause_until(gone: asyncio.Event, seconds: float, name: str) -> None:
    """Wait. Raises DeviceOffline as soon as `name` is gone, or was let go of."""
    try:
        async with asyncio.timeout(seconds):
            await gone.wait()
    except TimeoutError:
        return
    raise DeviceOffline(f"{name} is gone")
