"""A PJLink projector in software: greeting, password, a lamp that warms up and cools down."""

from collections.abc import Mapping
from typing import Any

from drivers.displays.pjlink import wire
from drivers.displays.pjlink.found import PORT
from drivers.hands import Hand
from drivers.panel import Panel

_SOURCES = ("rgb-1", "digital-1", "digital-2", "network-1")
_SLOW_POLLS = 10
_DIGITS = {power: digit for digit, power in wire.POWERS.items()}


class Emulator:
    """One projector for one connection at a time; of class 2 unless `class_` says 1."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._password = str(settings.get("password", ""))
        self._panel = Panel(_SOURCES, _SLOW_POLLS)
        self._framer = wire.question_framer()
        self._connections = 0
        self._greeting = wire.Greeting(b"0")
        self._trusts = False
        named = PORT.fullmatch(str(settings.get("port", "")))
        self._mac = named[1] if named else "02:00:00:00:43:52"
        self._class = b"%d" % int(settings.get("class_", 2))
        self._frozen = False
        self._filter_h = 0

    def greet(self) -> bytes:
        """What it says to whoever connects."""
        self._connections += 1
        self._framer = wire.question_framer()
        self._trusts = not self._password
        self._greeting = wire.Greeting(b"0" if self._trusts else b"1 %08x" % self._connections)
        return b"" if self._panel.silent else self._greeting.to_bytes()

    def feed(self, data: bytes) -> bytes:
        """Answers."""
        answers = b"".join(self._answer(question) for question in self._framer.feed(data))
        return b"" if self._panel.silent else answers

    def sought(self, data: bytes) -> bytes:
        """What it answers to who asks everybody by UDP."""
        is_heard = data == wire.SEARCH and self._class > b"1" and not self._panel.silent
        return wire.found(self._mac) if is_heard else b""

    def found_at(self, number: int) -> str:
        """The port of one that is found on the loopback, as a gateway's file writes it."""
        return f"pjlink:{self._mac}@127.0.0.1:{number}"

    def poll(self) -> bytes:
        """It says nothing by itself; time passes."""
        self._panel.poll()
        return b""

    def look(self) -> dict[str, Any]:
        """How it stands."""
        return {**self._panel.look(), "frozen": self._frozen, "filter_h": self._filter_h}

    def hands(self) -> Mapping[str, Hand]:
        """The remote control, what ages or breaks, and ways to misbehave."""
        return {**self._panel.hands(), "clog": Hand("滤网再用若干小时", self._clog, {"hours": "int"})}

    def _clog(self, hours: int) -> None:
        self._filter_h += max(0, hours)

    def _answer(self, question: wire.Question) -> bytes:
        self._trusts = self._trusts or question.digest == self._greeting.digest(self._password)
        if not self._trusts:
            return wire.Greeting(b"ERRA").to_bytes()
        self._frozen = self._frozen and self._panel.power == "on"
        if question.class_ > self._class:
            value = wire.UNDEFINED
        else:
            value = self._asked(question.command) if question.parameter == b"?" else self._told(question)
        return wire.Answer(question.command, value, question.class_).to_bytes()

    def _asked(self, command: bytes) -> bytes:
        panel = self._panel
        if command == b"POWR":
            return _DIGITS[panel.power]
        if command == b"INPT":
            return (wire.input_of(panel.source) or wire.FAILURE) if panel.power == "on" else wire.NOT_NOW
        if command == b"ERST":
            return "".join(str(panel.troubles.get(part, 0)) for part in wire.PARTS).encode()
        if command == b"LAMP":
            return b"%d %d" % (panel.lamp_h, panel.power == "on")
        if command in wire.CLASS_TWO:
            return self._asked_two(command)
        return self._class if command == b"CLSS" else wire.UNDEFINED

    def _asked_two(self, command: bytes) -> bytes:
        if command == b"FILT":
            return b"%d" % self._filter_h
        if self._panel.power != "on":
            return wire.NOT_NOW
        return wire.FROZEN if self._frozen else wire.LIVE

    def _told(self, question: wire.Question) -> bytes:
        if question.command == b"POWR" and question.parameter in (b"0", b"1"):
            return b"OK" if self._panel.turn(on=question.parameter == b"1") else wire.NOT_NOW
        if question.command == b"FREZ":
            if self._panel.power != "on":
                return wire.NOT_NOW
            self._frozen = question.parameter == wire.FROZEN
            return b"OK"
        if question.command != b"INPT":
            return wire.UNDEFINED
        source = wire.source_of(question.parameter)
        if source not in self._panel.sources:
            return wire.BAD_PARAMETER
        return b"OK" if self._panel.choose(str(source)) else wire.NOT_NOW
