"""What the station says, for every browser that looks; and the way back. Connects again for as long as it runs."""

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

AWAY = {"state": "away"}
"""What is shown while the station does not answer."""
_AGAIN_S = 0.5


class NotConnected(Exception):
    """The station cannot be told anything now."""


class Feed:
    """The latest view of one station."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._view: dict[str, Any] = AWAY
        self._changed = asyncio.Condition()
        self._station: asyncio.StreamWriter | None = None

    async def follow(self) -> None:
        """Take in what the station shows, until cancelled."""
        while True:
            with suppress(OSError, ValueError):
                await self._listen()
            self._station = None
            await self._show(AWAY)
            await asyncio.sleep(_AGAIN_S)

    async def after(self, shown: dict[str, Any] | None) -> dict[str, Any]:
        """The view, as soon as it is another than the one that is shown."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._view is not shown)
            return self._view

    async def say(self, typed: dict[str, Any]) -> None:
        """Pass on what was typed. Raises NotConnected."""
        if self._station is None:
            raise NotConnected
        self._station.write(json.dumps(typed).encode() + b"\n")
        try:
            await self._station.drain()
        except OSError as error:
            raise NotConnected from error

    async def _listen(self) -> None:
        reader, self._station = await asyncio.open_unix_connection(self._socket)
        try:
            while line := await reader.readline():
                await self._show(json.loads(line))
        finally:
            self._station.close()

    async def _show(self, view: dict[str, Any]) -> None:
        async with self._changed:
            self._view = view
            self._changed.notify_all()
