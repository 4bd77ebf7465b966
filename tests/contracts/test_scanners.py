"""What every scanner promises, found by walking, each on its own stage: a feeder of paper behind the true library."""

import io
from contextlib import aclosing
from pathlib import Path

import pytest
from PIL import Image

from devices.errors import DeviceOffline, WishRejected
from devices.scanners import ScanSettings
from tests.contracts.rig import products
from tests.kit.feeder import LIGHT, desk, numbers

SCANNERS = pytest.mark.parametrize("name", products("scanners", "scan"))


@SCANNERS
async def test_every_sheet_is_a_page_of_the_size_and_mode_that_were_asked_for(name: str, tmp_path: Path) -> None:
    async with desk(name, tmp_path) as it:
        for mode, wanted in (("gray", "L"), ("color", "RGB")):
            it.hand("put_blank", sheets=2)
            pages = await it.batch(ScanSettings(mode=mode, resolution=100))
            assert len(pages) == 2
            for page in pages:
                with Image.open(io.BytesIO(page.image)) as image:
                    assert (image.width, image.height) == (page.width, page.height)
                    assert image.mode == wanted and round(image.info["dpi"][0]) == 100
                assert abs(page.width - 827) < 2 and abs(page.height - 1169) < 2


@SCANNERS
async def test_both_sides_come_in_turn_and_a_flatbed_gives_one_page(name: str, tmp_path: Path) -> None:
    async with desk(name, tmp_path) as it:
        it.hand("put_blank", sheets=2)
        pages = await it.batch(ScanSettings(source="feeder_duplex", resolution=75))
        assert [page.side for page in pages] == ["front", "back", "front", "back"]
        assert len(await it.batch(ScanSettings(source="flatbed", resolution=75))) == 1


@SCANNERS
async def test_a_page_is_read_when_it_is_asked_for_and_leaving_cancels(name: str, tmp_path: Path) -> None:
    async with desk(name, tmp_path) as it:
        it.hand("put_blank", sheets=5)
        async with aclosing(it.device.scan(LIGHT)) as batch:
            first = await anext(batch)
        rest = await it.batch()  # without what libsane had fed ahead
        assert 1 <= len(rest) <= 4 and not set(numbers([first])) & set(numbers(rest))


@SCANNERS
async def test_a_jam_keeps_what_came_and_the_rest_comes_after_it_is_cleared(name: str, tmp_path: Path) -> None:
    async with desk(name, tmp_path) as it:
        it.hand("put_blank", sheets=4)
        it.hand("jam", sides=2)
        pages, why = await it.stopped()
        assert (len(pages), why) == (2, "jam")
        await it.told("jam")
        it.hand("clear")
        assert len({*numbers(pages), *numbers(await it.batch())}) == 4
        await it.told("none")


@SCANNERS
async def test_an_empty_feeder_is_told_before_anything_was_scanned(name: str, tmp_path: Path) -> None:
    async with desk(name, tmp_path) as it:
        assert await it.stopped() == ([], "out_of_paper")


@SCANNERS
async def test_every_trouble_keeps_what_came_and_the_rest_comes_when_it_is_cleared(name: str, tmp_path: Path) -> None:
    async with desk(name, tmp_path) as it:
        for trouble, by_name in (("double_feed", "double_feed"), ("open_cover", "cover_open")):
            it.hand("put_blank", sheets=2)
            it.hand(trouble, sides=1)
            pages, why = await it.stopped()
            assert len(pages) == 1 and why in (by_name, "fault")
            it.hand("clear")
            assert len(await it.batch()) == 1


@SCANNERS
async def test_a_scanner_pulled_out_mid_page_is_gone_and_gives_no_half_page(name: str, tmp_path: Path) -> None:
    async with desk(name, tmp_path) as it:
        it.hand("put_blank", sheets=3)
        it.hand("pull_mid_page", sides=1)
        pages, why = await it.stopped()
        assert (len(pages), why) == (1, "gone")
        with pytest.raises(DeviceOffline):
            while True:
                await anext(it.watched)
        it.hand("plug_in")
        async with it.again() as device:
            assert len([page async for page in device.scan(LIGHT)]) == 2


@SCANNERS
async def test_what_the_scanner_has_not_is_refused_before_anything_is_fed(name: str, tmp_path: Path) -> None:
    refused = {
        "no setting 'shutter'": ScanSettings(options={"shutter": 1}),
        "brightness is .* to ": ScanSettings(options={"brightness": 50000}),
        "brightness is (number|integer)": ScanSettings(options={"brightness": "bright"}),
        "resolution is one of": ScanSettings(resolution=123),
        "cannot scan lineart": ScanSettings(mode="lineart"),
    }
    async with desk(name, tmp_path) as it:
        it.hand("put_blank", sheets=1)
        for said, settings in refused.items():
            with pytest.raises(WishRejected, match=said):
                await it.batch(settings)
        assert it.stage.look()["sheets"] == 1
        told = {option.name: option for option in await it.device.options()}
        assert set(told) >= {"source", "mode", "resolution", "brightness"}
        assert len(await it.batch(ScanSettings(resolution=75, options={"brightness": 10}))) == 1
