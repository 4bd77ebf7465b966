"""An LG panel in software."""

from collections.abc import Mapping
from typing import Any

from drivers.displays.lg_serial import wire
from drivers.hands import Hand
from drivers.panel import Panel

_NUMBERS = {name: number for number, name in wire.SOURCES.items()}


class Emulator:
    """One panel, which takes no input while it is off."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._number = int(settings.get("panel", 1))
        self._panel = Panel(tuple(wire.SOURCES.values()))
        self._framer = wire.question_framer()

    def feed(self, data: bytes) -> bytes:
        """Answers."""
        asked = [question for question in self._framer.feed(data) if question.panel == self._number]
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
        """The remote control, and ways to misbehave."""
        return self._panel.hands()

    def _answer(self, question: wire.Question) -> wire.Answer:
        ok = question.value == wire.READ or self._told(question)
        value = self._asked(question.command)
        ok = ok and value is not None
        return wire.Answer(question.command[1], self._number, ok, question.value if value is None else value)

    def _told(self, question: wire.Question) -> bool:
        if question.command == wire.POWER and question.value in (0, 1):
            return self._panel.turn(on=bool(question.value))
        source = wire.SOURCES.get(question.value)
        return question.command == wire.SOURCE and source is not None and self._panel.choose(source)

    def _asked(self, command: str) -> int | None:
        if command == wire.POWER:
            return int(self._panel.power == "on")
        return _NUMBERS[self._panel.source] if command == wire.SOURCE and self._panel.power == "on" else None
