"""A scanner of any product on its own stage, watched as the bench does it, and batches out of it."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from devices.scanners import Page, ScannerChanged, ScanSettings, ScanStopped
from drivers.held import Held
from gateway import catalogue

LIGHT = ScanSettings(resolution=75)


@dataclass
class Desk:
    """A scanner and what stands behind it."""

    name: str
    config: Any
    device: Any
    stage: Any
    held: Any
    watched: AsyncIterator[Any]

    def hand(self, name: str, **arguments: Any) -> None:
        """Push a button of the stage."""
        self.stage.hands()[name](**arguments)

    async def batch(self, settings: ScanSettings = LIGHT) -> list[Page]:
        """Every page of a batch that ends well."""
        return [page async for page in self.device.scan(settings)]

    async def stopped(self, settings: ScanSettings = LIGHT) -> tuple[list[Page], str]:
        """The pages of a batch that does not end well, and why it ended."""
        pages: list[Page] = []
        with pytest.raises(ScanStopped) as ended:
            async with aclosing(self.device.scan(settings)) as batch:
                async for page in batch:
                    pages.append(page)
        return pages, ended.value.why

    async def told(self, trouble: str) -> ScannerChanged:
        """The next state with that trouble."""
        async for fact in self.watched:
            if isinstance(fact, ScannerChanged) and fact.trouble == trouble:
                return fact
        raise AssertionError(f"it was never told: {trouble}")

    @asynccontextmanager
    async def again(self) -> AsyncIterator[Any]:
        """The same scanner, reached anew."""
        held: Held = await catalogue.product(self.name).hold(self.config)
        try:
            device: Any = catalogue.product(self.name).driver.Device(self.config, held)
            await anext(device.watch())
            yield device
        finally:
            await held.close()


@asynccontextmanager
async def desk(name: str, folder: Path, port: str = "", **settings: Any) -> AsyncIterator[Desk]:
    """Plugged in, reached, and its first state told: no trouble."""
    stage = catalogue.stage(name, {"port": port}, folder / "scanner")
    assert stage is not None
    driver = catalogue.product(name).driver
    held = None
    try:
        config: Any = driver.Config(**{"port": await stage.plug(), "look_s": 0.05, **settings})
        held = await catalogue.product(name).hold(config)
        device: Any = driver.Device(config, held)
        async with aclosing(device.watch()) as watched:
            first = await anext(watched)
            assert isinstance(first, ScannerChanged) and first.trouble == "none"
            yield Desk(name, config, device, stage, held, watched)
    finally:
        if held:
            await held.close()
        await stage.unplug()


def numbers(pages: list[Page]) -> list[str]:
    """Which sheets these are: the same sheet gives the same image."""
    return [hashlib.sha256(page.image).hexdigest()[:8] for page in pages]
