"""The roll of labels in an emulated printer: what was printed, what waits, and what keeps it from printing. No I/O."""

from collections import deque
from collections.abc import Mapping
from typing import Any

from drivers.hands import Hand

CODE128, QR, EPC = "[CODE128] ", "[QR] ", "[EPC] "
"""Begin the rows that stand for a barcode, a QR code and the content of the tag."""


class Stock:
    """Labels as rows of text. While the printer cannot print it keeps what it is sent, as real ones do."""

    def __init__(self) -> None:
        self.waiting: deque[list[str]] = deque()
        self.trouble: set[str] = set()
        self.silent = False
        self._printed: list[list[str]] = []
        self._ends_after: int | None = None

    def take(self, label: list[str]) -> None:
        """One label to print."""
        self.waiting.append(label)
        self._work()

    def look(self) -> dict[str, Any]:
        """The labels, and how it stands."""
        return {
            "labels": [list(label) for label in self._printed],
            "waiting": len(self.waiting),
            "trouble": sorted(self.trouble),
            "silent": self.silent,
        }

    def hands(self) -> Mapping[str, Hand]:
        """Paper, ribbon and head, and ways to misbehave."""
        return {
            "paper_out": Hand("标签用完", lambda: self._hurt("paper_out")),
            "ribbon_out": Hand("碳带用完", lambda: self._hurt("ribbon_out")),
            "new_roll": Hand("换标签和碳带", lambda: self._mend("paper_out", "ribbon_out")),
            "open_head": Hand("抬起打印头", lambda: self._hurt("head_open")),
            "close_head": Hand("压下打印头", lambda: self._mend("head_open")),
            "pause": Hand("按暂停键", lambda: self._hurt("paused")),
            "resume": Hand("按继续键", lambda: self._mend("paused")),
            "end_after": Hand("再打若干张后缺纸", self._end_after, {"labels": "int"}),
            "silence": Hand("是否装死（不应答）", self._silence, {"on": "bool"}),
        }

    def _work(self) -> None:
        while self.waiting and not self.trouble:
            if self._ends_after == 0:
                self._ends_after = None
                self._hurt("paper_out")
                return
            self._printed.append(self.waiting.popleft())
            if self._ends_after is not None:
                self._ends_after -= 1

    def _hurt(self, trouble: str) -> None:
        self.trouble.add(trouble)

    def _mend(self, *troubles: str) -> None:
        self.trouble.difference_update(troubles)
        self._work()

    def _end_after(self, labels: int) -> None:
        self._ends_after = max(0, labels)

    def _silence(self, on: bool) -> None:
        self.silent = on
