"""An ESC/POS printer in software: it renders what it is sent, tells its status, and runs out of paper or jams."""

from collections import deque
from collections.abc import Mapping
from typing import Any

from drivers.hands import Hand
from drivers.printers.escpos import wire
from drivers.printers.escpos.paper import Paper

ROW_ENDS = frozenset({"line_feed", "feed", "barcode", "function", "raster", "cut"})


class Emulator:
    """One printer. While it cannot print it keeps what it is sent and prints that when it can, as real ones do.

    Settings are those of the driver, and `answers`: the DLE EOT questions it answers ([1, 2, 4] if not given, [] for
    a printer without a status channel).
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._answers = frozenset(int(what) for what in settings.get("answers", (1, 2, 3, 4)))
        self._paper = Paper()
        self._framer = wire.question_framer()
        self._waiting: deque[wire.Command] = deque()
        self._trouble: set[str] = set()
        self._rows_until: tuple[int, str] | None = None
        self._asb = 0
        self._asb_sent = b""
        self._silent = False

    def feed(self, data: bytes) -> bytes:
        """Replies to status questions; the rest goes to paper."""
        out = b""
        for command in self._framer.feed(data):
            if command.name == "status":
                out += self._status(command.raw[2])
            elif command.name == "asb":
                self._asb, self._asb_sent = command.raw[2], b""
            else:
                self._waiting.append(command)
        self._work()
        return out + self.poll()

    def poll(self) -> bytes:
        """Its ASB packet, if something changed."""
        packet = self._packet()
        if self._silent or not self._asb or not self._answers or packet == self._asb_sent:
            return b""
        self._asb_sent = packet
        return packet

    def look(self) -> dict[str, Any]:
        """Finished receipts and the one under way, as rows of text."""
        return {
            "receipts": [list(rows) for rows in self._paper.receipts],
            "rows": list(self._paper.rows),
            "waiting": len(self._waiting),
            "trouble": sorted(self._trouble),
            "silent": self._silent,
            "answers": sorted(self._answers),
        }

    def hands(self) -> Mapping[str, Hand]:
        """Paper and cover, and ways to misbehave."""
        return {
            "paper_out": Hand("缺纸", lambda: self._hurt("paper_out")),
            "near_end": Hand("纸将尽", lambda: self._hurt("near_end")),
            "new_roll": Hand("换纸卷", lambda: self._mend("paper_out", "near_end")),
            "open_cover": Hand("打开上盖", lambda: self._hurt("cover_open")),
            "close_cover": Hand("合上上盖", lambda: self._mend("cover_open")),
            "jam": Hand("打印若干行后卡纸", lambda rows=0: self._hurt_after(rows, "jam"), {"rows": "int"}),
            "end_after": Hand("打印若干行后缺纸", lambda rows=0: self._hurt_after(rows, "paper_out"), {"rows": "int"}),
            "unjam": Hand("排除卡纸", self._unjam),
            "silence": Hand("是否装死（不应答）", self._silence, {"on": "bool"}),
            "status_channel": Hand("有无状态通道", self._status_channel, {"on": "bool"}),
        }

    @property
    def _stopped(self) -> bool:
        return bool(self._trouble & {"paper_out", "cover_open", "jam"})

    def _work(self) -> None:
        while self._waiting and not self._stopped:
            command = self._waiting.popleft()
            self._paper.take(command)
            if self._rows_until is not None and command.name in ROW_ENDS:
                rows, trouble = self._rows_until
                self._hurt_after(rows - 1, trouble)

    def _hurt(self, trouble: str) -> None:
        self._trouble.add(trouble)

    def _hurt_after(self, rows: int, trouble: str) -> None:
        self._rows_until = (rows, trouble) if rows > 0 else None
        if rows <= 0:
            self._hurt(trouble)

    def _mend(self, *troubles: str) -> None:
        self._trouble.difference_update(troubles)
        self._work()

    def _unjam(self) -> None:
        """The cover is lifted and power cycled: what was waiting is lost."""
        self._waiting.clear()
        self._mend("jam")

    def _silence(self, on: bool) -> None:
        self._silent = on

    def _status_channel(self, on: bool) -> None:
        self._answers = frozenset((1, 2, 3, 4)) if on else frozenset()
        self._asb = self._asb if on else 0

    def _status(self, what: int) -> bytes:
        if self._silent or what not in self._answers:
            return b""
        bits = {
            1: 0x08 * self._stopped,
            2: 0x04 * ("cover_open" in self._trouble)
            | 0x20 * ("paper_out" in self._trouble)
            | 0x40 * ("jam" in self._trouble),
            3: 0x04 * ("jam" in self._trouble),
            4: 0x0C * bool(self._trouble & {"near_end", "paper_out"}) | 0x60 * ("paper_out" in self._trouble),
        }
        return bytes((0x12 | bits.get(what, 0),))

    def _packet(self) -> bytes:
        first = 0x10 | 0x08 * self._stopped | 0x20 * ("cover_open" in self._trouble)
        second = 0x04 * ("jam" in self._trouble)
        third = 0x03 * bool(self._trouble & {"near_end", "paper_out"}) | 0x0C * ("paper_out" in self._trouble)
        return bytes((first, second, third, 0))
