"""`make fleet N=1000 EVERY=60`: many light gateways at one central of real processes; prints figures as JSON."""

import asyncio
import json
import os
import ssl
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central import pki
from central.cli.works import courtroom
from central.demo.court import PASSWORD
from central.fleet import service
from central.people.service import SYSTEM, add_person
from tests.central.keys import request_for
from tests.fleet.light import DEVICES, Light
from tests.kit.installation import COURT, Installation
from tests.kit.process import until

FACTS = 20
"""Facts each box tells in the measured burst."""
ROOM = 30
"""Boxes behind one switch."""
AT_ONCE = 40
_PAGES = (
    *("/", "/fleet", "/fleet/map", "/fleet/map?q=door", "/fleet/map?state=broken", "/fleet/box-00001"),
    *("/alarms", "/tickets", "/rollouts", "/fleet/availability"),
)
_LOOKS = 100
"""At each page: five of them are slower than what is told as p95."""


async def measure(boxes: int, every_s: float, folder: Path) -> dict[str, Any]:
    """Found a court, let the boxes join, and see how it holds. Gives the figures."""
    with Installation(folder) as court:
        court.found()
        lights, pairs = _joined(court, boxes, folder)
        court.start("broker", "central")
        fleet = _Fleet(court, lights, pairs, every_s)
        told = _Told({"boxes": boxes, "devices each": DEVICES, "heartbeat and fact every s": every_s})
        told.add(**{"connected s": await _timed(fleet.connect_all())})
        beats = asyncio.create_task(fleet.beat())
        for light in lights:
            light.begin()
        told.add(**{"joined s": await _timed(fleet.all_told())})
        begun = time.monotonic()
        for light in lights:
            light.facts(FACTS)
            await asyncio.sleep(0)
        await fleet.all_told()
        told.add(**{"facts/s": round(boxes * FACTS / (time.monotonic() - begun))})
        told.add(**{"pages ms": await asyncio.to_thread(_page_times, court)})
        told.add(**await _storm(court, fleet))
        told.add(**await _dead_switch(court, fleet))
        told.add(**{"central MB": _resident(court, "central"), "broker MB": _resident(court, "broker")})
        mine = psutil.Process().cpu_times()
        told.add(**{"generator's CPU s": round(mine.user + mine.system, 1)})
        beats.cancel()
        await asyncio.gather(beats, return_exceptions=True)
        for light in lights:
            light.drop()
        return told.figures


class _Told:
    """The figures, each shown as soon as it is known: the whole run takes minutes."""

    def __init__(self, figures: dict[str, Any]) -> None:
        self.figures = figures
        self._begun = time.monotonic()

    def add(self, **figures: Any) -> None:
        """One more, or some."""
        self.figures |= figures
        print(f"{time.monotonic() - self._begun:5.0f} s", figures, file=sys.stderr, flush=True)


class _Fleet:
    """The boxes at work."""

    def __init__(self, court: Installation, lights: list[Light], pairs: list[Path], every_s: float) -> None:
        self.court, self.lights, self.pairs, self.every_s = court, lights, pairs, every_s
        self._ca = court.home / "pki" / "root.pem"

    async def connect_all(self) -> None:
        """Connect those that are not, so many at once."""
        turn = asyncio.Semaphore(AT_ONCE)

        async def connect(light: Light, pair: Path) -> None:
            async with turn:
                while not light.connected.is_set():
                    try:
                        await light.connect(self.court.broker_port, self._ca, pair)
                    except (OSError, ssl.SSLError, asyncio.IncompleteReadError, ConnectionError):
                        await asyncio.sleep(0.2)

        await asyncio.gather(*(connect(*each) for each in zip(self.lights, self.pairs, strict=True)))

    async def beat(self) -> None:
        """Heartbeats of all, spread over the interval, and with each a door that moves."""
        while True:
            for light in self.lights:
                if light.connected.is_set():
                    light.beat(time.time())
                    light.send_again()
                    light.facts(1)
                await asyncio.sleep(self.every_s / len(self.lights))

    async def all_told(self) -> None:
        """Return once each box has heard that all it wrote up to now is committed."""
        heads = [(light, len(light.box.raws)) for light in self.lights]
        while waiting := [(light, head) for light, head in heads if light.acked < head]:
            heads = waiting
            await asyncio.sleep(0.2)

    def ask(self, question: str, *values: Any) -> list[Any]:
        """Rows of central's database."""
        return self.court._rows(self.court.home / "central.db", question, *values)

    async def until(self, holds: Callable[[], bool], patience_s: float = 1800) -> None:
        """Return once it holds."""
        await asyncio.to_thread(until, "the fleet is so far", holds, patience_s)


def _joined(court: Installation, boxes: int, folder: Path) -> tuple[list[Light], list[Path]]:
    """Boxes that central has certified, in rooms of ROOM."""
    lights, pairs = [], []
    (folder / "boxes").mkdir()
    with courtroom(court.home) as opened, opened.store.write() as session:
        add_person(session, SYSTEM, "it", "孙工", ["it"], PASSWORD, opened.clock())
        for number in range(boxes):
            light = Light(f"box-{number:05}", COURT, Ed25519PrivateKey.generate())
            light.box.begun = datetime.now(UTC)
            light.box.begin(f"book-{number:05}")
            token = service.invite(session, light.name, opened.authority, opened.clock(), actor=SYSTEM.ref)
            request = request_for(light.box.key).decode()
            enrolled = service.enrol(session, token, request, "1", opened.authority, opened.clock())
            pairs.append(light.keep(pki.pem(enrolled.certificate), folder / "boxes"))
            enrolled.gateway.floor, enrolled.gateway.room = f"{number // ROOM // 10}F", f"room {number // ROOM}"
            lights.append(light)
    return lights, pairs


async def _storm(court: Installation, fleet: _Fleet) -> dict[str, Any]:
    """The broker is killed with all it knew and started again: until each box has heard that all is committed."""
    court.kill9("broker")
    court.wipe_broker()
    for light in fleet.lights:
        light.drop()
    court.start("broker")
    begun = time.monotonic()
    await fleet.connect_all()
    connected = time.monotonic() - begun
    for light in fleet.lights:
        light.ready()
        light.facts(1)
        await asyncio.sleep(0)
    await fleet.all_told()
    return {"storm: connected s": round(connected, 1), "storm: all told s": round(time.monotonic() - begun, 1)}


async def _dead_switch(court: Installation, fleet: _Fleet) -> dict[str, Any]:
    """A room's boxes go at once: how many alarms the desk shows, and after how long they are one."""
    lost = "SELECT COUNT(*) FROM alarms WHERE kind = 'gateway_lost' AND cleared_at IS NULL"
    await fleet.until(lambda: fleet.ask(lost)[0][0] == 0)  # whom the storm took is back
    begun = time.monotonic()
    gone = fleet.lights[: min(ROOM, len(fleet.lights))]
    for light in gone:
        light.drop()
    await fleet.until(lambda: fleet.ask(f"{lost} AND cause_id IS NOT NULL")[0][0] >= len(gone))
    shown = (
        "SELECT COUNT(*) FROM alarms WHERE cleared_at IS NULL AND cause_id IS NULL"
        " AND kind IN ('site_lost', 'gateway_lost')"
    )
    return {"dead switch: alarms shown": fleet.ask(shown)[0][0], "as one after s": round(time.monotonic() - begun, 1)}


def _page_times(court: Installation) -> dict[str, dict[str, int]]:
    """How long pages took while everything was on: median and p95."""
    with httpx.Client(
        base_url=str(court.http.base_url), verify=_trust(court), timeout=60, follow_redirects=True
    ) as desk:
        word = desk.get("/sign-in").text.partition('name="csrf" content="')[2].partition('"')[0]
        desk.post("/sign-in", data={"csrf": word, "login": "it", "password": PASSWORD}).raise_for_status()
        told = {}
        for path in _PAGES:
            times = []
            for _ in range(_LOOKS):
                begun = time.monotonic()
                desk.get(path).raise_for_status()
                times.append((time.monotonic() - begun) * 1000)
            p95 = statistics.quantiles(times, n=20)[-1]
            told[path] = {"median": round(statistics.median(times)), "p95": round(p95)}
        return told


def _trust(court: Installation) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(court.home / "pki" / "root.pem"))


def _resident(court: Installation, process: str) -> float:
    child = court.processes[process]._child
    assert child is not None
    return round(psutil.Process(child.pid).memory_info().rss / 2**20)


async def _timed(work: Any) -> float:
    begun = time.monotonic()
    await work
    return round(time.monotonic() - begun, 1)


def main() -> None:
    """Print the figures."""
    boxes, every = int(os.environ.get("N", "100")), float(os.environ.get("EVERY", "60"))
    with tempfile.TemporaryDirectory(prefix="courtside-fleet-") as folder:
        told = asyncio.run(measure(boxes, every, Path(folder)))
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    sys.exit(main())
