"""A GM65-type engine in software: zones of settings, and a label that hands show to it."""

from collections.abc import Mapping
from typing import Any

from drivers.hands import Hand
from drivers.label import Label
from drivers.readers.gm65 import wire


class Emulator:
    """One engine. Settings are those of the driver, but AIM identifiers, which the host must switch on itself."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._label = Label({**settings, "aim": False})
        self._zones: dict[int, bytes] = {}
        self._framer = wire.question_framer()

    def feed(self, data: bytes) -> bytes:
        """Its answers; behind that to a trigger, the code before it."""
        out = b"".join(self._answer(setting) for setting in self._framer.feed(data))
        return b"" if self._label.silent else out

    def poll(self) -> bytes:
        """What it read by itself since the last call."""
        return self._label.poll()

    def look(self) -> dict[str, Any]:
        """What lies before it, how much it read, and what was written to it."""
        return {**self._label.look(), "zones": {f"{zone:04X}": data.hex() for zone, data in self._zones.items()}}

    def hands(self) -> Mapping[str, Hand]:
        """Codes to show, and ways to misbehave."""
        return self._label.hands()

    def _answer(self, setting: wire.Setting) -> bytes:
        if setting.what == wire.READ:
            return wire.Reply(self._zones.get(setting.zone, b"\0")).to_bytes()
        if setting.what == wire.SAVE:
            return wire.DONE.to_bytes()
        self._zones[setting.zone] = setting.data
        self._label.aim = self._zones.get(wire.AIM_ZONE) == wire.AIM_ON
        read = self._label.triggered() if (setting.zone, setting.data) == (wire.TRIGGER_ZONE, wire.ON) else b""
        return wire.DONE.to_bytes() + read
