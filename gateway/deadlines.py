"""What is due when, by a monotonic clock that is passed in: patience of wishes, doors left open, PINs not typed."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress

Act = Callable[[], Awaitable[None]]


class Deadlines:
    """A list of deadlines under keys; `run` acts on each as it passes, `ring` on all that have passed."""

    def __init__(self, mono: Callable[[], float]) -> None:
        self.mono = mono
        self._due: dict[Hashable, tuple[float, Act]] = {}
        self._changed = asyncio.Event()

    def put(self, key: Hashable, seconds: float, act: Act) -> None:
        """Do `act` in so many seconds, unless the key is dropped or put again before."""
        self._due[key] = (self.mono() + seconds, act)
        self._changed.set()

    def drop(self, key: Hashable) -> None:
        """It need not be done any more."""
        self._due.pop(key, None)

    async def ring(self) -> None:
        """Do what is due by now, the earliest first."""
        now = self.mono()
        due = sorted((at, index, key) for index, (key, (at, _)) in enumerate(self._due.items()) if at <= now)
        for _, _, key in due:
            if key in self._due:
                await self._due.pop(key)[1]()

    async def run(self) -> None:
        """Do each when it is due; runs until cancelled."""
        while True:
            await self.ring()
            self._changed.clear()
            nearest = min((at for at, _ in self._due.values()), default=None)
            with suppress(TimeoutError):
                async with asyncio.timeout(None if nearest is None else max(0.0, nearest - self.mono())):
                    await self._changed.wait()
