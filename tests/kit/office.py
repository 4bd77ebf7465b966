"""A scanning desk in one process: a real journal, the real libsane, a feeder of paper in software, nobody above it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from devices.box import DeviceGone
from devices.journal import Line, read_line
from devices.messages import Fact, Wish, read_fact, wire_name
from devices.scanning import SCANNING, OpenJob, PageScanned
from gateway import catalogue
from gateway.bench import Bench
from gateway.clock import Clock
from gateway.config import read
from gateway.deadlines import Deadlines
from gateway.documents import Documents
from gateway.identity import load
from gateway.journal import Journal
from gateway.journal_store import raws
from gateway.journal_writer import Committed
from gateway.stations import scanning as station
from gateway.stations.place import Place
from gateway.supervise import Time, Voice, keep
from gateway.uploads import Uploads
from tests.kit.court import Court

FILE = """\
gateway: scanning-a
court: huishan
data: {data}
devices:
  scanner-a: {{driver: scanners/sane, port: "{port}", look_s: 0.05}}
stations:
  scanning:
    scanner: scanner-a
    button_preset: one-sided
    presets:
      one-sided: {{source: feeder, resolution: 75}}
      two-sided: {{source: feeder_duplex, resolution: 75}}
      wrong: {{source: feeder, resolution: 75, options: {{shutter: 1}}}}
"""


@dataclass
class Office:
    """The desk and what its journal has."""

    desk: station.ScanningDesk
    bench: Bench
    stage: Any
    uploads: Uploads
    lines: list[Line]
    live: list[tuple[str, bytes]]
    changed: asyncio.Event
    asked: int = 0
    blobs: Path = field(default_factory=Path)

    def facts(self, kind: type[Fact]) -> list[Any]:
        """The facts of that kind."""
        return [read_fact(line.type, line.body) for line in self.lines if line.type == wire_name(kind)]

    async def until(self, kind: type[Fact], number: int = 1) -> Any:
        """The fact of that kind and number, as soon as it is there."""
        async with asyncio.timeout(60):
            while len(found := self.facts(kind)) < number:
                self.changed.clear()
                await self.changed.wait()
        return found[number - 1]

    async def ask(self, wish: Wish) -> str:
        """Put a wish to the desk; gives its id."""
        self.asked += 1
        await self.bench.obey(SCANNING, f"wish-{self.asked}", wish)
        return f"wish-{self.asked}"

    async def open(self, counted: int, job: str = "j-1") -> None:
        """An envelope of so many sheets."""
        await self.ask(OpenJob(job=job, case="case:1", operator="person:1", counted=counted))

    def hand(self, name: str, **arguments: Any) -> None:
        """Do something at the scanner."""
        self.stage.hands()[name](**arguments)

    @property
    def current(self) -> list[PageScanned]:
        """The pages of which no other took the place, by sheet."""
        pages: list[PageScanned] = self.facts(PageScanned)
        replaced = {page.instead_of for page in pages}
        return sorted((p for p in pages if p.page not in replaced), key=lambda page: (page.sheet, page.side != "front"))


@asynccontextmanager
async def office(
    folder: Path, driver: str = "scanners/sane", port: str = "", file: str = FILE
) -> AsyncIterator[Office]:
    """A desk whose scanner is reached; opened again in the same folder, it goes on."""
    data = folder / "data"
    stage = catalogue.stage(driver, {"port": port}, folder / "scanner")
    assert stage is not None
    court = Court(folder / "court")
    nowhere = ("127.0.0.1", 9), "http://127.0.0.1:9"
    identity = load(data) if data.exists() else court.identity("scanning-a", data, *nowhere)
    told = file.format(data=data, port=await stage.plug()).replace("scanners/sane", driver)
    (folder / "scanning-a.yaml").write_text(told)
    config = read(folder / "scanning-a.yaml")
    clock = Clock(rtc_healthy=True)
    lines: list[Line] = []
    changed = asyncio.Event()

    def committed(told: Committed) -> None:
        lines.extend(read_line(raw) for raw in told.lines)
        changed.set()

    try:
        async with Journal(data / "journal.db", identity.gateway, identity.kid, clock) as journal:
            lines.extend(read_line(raw) for raw in raws(journal.reader, 1, journal.head.n + 1))
            journal.listeners.append(committed)
            deadlines = Deadlines(clock.mono)
            uploads = Uploads(identity, clock, data)
            bench = Bench(config.devices, journal, deadlines, uploads.fetch)
            place = Place(identity, journal, bench, uploads, Documents(journal, uploads.fetch, data), deadlines)
            live: list[tuple[str, bytes]] = []
            settings = config.top.stations.scanning
            assert settings is not None
            works = station.works(settings, place, lambda _, stream, told: live.append((stream, told)), lambda: None)
            steady = Time(clock.mono)
            async with asyncio.TaskGroup() as group:
                voice = Voice(gone=lambda why: bench.tell("scanner-a", DeviceGone(why=why)))
                watching = [keep(name, partial(bench.watch, name), steady, voice) for name in config.devices]
                tasks = [group.create_task(work) for work in (*works, *watching)]
                assert not await bench.missing(["scanner-a"], 60)
                desk = bench.obeying[SCANNING]
                yield Office(desk, bench, stage, uploads, lines, live, changed, blobs=data / "blobs")
                for task in tasks:
                    task.cancel()
    finally:
        await stage.unplug()
