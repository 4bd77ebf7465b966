"""A device that is reached by HTTP: one request after another, none repeated, each at most so large and so long.

A connection is made for each request: what many of these devices promise about keeping one is not so.
"""

import asyncio
import logging
import ssl
from dataclasses import dataclass

import httpx

from devices.errors import DeviceOffline
from drivers.line import Counts
from drivers.pinned import pinned

MOST = 64 << 20
"""Bytes of an answer; a page in colour at 1200 dpi stays below."""

logging.getLogger("httpx").setLevel(logging.WARNING)  # else each look at a device is a line of the log


class Unreached(DeviceOffline):
    """No connection was made: nothing of what was to be said has left."""


@dataclass(frozen=True)
class Answer:
    """What a device answered, whole."""

    status: int
    body: bytes
    location: str


class Web:
    """The near side, a `Held`. `roots` is a PEM file of who signs the device's certificate; `fingerprint` pins it.

    Raises DeviceOffline if `roots` is none.
    """

    def __init__(self, url: str, timeout_s: float, roots: str | None = None, fingerprint: str = "") -> None:
        self.url = url.rstrip("/")
        self.counts = Counts()
        self._timeout_s = timeout_s
        self._turn = asyncio.Lock()
        self._lost = asyncio.Event()
        self._client = httpx.AsyncClient(
            timeout=timeout_s,
            trust_env=False,
            limits=httpx.Limits(max_keepalive_connections=0),
            verify=pinned(fingerprint) if fingerprint else _trusting(roots) if roots else True,
        )

    async def ask(
        self, method: str, path: str, body: bytes = b"", *, kind: str = "", timeout_s: float | None = None
    ) -> Answer:
        """The answer to one request; `kind` is the body's media type. Raises DeviceOffline: none, or no whole one.

        Unreached, a kind of it, says that nothing was sent.
        """
        async with self._turn:
            wait = timeout_s or self._timeout_s
            try:
                async with asyncio.timeout(wait):
                    return await self._asked(method, f"{self.url}{path}", body, kind)
            except TimeoutError:
                self.counts.timeouts += 1
                raise DeviceOffline(f"{self.url} says nothing for {wait:g} s") from None
            except httpx.ConnectError as error:
                raise Unreached(f"{self.url} cannot be reached: {_words(error)}") from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                self.counts.noise += isinstance(error, httpx.RemoteProtocolError)
                raise DeviceOffline(f"{self.url} cannot be reached: {_words(error)}") from error

    async def pause(self, seconds: float, until: asyncio.Event | None = None) -> None:
        """Wait, at most until the event is set. Raises DeviceOffline as soon as it was said to be gone."""
        waiters = [asyncio.ensure_future(event.wait()) for event in (self._lost, until) if event is not None]
        try:
            await asyncio.wait(waiters, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiter in waiters:
                waiter.cancel()
            await asyncio.wait(waiters)
        if self._lost.is_set():
            raise DeviceOffline(f"{self.url} is gone")

    def lose(self) -> None:
        """It is gone: whoever waits on it is told."""
        self._lost.set()

    async def close(self) -> None:
        """Let go; may be called twice."""
        self._lost.set()
        await self._client.aclose()

    async def _asked(self, method: str, url: str, body: bytes, kind: str) -> Answer:
        headers = {"Content-Type": kind} if kind else {}
        async with self._client.stream(
            method, url, content=body, headers=headers, timeout=httpx.Timeout(None)
        ) as answer:
            told = bytearray()
            async for piece in answer.aiter_bytes():
                told += piece
                if len(told) > MOST:
                    raise DeviceOffline(f"{url} answers more than {MOST >> 20} MiB")
            return Answer(answer.status_code, bytes(told), answer.headers.get("Location", ""))


def _words(error: Exception) -> str:
    """What it says; many of these say nothing, and are known by their class."""
    return str(error) or str(error.__cause__ or "") or type(error).__name__


def _trusting(roots: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=roots)
    except OSError as error:  # ssl.SSLError is one
        raise DeviceOffline(f"{roots} is no PEM file of certificates: {error.strerror or error}") from error
