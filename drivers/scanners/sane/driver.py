"""Any scanner that SANE knows: USB and network document scanners, one process a device."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from devices.errors import DeviceOffline
from devices.scanners import (
    SCANNER_PROPERTIES,
    Page,
    ScannerButton,
    ScannerChanged,
    ScanOption,
    ScanSettings,
    ScanStopped,
    Trouble,
)
from drivers.scan_option import ASKED
from drivers.worker import Worker

ABOUT = "Document scanners by SANE: USB, network, feeder and flatbed"
VERIFIED = False
TRANSPORTS = ("sane",)
COMMISSIONING = ASKED
OPEN_PATIENCE_S = 60.0
PATIENCE_S = 20.0
_TROUBLES: dict[str, Trouble] = {
    "jam": "jam", "double_feed": "double_feed", "cover_open": "cover_open", "fault": "fault", "truncated": "fault",
}  # fmt: skip


class Config(BaseModel):
    """Settings of one scanner."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: str = Field(
        pattern=r"^sane:[^@\s][^@]*(@/[^:]+)?$",
        description="sane:DEVICE as `scanimage -L` names it; sane:DEVICE@FOLDER with a SANE configuration of its own.",
    )
    width_mm: float = Field(default=210, gt=10, le=500, description="Width of what is scanned.")
    height_mm: float = Field(default=297, gt=10, le=5000, description="Length of what is scanned.")
    page_s: float = Field(
        default=90, gt=0, le=600, description="Seconds a page may take before the scanner counts as hung."
    )
    look_s: float = Field(default=1, gt=0, le=60, description="Seconds between looks at its sensors and buttons.")


class Held:
    """The process that has the scanner, and the folder through which pages come."""

    def __init__(self, worker: Worker, folder: Path) -> None:
        self.worker = worker
        self.counts = worker.counts
        self._folder = folder

    async def pause(self, seconds: float) -> None:
        """Wait. Raises DeviceOffline as soon as the process has ended."""
        await self.worker.pause(seconds)

    async def close(self) -> None:
        """End it, and forget what it left."""
        await self.worker.close()
        shutil.rmtree(self._folder, ignore_errors=True)


async def hold(config: Config) -> Held:
    """A process for that scanner. Raises DeviceOffline."""
    device, _, own = config.port.removeprefix("sane:").partition("@")
    folder = Path(tempfile.mkdtemp(prefix="courtside-page-"))
    env = {**os.environ, **({"SANE_CONFIG_DIR": own} if own else {})}
    try:
        return Held(await Worker.start("drivers.scanners.sane.work", device, str(folder), env=env), folder)
    except DeviceOffline:
        shutil.rmtree(folder, ignore_errors=True)
        raise


class Device:
    """One scanner."""

    properties = SCANNER_PROPERTIES

    def __init__(self, config: Config, held: Held) -> None:
        self._config = config
        self._held = held
        self._worker = held.worker
        self._batch = asyncio.Lock()
        self._trouble: Trouble = "none"

    async def watch(self) -> AsyncIterator[ScannerChanged | ScannerButton]:
        """The state, then each change and each button as it is pressed; while it scans nothing is asked of it."""
        told = await self._worker.ask({"do": "open"}, OPEN_PATIENCE_S)
        last: ScannerChanged | None = None
        pressed: set[str] = set()
        while True:
            state = ScannerChanged(feeder=told["feeder"], trouble=self._worst(told["trouble"]))
            if state != last:
                last = state
                yield state
            for button in set(told["pressed"]) - pressed:
                yield ScannerButton(button=button)
            pressed = set(told["pressed"])
            while True:
                await self._held.pause(self._config.look_s)
                if not self._batch.locked():
                    break
            told = await self._worker.ask({"do": "sensors"}, PATIENCE_S)

    async def options(self) -> tuple[ScanOption, ...]:
        """As the device describes itself now."""
        told = await self._worker.ask({"do": "options"}, PATIENCE_S)
        return tuple(ScanOption.model_validate(option) for option in told["options"])

    async def scan(self, settings: ScanSettings) -> AsyncIterator[Page]:
        """Each page, read when it is asked for."""
        async with self._batch:
            area = (self._config.width_mm, self._config.height_mm)
            question = {"do": "begin", "settings": settings.model_dump(mode="json"), "area": area}
            await self._worker.ask(question, PATIENCE_S)
            self._trouble = "none"
            while "ended" not in (told := await self._next()):
                left = True
                try:
                    yield await asyncio.to_thread(_page, told)
                    left = False
                finally:
                    if left:
                        await self._worker.ask({"do": "cancel"}, PATIENCE_S)
            await self._stop(told)

    async def _next(self) -> dict[str, Any]:
        try:
            return await self._worker.ask({"do": "page"}, self._config.page_s)
        except DeviceOffline as error:
            raise ScanStopped("gone", str(error)) from error

    async def _stop(self, told: dict[str, Any]) -> None:
        """It ended. Raises ScanStopped unless every sheet was fed."""
        why = told["ended"]
        self._trouble = _TROUBLES.get(why, "none")
        if why == "gone":
            await self._held.close()
        if why != "out_of_paper" or not told["sides"]:
            raise ScanStopped(why, told["text"])

    def _worst(self, sensed: Trouble) -> Trouble:
        return sensed if sensed != "none" else self._trouble


def _page(told: dict[str, Any]) -> Page:
    path = Path(told["path"])
    image = path.read_bytes()
    path.unlink()
    return Page(image, told["format"], told["width"], told["height"], told["side"])
