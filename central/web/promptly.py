"""Somebody waits: until an answer begins, threads at work behind the scenes hand on the interpreter sooner."""

import sys

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SOON_S = 0.0005
"""An answer takes the interpreter some twenty times (a row, a turn between threads). Beside a thread that takes in a
backlog it would wait Python's usual 5 ms for each; always so short, and the backlog would pay for it."""


class Promptly:
    """ASGI middleware; what streams counts until it begins."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._usual = sys.getswitchinterval()
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; the interval is short while anybody waits."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        waits = True

        def begun() -> None:
            nonlocal waits
            self._count(-waits)
            waits = False

        async def answers(message: Message) -> None:
            if message["type"] == "http.response.start":
                begun()
            await send(message)

        self._count(1)
        try:
            await self._app(scope, receive, answers)
        finally:
            begun()

    def _count(self, more: int) -> None:
        self._waiting += more
        sys.setswitchinterval(_SOON_S if self._waiting else self._usual)
