"""A link that misbehaves on request: the weather of cables. Used by the contract tests and by `--simulate`."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from devices.errors import DeviceOffline
from drivers.link import Link


@dataclass
class Weather:
    """What happens to pieces of bytes on their way; shares are 0 to 1 of the pieces. May be changed at any time."""

    delay_s: float = 0.0
    """Seconds by which each piece comes later."""
    drop: float = 0.0
    """Share of pieces that are lost."""
    garble: float = 0.0
    """Share of pieces in which one bit flips."""
    duplicate: float = 0.0
    """Share of pieces that come twice."""
    split: int = 0
    """Longest piece; 0 leaves pieces whole."""
    glue: bool = False
    """A piece is held until the next comes, and both come as one."""
    echo: bool = False
    """What is written is heard again, as on an RS-485 adapter without echo suppression."""
    random: Random = field(default_factory=lambda: Random(0))  # noqa: S311
    _held: bytes = b""

    def over(self, data: bytes) -> list[bytes]:
        """The pieces that arrive when `data` is sent."""
        if self.glue and not self._held:
            self._held = data
            return []
        data, self._held = self._held + data, b""
        size = self.split or len(data)
        pieces: list[bytes] = []
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            if self._happens(self.drop):
                continue
            if self._happens(self.garble):
                piece = flipped(piece, self.random.randrange(8 * len(piece)))
            pieces += [piece] * (2 if self._happens(self.duplicate) else 1)
        return pieces

    def _happens(self, share: float) -> bool:
        return share > 0 and self.random.random() < share


def flipped(data: bytes, bit: int) -> bytes:
    """The same bytes with one bit, counted from the first byte's lowest, the other way."""
    at, within = divmod(bit, 8)
    return data[:at] + bytes((data[at] ^ 1 << within,)) + data[at + 1 :]


class WeatheredLink:
    """A link seen through weather, both ways."""

    def __init__(self, inner: Link, weather: Weather) -> None:
        self.name = inner.name
        self._inner = inner
        self._weather = weather
        self._loop = asyncio.get_running_loop()
        self._arrived: deque[bytes] = deque()
        self._stirred = asyncio.Event()
        self._lost: DeviceOffline | None = None
        self._timers: set[asyncio.TimerHandle] = set()
        self._reader = self._loop.create_task(self._read(), name=f"weather over {inner.name}")

    async def read(self) -> bytes:
        """The next piece. Raises DeviceOffline when the port is gone, closed or unplugged."""
        while not self._arrived:
            if self._lost is not None:
                raise DeviceOffline(str(self._lost)) from self._lost
            self._stirred.clear()
            await self._stirred.wait()
        return self._arrived.popleft()

    async def write(self, data: bytes) -> None:
        """Send all of it into the weather. Raises DeviceOffline."""
        if self._lost is not None:
            raise DeviceOffline(str(self._lost)) from self._lost
        if self._weather.echo:
            self._later(lambda: self._arrive(data))
        for piece in self._weather.over(data):
            await self._inner.write(piece)

    async def unplug(self) -> None:
        """Pull the cable: the port is gone at once and for good."""
        self._lose(DeviceOffline(f"{self.name} is gone: unplugged"))
        await self.close()

    async def close(self) -> None:
        """Let go of the port; a waiting read ends with DeviceOffline."""
        self._lose(DeviceOffline(f"{self.name} was closed"))
        for timer in self._timers:
            timer.cancel()
        await self._inner.close()
        self._reader.cancel()
        await asyncio.wait({self._reader})

    async def _read(self) -> None:
        try:
            while True:
                for piece in self._weather.over(await self._inner.read()):
                    self._later(lambda piece=piece: self._arrive(piece))  # type: ignore[misc]
        except DeviceOffline as error:
            self._lose(error)

    def _later(self, happen: Callable[[], None]) -> None:
        if self._weather.delay_s <= 0:
            happen()
            return
        self._timers = {timer for timer in self._timers if timer.when() > self._loop.time()}
        self._timers.add(self._loop.call_later(self._weather.delay_s, happen))

    def _arrive(self, piece: bytes) -> None:
        self._arrived.append(piece)
        self._stirred.set()

    def _lose(self, error: DeviceOffline) -> None:
        self._lost = self._lost or error
        self._stirred.set()
