"""What every climate sensor promises: its bands, each crossing once, none that the line or a wobble made up."""

import asyncio
from random import Random
from typing import Any

import pytest

from devices.climate import ClimateChanged
from devices.errors import DeviceFault, DeviceOffline
from drivers.weather import Weather
from tests.contracts.rig import products, rig, until, watching

SENSORS = pytest.mark.parametrize("name", products("climate"))
LIMITS = {
    "least_celsius": 14.0, "most_celsius": 24.0, "back_celsius": 0.5,
    "least_percent": 45.0, "most_percent": 60.0, "back_percent": 2.0,
}  # fmt: skip


async def told(facts: asyncio.Queue[Any]) -> Any:
    async with asyncio.timeout(30):
        return await facts.get()


@SENSORS
async def test_the_bands_are_told_first_and_then_each_crossing_with_what_was_measured(name: str) -> None:
    async with rig(name, timeout_s=5.0, **LIMITS) as sensor, watching(sensor) as facts:
        assert await told(facts) == ClimateChanged(temperature="normal", humidity="normal", celsius=20.0, percent=52.0)
        sensor.hand("celsius", tenths=241)
        assert await told(facts) == ClimateChanged(temperature="high", humidity="normal", celsius=24.1, percent=52.0)
        sensor.hand("percent", tenths=400)
        assert await told(facts) == ClimateChanged(temperature="high", humidity="low", celsius=24.1, percent=40.0)
        sensor.hand("celsius", tenths=-55)
        assert await told(facts) == ClimateChanged(temperature="low", humidity="low", celsius=-5.5, percent=40.0)
        assert sensor.device.readings == {"celsius": -5.5, "percent": 40.0}


@SENSORS
async def test_what_wanders_about_a_limit_crosses_it_once(name: str) -> None:
    async with rig(name, timeout_s=5.0, **LIMITS) as sensor, watching(sensor) as facts:
        await told(facts)
        for tenths in (241, 239, 241, 236, 235):
            sensor.hand("celsius", tenths=tenths)
            while sensor.device.readings["celsius"] != tenths / 10:
                await sensor.line.pause(0.01)
        heard = [await told(facts), await told(facts)]
        assert [(fact.temperature, fact.celsius) for fact in heard] == [("high", 24.1), ("normal", 23.5)]
        assert facts.empty()


@SENSORS
async def test_a_value_that_cannot_be_is_a_fault(name: str) -> None:
    async with rig(name, timeout_s=5.0) as sensor:
        sensor.hand("broken", on=True)
        with pytest.raises(DeviceFault, match="cannot be"):
            async for _ in sensor.device.watch():
                pytest.fail("a broken sensor told something")


@SENSORS
async def test_a_silent_sensor_is_offline_and_an_unplugged_one_at_once(name: str) -> None:
    async with rig(name, timeout_s=0.02, poll_s=30.0) as sensor:
        sensor.hand("silence", on=True)
        with pytest.raises(DeviceOffline):
            await anext(sensor.device.watch())
        sensor.hand("silence", on=False)
        with pytest.raises(DeviceOffline, match="unplugged"):
            async for fact in sensor.device.watch():
                assert fact.temperature == "normal"
                await sensor.link.unplug()


STORMS = {
    "drop": Weather(drop=0.2),
    "garble": Weather(garble=0.3),
    "duplicate": Weather(duplicate=0.5),
    "split": Weather(split=1),
    "glue": Weather(glue=True),
    "echo": Weather(echo=True),
    "late": Weather(delay_s=0.03),
}


@SENSORS
@pytest.mark.parametrize("storm", STORMS)
async def test_in_any_weather_only_what_was_measured_is_told(name: str, storm: str) -> None:
    weather = STORMS[storm]
    weather.random = Random(7)
    async with rig(name, weather, timeout_s=0.05, tries=10, **LIMITS) as sensor, watching(sensor) as facts:
        heard = await until(facts, temperature="normal")
        for tenths, band in ((300, "high"), (200, "normal"), (50, "low")):
            sensor.hand("celsius", tenths=tenths)
            heard += await until(facts, temperature=band)
        assert [(fact.temperature, fact.celsius) for fact in heard] == [
            ("normal", 20.0), ("high", 30.0), ("normal", 20.0), ("low", 5.0),
        ]  # fmt: skip
