"""What time alone brings about, looked after while central serves: each sweep in a short transaction of its own."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from central.clock import Clock
from central.store import Store

_LOG = logging.getLogger(__name__)
EVERY_S = 2.0

Sweep = Callable[[Session, datetime], None]
"""Brings its module up to that time; nothing happens if nothing is due."""


async def sweeping(store: Store, clock: Clock, sweeps: Sequence[Sweep]) -> None:
    """Every sweep each EVERY_S seconds until cancelled; a database away for a moment is tried again.

    They are spread over that time: whoever waits for an answer meanwhile meets one of them, not all.
    """
    while True:
        for sweep in sweeps:
            await asyncio.sleep(EVERY_S / len(sweeps))
            try:
                await asyncio.to_thread(_once, store, clock(), sweep)
            except DBAPIError as error:
                _LOG.warning("what is due could not be looked after: %s", error.orig)


def _once(store: Store, now: datetime, sweep: Sweep) -> None:
    with store.write() as session:
        sweep(session, now)
