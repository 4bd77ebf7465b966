"""The display's page: it shows what the station says, and a PIN goes back."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.hearing.display import RoomView
from gateway.stations.panel import OpenDoor, Panel, Typed, View
from tests.kit.children import Running, running


@asynccontextmanager
async def _panel(path: Path, panel: Panel[View]) -> AsyncIterator[None]:
    listening = asyncio.Event()

    async def up() -> None:
        listening.set()

    serving = asyncio.create_task(panel.serve(path, up))
    await listening.wait()
    try:
        yield
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


@asynccontextmanager
async def _screen(path: Path, station: str = "locker") -> AsyncIterator[tuple[Running, httpx.AsyncClient]]:
    async with running("gateway.screen", path, f"--station={station}") as started:
        async with httpx.AsyncClient(base_url=started.told["screen"], timeout=20) as client:
            yield started, client
        assert await started.end() == 0


async def _views(answer: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    async for line in answer.aiter_lines():
        if line.startswith("data: ") and line != "data: {}":
            yield json.loads(line.removeprefix("data: "))


async def _until(views: AsyncIterator[dict[str, Any]], state: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            view = await anext(views)
            if view["state"] == state:
                return view


async def test_each_view_is_pushed_and_a_pin_goes_back(tmp_path: Path) -> None:
    typed = asyncio.Queue[Typed]()
    panel = Panel(View(), typed.put)
    async with (
        _panel(tmp_path / "s", panel),
        _screen(tmp_path / "s") as (_, client),
        client.stream("GET", "/views") as answer,
    ):
        views = _views(answer)
        await _until(views, "idle")
        panel.show(View(state="pin", cell=7, seconds=60, doors=(OpenDoor(bank="wall-a", cell=2),)))
        view = await _until(views, "pin")
        assert view == {
            "state": "pin",
            "cell": 7,
            "seconds": 60,
            "doors": [{"bank": "wall-a", "cell": 2, "late": False}],
        }
        assert (await client.post("/typed", json={"pin": "246810"})).status_code == 204
        assert (await client.post("/typed", json={})).status_code == 204
        async with asyncio.timeout(20):
            assert [await typed.get(), await typed.get()] == [Typed(pin="246810"), Typed()]


async def test_a_station_that_is_away_is_shown_so_and_found_again(tmp_path: Path) -> None:
    async with _screen(tmp_path / "s") as (_, client), client.stream("GET", "/views") as answer:
        views = _views(answer)
        await _until(views, "away")
        assert (await client.post("/typed", json={"pin": "1"})).status_code == 503
        async with _panel(tmp_path / "s", Panel(View())):
            await _until(views, "idle")
        await _until(views, "away")


async def test_only_json_from_this_very_page_is_taken(tmp_path: Path) -> None:
    async with _screen(tmp_path / "s") as (_, client):
        assert (await client.post("/typed", content="pin=1")).status_code == 415
        assert (
            await client.post("/typed", content="{", headers={"Content-Type": "application/json"})
        ).status_code == 422
        assert (await client.get("/", headers={"Host": "evil.example"})).status_code == 400


@pytest.mark.parametrize(
    ("station", "chinese", "english"),
    [("locker", "柜门", "Push the door shut"), ("courtroom", "正在录音", "Nothing to do")],
)
async def test_the_page_needs_nothing_from_elsewhere_and_speaks_both_languages(
    tmp_path: Path, station: str, chinese: str, english: str
) -> None:
    async with _screen(tmp_path / "s", station) as (_, client):
        for path in ("/", "/screen.js", "/screen.css", "/words.js"):
            assert "http" not in (await client.get(path)).raise_for_status().text, path
        words = (await client.get("/words.js")).text
        assert chinese in words
        assert english in words


async def test_a_display_that_reads_nothing_is_cut_off_and_sees_the_present_when_it_is_back(tmp_path: Path) -> None:
    panel = Panel(RoomView())
    async with _panel(tmp_path / "s", panel), asyncio.timeout(20):
        stuck, away = await asyncio.open_unix_connection(tmp_path / "s", limit=1024)
        assert "away" in (await stuck.readline()).decode()
        for look in range(1, 1001):
            panel.show(RoomView(look=look, room="x" * 4096))
            await asyncio.sleep(0)
        assert b'"look": 1000' not in await stuck.read()  # to its end: it was cut off
        back, here = await asyncio.open_unix_connection(tmp_path / "s", limit=8192)
        assert json.loads(await back.readline())["look"] == 1000
        for writer in (away, here):
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
