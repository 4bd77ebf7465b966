"""What every machine that is kept running promises: what it wants and what runs out, each change once."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from devices.errors import DeviceOffline
from devices.supplies import SuppliesChanged, WantsChanged
from gateway import catalogue
from tests.contracts.rig import products

MACHINES = pytest.mark.parametrize("name", products("supplies"))


@asynccontextmanager
async def machine(name: str, folder: Path, **settings: Any) -> AsyncIterator[tuple[Any, Any]]:
    stage = catalogue.stage(name, {}, folder / "machine")
    assert stage is not None
    driver = catalogue.product(name).driver
    config: Any = driver.Config(**{"port": await stage.plug(), "poll_s": 0.02, "timeout_s": 10, "tries": 2, **settings})
    held = await catalogue.product(name).hold(config)
    try:
        yield driver.Device(config, held), stage
    finally:
        await held.close()
        await stage.unplug()


@MACHINES
async def test_what_it_wants_and_what_runs_out_is_told_once_each(name: str, tmp_path: Path) -> None:
    async with machine(name, tmp_path) as (device, stage), aclosing(device.watch()) as told:
        hands = stage.hands()
        assert [await anext(told), await anext(told)] == [WantsChanged(), SuppliesChanged()]
        hands["wants"](what="no_paper", on=True)
        assert await anext(told) == WantsChanged(wants=("no_paper",))
        hands["wants"](what="output_full", on=True)
        assert await anext(told) == WantsChanged(wants=("no_paper", "output_full"))
        for what in ("no_paper", "output_full"):
            hands["wants"](what=what, on=False)
        hands["print"](pages=3)
        assert await anext(told) == WantsChanged()
        hands["left"](supply=2, percent=15)
        assert await anext(told) == SuppliesChanged(low=(2,))
        hands["left"](supply=2, percent=18)  # not enough to be enough again
        hands["left"](supply=1, percent=0)
        assert await anext(told) == SuppliesChanged(low=(2,), empty=(1,))
        assert device.readings == {"pages": 1003.0, "supply-1": 0.0, "supply-2": 18.0}
        for supply in (1, 2):
            hands["left"](supply=supply, percent=100)
        assert await anext(told) == SuppliesChanged()


@MACHINES
async def test_a_silent_or_unplugged_machine_is_offline_and_comes_back(name: str, tmp_path: Path) -> None:
    async with machine(name, tmp_path, timeout_s=0.2, tries=1) as (device, stage):
        stage.hands()["silence"](on=True)
        with pytest.raises(DeviceOffline, match="does not answer"):
            await anext(device.watch())
        stage.hands()["silence"](on=False)
        await stage.unplug()
        with pytest.raises(DeviceOffline):
            await anext(device.watch())
        await stage.plug()
    async with machine(name, tmp_path) as (device, _):
        assert await anext(device.watch()) == WantsChanged()
