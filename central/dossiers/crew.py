"""The workers of this central: started when there is something to do, started again when one dies, gone when idle."""

import asyncio
import contextlib
import json
import logging
import sys
import uuid
from collections.abc import AsyncIterator

from sqlalchemy.exc import DBAPIError

from central.clock import Clock
from central.dossiers import work
from central.settings import Settings
from central.store import Store

_LOOK_S = 30.0
"""How often it is looked whether something waits that nobody was told of: a worker elsewhere died."""
_PAUSES_S = (1.0, 5.0, 30.0)
_LAST_S = 2.0
_LOG = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def at_work(settings: Settings, store: Store, clock: Clock) -> AsyncIterator[None]:
    """As many workers as the settings say, while the context lasts and whenever there is work."""
    bells = [asyncio.Event() for _ in range(settings.dossiers.workers)]
    loop = asyncio.get_running_loop()

    def ring() -> None:
        for bell in bells:
            bell.set()

    def wake() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(ring)

    store.on_wake(work.DOSSIER_WORK, wake)
    tasks = [asyncio.create_task(_Seat(settings, store, clock, bell).keep(), name="crew") for bell in bells]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Seat:
    """A place for one worker."""

    def __init__(self, settings: Settings, store: Store, clock: Clock, bell: asyncio.Event) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._bell = bell
        self._died = 0

    async def keep(self) -> None:
        """A worker sits here whenever there is work, until cancelled."""
        while True:
            try:
                if await asyncio.to_thread(self._waits):
                    await self._one()
            except (DBAPIError, OSError, ValueError) as error:  # away for a moment; or a worker talked nonsense
                _LOG.warning("no worker could be seated, it is tried again: %s", error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._bell.wait(), _LOOK_S)
            self._bell.clear()

    async def _one(self) -> None:
        name = f"{self._settings.instance}/{uuid.uuid4().hex[:12]}"
        command = [sys.executable, "-m", "central.dossiers.worker", "--home", str(self._settings.home), "--name", name]
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
        ringing = asyncio.create_task(self._ring(process))
        try:
            await self._listen(process)
            code = await process.wait()
        finally:
            ringing.cancel()
            await asyncio.gather(ringing, return_exceptions=True)
            await self._end(process)
            await asyncio.to_thread(self._release, name)
        self._died = self._died + 1 if code else 0
        if code:
            _LOG.warning("worker %s ended with code %s; what it held is done again", name, code)
            await asyncio.sleep(_PAUSES_S[min(self._died, len(_PAUSES_S)) - 1])
            self._bell.set()

    async def _ring(self, process: asyncio.subprocess.Process) -> None:
        """Pass on that there is work."""
        while process.stdin is not None:
            await self._bell.wait()
            self._bell.clear()
            process.stdin.write(b"\n")
            await process.stdin.drain()

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        """What the worker changed, pages here are told."""
        while process.stdout is not None and (said := await process.stdout.readline()):
            self._store.tell(frozenset(json.loads(said)))

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        """It may finish a short piece; a long one is done again by another."""
        if process.returncode is None and process.stdin is not None:
            process.stdin.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), _LAST_S)
        if process.returncode is None:
            process.kill()
            await process.wait()

    def _waits(self) -> bool:
        with self._store.read() as session:
            return work.waits(session, self._clock())

    def _release(self, name: str) -> None:
        with self._store.write() as session:
            work.release(session, name)
