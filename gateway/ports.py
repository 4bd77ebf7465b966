"""What is held of each port, shared by its devices: open while one of them is watched, made anew when it was gone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from devices.errors import DeviceOffline
from drivers.held import Held
from drivers.line import Counts
from gateway.config import DeviceConfig


@dataclass
class _Shared:
    line: Held
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
    async def line(self) -> AsyncIterator[Held]:
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

    async def _open(self) -> Held:
        return await self._device.product.hold(self._device.settings)


async def _is_gone(line: Held) -> bool:
    try:
        await line.pause(0)
    except DeviceOffline:
        return True
    return False
