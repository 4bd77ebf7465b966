"""Emulated devices behind real ports, their page, and what a person can do there."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from devices.errors import DeviceOffline
from drivers.link import Link, open_link
from tests.kit.children import Running, running

FILE = """\
gateway: locker-a
court: huishan
data: ./data
devices:
  wall-a: {driver: locks/kr_cu16, port: /dev/ttyS1, cells: 12}
  wall-b: {driver: locks/kr_cu16, port: /dev/ttyS1, cells: 12, board: 1}
  reader-a: {driver: readers/serial_barcode, port: /dev/ttyS2}
  slip-a: {driver: printers/escpos, port: "tcp://192.0.2.7:9100"}
"""
STATUS_0 = bytes.fromhex("02 00 30 03 35")
STATUS_1 = bytes.fromhex("02 10 30 03 45")
UNLOCK_0_3 = bytes.fromhex("02 02 31 03 38")


class _Page:
    """The emulators' page, as a program uses it."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def get(self, path: str) -> Any:
        return (await self.client.get(path)).raise_for_status().json()

    async def post(self, path: str, body: Any) -> httpx.Response:
        return await self.client.post(path, json=body)

    async def device(self, name: str) -> dict[str, Any]:
        return {device["name"]: device for device in await self.get("/api/devices")}[name]


@pytest.fixture
async def emulators(tmp_path: Path) -> AsyncIterator[tuple[Running, _Page]]:
    (tmp_path / "locker-a.yaml").write_text(FILE)
    async with running("gateway.simulate", tmp_path / "locker-a.yaml", tmp_path / "ports") as started:
        async with httpx.AsyncClient(base_url=started.told["page"]) as client:
            yield started, _Page(client)
        assert await started.end() == 0


@asynccontextmanager
async def _link(port: str) -> AsyncIterator[Link]:
    link = await open_link(port, 19200)
    try:
        yield link
    finally:
        await link.close()


async def _ask(link: Link, question: bytes, size: int = 9) -> bytes:
    await link.write(question)
    answer = b""
    async with asyncio.timeout(30):
        while len(answer) < size:
            answer += await link.read()
    return answer


async def test_devices_on_one_port_share_a_real_serial_port(emulators: tuple[Running, _Page]) -> None:
    started, page = emulators
    async with _link(started.told["ports"]["/dev/ttyS1"]) as link:
        assert (await _ask(link, STATUS_0))[1] == 0x00
        assert (await _ask(link, STATUS_1))[1] == 0x10
    wire = await page.get("/api/devices/wall-b/wire")
    assert (wire["bytes_in"], wire["bytes_out"]) == (10, 18)
    assert wire["last"][0] == ["in", STATUS_0.hex(" ")]


async def test_a_released_door_springs_open_and_a_hand_shuts_it(emulators: tuple[Running, _Page]) -> None:
    started, page = emulators
    async with _link(started.told["ports"]["/dev/ttyS1"]) as link:
        await link.write(UNLOCK_0_3)
        await _ask(link, STATUS_0)
    assert (await page.device("wall-a"))["look"]["doors"]["3"] == "open"
    told = await page.post("/api/devices/wall-a/hands/shut", {"cell": 3})
    assert told.json()["look"]["doors"]["3"] == "shut"


async def test_a_scanned_code_comes_out_of_the_readers_port(emulators: tuple[Running, _Page]) -> None:
    started, page = emulators
    async with _link(started.told["ports"]["/dev/ttyS2"]) as link:
        await page.post("/api/devices/reader-a/hands/scan", {"code": "HS-0001"})
        async with asyncio.timeout(30):
            assert await link.read() == b"HS-0001\r"


async def test_the_printer_listens_on_the_loopback(emulators: tuple[Running, _Page]) -> None:
    started, page = emulators
    port = started.told["ports"]["tcp://192.0.2.7:9100"]
    assert port.startswith("tcp://127.0.0.1:")
    async with _link(port) as link:
        assert len(await _ask(link, bytes.fromhex("10 04 01"), 1)) == 1
    assert (await page.get("/api/devices/slip-a/wire"))["bytes_in"] == 3


@pytest.mark.parametrize(("device", "port"), [("reader-a", "/dev/ttyS2"), ("slip-a", "tcp://192.0.2.7:9100")])
async def test_an_unplugged_port_is_gone_and_comes_back_under_its_name(
    emulators: tuple[Running, _Page], device: str, port: str
) -> None:
    started, page = emulators
    name = started.told["ports"][port]
    async with _link(name) as link:
        await page.post(f"/api/devices/{device}/weather", {"unplugged": True})
        with pytest.raises(DeviceOffline):
            async with asyncio.timeout(30):
                await link.read()
    with pytest.raises(DeviceOffline):
        await open_link(name, 9600)
    told = await page.post(f"/api/devices/{device}/weather", {"unplugged": False})
    assert told.json()["weather"]["unplugged"] is False
    async with _link(name):
        pass


async def test_weather_changes_what_arrives(emulators: tuple[Running, _Page]) -> None:
    started, page = emulators
    async with _link(started.told["ports"]["/dev/ttyS1"]) as link:
        await page.post("/api/devices/wall-a/weather", {"duplicate": 1.0})
        # The question comes twice, and so does each of its answers; with the last of them the line is quiet.
        assert len(await _ask(link, STATUS_0, 4 * 9)) == 4 * 9
        await page.post("/api/devices/wall-a/weather", {"duplicate": 0, "drop": 1.0})
        before = (await page.get("/api/devices/wall-a/wire"))["bytes_in"]
        await link.write(STATUS_0)
        while (wire := await page.get("/api/devices/wall-a/wire"))["bytes_in"] == before:
            pass
        assert wire["last"][-1] == ["in", STATUS_0.hex(" ")], "heard, but lost before the board"


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/api/devices/wall-z/hands/shut", {"cell": 1}, 404),
        ("/api/devices/wall-a/hands/dance", {}, 404),
        ("/api/devices/wall-a/hands/shut", {"cell": 99}, 422),
        ("/api/devices/wall-a/hands/shut", {"door": 1}, 422),
        ("/api/devices/wall-a/hands/shut", {"cell": "one"}, 422),
        ("/api/devices/wall-a/hands/shut", [], 422),
        ("/api/devices/wall-a/weather", {"rain": 1}, 422),
        ("/api/devices/wall-a/weather", {"drop": 7}, 422),
    ],
)
async def test_what_makes_no_sense_is_refused_in_words(
    emulators: tuple[Running, _Page], path: str, body: Any, code: int
) -> None:
    answer = await emulators[1].post(path, body)
    assert answer.status_code == code
    assert answer.json()["error"]


async def test_another_sites_page_can_push_no_button(emulators: tuple[Running, _Page]) -> None:
    client = emulators[1].client
    form = await client.post(
        "/api/devices/wall-a/hands/force", content='{"cell":1}', headers={"Content-Type": "text/plain"}
    )
    assert form.status_code == 422
    foreign = await client.get("/api/devices", headers={"Host": "evil.example"})
    assert foreign.status_code == 400


async def test_the_page_needs_nothing_from_elsewhere(emulators: tuple[Running, _Page]) -> None:
    client = emulators[1].client
    for path in ("/", "/page.js", "/page.css"):
        text = (await client.get(path)).raise_for_status().text
        assert "//" not in text.replace("// ", "").replace("http://127.0.0.1", ""), path


async def test_emulators_of_a_gateway_end_with_it(tmp_path: Path) -> None:
    (tmp_path / "locker-a.yaml").write_text(FILE)
    arguments = (tmp_path / "locker-a.yaml", tmp_path / "ports", "--until-eof")
    async with running("gateway.simulate", *arguments) as started:
        assert started.process.stdin
        started.process.stdin.close()
        async with asyncio.timeout(20):
            assert await started.process.wait() == 0
    assert not list((tmp_path / "ports").iterdir()), "nothing is left in the folder"


async def test_a_busy_port_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "locker-a.yaml").write_text(FILE)
    async with running("gateway.simulate", tmp_path / "locker-a.yaml", tmp_path / "one") as started:
        port = started.told["page"].rsplit(":", 1)[1].rstrip("/")
        with pytest.raises(AssertionError, match="without a word"):
            async with running(
                "gateway.simulate", tmp_path / "locker-a.yaml", tmp_path / "b", f"--emulators-port={port}"
            ):
                pass
        await started.end(signal.SIGINT)
