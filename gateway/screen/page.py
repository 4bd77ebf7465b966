"""A display's page: one view at a time, pushed as server-sent events; a PIN goes back as JSON."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from gateway.screen.feed import Feed, NotConnected

_ASSETS = Path(__file__).parent / "assets"
STATIONS = ("locker", "courtroom")
"""Each has a page of its own."""
_HEARTBEAT_S = 5.0
"""A browser that hears nothing for longer shows that it is cut off."""
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def page(feed: Feed, station: str) -> Starlette:
    """The web application of one display, of that sort of station."""

    async def views(_: Request) -> Response:
        return StreamingResponse(_events(feed), media_type="text/event-stream", headers=_HEADERS)

    async def typed(request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return Response(status_code=415)
        try:
            told = await request.json()
            await feed.say({"pin": told["pin"]} if told.get("pin") else {})
        except (ValueError, TypeError, AttributeError, RecursionError):
            return Response(status_code=422)
        except NotConnected:
            return Response(status_code=503)
        return Response(status_code=204)

    routes = [
        Route("/views", views),
        Route("/typed", typed, methods=["POST"]),
        Mount("/", StaticFiles(directory=_ASSETS / station, html=True)),
    ]
    return Starlette(routes=routes, middleware=[Middleware(TrustedHostMiddleware, ["127.0.0.1", "localhost"])])


async def _events(feed: Feed) -> AsyncIterator[str]:
    shown = None
    while True:
        try:
            async with asyncio.timeout(_HEARTBEAT_S):
                shown = await feed.after(shown)
        except TimeoutError:
            yield "event: beat\ndata: {}\n\n"
        else:
            yield f"data: {json.dumps(shown)}\n\n"
