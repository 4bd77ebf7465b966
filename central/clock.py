"""The clock that is passed in wherever time decides something."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the time, with its zone."""


def utc_now() -> datetime:
    """The machine's time in UTC."""
    return datetime.now(UTC)
