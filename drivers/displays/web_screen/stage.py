"""The browser before the page, in software: it asks as the page does and shows what it is told."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from drivers.hands import Hand
from drivers.kept_port import LOOPBACK, KeptPort

EVERY_S = 0.1


class Stage:
    """One browser, open at first."""

    def __init__(self, settings: Mapping[str, Any], folder: Path) -> None:
        self._port = KeptPort()
        self._open = True
        self._shows: dict[str, Any] = {}
        self._task: asyncio.Task[None] | None = None

    async def plug(self) -> str:
        """Open the page; gives its address. Once known it stays the same."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._ask())
        return f"http://{LOOPBACK}:{self._port.number}"

    async def unplug(self) -> None:
        """Close the browser."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
        self._shows = {}

    def look(self) -> dict[str, Any]:
        """What stands on the screen."""
        return {"open": self._open, "title": self._shows.get("title"), "rows": self._shows.get("rows", [])}

    def hands(self) -> Mapping[str, Hand]:
        """The browser."""
        return {"browser": Hand("打开或关闭浏览器", self._switch, {"on": "bool"})}

    def _switch(self, on: bool) -> None:
        self._open = on
        self._shows = self._shows if on else {}

    async def _ask(self) -> None:
        while True:
            if self._open:
                try:
                    async with asyncio.timeout(2):
                        self._shows = await self._now()
                except (OSError, ValueError, TimeoutError):
                    self._shows = {}
            await asyncio.sleep(EVERY_S)

    async def _now(self) -> dict[str, Any]:
        reader, writer = await asyncio.open_connection(LOOPBACK, self._port.number)
        try:
            path = f"/now?painted={self._shows.get('number', '')}"
            writer.write(f"GET {path} HTTP/1.0\r\nHost: {LOOPBACK}:{self._port.number}\r\n\r\n".encode())
            told: dict[str, Any] = json.loads((await reader.read()).partition(b"\r\n\r\n")[2])
            return told
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
