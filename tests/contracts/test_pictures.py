"""What every camera that is looked at promises, shown with real pictures through a real ffmpeg."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from devices.cameras import PictureSeen, ShowView
from devices.errors import DeviceFault, DeviceOffline, WishRejected
from devices.messages import write_body
from gateway import catalogue
from tests.contracts.rig import telling

PICTURES = pytest.mark.parametrize("name", telling("cameras", PictureSeen))
POLL_S = 0.05


def seen(picture: Any, width: int = 320, height: int = 180) -> PictureSeen:
    return PictureSeen(picture=picture, width=width, height=height)


@asynccontextmanager
async def staged(name: str, folder: Path) -> AsyncIterator[tuple[catalogue.Stage, str]]:
    stage = cast(catalogue.Stage, catalogue.stage(name, {}, folder / "camera"))
    try:
        yield stage, await stage.plug()
    finally:
        await stage.unplug()


@asynccontextmanager
async def watched(name: str, port: str, **settings: Any) -> AsyncIterator[AsyncIterator[Any]]:
    found = catalogue.product(name)
    config = found.driver.Config.model_validate({"port": port, "poll_s": POLL_S, **settings})
    held = await found.hold(config)
    try:
        async with aclosing(cast(Any, found.driver.Device(config, held).watch())) as facts:
            yield facts
    finally:
        await held.close()


async def until(facts: AsyncIterator[Any], wanted: PictureSeen) -> None:
    async with asyncio.timeout(60):
        while await anext(facts) != wanted:
            pass


@PICTURES
async def test_a_picture_is_live_empty_when_covered_frozen_when_it_stands_and_in_use_when_taken(
    name: str, tmp_path: Path
) -> None:
    async with staged(name, tmp_path) as (stage, port), watched(name, port) as facts:
        assert await anext(facts) == seen("live")
        for hand, picture in (
            ("cover", seen("nothing")),
            ("freeze", seen("frozen")),
            ("take", PictureSeen(picture="in_use")),
        ):
            stage.hands()[hand](on=True)
            await until(facts, picture)
            stage.hands()[hand](on=False)
            await until(facts, seen("live"))


@PICTURES
async def test_a_camera_that_is_pulled_is_gone_and_back_at_the_same_place(name: str, tmp_path: Path) -> None:
    async with staged(name, tmp_path) as (stage, port):
        async with watched(name, port) as facts:
            assert await anext(facts) == seen("live")
            await stage.unplug()
            with pytest.raises(DeviceOffline, match="gives no picture"):
                await anext(facts)
        assert await stage.plug() == port
        async with watched(name, port) as facts:
            assert await anext(facts) == seen("live")


@PICTURES
async def test_a_camera_that_says_nothing_is_gone_and_its_ffmpeg_with_it(name: str) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        hung_up.set()
        writer.close()

    hung_up = asyncio.Event()
    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with watched(name, f"http://127.0.0.1:{port}/video", look_s=0.5) as facts:
            with pytest.raises(DeviceOffline, match="gives no picture for"):
                await anext(facts)
        await asyncio.wait_for(hung_up.wait(), 30)


def recorded(file: Path, source: str, codec: str = "mjpeg") -> str:
    made = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, "-t", "0.5", "-c", codec, str(file)]
    subprocess.run(made, check=True)
    return f"file:{file}"


@PICTURES
async def test_a_grabber_without_signal_gives_one_colour_which_is_nothing_and_a_chart_is_something(
    name: str, tmp_path: Path
) -> None:
    blue = recorded(tmp_path / "blue.avi", "color=c=blue:size=640x360")
    async with watched(name, blue) as facts:
        assert await anext(facts) == seen("nothing", 640, 360)
    chart = recorded(tmp_path / "chart.avi", "testsrc2=size=1280x720")
    async with watched(name, chart) as facts:
        assert [await anext(facts), await anext(facts)] == [seen("live", 1280, 720), seen("frozen", 1280, 720)]


@PICTURES
async def test_sound_alone_is_no_picture_and_a_camera_that_is_not_there_gives_none(name: str, tmp_path: Path) -> None:
    sound = recorded(tmp_path / "sound.wav", "sine=duration=1", "pcm_s16le")
    with pytest.raises(DeviceFault, match="cannot be used as it is written"):
        async with watched(name, sound) as facts:
            await anext(facts)
    for port in ("v4l2:/dev/v4l/by-id/usb-nowhere", "rtsp://127.0.0.1:9/stream", "http://127.0.0.1:9/video"):
        with pytest.raises(DeviceOffline, match="gives no picture"):
            async with watched(name, port) as facts:
                await anext(facts)


@PICTURES
async def test_neither_the_picture_nor_a_password_is_in_what_is_told(name: str, tmp_path: Path) -> None:
    with pytest.raises(DeviceOffline) as gone:
        async with watched(name, "rtsp://court:Geheim1@127.0.0.1:9/stream") as facts:
            await anext(facts)
    assert "127.0.0.1:9" in str(gone.value) and "Geheim1" not in str(gone.value)
    assert set(json.loads(json.dumps(write_body(seen("live"))))) == {"picture", "width", "height"}


@PICTURES
async def test_a_camera_without_views_is_not_turned(name: str, tmp_path: Path) -> None:
    found = catalogue.product(name)
    config = found.driver.Config.model_validate({"port": "file:none"})
    device = found.driver.Device(config, await found.hold(config))
    with pytest.raises(WishRejected, match="does not turn"):
        await ShowView(view="bench").put_to(device, cast(Any, None))
