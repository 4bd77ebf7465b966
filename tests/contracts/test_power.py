"""What every supply promises: how it stands, each change once, and no change that only the line made up."""

import asyncio
from random import Random
from typing import Any

import pytest

from devices.errors import DeviceFault, DeviceOffline
from devices.power import SupplyChanged
from drivers.weather import Weather
from gateway import catalogue
from tests.contracts.rig import products, rig, until, watching

SUPPLIES = pytest.mark.parametrize("name", products("power"))


async def told(facts: asyncio.Queue[Any]) -> Any:
    async with asyncio.timeout(30):
        return await facts.get()


@SUPPLIES
async def test_mains_battery_and_its_end_are_told(name: str) -> None:
    async with rig(name, timeout_s=5.0) as supply, watching(supply) as facts:
        assert await told(facts) == SupplyChanged(supply="mains")
        supply.hand("mains", on=False)
        assert await told(facts) == SupplyChanged(supply="battery")
        supply.hand("low", on=True)
        assert await told(facts) == SupplyChanged(supply="ending", faults=("low_battery",))
        supply.hand("mains", on=True)
        assert await told(facts) == SupplyChanged(supply="mains", faults=("low_battery",))
        supply.hand("low", on=False)
        assert await told(facts) == SupplyChanged(supply="mains")


@SUPPLIES
async def test_a_silent_supply_is_offline_and_comes_back(name: str) -> None:
    async with rig(name, timeout_s=0.05) as supply:
        supply.hand("silence", on=True)
        with pytest.raises(DeviceOffline):
            async for _ in supply.device.watch():
                pytest.fail("a silent supply told something")
        supply.hand("silence", on=False)
        async with watching(supply) as facts:
            assert await told(facts) == SupplyChanged(supply="mains")


@SUPPLIES
async def test_an_unplugged_supply_is_offline_at_once(name: str) -> None:
    async with rig(name, timeout_s=5.0, poll_s=30.0) as supply:
        with pytest.raises(DeviceOffline, match="unplugged"):
            async for _ in supply.device.watch():
                await supply.link.unplug()


STORMS = {
    "drop": Weather(drop=0.2),
    "garble": Weather(garble=0.2),
    "duplicate": Weather(duplicate=0.5),
    "split": Weather(split=3),
    "glue": Weather(glue=True),
    "echo": Weather(echo=True),
    "late": Weather(delay_s=0.03),
}


# What comes by TCP is whole or not there.
CASES = [
    (name, storm)
    for name in products("power")
    for storm in STORMS
    if storm != "garble" or catalogue.product(name).driver.TRANSPORTS != ("tcp",)
]


@pytest.mark.parametrize(("name", "storm"), CASES)
async def test_in_any_weather_only_what_is_so_is_told(name: str, storm: str) -> None:
    weather = STORMS[storm]
    weather.random = Random(7)
    async with rig(name, weather, timeout_s=0.05, tries=10) as supply, watching(supply) as facts:
        heard = await until(facts, supply="mains")
        supply.hand("mains", on=False)
        heard += await until(facts, supply="battery")
        assert {fact.supply for fact in heard} == {"mains", "battery"}


async def test_a_server_without_news_means_the_end_only_on_battery() -> None:
    async with rig("power/nut", timeout_s=5.0) as supply:
        supply.hand("stale", on=True)
        with pytest.raises(DeviceOffline, match="DATA-STALE"):
            async for _ in supply.device.watch():
                pytest.fail("a server without news told something")
        supply.hand("stale", on=False)
        supply.hand("mains", on=False)
        async with watching(supply) as facts:
            assert await told(facts) == SupplyChanged(supply="battery")
            supply.hand("stale", on=True)
            assert await told(facts) == SupplyChanged(supply="ending")


async def test_a_supply_the_server_does_not_know_is_a_fault() -> None:
    async with rig("power/nut", timeout_s=5.0, knows="other") as supply:
        with pytest.raises(DeviceFault, match="knows no supply"):
            async for _ in supply.device.watch():
                pytest.fail("an unknown supply told something")
