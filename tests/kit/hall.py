"""A courtroom in one process: a real journal, real ffmpeg reading a recording, a clock by hand, an agenda at will."""

import asyncio
import time
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from devices.journal import Line, read_line
from gateway.bench import Bench
from gateway.clock import Clock
from gateway.config import read
from gateway.deadlines import Deadlines
from gateway.documents import Documents
from gateway.hearing.display import Stands
from gateway.journal import Journal
from gateway.journal_writer import Committed
from gateway.stations import courtroom as station
from gateway.stations.place import Place
from gateway.supervise import Time, keep
from gateway.uploads import Uploads
from tests.kit.court import Court

FILE = """\
gateway: courtroom-a
court: huishan
data: {data}
devices:
  table-a: {{driver: microphones/ffmpeg_input, port: "{port}", channels: 2, rate: 16000}}
{ears}
stations:
  courtroom:
    room: court-3
    seats: {{judge: {{device: table-a, channel: 1}}, clerk: {{device: table-a, channel: 2}}}}
    segment_s: 2
    quiet_s: 1
{listens}
"""


class Wall:
    """The wall clock, which can be set."""

    def __init__(self) -> None:
        self.set_by = 0.0

    def __call__(self) -> float:
        return time.time() + self.set_by


@dataclass
class Hall:
    """The courtroom and what its journal has."""

    courtroom: station.Courtroom
    bench: Bench
    clock: Clock
    wall: Wall
    live: list[tuple[str, bytes]]
    lines: list[Line]
    changed: asyncio.Event
    stands: Callable[[], Stands]
    at_central: dict[str, bytes]
    """Blobs that wishes name."""

    def of(self, type_: str, **body: Any) -> list[Line]:
        """Lines of that type."""
        return [line for line in self.lines if line.type == type_ and body.items() <= line.body.items()]

    async def until(self, there: Callable[[], Any]) -> Any:
        """Wait until that is true, and give it; looks at each line written, and now and then for what is none."""
        async with asyncio.timeout(60):
            while not (found := there()):
                self.changed.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.05):
                        await self.changed.wait()
        return found

    def now(self) -> datetime:
        """What the wall clock shows."""
        return datetime.fromtimestamp(self.wall(), UTC)


@asynccontextmanager
async def hall(
    folder: Path, seconds: int = 60, model: Path | None = None, port: str | None = None
) -> AsyncIterator[Hall]:
    """A courtroom with only a little noise, if no `port` gives its sound; it has a recogniser if a `model` is named."""
    sound, data = folder / "noise.wav", folder / "data"
    with wave.open(str(sound), "wb") as wav:
        wav.setnchannels(2)
        wav.setsampwidth(2)
        wav.setframerate(16000)
        wav.writeframes(bytes((3, 0, 255, 255)) * 16000 * seconds)
    identity = Court(folder / "court").identity("courtroom-a", data, ("127.0.0.1", 9), "http://127.0.0.1:9")
    ears = f"  ears-a: {{driver: speech/vosk, port: {model}}}" if model else ""
    listens = "    recogniser: ears-a" if model else ""
    (folder / "courtroom-a.yaml").write_text(
        FILE.format(data=data, port=port or f"file:{sound}", ears=ears, listens=listens)
    )
    config = read(folder / "courtroom-a.yaml")
    wall = Wall()
    clock = Clock(wall, rtc_healthy=True)
    lines: list[Line] = []
    changed = asyncio.Event()

    def committed(told: Committed) -> None:
        lines.extend(read_line(raw) for raw in told.lines)
        changed.set()

    async with Journal(data / "journal.db", identity.gateway, identity.kid, clock) as journal:
        journal.listeners.append(committed)
        deadlines = Deadlines(clock.mono)
        uploads = Uploads(identity, clock, data)
        at_central: dict[str, bytes] = {}

        async def fetch(sha256: str) -> bytes:
            return at_central[sha256]

        bench = Bench(config.devices, journal, deadlines, fetch)
        place = Place(identity, journal, bench, uploads, Documents(journal, uploads.fetch, data), deadlines)
        live: list[tuple[str, bytes]] = []
        settings = config.top.stations.courtroom
        assert settings is not None
        works = station.works(settings, place, lambda _, stream, told: live.append((stream, told)), lambda: None)
        steady = Time(clock.mono)
        courtroom = bench.obeying[station.COURTROOM]
        stands = partial(station.stands, courtroom, place)
        async with asyncio.TaskGroup() as group:
            watching = [keep(name, partial(bench.watch, name), steady) for name in config.devices]
            tasks = [group.create_task(work) for work in (*works, *watching)]
            yield Hall(courtroom, bench, clock, wall, live, lines, changed, stands, at_central)
            for task in tasks:
                task.cancel()
