"""What follows by itself: words are taken in, seals proven, sound without words handed out, rooms told of tickets."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from sqlalchemy.exc import DBAPIError

from central.blobs import Blobs
from central.clock import Clock
from central.hearings import backlog, countersign, disposal, transcript, watch
from central.store import Store

_LOG = logging.getLogger(__name__)
_LOOK_S = 2.0
_LATER = (DBAPIError, OSError, LookupError, ValueError)
"""Database or disk are away for a moment, or a blob is gone or damaged: it is tried again, and the rest goes on."""


@contextlib.asynccontextmanager
async def at_work(store: Store, blobs: Blobs, clock: Clock) -> AsyncIterator[None]:
    """It is looked after while the context lasts. Several centrals may do so: each thing is taken once."""
    task = asyncio.create_task(_keep(store, blobs, clock), name="writing up")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _keep(store: Store, blobs: Blobs, clock: Clock) -> None:
    while True:
        await asyncio.sleep(_LOOK_S)
        for work in (transcript.take_in, countersign.prove, disposal.dispose, backlog.hand_out, _bar):
            try:
                await asyncio.to_thread(work, store, blobs, clock)
            except _LATER as error:
                _LOG.warning("hearings could not be written up: %r", error)


def _bar(store: Store, blobs: Blobs, clock: Clock) -> int:
    return watch.bar(store, blobs, clock())
