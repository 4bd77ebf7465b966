"""A Modbus temperature and humidity sensor in software, and hands to warm and wet it."""

from collections.abc import Mapping
from typing import Any

from drivers.climate.modbus_th import wire
from drivers.hands import Hand
from drivers.late import Late

_NO_FUNCTION, _NO_ADDRESS = 1, 2
_BROKEN = -1000
"""Tenths of a degree told by a sensor whose element is torn off."""


class Emulator:
    """One sensor with its registers where the driver's settings say, or where `registers_at` says."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._unit = int(settings.get("unit", 1))
        self._function = int(settings.get("function", 4))
        self._first = int(settings.get("registers_at", settings.get("first_register", 1)))
        self._humidity_first = settings.get("first", "temperature") == "humidity"
        self._finer = 10 if settings.get("scale", "0.1") == "0.01" else 1
        self._tenths = {"celsius": 200, "percent": 520}
        self._broken = False
        self._late = Late()
        self._framer = wire.question_framer()

    def feed(self, data: bytes) -> bytes:
        """What the sensor answers at once."""
        ours = (question for question in self._framer.feed(data) if question.unit == self._unit)
        return b"".join(self._late.pass_on(self._answer(question).to_bytes()) for question in ours)

    def poll(self) -> bytes:
        """Answers that come late."""
        return self._late.poll()

    def look(self) -> dict[str, Any]:
        """What it measures, in tenths."""
        return {**self._tenths, "broken": self._broken, **self._late.look()}

    def hands(self) -> Mapping[str, Hand]:
        """Warmth and damp, and ways to misbehave."""
        return {
            "celsius": Hand("温度（十分之一摄氏度）", lambda tenths: self._set("celsius", tenths), {"tenths": "int"}),
            "percent": Hand("湿度（千分之一）", lambda tenths: self._set("percent", tenths), {"tenths": "int"}),
            "broken": Hand("探头是否损坏", self._break, {"on": "bool"}),
            **self._late.hands(),
        }

    def _set(self, what: str, tenths: int) -> None:
        self._tenths[what] = tenths

    def _break(self, on: bool) -> None:
        self._broken = on

    def _answer(self, question: wire.Frame) -> wire.Frame:
        if question.function != self._function:
            return wire.Frame(self._unit, question.function | wire.EXCEPTION, bytes((_NO_FUNCTION,)))
        wanted = range(question.address - self._first, question.address - self._first + question.value)
        if question.value < 1 or wanted.start < 0 or wanted.stop > wire.MOST:
            return wire.Frame(self._unit, question.function | wire.EXCEPTION, bytes((_NO_ADDRESS,)))
        values = [_BROKEN if self._broken else self._tenths["celsius"], self._tenths["percent"]]
        told = [value * self._finer for value in (reversed(values) if self._humidity_first else values)]
        return wire.told(self._unit, self._function, [told[at] for at in wanted])
