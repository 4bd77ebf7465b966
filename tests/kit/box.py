"""A locker's gateway in one process: real drivers over real ptys to emulators, a real journal, a clock by hand."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from devices.box import DeviceBack, DeviceGone
from devices.claims import PermitClaims, WishClaims
from devices.grants import pin_check, sign
from devices.journal import Line, read_line
from gateway.bench import Bench
from gateway.catalogue import emulator
from gateway.clock import Clock
from gateway.config import GatewayConfig, read
from gateway.deadlines import Deadlines
from gateway.identity import Identity, load
from gateway.journal import Journal
from gateway.journal_writer import Committed
from gateway.simulator.cables import TICK_S, Cable, Pty
from gateway.stations.locker import Locker
from gateway.supervise import Time, Voice, keep
from gateway.wishes import Wishes
from tests.kit.court import COURT, Court

FILE = """\
gateway: locker-a
court: huishan
data: {data}
devices:
  wall-a:
    {{driver: locks/kr_cu16, port: {data}/wall, cells: 12, gap_s: 0, tries: 1,
      poll_s: 0.05, poll_fast_s: 0.02, timeout_s: 0.4, unlock_reply_s: 0.05}}
  reader-a: {{driver: readers/serial_barcode, port: {data}/reader}}
  slip-a: {{driver: printers/escpos, port: {data}/slip, settle_s: 0.05}}
stations:
  locker: {{locks: [wall-a], reader: reader-a, printer: slip-a, left_open_s: 60, screen_port: 0}}
"""
SECRET = b"s" * 32


class Mono:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@dataclass
class Box:
    """The parts of one gateway, and hands to the devices before it."""

    court: Court
    identity: Identity
    config: GatewayConfig
    mono: Mono
    clock: Clock
    journal: Journal
    deadlines: Deadlines
    bench: Bench
    wishes: Wishes
    locker: Locker
    cables: dict[str, Cable]
    lines: list[Line]
    """What was journaled in this run."""
    news: asyncio.Event

    async def until(self, holds: Callable[[], Any]) -> Any:
        """The first true value, looked for whenever a line was written, and now and then for what is no line."""
        async with asyncio.timeout(60):
            while not (value := holds()):
                self.news.clear()
                try:
                    async with asyncio.timeout(0.02):
                        await self.news.wait()
                except TimeoutError:
                    continue
            return value

    def of(self, type_: str, **body: Any) -> list[Line]:
        """The lines of a type whose body says at least that."""
        return [line for line in self.lines if line.type == type_ and body.items() <= line.body.items()]

    async def later(self, seconds: float) -> None:
        """So much time passes."""
        self.mono.now += seconds
        await self.deadlines.ring()

    def hand(self, device: str, hand: str, **args: Any) -> None:
        """Push a button of an emulator."""
        self.cables[device].emulators[device].hands()[hand](**args)

    def look(self, device: str) -> dict[str, Any]:
        """How an emulator stands."""
        return self.cables[device].emulators[device].look()

    def released(self) -> int:
        """How often any latch was released."""
        return sum(self.look("wall-a")["releases"].values())

    def wish(self, jti: str, cell: int, typ: Any = "wish", key: Any = None, **other: Any) -> str:
        """The token of a wish to open a cell."""
        now = int(time.time())
        claims = {"iss": COURT, "aud": "locker-a", "jti": jti, "iat": now, "exp": now + 30, "actor": "p-1"}
        claims |= {"reason": "handout", "device": "wall-a", "type": "open_cell", "body": {"cell": cell}, **other}
        return sign(typ, WishClaims.model_construct(**claims).model_dump(), key or self.court.key)

    def permit(self, jti: str, cell: int, pin: str | None = None, **other: Any) -> str:
        """The code of a permit."""
        check = pin_check(SECRET, jti, pin) if pin else None
        claims = {"iss": COURT, "aud": "locker-a", "jti": jti, "exp": int(time.time()) + 600, "at": f"wall-a/{cell}"}
        return sign("permit", PermitClaims(**{**claims, "pin": check, **other}).write(), self.court.key)

    def show(self, code: str) -> None:
        """Hold a code before the reader."""
        self.hand("reader-a", "scan", code=code)


@asynccontextmanager
async def box(
    folder: Path, *, trusted: bool = True, wait: bool = True, court: Court | None = None
) -> AsyncIterator[Box]:
    """A gateway with all its doors known; the same folder and court again is the same gateway started again."""
    data = folder / "data"
    identity = load(data) if court else None
    court = court or Court(folder / "court")
    identity = identity or court.identity("locker-a", data)
    (folder / "locker-a.yaml").write_text(FILE.format(data=data))
    config = read(folder / "locker-a.yaml")
    mono = Mono()
    clock = Clock(mono=mono, boot="test", rtc_healthy=trusted)
    journal = Journal(data / "journal.db", "locker-a", identity.kid, clock, identity.old_keys)
    lines: list[Line] = []
    news = asyncio.Event()

    def heard(committed: Committed) -> None:
        lines.extend(read_line(raw) for raw in committed.lines)
        news.set()

    journal.listeners.append(heard)
    async with journal:
        deadlines = Deadlines(mono)
        bench = Bench(config.devices, journal, deadlines, _no_blob)
        settings = config.top.stations.locker
        assert settings is not None
        locker = Locker(settings, identity, journal, bench, deadlines)
        bench.stations.append(locker)
        wishes = Wishes(identity, journal, bench, deadlines)
        async with _emulated(config) as cables:
            made = Box(
                court, identity, config, mono, clock, journal, deadlines, bench, wishes, locker, cables, lines, news
            )
            async with _running(made):
                if wait:
                    await made.until(lambda: all(made.journal.state_of("wall-a", f"cell-{n}") for n in range(1, 13)))
                    await made.until(lambda: len(made.bench._reached) == 3)
                yield made


async def _no_blob(sha256: str) -> bytes:
    raise AssertionError(f"nobody asked for {sha256}")


@asynccontextmanager
async def _emulated(config: GatewayConfig) -> AsyncIterator[dict[str, Cable]]:
    cables = {}
    for name, device in config.devices.items():
        emulated = emulator(device.product.name, device.settings.model_dump())
        cables[name] = Cable({name: emulated}, partial(Pty, Path(device.settings.port)))
        await cables[name].plug()

    async def tick() -> None:
        while True:
            for cable in cables.values():
                cable.tick()
            await asyncio.sleep(TICK_S)

    ticking = asyncio.create_task(tick())
    try:
        yield cables
    finally:
        ticking.cancel()
        for cable in cables.values():
            await cable.unplug()


@asynccontextmanager
async def _running(box: Box) -> AsyncIterator[None]:
    pace = Time(box.mono)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(keep("locker", box.locker.print_slips, pace))]
        for name in box.config.devices:
            voice = Voice(
                gone=lambda why, name=name: box.bench.tell(name, DeviceGone(why=why)),
                back=lambda name=name: box.bench.tell(name, DeviceBack()),
            )
            tasks.append(group.create_task(keep(name, partial(box.bench.watch, name), pace, voice)))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
