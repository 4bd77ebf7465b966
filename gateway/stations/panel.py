"""The unix socket between a station and its display: views down, what was typed up, a JSON object a line."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from devices.box import Refusal
from gateway.children import child
from gateway.supervise import Up

log = logging.getLogger(__name__)

V = TypeVar("V", bound=BaseModel)
_BEHIND_BYTES = 64 * 1024
"""A display that has so much unread is cut off; it connects again and sees what is shown then."""


class OpenDoor(BaseModel):
    """A door that stands open; `late` when it has stood so too long."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    bank: str
    cell: int
    late: bool = False


class View(BaseModel):
    """What a locker's display shows. It holds no name and no code, for anybody can look at it."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    state: Literal["idle", "pin", "refused"] = "idle"
    cell: int | None = None
    """The cell whose PIN is awaited."""
    why: Refusal | None = None
    tries: int | None = None
    """Tries left after a wrong PIN."""
    seconds: float | None = None
    """So long it is shown, before the display goes back to idle by itself."""
    doors: tuple[OpenDoor, ...] = ()


class Typed(BaseModel):
    """What a person did at the display: typed a PIN, or went back."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    pin: str | None = Field(default=None, pattern=r"^[0-9]{1,12}$")


class Panel(Generic[V]):
    """Shows the present view to every display that connects, and passes on what is typed there."""

    def __init__(self, first: V, typed: Callable[[Typed], Awaitable[None]] | None = None) -> None:
        self._typed = typed
        self._view = first
        self._displays: set[asyncio.StreamWriter] = set()

    @property
    def view(self) -> V:
        """What is shown now."""
        return self._view

    def show(self, view: V) -> None:
        """Show this from now on."""
        if view != self._view:
            self._view = view
            line = _line(view)
            for display in self._displays:
                if display.transport.get_write_buffer_size() > _BEHIND_BYTES:
                    display.transport.abort()
                else:
                    display.write(line)

    async def serve(self, socket: Path, up: Up) -> None:
        """Listen on that path, for the owner only, until cancelled."""
        socket.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(self._talk, socket)
        socket.chmod(0o600)
        await up()
        async with server:
            try:
                await server.serve_forever()
            finally:
                for display in self._displays:
                    display.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_line(self._view))
        self._displays.add(writer)
        try:
            while line := await reader.readline():
                await self._take(line)
        except (OSError, ValueError) as error:
            log.warning("a display was cut off: %s", error)
        finally:
            self._displays.discard(writer)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _take(self, line: bytes) -> None:
        try:
            typed = Typed.model_validate_json(line)
        except ValidationError:
            log.warning("a display said what is no PIN")
            return
        if self._typed is not None:
            await self._typed(typed)


async def shown(panel: Panel[V], station: str, port: int, up: Up) -> None:
    """The panel's socket, in a folder of its own for its path must be short, and the process that serves its page.

    `station`: whose page, of `gateway.screen`. Until cancelled, or that process ends.
    """
    import shutil  # not at the head: with its archives they cost half a megabyte, and many boxes have no display
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="courtside-"))
    try:
        async with asyncio.TaskGroup() as group:
            panel_served = group.create_task(panel.serve(folder / "screen", up))
            told = (str(folder / "screen"), f"--station={station}", f"--port={port}")
            async with child("gateway.screen", *told) as screen:
                log.info("the display's page is at %s", screen.told["screen"])
                await screen.process.wait()
            panel_served.cancel()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _line(view: BaseModel) -> bytes:
    told: dict[str, Any] = view.model_dump(mode="json", exclude_none=True)
    return json.dumps(told, ensure_ascii=False).encode() + b"\n"
