"""A TSPL printer in software: it puts labels out as rows of text, and answers ESC ! ?."""

from collections.abc import Mapping
from typing import Any

from drivers.hands import Hand
from drivers.printers.tspl import wire
from drivers.printers.tspl.layout import row_of
from drivers.stock import Stock

_BITS = {
    "head_open": wire.HEAD_OPEN,
    "paper_out": wire.NO_PAPER,
    "ribbon_out": wire.NO_RIBBON,
    "paused": wire.PAUSED,
}


class Emulator:
    """One printer."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._stock = Stock()
        self._framer = wire.question_framer()
        self._drawn: list[str] = []

    def feed(self, data: bytes) -> bytes:
        """Replies to status questions; lines draw the label that PRINT puts out."""
        out = b""
        for question in self._framer.feed(data):
            if question.name == "status":
                out += b"" if self._stock.silent else self._status()
            elif question.raw.startswith(b"CLS"):
                self._drawn = []
            elif question.raw.startswith(b"PRINT "):
                self._stock.take(list(self._drawn))
            elif (row := row_of(question.raw)) is not None:
                self._drawn.append(row)
        return out

    def poll(self) -> bytes:
        """It says nothing by itself."""
        return b""

    def look(self) -> dict[str, Any]:
        """Printed labels as rows of text."""
        return self._stock.look()

    def hands(self) -> Mapping[str, Hand]:
        """Paper, ribbon and head, and ways to misbehave."""
        return self._stock.hands()

    def _status(self) -> bytes:
        bits = sum(_BITS[trouble] for trouble in self._stock.trouble)
        return bytes((bits | wire.PRINTING * bool(self._stock.waiting),))
