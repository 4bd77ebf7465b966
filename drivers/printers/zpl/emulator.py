"""A ZPL printer in software: it puts labels out as rows of text, and answers ~HS."""

from collections.abc import Mapping
from typing import Any

from drivers.hands import Hand
from drivers.printers.zpl import wire
from drivers.printers.zpl.layout import rows_of
from drivers.stock import Stock


class Emulator:
    """One printer."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._stock = Stock()
        self._framer = wire.question_framer()

    def feed(self, data: bytes) -> bytes:
        """Replies to status questions; formats become labels."""
        out = b""
        for question in self._framer.feed(data):
            if question.name == "format":
                self._stock.take(rows_of(question.raw))
            elif not self._stock.silent:
                out += self._status()
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
        is_so = {name: int(name in self._stock.trouble) for name in ("paper_out", "paused", "head_open", "ribbon_out")}
        stopped, waiting = int(bool(self._stock.trouble)), len(self._stock.waiting)
        lines = (
            f"030,{is_so['paper_out']},{stopped},1245,{waiting:03},0,0,0,000,0,0,0",
            f"000,0,{is_so['head_open']},{is_so['ribbon_out']},1,2,6,0,00000000,1,000",
            "1234,0",
        )
        return b"".join(b"\x02" + line.encode() + b"\x03\r\n" for line in lines)
