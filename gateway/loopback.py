"""Serves a page on 127.0.0.1 from a child process of the gateway, until it is told to end or its parent is gone."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator

import uvicorn
from starlette.applications import Starlette

_LAST_REQUESTS_S = 1


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers, which end the process before anything is put away."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The caller has its own."""
        yield


async def serve(app: Starlette, port: int, ready: Callable[[str], Awaitable[None]], *, until_eof: bool) -> None:
    """Serve on that port (0: a free one); `ready` gets the address. Raises OSError if the port is taken."""
    loop = asyncio.get_running_loop()
    # Unless TCP is named, asyncio leaves Nagle's delay on: 40 ms an answer.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen()
        config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=_LAST_REQUESTS_S)
        server = _Server(config)

        def end() -> None:
            server.should_exit = True

        def at_eof() -> None:
            if not os.read(sys.stdin.fileno(), 1024):
                loop.remove_reader(sys.stdin)
                end()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, end)
        if until_eof:
            loop.add_reader(sys.stdin, at_eof)
        await ready(f"http://127.0.0.1:{listening.getsockname()[1]}/")
        await server.serve([listening])
