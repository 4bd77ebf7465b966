"""How an emulated board answers: at once, late, never, or not while it is busy. Counted in polls; no clock, no I/O."""

from collections import deque
from collections.abc import Mapping
from typing import Any

from drivers.hands import Hand


class Late:
    """Lets answers through, keeps them for some polls, or swallows them."""

    def __init__(self) -> None:
        self._silent = False
        self._polls = 0
        self._busy = 0
        self._asked = 0
        self._due: deque[tuple[int, bytes]] = deque()
        self._now = 0

    def pass_on(self, answer: bytes) -> bytes:
        """What of an answer goes out at once; call it once a question."""
        self._asked += 1
        if self._silent:
            return b""
        if self._busy:
            self._busy -= 1
            return b""
        if self._polls:
            self._due.append((self._now + self._polls, answer))
            return b""
        return answer

    def poll(self) -> bytes:
        """The answers whose time has come."""
        self._now += 1
        out = b""
        while self._due and self._due[0][0] <= self._now:
            out += self._due.popleft()[1]
        return out

    def look(self) -> dict[str, Any]:
        """How it misbehaves now, and how many questions it was asked."""
        return {"silent": self._silent, "late_polls": self._polls, "busy": self._busy, "asked": self._asked}

    def hands(self) -> Mapping[str, Hand]:
        """Ways to misbehave."""
        return {
            "silence": Hand("是否装死（不应答）", self._silence, {"on": "bool"}),
            "late": Hand("应答推迟（轮询次数，0 为立即）", self._delay, {"polls": "int"}),
            "busy": Hand("忙：接下来若干次询问不应答", self._occupy, {"questions": "int"}),
        }

    def _silence(self, on: bool) -> None:
        self._silent = on

    def _delay(self, polls: int) -> None:
        self._polls = max(0, polls)

    def _occupy(self, questions: int) -> None:
        self._busy = max(0, questions)
