"""People before a locker who scan codes and move doors without pause, and a witness who reads the journal meanwhile."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.kit.installation import Box, Installation

_PACE_S = 0.004
_CELLS = 12
_SCANS_A_DOOR = 25


@contextmanager
def crowd(court: Installation, box: Box) -> Iterator[None]:
    """While it lasts, codes are scanned, each once in this court, and now and then a door is pried open or shut."""
    ended = threading.Event()

    def push() -> None:
        turn = 0
        while not ended.wait(_PACE_S):
            turn += 1
            court.scan(box)
            if turn % _SCANS_A_DOOR == 0:
                doors, cell = divmod(turn // _SCANS_A_DOOR, _CELLS)
                court.hand(box, box.wall, "shut" if doors % 2 else "force", cell=cell + 1)

    thread = threading.Thread(target=push, name=f"crowd before {box.name}")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


class Witness:
    """What was seen in a journal once must never change there; whether it was lost is for the test to say."""

    def __init__(self, court: Installation, box: Box) -> None:
        self.seen: dict[int, bytes] = {}
        self._court = court
        self._box = box

    def look(self) -> None:
        """Take in what is new, and see that what was newest the last time is as it was."""
        again = max(self.seen, default=0) - 50
        for n, raw in self._court.journal(self._box, max(again, 0)):
            assert self.seen.setdefault(n, raw) == raw, f"line {n} of {self._box.name} is not what it was"
