"""A Samsung panel in software."""

from collections.abc import Mapping
from typing import Any

from drivers.displays.samsung_mdc import wire
from drivers.displays.samsung_mdc.secured import Door
from drivers.hands import Hand
from drivers.panel import Panel

_NUMBERS = {name: number for number, name in wire.SOURCES.items()}
_SOURCES = ("hdmi-1", "hdmi-2", "dp", "pc")
_CELSIUS = 37
_REFUSED = b"\x01"


class Emulator:
    """One panel, which takes no input while it is off; with a `pin`, behind TLS."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._display = int(settings.get("display", 1))
        self._panel = Panel(_SOURCES)
        self._framer = wire.question_framer()
        self._door = Door(str(settings["pin"])) if settings.get("pin") else None

    def greet(self) -> bytes:
        """What it says to whoever connects; nothing without TLS."""
        return self._door.greet() if self._door and not self._panel.silent else b""

    def feed(self, data: bytes) -> bytes:
        """Answers."""
        if self._door is None:
            return self._answers(data)
        return self._door.told(self._answers(self._door.heard(data)))

    def _answers(self, data: bytes) -> bytes:
        asked = [question for question in self._framer.feed(data) if question.display == self._display]
        answers = b"".join(self._answer(question).to_bytes() for question in asked)
        return b"" if self._panel.silent else answers

    def poll(self) -> bytes:
        """It says nothing by itself; time passes."""
        self._panel.poll()
        return b""

    def look(self) -> dict[str, Any]:
        """How it stands."""
        return self._panel.look()

    def hands(self) -> Mapping[str, Hand]:
        """The remote control, what breaks, and ways to misbehave."""
        return self._panel.hands()

    def _answer(self, question: wire.Question) -> wire.Answer:
        taken = not question.data or self._told(question)
        said = self._asked(question.command) if taken else None
        if said is None:
            return wire.Answer(self._display, wire.NAK, question.command, _REFUSED)
        return wire.Answer(self._display, wire.ACK, question.command, said)

    def _told(self, question: wire.Question) -> bool:
        value = question.data[0]
        if question.command == wire.POWER:
            return self._panel.turn(on=bool(value))
        source = wire.SOURCES.get(value)
        return question.command == wire.SOURCE and source in self._panel.sources and self._panel.choose(str(source))

    def _asked(self, command: int) -> bytes | None:
        panel = self._panel
        if command == wire.POWER:
            return bytes((panel.power == "on",))
        if panel.power != "on":
            return None
        if command == wire.SOURCE:
            return bytes((_NUMBERS[panel.source],))
        if command != wire.FAULTS:
            return None
        lamp, temperature, signal, fan = (part in panel.troubles for part in ("lamp", "temperature", "signal", "fan"))
        return bytes((lamp, temperature, 0, signal, _CELSIUS, fan))
