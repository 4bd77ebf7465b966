"""Live pages: whoever shows a topic hears at once that it changed, by server-sent events, and asks for it again."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager

from fastapi import APIRouter, Depends, Query
from sse_starlette import EventSourceResponse, ServerSentEvent

Piece = tuple[str, str]
"""(stream, what is told) of what a box says live."""

HEARTBEAT_S = 15
STREAM_S = 3600.0
"""A stream ends after that: the browser asks for it again, and who may not look any more is turned away."""
OPENED = "live"
"""The first event on each connection: what was shown before may be old."""
MAX_TOPICS = 200
HEARTBEAT = "heartbeat"
"""The event that says nothing else: a page hears it, as it would not hear a comment, and knows that its link holds."""
BROAD = frozenset({"alarms", "devices", "fleet"})
"""Topics of pages that show much, of which something changes all the time."""
BROAD_EVERY_S = 2.0
"""A page hears of a broad topic at once, and then no sooner than after this."""
_WAITING = 200
"""Pieces a slow page may lag behind; what is older is dropped, for it is live."""
_END = ("", "")


class Listener:
    """One open page: the topics it shows, and those that changed since it was last served."""

    def __init__(self, topics: Iterable[str]) -> None:
        self.topics = frozenset(topics)
        self._changed: set[str] = set()
        self._held: dict[str, float] = {}
        """Broad topic -> until when its next change waits."""
        self._waiting: set[str] = set()
        """Topics that changed and are held."""
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
            self._hold(changed)
            for topic in changed:
                yield topic
            if self._closed:
                return

    def _note(self, topics: frozenset[str]) -> None:
        now = self._loop.time()
        waiting = {topic for topic in topics if self._held.get(topic, now) > now}
        for topic in waiting - self._waiting:
            self._loop.call_at(self._held[topic], self._let_go, topic)
        self._waiting = (self._waiting | waiting) - (topics - waiting)
        self._changed |= topics - waiting
        if self._changed or self._closed:
            self._stirred.set()

    def _let_go(self, topic: str) -> None:
        """Held long enough; a timer may ring a hair before its time, so the time is not asked again."""
        if topic in self._waiting:
            del self._held[topic]
            self._note(frozenset({topic}))

    def _hold(self, told: Iterable[str]) -> None:
        until = self._loop.time() + BROAD_EVERY_S
        self._held |= {topic: until for topic in told if topic in BROAD}


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
        end = asyncio.get_running_loop().call_later(STREAM_S, listener.close)
        try:
            yield listener
        finally:
            end.cancel()
            self._listeners.discard(listener)

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        for listener in tuple(self._listeners):
            listener.close()


class Audience:
    """Who watches what which box says live; everything happens in the event loop, and nothing is kept."""

    def __init__(self) -> None:
        self._pages: dict[str, set[Pieces]] = {}

    def watches(self, gateway: str) -> bool:
        """True if anybody does."""
        return bool(self._pages.get(gateway))

    def hear(self, gateway: str, piece: Piece) -> None:
        """Hand a piece on to whoever watches that box."""
        for page in self._pages.get(gateway, ()):
            page.put(piece)

    @contextmanager
    def watching(self, gateway: str) -> Iterator["Pieces"]:
        """What that box says from now on, until closed."""
        page = Pieces()
        pages = self._pages.setdefault(gateway, set())
        pages.add(page)
        end = asyncio.get_running_loop().call_later(STREAM_S, page.put, _END)
        try:
            yield page
        finally:
            end.cancel()
            pages.discard(page)

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        for pages in self._pages.values():
            for page in pages:
                page.put(_END)


class Pieces:
    """What one page has still to be told, one after another until closed."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[Piece] = asyncio.Queue(_WAITING)

    def put(self, piece: Piece) -> None:
        """One more; the oldest goes if there are too many."""
        if self._waiting.full():
            self._waiting.get_nowait()
        self._waiting.put_nowait(piece)

    def __aiter__(self) -> "Pieces":
        return self

    async def __anext__(self) -> Piece:
        if (piece := await self._waiting.get()) == _END:
            raise StopAsyncIteration
        return piece


def live_routes(hub: Hub, guard: Callable[..., object]) -> APIRouter:
    """`GET /live?topic=a&topic=b`: an event named like each topic that changed, for whom the guard lets pass."""
    router = APIRouter(dependencies=[Depends(guard)])

    @router.get("/live", include_in_schema=False)
    async def live(topic: list[str] = Query(default=[], max_length=MAX_TOPICS)) -> EventSourceResponse:
        return EventSourceResponse(_events(hub, topic), ping=HEARTBEAT_S, ping_message_factory=_heartbeat)

    return router


def _heartbeat() -> ServerSentEvent:
    return ServerSentEvent(event=HEARTBEAT, data="here")


async def _events(hub: Hub, topics: list[str]) -> AsyncIterator[ServerSentEvent]:
    with hub.listen(topics) as listener:
        yield ServerSentEvent(event=OPENED, data="open")
        async for topic in listener.changes():
            yield ServerSentEvent(event=topic, data="changed")
