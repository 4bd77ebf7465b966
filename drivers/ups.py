"""What an emulated supply is made of: mains, a battery, and hands to pull the plug. No I/O."""

from collections.abc import Mapping
from typing import Any

from drivers.hands import Hand
from drivers.late import Late


class Ups:
    """The supply behind an emulator, and how it answers."""

    def __init__(self) -> None:
        self.mains = True
        self.low = False
        self.late = Late()

    def look(self) -> dict[str, Any]:
        """How it stands."""
        return {"mains": self.mains, "low": self.low, **self.late.look()}

    def hands(self) -> Mapping[str, Hand]:
        """Mains and battery, and ways to misbehave."""
        return {
            "mains": Hand("市电是否正常", self._set_mains, {"on": "bool"}),
            "low": Hand("电池是否将尽", self._set_low, {"on": "bool"}),
            **self.late.hands(),
        }

    def _set_mains(self, on: bool) -> None:
        self.mains = on

    def _set_low(self, on: bool) -> None:
        self.low = on
