"""A NUT server in software with one supply."""

from collections.abc import Mapping
from typing import Any

from drivers.hands import Hand
from drivers.power.nut import wire
from drivers.ups import Ups


class Emulator:
    """One server. Its supply is called as the driver's settings say, or `knows`."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._name = str(settings.get("knows", settings.get("ups", "ups")))
        self._ups = Ups()
        self._stale = False
        self._framer = wire.question_framer()

    def feed(self, data: bytes) -> bytes:
        """What it answers at once."""
        return b"".join(self._ups.late.pass_on(self._answer(asked).to_bytes()) for asked in self._framer.feed(data))

    def poll(self) -> bytes:
        """Answers that come late."""
        return self._ups.late.poll()

    def look(self) -> dict[str, Any]:
        """How the supply stands."""
        return {**self._ups.look(), "stale": self._stale}

    def hands(self) -> Mapping[str, Hand]:
        """Mains and battery, and ways to misbehave."""
        return {**self._ups.hands(), "stale": Hand("服务器是否失去电源数据", self._set_stale, {"on": "bool"})}

    def _set_stale(self, on: bool) -> None:
        self._stale = on

    def _answer(self, asked: wire.Frame) -> wire.Frame:
        words = asked.text.split()
        if words[:2] != ["GET", "VAR"] or len(words) != 4:
            return wire.Frame("ERR UNKNOWN-COMMAND")
        if words[2] != self._name:
            return wire.Frame(f"ERR {wire.UNKNOWN_UPS}")
        if words[3] != wire.STATUS:
            return wire.Frame("ERR VAR-NOT-SUPPORTED")
        if self._stale:
            return wire.Frame(f"ERR {wire.STALE}")
        status = ("OL CHRG" if self._ups.mains else "OB DISCHRG") + (" LB" if self._ups.low else "")
        return wire.var(self._name, wire.STATUS, status)
