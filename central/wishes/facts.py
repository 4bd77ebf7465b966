"""What central writes in its own book about wishes."""

from typing import Any

from devices.messages import Fact


class WishAsked(Fact):
    """Somebody asked this of a device; the line's `cause` is the wish's id."""

    gateway: str
    device: str
    wish: str
    """Wire name of what was asked."""
    body: dict[str, Any]
    reason: str


class WishExpired(Fact):
    """No answer came within life and patience; `sent` tells whether the broker ever took it."""

    sent: bool
