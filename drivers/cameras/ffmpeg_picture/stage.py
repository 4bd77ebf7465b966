"""A network camera in software: MJPEG by HTTP on the loopback, of a wall with a bar before it that moves."""

import asyncio
import io
import random
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from PIL import Image

from drivers.hands import Hand
from drivers.kept_port import LOOPBACK, KeptPort

SIZE = (320, 180)
EVERY_S = 0.1
_BOUNDARY = b"picture"


class Stage:
    """One camera. Its pictures have a little noise, as real ones have, unless they are frozen."""

    def __init__(self, settings: Mapping[str, Any], folder: Path) -> None:
        self._port = KeptPort()
        self._server: asyncio.Server | None = None
        self._viewers: set[asyncio.Task[None]] = set()
        self._covered = self._taken = False
        self._frozen: bytes | None = None
        self._looks = self._number = 0
        self._random = random.Random(7)  # noqa: S311  (noise of a picture)

    async def plug(self) -> str:
        """Appear; gives its address."""
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, LOOPBACK, self._port.number)
        return f"http://{LOOPBACK}:{self._port.number}/video"

    async def unplug(self) -> None:
        """Vanish, from under whoever looks too."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for viewer in self._viewers:
            viewer.cancel()
        await asyncio.gather(*self._viewers, return_exceptions=True)

    def look(self) -> dict[str, Any]:
        """What is before its lens, and how often somebody began to look."""
        return {"covered": self._covered, "frozen": self._frozen is not None, "taken": self._taken,
                "looks": self._looks}  # fmt: skip

    def hands(self) -> Mapping[str, Hand]:
        """A lens cap, a camera that hangs, a program that has it."""
        return {
            "cover": Hand("盖上或打开镜头盖", self._cover, {"on": "bool"}),
            "freeze": Hand("画面卡住或恢复", self._freeze, {"on": "bool"}),
            "take": Hand("被别的程序占用或放开", self._take, {"on": "bool"}),
        }

    def _cover(self, on: bool) -> None:
        self._covered = on

    def _freeze(self, on: bool) -> None:
        self._frozen = self._picture() if on else None

    def _take(self, on: bool) -> None:
        self._taken = on

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self._viewers.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await reader.readuntil(b"\r\n\r\n")
                self._looks += 1
                await self._show(writer)
        finally:
            self._viewers.discard(task)
            writer.transport.abort()

    async def _show(self, writer: asyncio.StreamWriter) -> None:
        if self._taken:
            writer.write(b"HTTP/1.0 503 Service Unavailable\r\n\r\n")
            await writer.drain()
            writer.close()
            await writer.wait_closed()
            return
        writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=%s\r\n\r\n" % _BOUNDARY)
        while True:
            jpeg = self._frozen or self._picture()
            head = b"--%s\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % (_BOUNDARY, len(jpeg))
            writer.write(head + jpeg + b"\r\n")
            await writer.drain()
            await asyncio.sleep(EVERY_S)

    def _picture(self) -> bytes:
        self._number += 1
        noise = Image.frombytes("L", SIZE, self._random.randbytes(SIZE[0] * SIZE[1])).point(lambda value: value // 24)
        if not self._covered:
            noise = noise.point(lambda value: value + 120)
            noise.paste(220, (self._number * 8 % SIZE[0], 0, self._number * 8 % SIZE[0] + 20, SIZE[1]))
        out = io.BytesIO()
        noise.save(out, "JPEG", quality=95)
        return out.getvalue()
