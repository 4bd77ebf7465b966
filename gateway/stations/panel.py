"""The unix socket between a station and its display: views down, what was typed up, a JSON object a line."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from devices.box import Refusal
from gateway.supervise import Up

log = logging.getLogger(__name__)


class OpenDoor(BaseModel):
    """A door that stands open; `late` when it has stood so too long."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    bank: str
    cell: int
    late: bool = False


class View(BaseModel):
    """What the display shows. It holds no name and no code, for anybody can look at it."""

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


class Panel:
    """Shows the present view to every display that connects, and passes on what is typed there."""

    def __init__(self, typed: Callable[[Typed], Awaitable[None]]) -> None:
        self._typed = typed
        self._view = View()
        self._displays: set[asyncio.StreamWriter] = set()

    @property
    def view(self) -> View:
        """What is shown now."""
        return self._view

    def show(self, view: View) -> None:
        """Show this from now on."""
        if view != self._view:
            self._view = view
            for display in self._displays:
                display.write(_line(view))

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
        await self._typed(typed)


def _line(view: View) -> bytes:
    told: dict[str, Any] = view.model_dump(mode="json", exclude_none=True)
    return json.dumps(told, ensure_ascii=False).encode() + b"\n"
