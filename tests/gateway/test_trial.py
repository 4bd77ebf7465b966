"""A configuration of central is tried on real devices, kept when they are back, and given back when they are not."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from devices.claims import DesiredClaims, Document
from devices.errors import DeviceOffline
from devices.journal import Line, read_line
from gateway.bench import Bench
from gateway.catalogue import emulator
from gateway.clock import Clock
from gateway.config import GatewayConfig, read
from gateway.deadlines import Deadlines
from gateway.documents import Documents
from gateway.floor import Floor
from gateway.inbox import DESIRED
from gateway.journal import Journal
from gateway.journal_writer import Committed
from gateway.kept_config import KeptConfig
from gateway.simulator.cables import TICK_S, Cable, Pty
from gateway.supervise import Time
from gateway.trial import Box, Trial

FILE = "gateway: room-1\ncourt: huishan\ndata: {data}\ndevices:\n  reader-a: {reader}\n"
READER = "{driver: readers/serial_barcode, port: PORT}"
WALL = "{driver: locks/kr_cu16, port: PORT, cells: CELLS, gap_s: 0, tries: 1, poll_s: 0.05, timeout_s: 0.4}"


@dataclass
class Room:
    """A gateway as far as configurations go."""

    folder: Path
    journal: Journal
    documents: Documents
    bench: Bench
    floor: Floor
    kept: KeptConfig
    lines: list[Line]
    blobs: dict[str, bytes]
    stationed: list[GatewayConfig]
    news: asyncio.Event

    async def wants(self, version: int, text: str) -> None:
        """Central has another configuration for it."""
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        self.blobs[sha256] = text.encode()
        listed = {"config": Document(sha256=sha256, version=version)}
        kept = {name: document.model_dump() for name, document in listed.items()}
        await self.journal.remember(DESIRED, json.dumps({"iat": version, "documents": kept}))
        await self.documents.take(DesiredClaims(iss="huishan", aud="room-1", iat=version, documents=listed))

    async def told(self, type_: str, version: int) -> Line:
        """That line, as soon as it is there."""
        await self.until(lambda: self._told(type_, version))
        return self._told(type_, version)[0]

    async def until(self, holds: Callable[[], Any]) -> None:
        """Wait for it, looking whenever a line was written, and now and then for what is no line."""
        async with asyncio.timeout(20):
            while not holds():
                self.news.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.02):
                        await self.news.wait()

    def _told(self, type_: str, version: int) -> list[Line]:
        return [line for line in self.lines if line.type == type_ and line.body["version"] == version]

    def devices(self, cells: int = 12, wall: str = "wall", prove_s: float = 20) -> str:
        """A configuration with a reader and a wall on that port."""
        ports = [READER.replace("PORT", str(self.folder / "reader"))]
        ports.append(WALL.replace("PORT", str(self.folder / wall)).replace("CELLS", str(cells)))
        return f"prove_s: {prove_s}\ndevices:\n  reader-a: {ports[0]}\n  wall-a: {ports[1]}\n"


@asynccontextmanager
async def plugged(folder: Path) -> AsyncIterator[None]:
    """A reader and a wall that speak their bytes."""
    settings = {"reader": ("readers/serial_barcode", {}), "wall": ("locks/kr_cu16", {"cells": 12})}
    cables = {}
    for name, (product, more) in settings.items():
        cables[name] = Cable({name: emulator(product, {"port": "x", **more})}, partial(Pty, folder / name))
        await cables[name].plug()

    async def tick() -> None:
        while True:
            for cable in cables.values():
                cable.tick()
            await asyncio.sleep(TICK_S)

    ticking = asyncio.create_task(tick())
    try:
        yield
    finally:
        ticking.cancel()
        for cable in cables.values():
            await cable.unplug()


@asynccontextmanager
async def room(folder: Path) -> AsyncIterator[Room]:
    """The gateway started on its own file, or on what it kept before."""
    file = folder / "room-1.yaml"
    file.write_text(FILE.format(data=folder / "data", reader=READER.replace("PORT", str(folder / "reader"))))
    blobs: dict[str, bytes] = {}
    lines: list[Line] = []
    stationed: list[GatewayConfig] = []
    news = asyncio.Event()

    async def fetch(sha256: str) -> bytes:
        if sha256 not in blobs:
            raise DeviceOffline("central is away")
        return blobs[sha256]

    def stations(config: GatewayConfig) -> list[Coroutine[Any, Any, None]]:
        stationed.append(config)
        return []

    def heard(committed: Committed) -> None:
        lines.extend(read_line(raw) for raw in committed.lines)
        news.set()

    async def up() -> None:
        """Nobody asks."""

    data = folder / "data"
    data.mkdir(exist_ok=True)
    box = Box(read(file), {}, KeptConfig(data))
    start, config = box.begin()
    clock = Clock()
    journal = Journal(data / "journal.db", "room-1", "key-1", clock)
    journal.listeners.append(heard)
    async with plugged(folder), journal:
        bench = Bench(config.devices, journal, Deadlines(clock.mono), fetch)
        documents = Documents(journal, fetch, data)
        async with Floor(config, bench, stations, Time(clock.mono)) as floor:
            trial = Trial(box, floor, bench)
            works = [asyncio.create_task(documents.run(up)), asyncio.create_task(trial.run(start, documents, up))]
            try:
                yield Room(folder, journal, documents, bench, floor, box.kept, lines, blobs, stationed, news)
            finally:
                for work in works:
                    work.cancel()
                await asyncio.gather(*works, return_exceptions=True)


async def test_a_configuration_is_kept_once_its_devices_are_back_and_is_what_the_box_starts_with(
    tmp_path: Path,
) -> None:
    async with room(tmp_path) as at:
        await at.wants(5, at.devices())
        kept = await at.told("config_kept", 5)
        assert kept.body["devices"] == {"reader-a": "readers/serial_barcode", "wall-a": "locks/kr_cu16"}
        assert [line.type for line in at.lines if line.type.startswith("config")] == ["config_tried", "config_kept"]
    async with room(tmp_path) as again:
        assert again.floor.config.devices.keys() == {"reader-a", "wall-a"}


async def test_only_what_differs_starts_anew(tmp_path: Path) -> None:
    async with room(tmp_path) as at:
        await at.wants(5, at.devices())
        await at.told("config_kept", 5)
        reader = at.bench.reached("reader-a")
        wall = at.bench.reached("wall-a")
        await at.wants(6, at.devices(cells=8))
        await at.told("config_kept", 6)
        assert at.bench.reached("reader-a") is reader
        assert at.bench.reached("wall-a") is not wall
        stations = len(at.stationed)
        await at.wants(7, at.devices(cells=8, prove_s=21))
        await at.told("config_kept", 7)
        assert len(at.stationed) == stations


async def test_a_device_that_does_not_come_back_brings_the_last_good_one_back(tmp_path: Path) -> None:
    async with room(tmp_path) as at:
        await at.wants(5, at.devices())
        await at.told("config_kept", 5)
        await at.wants(6, at.devices(wall="nowhere", prove_s=0.2))
        refused = await at.told("config_refused", 6)
        assert "wall-a" in refused.body["why"] and "reader-a" not in refused.body["why"]
        assert not await at.bench.missing(["reader-a", "wall-a"], 20)
        assert at.floor.config.devices["wall-a"].settings.port.endswith("/wall")
        async with asyncio.timeout(30):
            while at.kept.settled < 6:  # noqa: ASYNC110  (it is told first, and known on disk right after)
                await asyncio.sleep(0)
    assert KeptConfig(tmp_path / "data").begin().version == 5


async def test_a_typo_is_refused_with_its_place_before_anything_is_touched(tmp_path: Path) -> None:
    async with room(tmp_path) as at:
        assert not await at.bench.missing(["reader-a"], 20)
        reader = at.bench.reached("reader-a")
        await at.wants(5, at.devices().replace("cells", "cels"))
        refused = await at.told("config_refused", 5)
        assert "line 4" in refused.body["why"] and "did you mean 'cells'" in refused.body["why"]
        await at.wants(6, "gateway: another\n" + at.devices())
        assert "cannot be changed from afar" in (await at.told("config_refused", 6)).body["why"]
        assert at.bench.reached("reader-a") is reader


async def test_why_one_is_refused_repeats_no_password(tmp_path: Path) -> None:
    wrong = (
        f"{{driver: displays/pjlink, port: 'tcp://192.0.2.7:4352', password: {'hush' * 9}}}",
        "{driver: displays/samsung_mdc, port: /dev/ttyS9, pin: 'hush12'}",
        "{driver: microphones/ffmpeg_input, port: 'rtps://court:hush@192.0.2.8/1'}",
    )
    devices = "".join(f"  bad-{number}: {device}\n" for number, device in enumerate(wrong))
    async with room(tmp_path) as at:
        await at.wants(5, f"devices:\n{devices}")
        why = (await at.told("config_refused", 5)).body["why"]
        assert all(f"line {2 + number}: devices.bad-{number}" in why for number in range(len(wrong)))
        assert "hush" not in why and "this cannot stand here" in why


async def test_what_was_gone_before_for_its_own_reasons_does_not_stand_in_the_way(tmp_path: Path) -> None:
    async with room(tmp_path) as at:
        await at.wants(5, at.devices())
        await at.told("config_kept", 5)
        await at.floor.become(at.floor.config.moved({str(tmp_path / "wall"): str(tmp_path / "unplugged")}))
        text = at.devices(prove_s=0.2).replace(str(tmp_path / "wall"), str(tmp_path / "unplugged"))
        await at.wants(6, text)
        await at.told("config_kept", 6)


async def test_nothing_is_tried_while_a_hearing_goes_on(tmp_path: Path) -> None:
    async with room(tmp_path) as at:
        at.bench.busy("hearing", is_so=True)
        await at.wants(5, at.devices())
        await at.until(lambda: at.documents.current("config"))
        await at.wants(6, at.devices(cells=8))
        await at.until(lambda: at.documents.current("config") == at.devices(cells=8).encode())
        assert not [line for line in at.lines if line.type.startswith("config")]
        at.bench.busy("hearing", is_so=False)
        await at.told("config_kept", 6)
