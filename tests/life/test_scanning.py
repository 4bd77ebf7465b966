"""A scanning station of real processes, killed in the middle of a job: no page lost, none twice."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from devices.box import WishRefused
from devices.claims import WishClaims
from devices.grants import sign
from devices.journal import Line, read_line
from devices.messages import Fact, Wish, read_fact, wire_name, write_body
from devices.scanning import (
    SCANNING,
    CloseJob,
    JobClosed,
    JobOpened,
    OpenJob,
    PageScanned,
    ScanEnded,
    ScanPages,
    ScanStarted,
)
from drivers.escl_feeder import numbered
from gateway.journal_store import read_only
from tests.kit.children import Running, running
from tests.kit.court import COURT, Court, FakeCentral, fake_central
from tests.kit.office import FILE

LONG_S = 60.0


@dataclass
class Station:
    """One desk; its scanner runs by itself, so that it outlives the gateway."""

    folder: Path
    court: Court
    central: FakeCentral
    page: httpx.AsyncClient
    asked: int = 0
    starts: int = 0

    @asynccontextmanager
    async def gateway(self) -> AsyncIterator[Running]:
        """The gateway, which central hears of."""
        self.starts += 1
        file, ports = self.folder / "scanning-a.yaml", self.folder / "ports"
        async with running("gateway", "run", file, "--simulate", "--emulators", ports, "--log=json") as gateway:
            await self.until(self.heard_of)
            yield gateway

    async def wish(self, wish: Wish) -> None:
        """Publish a wish at the broker, as central does."""
        self.asked += 1
        now = int(time.time())
        claims = WishClaims(
            iss=COURT, aud="scanning-a", jti=f"wish-{self.asked}-{now}", iat=now, exp=now + 30, actor="person-1",
            reason="scan", device=SCANNING, type=wire_name(type(wish)), body=write_body(wish),
        )  # fmt: skip
        await self.central.publish(self.central.topics.wish, sign("wish", claims.write(), self.court.key))

    async def hand(self, hand: str, **arguments: Any) -> None:
        """Do something at the scanner."""
        (await self.page.post(f"/api/devices/scanner-a/hands/{hand}", json=arguments)).raise_for_status()

    async def put_in(self, sheets: range) -> None:
        """Lay these of the pile's sheets into the feeder."""
        folder = self.folder / f"pile-{sheets.start}"
        folder.mkdir(exist_ok=True)
        for number, sheet in enumerate(numbered(sheets.stop - 1), 1):
            if number in sheets:
                (folder / f"{number:03}.jpg").write_bytes(sheet.front)
        await self.hand("put_in", folder=str(folder))

    def facts(self, kind: type[Fact]) -> list[Any]:
        """The facts of that kind."""
        return [read_fact(line.type, line.body) for line in self.lines if line.type == wire_name(kind)]

    async def more(self, kind: type[Fact], than: int) -> list[Any]:
        """Wait until there are more facts of that kind."""
        found: list[Any] = await self.until(lambda: len(told := self.facts(kind)) > than and told)
        return found

    async def until(self, what: Callable[[], Any]) -> Any:
        """Wait until that is true, and give it."""
        async with asyncio.timeout(LONG_S):
            while not (found := what()):  # noqa: ASYNC110  (what is awaited happens in other processes)
                await asyncio.sleep(0.05)
        return found

    @property
    def lines(self) -> list[Line]:
        """What the box has on its disk."""
        with closing(read_only(self.folder / "data" / "journal.db")) as db:
            return [read_line(bytes(raw)) for (raw,) in db.execute("SELECT raw FROM line ORDER BY n")]

    def heard_of(self) -> bool:
        """Whether central heard of this start."""
        return [line.type for line in self.central.lines].count("started") == self.starts

    async def insist(self, wish: Wish, answer: type[Fact]) -> list[Any]:
        """Wish until the desk does it: after a start its scanner may not be reached yet."""
        before = len(self.facts(answer))
        told: list[Any] = []
        while not told or not isinstance(told[-1], answer):
            look = partial(self.answered, answer, before, len(self.facts(WishRefused)))
            await self.wish(wish)
            told = await self.until(look)
        return told

    def answered(self, answer: type[Fact], before: int, refused: int) -> list[Any]:
        """More facts of that kind, or more refusals."""
        if len(told := self.facts(answer)) > before:
            return told
        no = self.facts(WishRefused)
        return no if len(no) > refused else []


@asynccontextmanager
async def station(folder: Path) -> AsyncIterator[Station]:
    court = Court(folder / "court")
    broker = court.broker(folder / "broker")
    broker.start()
    try:
        data, file = folder / "data", folder / "scanning-a.yaml"
        identity = court.identity("scanning-a", data, (broker.host, broker.port), "http://127.0.0.1:9")
        file.write_text(FILE.format(data=data, port="sane:any").replace("court:", "rtc_healthy: true\ncourt:"))
        async with (
            running("gateway.simulate", file, folder / "ports") as emulators,
            httpx.AsyncClient(base_url=emulators.told["page"]) as page,
            fake_central(court, identity, broker) as central,
        ):
            await central.say_online(True)
            yield Station(folder, court, central, page)
            await emulators.end()
    finally:
        broker.stop()


async def scanned_with_kills(it: Station, sheets: int, kills: int) -> None:
    """An operator who puts back what the desk names, however often its box dies."""
    await it.put_in(range(1, sheets + 1))
    for kill in range(kills + 1):
        async with it.gateway() as gateway:
            if kill == 0:
                await it.insist(OpenJob(job="j-1", case="case:1", operator="person:1", counted=sheets), JobOpened)
            else:
                ended = (await it.more(ScanEnded, kill - 1))[-1]
                assert ended.why == "fault" and ended.put_back == len(it.facts(PageScanned)) + 1
                await it.hand("take_out")
                await it.hand("clear")
                await it.put_in(range(ended.put_back, sheets + 1))
            before, ends = len(it.facts(PageScanned)), len(it.facts(ScanEnded))
            await it.insist(ScanPages(job="j-1", preset="one-sided"), ScanStarted)
            if kill < kills:
                await it.more(PageScanned, before + 1)
                await gateway.end(signal.SIGKILL)
                continue
            await it.more(ScanEnded, ends)
            closed = await it.insist(CloseJob(job="j-1"), JobClosed)
            assert closed == [JobClosed(job="j-1", sheets=sheets, pages=sheets)]
            assert await gateway.end() == 0


def check(it: Station, sheets: int) -> None:
    """Every sheet is there once, each with its image on disk."""
    pages = it.facts(PageScanned)
    assert [page.sheet for page in pages] == list(range(1, sheets + 1))
    assert len({page.sha256 for page in pages}) == sheets
    for page in pages:
        assert (it.folder / "data" / "blobs" / page.sha256).stat().st_size == page.size
    starts = f"{it.starts} starts of the box, {len(it.facts(ScanStarted))} batches"
    print(f"{sheets} sheets put in, {len(pages)} pages kept, 0 lost, 0 twice: {starts}")


async def test_a_desk_killed_in_the_middle_of_a_job_loses_no_page_and_has_none_twice(tmp_path: Path) -> None:
    async with station(tmp_path) as it:
        await scanned_with_kills(it, 12, 2)
        check(it, 12)


@pytest.mark.long
async def test_a_desk_killed_twenty_times_loses_no_page_and_has_none_twice(tmp_path: Path) -> None:
    async with station(tmp_path) as it:
        await scanned_with_kills(it, 90, 20)
        check(it, 90)
