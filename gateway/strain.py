"""What strains the box is a line when it begins and when it is over; in between, heartbeats tell the figures.

Each limit has another one, nearer, at which it is well again, or a figure that wanders would fill the journal. They are
those of the rules a court begins with; what is to alarm somebody, and when, stands in the court's own rules.
"""

import asyncio
from collections.abc import Collection, Mapping
from typing import NamedTuple

from devices.box import GATEWAY, BoxStrained, Strain
from devices.health import HEARTBEAT_S
from gateway.heartbeat import Pulse
from gateway.supervise import Up


class Limit(NamedTuple):
    """A strain, the figure of the heartbeat that shows it, beyond what it begins, and when it is over."""

    strain: Strain
    figure: str
    most: float
    back: float


LIMITS = (
    Limit("disk", "disk_used", 0.90, 0.85),
    Limit("heat", "temperature_c", 85.0, 75.0),
    Limit("clock", "clock_error_ms", 100.0, 50.0),
)


def strained(figures: Mapping[str, float], before: Collection[str]) -> tuple[Strain, ...]:
    """What strains the box by these figures; one that is not known strains nothing."""
    beyond = (limit for limit in LIMITS if figures.get(limit.figure, 0.0) > _now(limit, before))
    return tuple(limit.strain for limit in beyond)


async def look(pulse: Pulse) -> None:
    """Journal what changed since the last line of it. Raises OSError if the data folder is gone."""
    told = (pulse.journal.state_of(GATEWAY, "strain") or "none").split(",")
    figures = pulse.beat().figures()
    now = BoxStrained(
        strains=strained(figures, told),
        measured={limit.figure: figures[limit.figure] for limit in LIMITS if limit.figure in figures},
    )
    if now.state()[1] != ",".join(told):
        await pulse.bench.record(GATEWAY, now)


async def watch(pulse: Pulse, up: Up) -> None:
    """Look as often as the heart beats, until cancelled. Raises OSError if the data folder is gone."""
    while True:
        await look(pulse)
        await up()
        await asyncio.sleep(HEARTBEAT_S)


def _now(limit: Limit, before: Collection[str]) -> float:
    return limit.back if limit.strain in before else limit.most
