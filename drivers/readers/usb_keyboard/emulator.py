"""A reader that acts as a keyboard, in software: what it reads comes as the records of its keys."""

from collections.abc import Iterator, Mapping
from typing import Any

from drivers.hands import Hand
from drivers.label import Label
from drivers.readers.usb_keyboard import wire

_SUFFIXES = {"enter": "cr", "tab": "tab", "none": "none"}
_KEYS = {char: (code, False) for code, char in wire.PLAIN.items()}
_KEYS = {char: (code, True) for code, char in wire.SHIFTED.items()} | _KEYS
_FIRST_KEYS = {**_KEYS, "\r": (wire.ENTER, False)}


class Emulator:
    """One reader. Settings are those of the driver. What is on no key it types as Alt and the number in GBK."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        suffix = _SUFFIXES[str(settings.get("end_key", "enter"))]
        self._label = Label({"suffix": suffix, "aim": settings.get("aim", False)})

    def feed(self, data: bytes) -> bytes:
        """It is asked nothing."""
        return b""

    def poll(self) -> bytes:
        """The keys of what it read since the last call."""
        text = self._label.poll().decode(errors="ignore")
        return b"".join(event.to_bytes() for char in text for event in _typed(char))

    def look(self) -> dict[str, Any]:
        """What lies before it and how much it read."""
        look = self._label.look()
        return {name: look[name] for name in ("label", "reads", "silent")}

    def hands(self) -> Mapping[str, Hand]:
        """Codes to show, and ways to misbehave."""
        return {name: hand for name, hand in self._label.hands().items() if name != "encode"}


def _typed(char: str) -> Iterator[wire.Event]:
    if char in _FIRST_KEYS:
        code, shifted = _FIRST_KEYS[char]
        yield from _pressed(code, wire.LEFT_SHIFT if shifted else None)
        return
    yield from _turned(wire.LEFT_ALT, wire.DOWN)
    for digit in str(int.from_bytes(char.encode("gbk", errors="replace"), "big")):
        yield from _pressed(wire.KEYPAD[digit], None)
    yield from _turned(wire.LEFT_ALT, wire.UP)


def _pressed(code: int, held: int | None) -> Iterator[wire.Event]:
    if held is not None:
        yield from _turned(held, wire.DOWN)
    yield from _turned(code, wire.DOWN)
    yield from _turned(code, wire.UP)
    if held is not None:
        yield from _turned(held, wire.UP)


def _turned(code: int, value: int) -> Iterator[wire.Event]:
    """What the kernel tells of one key: the scan code, the key, the end of the report."""
    yield wire.Event(wire.MSC, wire.SCAN, code, layout=wire.HERE)
    yield wire.Event(wire.KEY, code, value, layout=wire.HERE)
    yield wire.Event(wire.SYN, wire.REPORT, 0, layout=wire.HERE)
