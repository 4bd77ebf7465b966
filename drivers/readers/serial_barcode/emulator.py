"""A barcode reader in software: a hand shows it codes, and it sends them as its settings say."""

from collections.abc import Mapping
from typing import Any

from drivers.hands import Hand
from drivers.label import Label
from drivers.readers.serial_barcode import wire


class Emulator:
    """One reader. Settings are those of the driver; `encoding` auto sends UTF-8."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._label = Label(settings)
        self._framer = wire.question_framer()

    def feed(self, data: bytes) -> bytes:
        """The code before it, if a trigger asks for it."""
        return b"".join(self._label.triggered() for question in self._framer.feed(data) if question.on)

    def poll(self) -> bytes:
        """What it read by itself since the last call."""
        return self._label.poll()

    def look(self) -> dict[str, Any]:
        """What lies before it and how much it read."""
        return self._label.look()

    def hands(self) -> Mapping[str, Hand]:
        """Codes to show, and ways to misbehave."""
        return self._label.hands()
