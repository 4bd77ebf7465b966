"""What every screen promises: shown is what it says itself, and nothing stands there longer than it may."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from devices.displays import Notice, NoticeShown, ScreenChanged, ShowNotice, SwitchDisplay
from devices.errors import DeviceFault, DeviceOffline, WishRejected
from gateway import catalogue
from tests.contracts.rig import products, rig

NAMES = products("displays", "show")
SCREENS = pytest.mark.parametrize("name", NAMES)
PAGES = pytest.mark.parametrize("name", [name for name in NAMES if (catalogue.place(name) / "stage.py").exists()])
"""Those that a browser paints."""
NOTICE = Notice(title="第三法庭", rows=("09:30 开庭", "<b>请保持安静</b> & 肃静"))
LONG_S = 600


@asynccontextmanager
async def screen(name: str, folder: Path, **settings: Any) -> AsyncIterator[tuple[Any, catalogue.Stage]]:
    driver = catalogue.product(name).driver
    stage = catalogue.stage(name, {}, folder)
    assert stage is not None
    config = driver.Config(port=await stage.plug(), look_s=0.05, **settings)
    held = await catalogue.product(name).hold(config)
    try:
        yield driver.Device(config, held), stage
    finally:
        await held.close()
        await stage.unplug()


@asynccontextmanager
async def any_screen(name: str, folder: Path) -> AsyncIterator[tuple[Any, Callable[[], str]]]:
    """A screen of either sort, and what a person before it reads there."""
    if (catalogue.place(name) / "stage.py").exists():
        async with screen(name, folder) as (device, stage):
            yield device, lambda: "  ".join(filter(None, [stage.look()["title"], *stage.look()["rows"]]))
    else:
        async with rig(name) as it:
            yield it.device, lambda: str(it.emulator.look()["text"])


async def fetch(_: str) -> bytes:
    return NOTICE.model_dump_json().encode()


async def fetch_rubbish(_: str) -> bytes:
    return b'{"title": 3}'


@SCREENS
async def test_a_notice_is_shown_when_the_screen_says_so_and_goes_when_it_expires(name: str, tmp_path: Path) -> None:
    async with any_screen(name, tmp_path / "s") as (device, reads), aclosing(device.watch()) as told:
        while (await anext(told)).shows != "blank":
            continue
        assert await device.show(NOTICE, 5) == NoticeShown()
        assert await anext(told) == ScreenChanged(shows="notice")
        assert reads().startswith("第三法庭  09:30 开庭  <b>请保持安静</b> & 肃静")
        assert await anext(told) == ScreenChanged(shows="blank")
        assert reads() == ""


@SCREENS
async def test_the_next_notice_takes_the_place_of_the_one_before(name: str, tmp_path: Path) -> None:
    async with any_screen(name, tmp_path / "s") as (device, reads):
        await device.show(NOTICE, LONG_S)
        await device.show(Notice(title="休庭"), LONG_S)
        assert reads() == "休庭"


@PAGES
async def test_a_notice_that_nobody_paints_is_taken_back_and_a_fault(name: str, tmp_path: Path) -> None:
    async with screen(name, tmp_path / "s", paint_s=0.3) as (device, stage):
        stage.hands()["browser"](on=False)
        with pytest.raises(DeviceFault, match="no browser painted it"):
            await device.show(NOTICE, LONG_S)
        stage.hands()["browser"](on=True)
        async with aclosing(device.watch()) as told:
            while (await anext(told)).shows != "blank":
                continue
        assert stage.look()["title"] is None


@PAGES
async def test_a_screen_that_says_nothing_is_away(name: str, tmp_path: Path) -> None:
    async with screen(name, tmp_path / "s", away_s=2) as (device, stage), aclosing(device.watch()) as told:
        while (await anext(told)).shows != "blank":
            continue
        stage.hands()["browser"](on=False)
        assert await anext(told) == ScreenChanged(shows="away")


@PAGES
async def test_a_screen_whose_page_cannot_be_served_is_offline(name: str, tmp_path: Path) -> None:
    async with screen(name, tmp_path / "s") as (device, stage):
        await device.show(NOTICE, LONG_S)
        driver = catalogue.product(name).driver
        again = driver.Config(port=await stage.plug())
        held = await catalogue.product(name).hold(again)
        with pytest.raises(DeviceOffline, match="choose another port"):
            await driver.Device(again, held).show(NOTICE, LONG_S)
        await held.close()


@SCREENS
async def test_the_wish_shows_its_document_and_what_is_none_is_refused(name: str, tmp_path: Path) -> None:
    wish = ShowNotice(document="a" * 64, seconds=LONG_S)
    async with any_screen(name, tmp_path / "s") as (device, _):
        shown = await wish.put_to(device, fetch)
        assert shown == NoticeShown(document="a" * 64) and wish.answered_by(shown)
        with pytest.raises(WishRejected, match="is no notice"):
            await wish.put_to(device, fetch_rubbish)
        with pytest.raises(WishRejected, match="a day at most"):
            await ShowNotice(document="a" * 64, seconds=86_401).put_to(device, fetch)
        with pytest.raises(WishRejected, match="cannot be switched"):
            await SwitchDisplay(power="on").put_to(device, fetch)
