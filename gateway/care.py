"""Remote help, by signed wish only: restart a device and see it back, log more for a while, say how the box is."""

import asyncio
import json
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from typing import Any

from devices.box import DiagnosticsKept, LogLevelSet, SelfTested
from devices.errors import DeviceBusy, WishRejected
from gateway.bench import Bench
from gateway.catalogue import gateway_version
from gateway.deadlines import Deadlines
from gateway.floor import Floor
from gateway.heartbeat import Pulse
from gateway.live_log import LiveLog

TEST_S = 20.0
"""Seconds within which a device that was let go must tell its state again."""
_KEPT_LINES = 200
_LONGEST_S = 86400
_LONGEST_LIVE_S = 300


class LastWords(logging.Handler):
    """The last warnings of the log, for diagnostics; the log holds no names and no codes."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: deque[str] = deque(maxlen=_KEPT_LINES)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        self.lines.append(f"{record.levelname} {record.name}: {record.getMessage()}"[:300])


class RemoteCare:
    """Does it on this box; `keep` puts a blob on disk to be uploaded, and gives its hash."""

    def __init__(
        self, bench: Bench, pulse: Pulse, keep: Callable[[bytes], Awaitable[str]], deadlines: Deadlines
    ) -> None:
        self.floor: Floor | None = None
        """The devices at work, as soon as they are."""
        self.last_words = LastWords()
        self._bench = bench
        self._pulse = pulse
        self._keep = keep
        self._deadlines = deadlines
        self._live_log = LiveLog(deadlines, pulse.live)
        self._usual = logging.getLogger().level
        logging.getLogger().addHandler(self.last_words)

    async def test(self, device: str) -> SelfTested:
        """Let the device go and reach it anew; one that is gone also in a hearing. Raises WishRejected, DeviceBusy."""
        if self.floor is None or device not in self._bench.devices:
            raise WishRejected(f"no {device} is configured")
        if self._bench.is_engaged and device in self._bench.reached_names:
            raise DeviceBusy(f"{device} works, and something goes on here that must not be disturbed")
        await self.floor.restart(device)
        return SelfTested(device=device, ok=not await self._bench.missing([device], TEST_S))

    async def log_level(self, level: str, seconds: int, live: bool) -> LogLevelSet:
        """Log at that level for so long; with `live`, tell central the lines as they come."""
        seconds = min(seconds, _LONGEST_LIVE_S if live else _LONGEST_S)
        wanted = logging.getLevelNamesMapping()[level.upper()]
        # Who only looks must not take anything out of the box's own log.
        logging.getLogger().setLevel(min(wanted, self._usual) if live else wanted)
        self._deadlines.put("log level", seconds, self._as_usual)
        if live:
            self._live_log.show(wanted, seconds)
        return LogLevelSet(level=level, seconds=seconds, live=live)

    async def diagnostics(self) -> DiagnosticsKept:
        """Keep a blob that says how the box is."""
        told = {
            "version": gateway_version(),
            "heartbeat": self._pulse.beat().model_dump(exclude_none=True),
            "devices": {
                name: {"driver": device.product.name, "reached": name in self._bench.reached_names}
                for name, device in self._bench.devices.items()
            },
            "counts": {name: vars(counts) for name, counts in self._bench.counts().items()},
            "tasks": Counter(sorted(_work_of(task) for task in asyncio.all_tasks())),
            "log": list(self.last_words.lines),
        }
        return DiagnosticsKept(sha256=await self._keep(json.dumps(told, indent=1).encode()))

    async def _as_usual(self) -> None:
        logging.getLogger().setLevel(self._usual)


def _work_of(task: asyncio.Task[Any]) -> str:
    """Which of our functions is at work: never a task's name, in which there may be an address."""
    coroutine = task.get_coro()
    return str(getattr(coroutine, "__qualname__", type(coroutine).__name__))
