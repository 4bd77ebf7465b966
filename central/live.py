"""Live pages: whoever shows a topic hears at once that it changed, by server-sent events, and asks for it again."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager

from fastapi import APIRouter, Depends, Query
from sse_starlette import EventSourceResponse, ServerSentEvent

HEARTBEAT_S = 15
OPENED = "live"
"""The first event on each connection: what was shown before may be old."""
MAX_TOPICS = 200


class Listener:
    """One open page: the topics it shows, and those that changed since it was last served."""

    def __init__(self, topics: Iterable[str]) -> None:
        self.topics = frozenset(topics)
        self._changed: set[str] = set()
        self._stirred = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._closed = False

    def tell(self, topics: frozenset[str]) -> None:
        """Some of its topics changed; callable from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._note, topics)

    def close(self) -> None:
        """End the stream; callable from any thread."""
        self._closed = True
        self.tell(frozenset())

    async def changes(self) -> AsyncIterator[str]:
        """Each changed topic, once however often it changed meanwhile, until closed."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            changed, self._changed = sorted(self._changed), set()
            for topic in changed:
                yield topic
            if self._closed:
                return

    def _note(self, topics: frozenset[str]) -> None:
        self._changed |= topics
        self._stirred.set()


class Hub:
    """Knows the open pages of this process; `tell` is what a Store passes committed topics to."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()

    def tell(self, topics: frozenset[str]) -> None:
        """These changed; callable from any thread, never blocks."""
        for listener in tuple(self._listeners):
            shown = listener.topics & topics
            if shown:
                listener.tell(shown)

    @contextmanager
    def listen(self, topics: Iterable[str]) -> Iterator[Listener]:
        """A listener for these topics while the context lasts."""
        listener = Listener(topics)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        for listener in tuple(self._listeners):
            listener.close()


def live_routes(hub: Hub, guard: Callable[..., object]) -> APIRouter:
    """`GET /live?topic=a&topic=b`: an event named like each topic that changed, for whom the guard lets pass."""
    router = APIRouter(dependencies=[Depends(guard)])

    @router.get("/live", include_in_schema=False)
    async def live(topic: list[str] = Query(default=[], max_length=MAX_TOPICS)) -> EventSourceResponse:
        return EventSourceResponse(_events(hub, topic), ping=HEARTBEAT_S)

    return router


async def _events(hub: Hub, topics: list[str]) -> AsyncIterator[ServerSentEvent]:
    with hub.listen(topics) as listener:
        yield ServerSentEvent(event=OPENED, data="open")
        async for topic in listener.changes():
            yield ServerSentEvent(event=topic, data="changed")
