"""A web page as a Screen: what counts as shown is what the page says it has painted."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from devices.describe import Property
from devices.displays import SCREEN_PROPERTIES, Notice, NoticeShown, ScreenChanged
from devices.errors import DeviceFault
from drivers.commissioning import Said
from drivers.worker import Worker

ABOUT = "Web page on a screen (Chromium in kiosk mode): notices that go blank when they expire"
VERIFIED = False
TRANSPORTS = ("http",)
COMMISSIONING = Said(
    "页面是网关自己的，显示了什么由它自己说。", "The page is the gateway's own, and says itself what it shows."
)
PATIENCE_S = 20.0


class Config(BaseModel):
    """One screen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: str = Field(
        pattern=r"^http://[0-9]{1,3}(\.[0-9]{1,3}){3}:[0-9]{1,5}$",
        description="Where the page is served: http://127.0.0.1:8091, or the box's address in the court's network.",
    )
    browser: tuple[str, ...] = Field(
        default=(),
        description="Chromium to be started in kiosk mode, as [/usr/bin/chromium]; empty if something else opens it.",
    )
    paint_s: float = Field(default=10.0, gt=0, le=25, description="Seconds within which a notice has to be painted.")
    away_s: float = Field(default=5.0, ge=2, le=60, description="Silent for so long, the page is away.")
    look_s: float = Field(default=0.5, gt=0, le=10, description="Seconds between looks.")


async def hold(config: Config) -> Worker:
    """The process that serves the page. Raises DeviceOffline."""
    where = urlsplit(config.port)
    arguments = str(where.hostname), str(where.port), *config.browser
    return await Worker.start("drivers.displays.web_screen.screen", *arguments)


class Device:
    """One screen."""

    properties: Mapping[str, Property] = SCREEN_PROPERTIES

    def __init__(self, config: Config, worker: Worker) -> None:
        self._config = config
        self._worker = worker
        self._turn = asyncio.Lock()

    async def show(self, notice: Notice, seconds: int) -> NoticeShown:
        """Show it for so long, then nothing. Raises DeviceFault (nobody paints it), DeviceOffline."""
        loop = asyncio.get_running_loop()
        async with self._turn:
            question = {"do": "show", "notice": notice.model_dump(), "seconds": seconds}
            number = (await self._worker.ask(question, PATIENCE_S))["number"]
            until = loop.time() + min(self._config.paint_s, seconds)
            while loop.time() < until:
                if (await self._state())["painted"] == number:
                    return NoticeShown()
                await self._worker.pause(self._config.look_s)
            await self._worker.ask({"do": "blank"}, PATIENCE_S)
            raise DeviceFault(f"no browser painted it; open {self._config.port}/ on the screen, or set `browser`")

    async def watch(self) -> AsyncIterator[ScreenChanged]:
        """What it shows once, then each change. Raises DeviceOffline when page or browser cannot be held."""
        known: str | None = None
        while True:
            shows = self._shows(await self._state())
            if shows != known:
                known = shows
                yield ScreenChanged(shows=shows)
            await self._worker.pause(self._config.look_s)

    def _shows(self, state: Mapping[str, object]) -> Literal["notice", "blank", "away"]:
        silent = state["silent_s"]
        if not isinstance(silent, float | int) or silent > self._config.away_s:
            return "away"
        return "notice" if state["painted"] else "blank"

    async def _state(self) -> Mapping[str, object]:
        return await self._worker.ask({"do": "state"}, PATIENCE_S)
