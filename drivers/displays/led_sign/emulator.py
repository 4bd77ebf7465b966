"""An LED strip in software: its card drops a text whose time-out has passed."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from drivers.displays.led_sign import wire
from drivers.hands import Hand

_REFUSED = 0x03


class Emulator:
    """One strip. `clock` tells seconds."""

    def __init__(self, settings: Mapping[str, Any], clock: Callable[[], float] = time.monotonic) -> None:
        self._screen = int(settings.get("screen", 1))
        self._clock = clock
        self._framer = wire.question_framer()
        self._text = ""
        self._until: float | None = None
        self._silent = False
        self._refuses = False
        self._keeps_timeouts = True

    def feed(self, data: bytes) -> bytes:
        """Answers."""
        asked = [packet for packet in self._framer.feed(data) if packet.to == self._screen]
        answers = b"".join(self._answer(packet).to_bytes() for packet in asked)
        return b"" if self._silent else answers

    def poll(self) -> bytes:
        """It says nothing by itself; time passes."""
        if self._until is not None and self._clock() >= self._until:
            self._text, self._until = "", None
        return b""

    def look(self) -> dict[str, Any]:
        """What stands on it."""
        self.poll()
        return {"text": self._text, "silent": self._silent, "keeps_timeouts": self._keeps_timeouts}

    def hands(self) -> Mapping[str, Hand]:
        """Ways to misbehave."""
        return {
            "refuse": Hand("是否拒收文字", self._refuse, {"on": "bool"}),
            "ignore_timeouts": Hand("不会自行清屏的控制卡", self._ignore_timeouts),
            "silence": Hand("是否装死（不应答）", self._silence, {"on": "bool"}),
        }

    def _answer(self, packet: wire.Packet) -> wire.Packet:
        code, error = wire.ACK, 0
        told = wire.timeout_and_text(packet)
        if told is not None and self._refuses:
            code, error = wire.NACK, _REFUSED
        elif told is not None:
            seconds, text = told
            self._text = text.decode("gb2312", errors="replace")
            self._until = self._clock() + seconds if self._keeps_timeouts else None
        elif packet.command == wire.AREAS:
            self._text, self._until = "", None
        return wire.packet(wire.HOST, self._screen, code + bytes((error, 0, 0)))

    def _refuse(self, on: bool) -> None:
        self._refuses = on

    def _ignore_timeouts(self) -> None:
        self._keeps_timeouts, self._until = False, None

    def _silence(self, on: bool) -> None:
        self._silent = on
