"""What every scanner promises, shown through the real libsane: its own test devices, and a feeder of real paper."""

import hashlib
import io
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from devices.errors import DeviceOffline, WishRejected
from devices.scanners import Page, ScannerChanged, ScanSettings, ScanStopped
from drivers.scanners.sane.driver import Config, Device, Held, hold
from drivers.scanners.sane.stage import Stage

LIGHT = ScanSettings(resolution=75)


@dataclass
class Desk:
    """A scanner that is watched, as the bench does it."""

    device: Device
    stage: Stage
    held: Held
    watched: AsyncIterator[Any]

    def hand(self, name: str, **arguments: Any) -> None:
        self.stage.hands()[name](**arguments)

    async def batch(self, settings: ScanSettings = LIGHT) -> list[Page]:
        return [page async for page in self.device.scan(settings)]


@asynccontextmanager
async def desk(folder: Path, port: str = "sane:any", **settings: Any) -> AsyncIterator[Desk]:
    stage = Stage({"port": port}, folder / "scanner")
    held = None
    try:
        config = Config(port=await stage.plug(), look_s=0.05, **settings)
        held = await hold(config)
        device = Device(config, held)
        async with aclosing(device.watch()) as watched:
            assert await anext(watched) == ScannerChanged(feeder="unknown", trouble="none")
            yield Desk(device, stage, held, watched)
    finally:
        if held:
            await held.close()
        await stage.unplug()


async def stopped(it: Desk, settings: ScanSettings = LIGHT) -> tuple[list[Page], str]:
    """The pages of a batch that does not end well, and why it ended."""
    pages: list[Page] = []
    with pytest.raises(ScanStopped) as ended:
        async with aclosing(it.device.scan(settings)) as batch:
            async for page in batch:
                pages.append(page)
    return pages, ended.value.why


def numbers(pages: list[Page]) -> list[str]:
    """Which sheets these are: the same sheet gives the same image."""
    return [hashlib.sha256(page.image).hexdigest()[:8] for page in pages]


async def test_every_sheet_is_a_page_of_the_size_and_mode_that_were_asked_for(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.hand("put_blank", sheets=2)
        for mode, wanted in (("gray", "L"), ("color", "RGB")):
            it.hand("take_out")
            it.hand("put_blank", sheets=2)
            pages = await it.batch(ScanSettings(mode=mode, resolution=100))
            assert len(pages) == 2
            for page in pages:
                with Image.open(io.BytesIO(page.image)) as image:
                    assert (image.width, image.height) == (page.width, page.height)
                    assert image.mode == wanted and round(image.info["dpi"][0]) == 100
                assert abs(page.width - 827) < 2 and abs(page.height - 1169) < 2


async def test_both_sides_come_in_turn_and_a_flatbed_gives_one_page(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.hand("put_blank", sheets=2)
        pages = await it.batch(ScanSettings(source="feeder_duplex", resolution=75))
        assert [page.side for page in pages] == ["front", "back", "front", "back"]
        assert len(await it.batch(ScanSettings(source="flatbed", resolution=75))) == 1


async def test_a_page_is_read_when_it_is_asked_for_and_leaving_cancels(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.hand("put_blank", sheets=5)
        async with aclosing(it.device.scan(LIGHT)) as batch:
            first = await anext(batch)
        rest = await it.batch()  # without what libsane had fed ahead
        assert 1 <= len(rest) <= 4 and not set(numbers([first])) & set(numbers(rest))


async def test_a_jam_keeps_what_came_and_the_rest_comes_after_it_is_cleared(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.hand("put_blank", sheets=4)
        it.hand("jam", sides=2)
        pages, why = await stopped(it)
        assert (len(pages), why) == (2, "jam")
        assert await anext(it.watched) == ScannerChanged(feeder="unknown", trouble="jam")
        it.hand("clear")
        assert len({*numbers(pages), *numbers(await it.batch())}) == 4
        assert await anext(it.watched) == ScannerChanged(feeder="unknown", trouble="none")


async def test_an_empty_feeder_is_told_before_anything_was_scanned(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        assert await stopped(it) == ([], "out_of_paper")


async def test_what_a_network_scanner_calls_an_error_is_a_fault_and_not_gone(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        for trouble in ("double_feed", "open_cover"):
            it.hand("put_blank", sheets=2)
            it.hand(trouble, sides=1)
            pages, why = await stopped(it)
            assert (len(pages), why) == (1, "fault")
            it.hand("clear")
            assert len(await it.batch()) == 1


async def test_a_scanner_pulled_out_mid_page_is_gone_and_gives_no_half_page(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.hand("put_blank", sheets=3)
        it.hand("pull_mid_page", sides=1)
        pages, why = await stopped(it)
        assert (len(pages), why) == (1, "gone")
        with pytest.raises(DeviceOffline):
            while True:
                await anext(it.watched)
        it.hand("plug_in")
        held = await hold(it.device._config)
        try:
            again = Device(it.device._config, held)
            await anext(again.watch())
            assert len([page async for page in again.scan(LIGHT)]) == 2
        finally:
            await held.close()


async def test_what_the_scanner_has_not_is_refused_before_anything_is_fed(tmp_path: Path) -> None:
    refused = {
        "no setting 'shutter'": ScanSettings(options={"shutter": 1}),
        "brightness is -100 to 100": ScanSettings(options={"brightness": 500}),
        "brightness is number": ScanSettings(options={"brightness": "bright"}),
        "adf-justification-x has no meaning": ScanSettings(options={"adf-justification-x": "left"}),
        "resolution is one of": ScanSettings(resolution=123),
        "cannot scan lineart": ScanSettings(mode="lineart"),
    }
    async with desk(tmp_path) as it:
        it.hand("put_blank", sheets=1)
        for said, settings in refused.items():
            with pytest.raises(WishRejected, match=said):
                await it.batch(settings)
        assert it.stage.look()["sheets"] == 1
        assert len(await it.batch(ScanSettings(resolution=75, options={"brightness": 10}))) == 1


async def test_it_says_what_can_be_set(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        told = {option.name: option for option in await it.device.options()}
        assert told["source"].choices == ("Flatbed", "ADF", "ADF Duplex")
        assert (told["brightness"].least, told["brightness"].most, told["brightness"].unit) == (-100, 100, "%")
        assert told["br-x"].unit == "mm" and not told["adf-justification-x"].active


async def test_the_feeder_of_libsanes_own_test_device_gives_ten_pages_of_a4_in_every_mode(tmp_path: Path) -> None:
    async with desk(tmp_path, "sane:test:0") as it:
        assert len(await it.batch(ScanSettings(resolution=50))) == 10
        async with aclosing(it.device.scan(ScanSettings(mode="lineart", resolution=100))) as batch:
            page = await anext(batch)
        with Image.open(io.BytesIO(page.image)) as image:
            assert (page.format, image.mode) == ("png", "1")
        assert abs(page.width - 827) < 2 and abs(page.height - 1169) < 2


STATUSES = {"jammed": "jam", "nodocs": "out_of_paper", "coveropen": "cover_open", "ioerror": "fault"}


async def test_every_status_of_libsane_is_told_by_what_the_operator_can_do(tmp_path: Path) -> None:
    paper = tmp_path / "page.pgm"
    Image.linear_gradient("L").save(paper)
    async with desk(tmp_path, "sane:pnm:0") as it:
        plain = {"filename": str(paper)}
        (page,) = await it.batch(ScanSettings(source="flatbed", options=plain))
        assert (page.width, page.height) == (256, 256)
        quiet = {**plain, "status": False, **{f"status-{status}": False for status in STATUSES}}
        for status, why in STATUSES.items():
            assert await stopped(it, ScanSettings(options={**quiet, f"status-{status}": True})) == ([], why)


async def test_a_scanner_that_hangs_is_given_up_and_its_process_ended(tmp_path: Path) -> None:
    async with desk(tmp_path, "sane:test:0", page_s=0.3) as it:
        slow = {"read-delay": True, "read-delay-duration": 200000}
        pages, why = await stopped(it, ScanSettings(resolution=300, options=slow))
        assert (pages, why) == ([], "gone")
        with pytest.raises(DeviceOffline, match="ended"):
            await it.held.pause(20)


async def test_a_scanner_that_is_not_there_is_offline(tmp_path: Path) -> None:
    (tmp_path / "dll.conf").write_text("test\n")
    config = Config(port=f"sane:canon_dr:usb1@{tmp_path}")
    held = await hold(config)
    try:
        with pytest.raises(DeviceOffline, match="scanimage -L"):
            await anext(Device(config, held).watch())
    finally:
        await held.close()
