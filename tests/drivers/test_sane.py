"""What only scanners behind SANE must keep, shown with its own test devices."""

import io
from contextlib import aclosing
from pathlib import Path

import pytest
from PIL import Image

from devices.errors import DeviceOffline, WishRejected
from devices.scanners import ScanSettings
from drivers.scanners.sane.driver import Config, Device, hold
from tests.kit.feeder import desk

SANE = "scanners/sane"
STATUSES = {"jammed": "jam", "nodocs": "out_of_paper", "coveropen": "cover_open", "ioerror": "fault"}


async def test_it_says_what_can_be_set_and_refuses_what_has_no_meaning_now(tmp_path: Path) -> None:
    async with desk(SANE, tmp_path) as it:
        told = {option.name: option for option in await it.device.options()}
        assert told["source"].choices == ("Flatbed", "ADF", "ADF Duplex")
        assert (told["brightness"].least, told["brightness"].most, told["brightness"].unit) == (-100, 100, "%")
        assert told["br-x"].unit == "mm" and not told["adf-justification-x"].active
        with pytest.raises(WishRejected, match="adf-justification-x has no meaning"):
            await it.batch(ScanSettings(options={"adf-justification-x": "left"}))


async def test_the_feeder_of_libsanes_own_test_device_gives_ten_pages_of_a4_in_every_mode(tmp_path: Path) -> None:
    async with desk(SANE, tmp_path, "sane:test:0") as it:
        assert len(await it.batch(ScanSettings(resolution=50))) == 10
        async with aclosing(it.device.scan(ScanSettings(mode="lineart", resolution=100))) as batch:
            page = await anext(batch)
        with Image.open(io.BytesIO(page.image)) as image:
            assert (page.format, image.mode) == ("png", "1")
        assert abs(page.width - 827) < 2 and abs(page.height - 1169) < 2


async def test_every_status_of_libsane_is_told_by_what_the_operator_can_do(tmp_path: Path) -> None:
    paper = tmp_path / "page.pgm"
    Image.linear_gradient("L").save(paper)
    async with desk(SANE, tmp_path, "sane:pnm:0") as it:
        plain = {"filename": str(paper)}
        (page,) = await it.batch(ScanSettings(source="flatbed", options=plain))
        assert (page.width, page.height) == (256, 256)
        quiet = {**plain, "status": False, **{f"status-{status}": False for status in STATUSES}}
        for status, why in STATUSES.items():
            assert await it.stopped(ScanSettings(options={**quiet, f"status-{status}": True})) == ([], why)


async def test_a_scanner_that_hangs_is_given_up_and_its_process_ended(tmp_path: Path) -> None:
    async with desk(SANE, tmp_path, "sane:test:0", page_s=0.3) as it:
        slow = {"read-delay": True, "read-delay-duration": 200000}
        pages, why = await it.stopped(ScanSettings(resolution=300, options=slow))
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
