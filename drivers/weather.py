"""A link that misbehaves on request: the weather of cables. Used by the contract tests and by `--simulate`."""

import asyncio
from collections import deque
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

    def happens(self, share: float) -> bool:
        """Throw the dice."""
        return share > 0 and self.random.random() < share


class Passage:
    """One direction of a cable: bytes go in, the pieces that arrive come out. No I/O and no delay."""

    def __init__(self, weather: Weather) -> None:
        self.weather = weather
        self._held = b""

    def over(self, data: bytes) -> list[bytes]:
        """The pieces that arrive when `data` is sent."""
        weather = self.weather
        if weather.glue and not self._held:
            self._held = data
            return []
        data, self._held = self._held + data, b""
        size = weather.split or len(data)
        pieces: list[bytes] = []
        for start in range(0, len(data), max(1, size)):
            piece = data[start : start + size]
            if weather.happens(weather.drop):
                continue
            if weather.happens(weather.garble):
                piece = flipped(piece, weather.random.randrange(8 * len(piece)))
            pieces += [piece] * (2 if weather.happens(weather.duplicate) else 1)
        return pieces


def flipped(data: bytes, bit: int) -> bytes:
    """The same bytes with one bit, counted from the first byte's lowest, the other way."""
    at, within = divmod(bit, 8)
    return data[:at] + bytes((data[at] ^ 1 << within,)) + data[at + 1 :]


class WeatheredLink:
    """A link seen through weather: `inbound` over what is read, `outbound` over what is written.

    One weather serves both ways if only one is given. Delay is that of `inbound`.
    """

    def __init__(self, inner: Link, inbound: Weather, outbound: Weather | None = None) -> None:
        self.name = inner.name
        self._inner = inner
        self._inbound = Passage(inbound)
        self._outbound = Passage(outbound or inbound)
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
        if self._outbound.weather.echo:
            self._later(data)
        for piece in self._outbound.over(data):
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
                for piece in self._inbound.over(await self._inner.read()):
                    self._later(piece)
        except DeviceOffline as error:
            self._lose(error)

    def _later(self, piece: bytes) -> None:
        delay_s = self._inbound.weather.delay_s
        if delay_s <= 0:
            self._arrive(piece)
            return
        self._timers = {timer for timer in self._timers if timer.when() > self._loop.time()}
        self._timers.add(self._loop.call_later(delay_s, self._arrive, piece))

    def _arrive(self, piece: bytes) -> None:
        self._arrived.append(piece)
        self._stirred.set()

    def _lose(self, error: DeviceOffline) -> None:
        self._lost = self._lost or error
        self._stirred.set()
