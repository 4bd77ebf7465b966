"""What time alone brings about, looked after while central serves: every sweep in one short transaction."""

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
    """Sweep every EVERY_S seconds until cancelled; a database away for a moment is tried again."""
    while True:
        await asyncio.sleep(EVERY_S)
        try:
            await asyncio.to_thread(sweep_once, store, clock(), sweeps)
        except DBAPIError as error:
            _LOG.warning("what is due could not be looked after: %s", error.orig)


def sweep_once(store: Store, now: datetime, sweeps: Sequence[Sweep]) -> None:
    """Every sweep once."""
    with store.write() as session:
        for sweep in sweeps:
            sweep(session, now)
