"""What central writes in its own book about the court's rules."""

from devices.messages import Fact


class RuleChanged(Fact):
    """A rule reads otherwise from now on; what people wrote is there by its hash."""

    rule: str
    was: int | None = None
    """Its number before; None if it has none."""
    now: int | None = None
    words: str
    """SHA-256 of its sentence and its source as they read now, a newline between them."""
    checked: bool
    reason: str
    """SHA-256 of why."""
