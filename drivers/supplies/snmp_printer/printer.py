"""What the objects of a printer's SNMP agent mean (devices.md 9c; RFC 2790, RFC 3805). Pure."""

from collections.abc import Mapping
from typing import get_args

from devices.supplies import Band, Want

STATUS = "1.3.6.1.2.1.25.3.5.1.1"
ERRORS = "1.3.6.1.2.1.25.3.5.1.2"
PAGES = "1.3.6.1.2.1.43.10.2.1.4"
MOST = "1.3.6.1.2.1.43.11.1.1.8"
LEVEL = "1.3.6.1.2.1.43.11.1.1.9"
WANTS: tuple[Want, ...] = get_args(Want)
MOST_SUPPLIES = 24


def wants_of(bits: bytes) -> tuple[Want, ...]:
    """What a bit string wants, its first bit being the highest of the first byte; it may have 0, 1, 2 or more bytes."""
    return tuple(want for at, want in enumerate(WANTS) if at // 8 < len(bits) and bits[at // 8] & 0x80 >> at % 8)


def percent_of(level: object, most: object) -> float | None:
    """What is left of a supply; None if the printer does not know or cannot say (-1, -2, -3, or no capacity)."""
    if not isinstance(level, int) or not isinstance(most, int) or level < 0 or most <= 0:
        return None
    return round(min(100.0, 100.0 * level / most), 1)


def bands(percents: Mapping[int, float], low: float, back: float, before: Mapping[int, Band]) -> dict[int, Band]:
    """The band of each supply; one that was low is enough again only `back` above the limit, as after a new one."""
    found: dict[int, Band] = {}
    for number, percent in percents.items():
        limit = low + back if before.get(number, "enough") != "enough" else low
        found[number] = "empty" if percent <= 0 else "low" if percent <= limit else "enough"
    return found
