"""What courtrooms say live, handed on to whoever watches: levels of the seats, and words as they come. Kept nowhere."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from pydantic import ValidationError
from sse_starlette import ServerSentEvent

from devices.hearings import CAPTIONS, LEVELS, Caption, Levels

_WAITING = 200
"""Pieces a slow page may lag behind; what is older is dropped, for it is live."""
_END = ("", "")

Piece = tuple[str, str]
"""(stream, JSON)."""


class LiveRooms:
    """Fans out the live topics of courtrooms; everything happens in the event loop."""

    def __init__(self) -> None:
        self._pages: dict[str, set[asyncio.Queue[Piece]]] = {}

    def heard(self, gateway: str, stream: str, payload: bytes) -> None:
        """A courtroom said this; what is no caption and no levels is passed over, and what nobody watches, too."""
        pages = self._pages.get(gateway)
        if not pages:
            return
        try:
            if stream == CAPTIONS:
                text = Caption.model_validate_json(payload).model_dump_json()
            elif stream == LEVELS:
                text = Levels.model_validate_json(payload).model_dump_json()
            else:
                return
        except ValidationError:
            return
        for page in pages:
            _put(page, (stream, text))

    async def of_hearing(self, gateway: str, ref: str, *, closed: bool) -> AsyncIterator[ServerSentEvent]:
        """The levels of a room, and the captions of one hearing in it; of one that is not public, none."""
        with self._watching(gateway) as page:
            yield ServerSentEvent(event="live", data="open")
            while (piece := await page.get()) != _END:
                stream, text = piece
                if stream == CAPTIONS and (closed or Caption.model_validate_json(text).hearing != ref):
                    continue
                yield ServerSentEvent(event=stream, data=text)

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        for pages in self._pages.values():
            for page in pages:
                _put(page, _END)

    @contextmanager
    def _watching(self, gateway: str) -> Iterator["asyncio.Queue[Piece]"]:
        page: asyncio.Queue[Piece] = asyncio.Queue(_WAITING)
        pages = self._pages.setdefault(gateway, set())
        pages.add(page)
        try:
            yield page
        finally:
            pages.discard(page)


def _put(page: "asyncio.Queue[Piece]", piece: Piece) -> None:
    if page.full():
        page.get_nowait()
    page.put_nowait(piece)
