"""The gateway as one process, with broker, serial bytes and central's side: what stands only when all is wired."""

import asyncio
import json
import signal
import socket
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from devices.claims import WishClaims
from devices.grants import sign
from devices.journal import Line
from tests.kit.children import Running, running
from tests.kit.court import COURT, Court, FakeCentral, fake_central

FILE = """\
gateway: locker-a
court: huishan
data: {data}
devices:
  wall-a: {{driver: locks/kr_cu16, port: /dev/ttyS1, cells: 12, poll_s: {poll_s}, poll_fast_s: 0.05}}
  reader-a: {{driver: readers/serial_barcode, port: /dev/ttyS2}}
  slip-a: {{driver: printers/escpos, port: "tcp://192.0.2.7:9100"}}
  air-a: {{driver: climate/modbus_th, port: /dev/ttyS3}}
stations:
  locker: {{locks: [wall-a], reader: reader-a, printer: slip-a}}
"""


@dataclass
class Site:
    """A court with a broker, central's place at it, and the file of one gateway."""

    court: Court
    central: FakeCentral
    file: Path
    data: Path

    def of(self, type_: str, **body: Any) -> list[Line]:
        """What central has committed of that type."""
        return [line for line in self.central.lines if line.type == type_ and body.items() <= line.body.items()]

    async def wish(self, jti: str, cell: int, key: Ed25519PrivateKey | None = None, **other: Any) -> None:
        """Publish a wish at the broker, as whoever holds it could."""
        now = int(time.time())
        claims = {"iss": COURT, "aud": "locker-a", "jti": jti, "iat": now, "exp": now + 30, "actor": "p-1"}
        claims |= {"reason": "handout", "device": "wall-a", "type": "open_cell", "body": {"cell": cell}, **other}
        token = sign("wish", WishClaims(**claims).write(), key or self.court.key)
        await self.central.publish(self.central.topics.wish, token)


@asynccontextmanager
async def _site(folder: Path, poll_s: float = 0.2) -> AsyncIterator[Site]:
    court = Court(folder / "court")
    broker = court.broker(folder / "broker")
    broker.start()
    try:
        data = folder / "data"
        identity = court.identity("locker-a", data, (broker.host, broker.port), "http://127.0.0.1:9")
        file = folder / "locker-a.yaml"
        file.write_text(FILE.format(data=data, poll_s=poll_s))
        async with fake_central(court, identity, broker) as central:
            await central.say_online(True)
            yield Site(court, central, file, data)
    finally:
        broker.stop()


@asynccontextmanager
async def _run(site: Site, *more: object) -> AsyncIterator[Running]:
    async with running("gateway", "run", site.file, "--simulate", "--log=json", *more) as gateway:
        assert gateway.told["event"] == "ready"
        assert gateway.told["seconds"] > 0
        yield gateway


async def _trusted(site: Site) -> None:
    await site.central.until(lambda _: site.of("clock_changed", trusted=True))


async def test_a_wish_goes_from_the_broker_to_the_bytes_and_comes_back_as_a_fact(tmp_path: Path) -> None:
    async with _site(tmp_path) as site, _run(site) as gateway:
        await site.central.until(lambda _: len(site.of("door_changed", found=True)) == 12)
        await _trusted(site)
        await site.wish("wish-0001", 7)
        await site.central.until(lambda _: site.of("door_changed", cell=7, door="open"))
        assert [line.cause for line in site.of("door_changed", cell=7, door="open")] == ["wish-0001"]
        assert [line.cause for line in site.of("wish_taken")] == ["wish-0001"]
        async with httpx.AsyncClient(base_url=gateway.told["emulators"]) as page:
            await page.post("/api/devices/reader-a/hands/scan", json={"code": "HS-0001"})
            await page.post("/api/devices/wall-a/hands/shut", json={"cell": 7})
        await site.central.until(lambda _: site.of("code_read", code="HS-0001"))
        await site.central.until(lambda _: len(site.of("door_changed", cell=7, door="shut")) == 2)
        assert site.of("door_changed", cell=7, door="shut")[-1].cause == "wish-0001"


async def test_what_central_sees_of_the_box_is_its_description_its_states_and_its_counts(tmp_path: Path) -> None:
    async with _site(tmp_path) as site, _run(site) as gateway:
        seen: dict[str, bytes] = {}
        wanted = {
            "homie/5/locker-a/$description",
            "homie/5/locker-a/wall-a/cell-12",
            "homie/5/locker-a/wall-a/presence",
            "homie/5/locker-a/air-a/climate",
        }
        counts, readings = (site.central.topics.live(*of) for of in (("wall-a", "counts"), ("air-a", "readings")))

        def complete(central: FakeCentral) -> bool:
            seen.update(central.seen)
            described = json.loads(seen.get("homie/5/locker-a/$description", b"{}"))
            nodes = described.get("nodes", {})
            has_all = "cell-12" in nodes.get("wall-a", {}).get("properties", {})
            is_told = {*wanted, counts, readings} <= seen.keys()
            return has_all and "status" in nodes["slip-a"]["properties"] and is_told

        await site.central.until(complete)
        assert seen["homie/5/locker-a/wall-a/cell-12"] == b"shut"
        assert seen["homie/5/locker-a/wall-a/presence"] == b"back"
        assert json.loads(seen[counts]).keys() == {"noise", "retries", "late", "timeouts"}
        assert seen["homie/5/locker-a/air-a/climate"] == b"normal,normal"
        assert json.loads(seen[readings]) == {"celsius": 20.0, "percent": 52.0}
        started = site.of("started")[0].body
        assert started["simulated"] is True
        assert started["devices"]["wall-a"] == "locks/kr_cu16"
        assert (site.data / "blobs" / started["catalogue"]).exists()
        assert await gateway.end() == 0
        await site.central.until(lambda central: ("homie/5/locker-a/$state", b"disconnected") in central.seen)


async def test_a_wish_that_is_not_good_puts_no_byte_on_the_serial_line(tmp_path: Path) -> None:
    async with _site(tmp_path, poll_s=60) as site, _run(site) as gateway:
        await site.central.until(lambda _: len(site.of("door_changed")) == 12)
        await _trusted(site)
        async with httpx.AsyncClient(base_url=gateway.told["emulators"]) as page:
            before = (await page.get("/api/devices/wall-a/wire")).json()["bytes_in"]
            await site.wish("wish-0001", 7, key=Ed25519PrivateKey.generate())
            await site.wish("wish-0002", 7, exp=int(time.time()) - 60)
            await site.wish("wish-0003", 7, aud="locker-b")
            await site.central.publish(site.central.topics.wish, "no token")
            await site.central.until(lambda _: len(site.of("wish_refused")) == 2 and bool(site.of("forged_wishes")))
            assert (await page.get("/api/devices/wall-a/wire")).json()["bytes_in"] == before
            await site.wish("wish-0004", 7)
            await site.central.until(lambda _: bool(site.of("door_changed", cell=7, door="open")))
            assert (await page.get("/api/devices/wall-a/wire")).json()["bytes_in"] > before
        assert {(line.cause, line.body["why"]) for line in site.of("wish_refused")} == {
            ("wish-0002", "expired"),
            ("wish-0003", "not_for_us"),
        }


async def test_a_box_is_helped_from_afar_by_signed_wishes(tmp_path: Path) -> None:
    async with _site(tmp_path) as site, _run(site):
        await site.central.until(lambda _: len(site.of("door_changed", found=True)) == 12)
        await _trusted(site)
        await site.wish("wish-0001", 7, device="gateway", type="restart_device", body={"device": "wall-a"})
        await site.central.until(lambda _: bool(site.of("self_tested", device="wall-a", ok=True)))
        await site.wish("wish-0002", 7, device="gateway", type="restart_device", body={"device": "wall-z"})
        await site.wish("wish-0003", 7, device="gateway")
        await site.central.until(lambda _: len(site.of("wish_refused", why="rejected")) == 2)
        shown = {"level": "debug", "seconds": 10, "live": True}
        await site.wish("wish-0004", 7, device="gateway", type="set_log_level", body=shown)
        await site.wish("wish-0005", 7, device="gateway", type="send_diagnostics", body={})
        await site.central.until(lambda _: bool(site.of("log_level_set") and site.of("diagnostics_kept")))
        (set_,) = site.of("log_level_set", live=True)
        assert (set_.cause, set_.body["seconds"]) == ("wish-0004", 10)
        log = site.central.topics.live("gateway", "log")
        is_over = b"not shown to central any more"
        await site.central.until(lambda central: any(topic == log and is_over in told for topic, told in central.seen))
        (kept,) = site.of("diagnostics_kept")
        assert kept.cause == "wish-0005"
        told = json.loads((site.data / "blobs" / kept.body["sha256"]).read_bytes())
        assert told["devices"]["wall-a"] == {"driver": "locks/kr_cu16", "reached": True} and told["heartbeat"]


async def test_emulators_outlive_a_killed_gateway_and_what_moved_meanwhile_is_found(tmp_path: Path) -> None:
    async with _site(tmp_path) as site, running("gateway.simulate", site.file, tmp_path / "ports") as emulators:
        async with _run(site, "--emulators", tmp_path / "ports") as gateway:
            await site.central.until(lambda _: len(site.of("door_changed", found=True)) == 12)
            await gateway.end(signal.SIGKILL)
        async with httpx.AsyncClient(base_url=emulators.told["page"]) as page:
            await page.post("/api/devices/wall-a/hands/force", json={"cell": 5})
        async with _run(site, "--emulators", tmp_path / "ports"):
            await site.central.until(lambda _: bool(site.of("door_changed", cell=5, door="open")))
            found = [line for line in site.of("door_changed") if line.body["cell"] == 5]
            assert [line.body.get("found") for line in found] == [True, True]
            assert len(site.of("door_changed")) == 13
            assert len([line for line in site.of("device_back") if line.device == "wall-a"]) == 1


async def test_emulators_started_by_a_gateway_end_when_it_is_killed(tmp_path: Path) -> None:
    async with _site(tmp_path) as site, _run(site) as gateway:  # noqa: SIM117
        async with httpx.AsyncClient(base_url=gateway.told["emulators"]) as page:
            assert (await page.get("/api/devices")).status_code == 200
            await gateway.end(signal.SIGKILL)
            async with asyncio.timeout(20):
                with pytest.raises(httpx.TransportError):
                    while True:
                        await page.get("/api/devices")


async def test_a_file_for_another_gateway_than_was_enrolled_is_refused(tmp_path: Path) -> None:
    async with _site(tmp_path) as site:
        site.file.write_text(site.file.read_text().replace("gateway: locker-a", "gateway: locker-b"))
        with pytest.raises(AssertionError, match="without a word"):
            async with _run(site):
                pass


async def test_a_second_gateway_with_the_same_data_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    async with _site(tmp_path) as site, _run(site) as gateway:
        second = [sys.executable, "-m", "gateway", "run", str(site.file)]
        refused = await asyncio.create_subprocess_exec(*second, stdout=PIPE, stderr=PIPE)
        out, err = await refused.communicate()
        assert (refused.returncode, out) == (1, b"")
        assert f"process {gateway.process.pid} runs the gateway of {site.data} already" in err.decode()
        await site.wish("wish-0001", 7)
        await site.central.until(lambda _: site.of("wish_taken") or site.of("wish_refused"))
        assert await gateway.end(signal.SIGKILL) < 0
        async with _run(site) as again:
            assert await again.end() == 0


async def test_systemd_hears_ready_signs_of_life_and_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: set[bytes] = set()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "200000")
        async with _site(tmp_path) as site, _run(site) as gateway:
            while heard < {b"READY=1", b"WATCHDOG=1"}:
                heard.add(await asyncio.to_thread(systemd.recv, 100))
            assert await gateway.end() == 0
            while b"STOPPING=1" not in heard:
                heard.add(await asyncio.to_thread(systemd.recv, 100))
