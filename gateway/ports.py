"""One line a port, shared by the devices on it: open while one of them is watched, made anew when the port was gone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from devices.errors import DeviceOffline
from drivers.line import Counts, Line
from drivers.link import open_link
from gateway.config import DeviceConfig


@dataclass
class _Shared:
    line: Line[Any]
    users: int = 0


class Port:
    """A port and its present line; the settings are those of the first device on it."""

    def __init__(self, device: DeviceConfig) -> None:
        self._device = device
        self._opening = asyncio.Lock()
        self._shared: _Shared | None = None

    @property
    def counts(self) -> Counts:
        """What went wrong on the present line."""
        return self._shared.line.counts if self._shared else Counts()

    @asynccontextmanager
    async def line(self) -> AsyncIterator[Line[Any]]:
        """The line, opened if nobody uses it yet. Raises DeviceOffline when the port cannot be opened."""
        async with self._opening:
            shared = self._shared or _Shared(await self._open())
            self._shared = shared
            shared.users += 1
        try:
            yield shared.line
        finally:
            shared.users -= 1
            if shared.users == 0 or await _is_gone(shared.line):
                if self._shared is shared:
                    self._shared = None
                await shared.line.close()

    async def _open(self) -> Line[Any]:
        settings = self._device.settings
        link = await open_link(settings.port, settings.baud)
        return self._device.product.driver.line(link, settings)


async def _is_gone(line: Line[Any]) -> bool:
    try:
        await line.pause(0)
    except DeviceOffline:
        return True
    return False
