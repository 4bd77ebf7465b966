"""Keeps devices and links running: starts them again, says "gone" once and "back" once. The one broad net is here."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from devices.errors import DeviceError

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_S = 30.0
"""Up for so long, the next failure counts as the first again; else what flaps would fill the journal."""

Up = Callable[[], Awaitable[None]]
"""Called by the work whenever it sees that it works."""


def pause(failures: int, jitter: Callable[[float, float], float] = random.uniform) -> float:
    """Seconds before the next try: doubled with each failure up to half a minute, and never quite the same."""
    longest = min(2 * FIRST_PAUSE_S * 2.0 ** min(failures, 16), LONGEST_PAUSE_S)
    return jitter(longest / 2, longest)


async def _log_gone(_: str) -> None:
    """The log has said it."""


async def _log_back() -> None:
    """The log has said it."""


@dataclass(frozen=True)
class Voice:
    """Who is told that something is gone, and why, and that it is back; the log says both anyway."""

    gone: Callable[[str], Awaitable[None]] = _log_gone
    back: Callable[[], Awaitable[None]] = _log_back


@dataclass(frozen=True)
class Time:
    """How `keep` sees time pass; tests pass their own in."""

    mono: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


async def keep(name: str, work: Callable[[Up], Awaitable[None]], time: Time, voice: Voice | None = None) -> None:
    """Run `work` again and again until cancelled. What `voice` raises ends it: then nothing can be kept."""
    told = voice or Voice()
    is_up: bool | None = None
    since, failures = 0.0, 0

    async def up() -> None:
        nonlocal is_up, since
        if not is_up:
            is_up, since = True, time.mono()
            log.info("%s is up", name)
            await told.back()

    while True:
        why = await caught(name, lambda: work(up))
        if is_up and time.mono() - since > STEADY_S:
            failures = 0
        if is_up is not False:
            is_up = False
            log.warning("%s is gone: %s", name, why)
            await told.gone(why)
        await time.sleep(pause(failures))
        failures += 1


async def caught(name: str, work: Callable[[], Awaitable[None]]) -> str:
    """Run it to its end, whatever that is; gives the reason in words, the log has the traceback of the unexpected."""
    try:
        await work()
    except DeviceError as error:
        return str(error)
    except Exception as error:
        log.exception("%s failed unexpectedly", name)
        return f"unexpected {type(error).__name__}"
    return "it ended"
