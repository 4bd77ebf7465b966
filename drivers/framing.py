"""Finding whole frames in a stream of bytes: the loop that every `wire.py` shares. No I/O.

A product's `wire.py` brings one function that looks at the start of a buffer and gives its verdict; `Framer` feeds
it, keeps what is incomplete, and counts what is skipped. Noise is weather, not an exception.
"""

from collections.abc import Callable
from typing import Generic, Protocol, TypeAlias, TypeVar


class Frame(Protocol):
    """A whole message of some product, as it stood on the wire."""

    def to_bytes(self) -> bytes:
        """The very bytes it was read from."""
        ...


F = TypeVar("F", bound=Frame)
Verdict: TypeAlias = F | int | None
"""Of the start of a buffer: a frame; so many bytes of noise; or None, more bytes are needed to tell."""


class FrameSource(Protocol[F]):
    """Takes bytes as they come, gives whole frames, skips noise and counts it."""

    @property
    def noise(self) -> int:
        """Bytes skipped so far."""
        ...

    def feed(self, data: bytes) -> list[F]:
        """The frames that are complete with these bytes."""
        ...

    def flush(self) -> list[F]:
        """The line fell silent: what that completes; the rest of what is pending is noise."""
        ...


class Framer(Generic[F]):
    """A FrameSource over a verdict function, which sees at most `longest` bytes and must then decide."""

    def __init__(self, verdict: Callable[[bytes], Verdict[F]], longest: int) -> None:
        self._verdict = verdict
        self._longest = longest
        self._pending = b""
        self.noise = 0

    def feed(self, data: bytes) -> list[F]:
        """The frames that are complete with these bytes."""
        self._pending += data
        frames: list[F] = []
        start = 0
        while start < len(self._pending):
            found = self._look(start)
            if found is None:
                break
            if isinstance(found, int):
                self.noise += found
                start += found
            else:
                frames.append(found)
                start += len(found.to_bytes())
        self._pending = self._pending[start:]
        return frames

    def _look(self, start: int) -> Verdict[F]:
        # Most verdicts need a few bytes only; copying the longest frame for each byte of noise would be slow.
        found = self._verdict(self._pending[start : start + min(GLANCE, self._longest)])
        if found is None and len(self._pending) - start > GLANCE:
            found = self._verdict(self._pending[start : start + self._longest])
        return found

    def flush(self) -> list[F]:
        """Half a frame at the end of a transmission never becomes a whole one: it is noise."""
        self.noise += len(self._pending)
        self._pending = b""
        return []


GLANCE = 64
"""Bytes a verdict is shown first."""


def is_damaged(window: bytes, whole: Callable[[bytes], bool]) -> bool:
    """True if flipping one bit of `window` makes it whole: a hurt frame, inside which nothing is to be found.

    Without this, the tail of a hurt long frame can pass for a short one: `02 00 35 C9 02 00 38 03 3D` of a KR-CU16
    ends in a valid `02 00 38 03 3D`.
    """
    number = int.from_bytes(window, "big")
    size = len(window)
    return any(whole((number ^ (1 << bit)).to_bytes(size, "big")) for bit in range(8 * size))
