"""The field of a tag reader: which tags are in it, known only by asking round after round."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, TypeVar

from devices.readers import TagLost, TagSeen
from drivers.framing import Frame
from drivers.line import Line

F = TypeVar("F", bound=Frame)
Clock = Callable[[], float]
"""Seconds that only go forward."""


class Presence:
    """Who is in the field, by when each was last heard. Time is told to it."""

    def __init__(self, lost_after_s: float) -> None:
        self._lost_after_s = lost_after_s
        self._last: dict[str, float] = {}

    def after(self, heard: Iterable[str], now: float) -> list[TagSeen | TagLost]:
        """What a round that heard these tags changed: who came, and who was silent for `lost_after_s`."""
        came = [tag for tag in dict.fromkeys(heard) if tag not in self._last]
        self._last |= dict.fromkeys(heard, now)
        lost = [tag for tag, last in self._last.items() if now - last >= self._lost_after_s]
        for tag in lost:
            del self._last[tag]
        return [*(TagSeen(tag=tag) for tag in came), *(TagLost(tag=tag) for tag in lost)]


async def watch_tags(
    line: Line[F],
    ask: Callable[[], Awaitable[F]],
    tags_of: Callable[[F], Iterable[str]],
    settings: Any,
    now: Clock,
) -> AsyncIterator[TagSeen | TagLost]:
    """Rounds of `ask` for ever; tags may stand in its answer or in frames beside it. Raises DeviceOffline, DeviceFault.

    `settings` has `poll_s` and `lost_after_s`. A reader that falls silent loses no tag: nothing is known then.
    """
    presence = Presence(settings.lost_after_s)
    heard: list[str] = []
    with line.listening(lambda frame: bool(list(tags_of(frame))), lambda frame: heard.extend(tags_of(frame))):
        while True:
            heard.extend(tags_of(await ask()))
            facts = presence.after(heard, now())
            heard.clear()
            for fact in facts:
                yield fact
            await line.pause(settings.poll_s)
