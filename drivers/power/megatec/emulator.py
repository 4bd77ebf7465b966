"""A line-interactive Megatec supply in software."""

from collections.abc import Mapping
from typing import Any

from drivers.hands import Hand
from drivers.power.megatec import wire
from drivers.ups import Ups


class Emulator:
    """One supply, fed by mains and with a full battery."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._ups = Ups()
        self._framer = wire.question_framer()

    def feed(self, data: bytes) -> bytes:
        """What it answers at once."""
        return b"".join(self._ups.late.pass_on(self._status()) for _ in self._framer.feed(data))

    def poll(self) -> bytes:
        """Answers that come late."""
        return self._ups.late.poll()

    def look(self) -> dict[str, Any]:
        """How it stands."""
        return self._ups.look()

    def hands(self) -> Mapping[str, Hand]:
        """Mains and battery, and ways to misbehave."""
        return self._ups.hands()

    def _status(self) -> bytes:
        bits = f"{not self._ups.mains:d}{self._ups.low:d}001000"
        return wire.status(226.0 if self._ups.mains else 0.0, bits).to_bytes()
