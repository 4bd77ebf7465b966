"""The cells behind an emulated lock board: doors on springs, latches that hold, and hands that move them. No I/O."""

from collections.abc import Iterable, Mapping
from typing import Any

from drivers.hands import ArgumentKind, Hand

CELL: Mapping[str, ArgumentKind] = {"cell": "int"}


class Cabinet:
    """Cells numbered from 1. A released latch lets its door spring open unless it is jammed or held shut."""

    def __init__(self, cells: int) -> None:
        self._cells = range(1, cells + 1)
        self._open: set[int] = set()
        self._jammed: set[int] = set()
        self._held: set[int] = set()
        self._releases = dict.fromkeys(self._cells, 0)

    def release(self, cell: int) -> None:
        """The board lets go of one latch; a lock that is not wired hears nothing."""
        if cell not in self._releases:
            return
        self._releases[cell] += 1
        if cell not in self._jammed:
            self._open.add(cell)

    def release_all(self) -> None:
        """The board lets go of every latch."""
        for cell in self._cells:
            self.release(cell)

    def shut(self) -> Iterable[int]:
        """The cells whose doors are shut."""
        return [cell for cell in self._cells if cell not in self._open]

    def wired(self) -> frozenset[int]:
        """Every cell there is."""
        return frozenset(self._cells)

    def look(self) -> dict[str, Any]:
        """Doors and latches by cell."""
        return {
            "doors": {str(cell): "open" if cell in self._open else "shut" for cell in self._cells},
            "jammed": sorted(self._jammed),
            "held": sorted(self._held),
            "releases": {str(cell): count for cell, count in self._releases.items()},
        }

    def hands(self) -> Mapping[str, Hand]:
        """What a person can do to the doors."""
        return {
            "shut": Hand("关门", self._shut, CELL),
            "force": Hand("撬开", self._force, CELL),
            "hold": Hand("顶住门不让关", self._hold, CELL),
            "let_go": Hand("松手", self._let_go, CELL),
            "jam": Hand("卡住锁舌", self._jam, CELL),
            "unjam": Hand("修好锁舌", self._unjam, CELL),
        }

    def _shut(self, cell: int) -> None:
        self._check(cell)
        if cell not in self._held:
            self._open.discard(cell)

    def _force(self, cell: int) -> None:
        self._open.add(self._check(cell))

    def _hold(self, cell: int) -> None:
        self._held.add(self._check(cell))

    def _let_go(self, cell: int) -> None:
        self._held.discard(self._check(cell))

    def _jam(self, cell: int) -> None:
        self._jammed.add(self._check(cell))

    def _unjam(self, cell: int) -> None:
        self._jammed.discard(self._check(cell))

    def _check(self, cell: int) -> int:
        if cell not in self._releases:
            raise ValueError(f"no cell {cell}: there are {len(self._releases)}")
        return cell
