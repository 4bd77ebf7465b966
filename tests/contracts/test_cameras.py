"""What every camera promises: a view is shown when it stands there by its own word; turned by hand it is elsewhere."""

import asyncio
from random import Random
from typing import Any

import pytest

from devices.cameras import ShowView, ViewChanged, ViewShown
from devices.errors import DeviceBusy, DeviceOffline, WishRejected
from drivers.weather import Weather
from tests.contracts.rig import Rig, products, rig, until, watching

CAMERAS = pytest.mark.parametrize("name", products("cameras", "show"))


async def told(facts: asyncio.Queue[Any]) -> Any:
    async with asyncio.timeout(30):
        return await facts.get()


async def no_blob(_: str) -> bytes:
    raise AssertionError("a view needs no document")


def stands(camera: Rig, shown: ViewShown) -> bool:
    look = camera.emulator.look()
    return (look["pan"], look["tilt"]) == (shown.pan, shown.tilt)


@CAMERAS
async def test_a_view_is_shown_when_the_camera_stands_there_and_the_wish_is_answered(name: str) -> None:
    async with rig(name, timeout_s=5.0, move_s=10.0) as camera, watching(camera) as facts:
        assert await told(facts) == ViewChanged(view=None)
        places = set()
        for view in camera.device.views:
            wish = ShowView(view=view)
            shown = await wish.put_to(camera.device, no_blob)
            assert isinstance(shown, ViewShown) and wish.answered_by(shown) and stands(camera, shown)
            assert await told(facts) == ViewChanged(view=view)
            places.add((shown.pan, shown.tilt))
        assert len(places) == len(camera.device.views) >= 2
        again = await camera.device.show(view)
        assert again == shown and facts.empty()


@CAMERAS
async def test_a_camera_turned_by_somebody_is_elsewhere(name: str) -> None:
    async with rig(name, timeout_s=5.0, move_s=10.0) as camera, watching(camera) as facts:
        await told(facts)
        view = camera.device.views[0]
        await camera.device.show(view)
        assert await told(facts) == ViewChanged(view=view)
        camera.hand("turn", pan=1234)
        assert await told(facts) == ViewChanged(view=None)


@CAMERAS
async def test_an_unknown_view_is_rejected_and_a_camera_in_standby_is_busy(name: str) -> None:
    async with rig(name, timeout_s=5.0) as camera:
        with pytest.raises(WishRejected, match="no view 'ceiling'; there are"):
            await camera.device.show("ceiling")
        camera.hand("standby", on=True)
        with pytest.raises(DeviceBusy, match="standby"):
            await camera.device.show(camera.device.views[0])
        assert camera.emulator.look()["recalls"] == 0


@CAMERAS
async def test_a_silent_camera_is_offline_and_an_unplugged_one_at_once(name: str) -> None:
    async with rig(name, timeout_s=0.02, poll_s=30.0) as camera:
        camera.hand("silence", on=True)
        with pytest.raises(DeviceOffline):
            await anext(camera.device.watch())
        with pytest.raises(DeviceOffline):
            await camera.device.show(camera.device.views[0])
        camera.hand("silence", on=False)
        with pytest.raises(DeviceOffline, match="unplugged"):
            async for _ in camera.device.watch():
                await camera.link.unplug()


STORMS = {
    "drop": Weather(drop=0.2),
    "garble": Weather(garble=0.1),
    "duplicate": Weather(duplicate=0.5),
    "split": Weather(split=1),
    "glue": Weather(glue=True),
    "echo": Weather(echo=True),
    "late": Weather(delay_s=0.03),
}


@CAMERAS
@pytest.mark.parametrize("storm", STORMS)
async def test_in_any_weather_a_view_is_shown_where_the_camera_stands(name: str, storm: str) -> None:
    weather = STORMS[storm]
    weather.random = Random(7)
    async with rig(name, timeout_s=5.0, move_s=10.0) as camera:
        calm = [await camera.device.show(view) for view in camera.device.views]
    async with rig(name, weather, timeout_s=0.05, tries=10, move_s=0.5) as camera, watching(camera) as facts:
        for wanted in calm:
            shown = await camera.device.show(wanted.view)
            assert shown == wanted and stands(camera, shown)
            await until(facts, view=wanted.view)
