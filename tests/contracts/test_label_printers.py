"""What every printer of labels promises: trouble is said before a label is swallowed, and each comes out once."""

import asyncio
from typing import Any

import pytest

from devices.errors import DeviceFault, DeviceOffline, WishRejected
from devices.printers import BytesHandedOver, Label, LabelPrinted, PrinterChanged, PrintLabel, PrintReceipt
from drivers.weather import Weather
from gateway import catalogue
from tests.contracts.rig import Rig, by_usb_too, products, rig, until, watching

NAMES = products("printers", "print_label")
PRINTERS = pytest.mark.parametrize("name", NAMES)
LABEL = Label(
    rows=("(2026)苏0206民初1号", 'Vol. 1 "正卷" ^1~2_'),
    barcode='JZ-{1}>"0206"',
    qr="court:卷宗-1^~",
)
ROWS = ["(2026)苏0206民初1号", 'Vol. 1 "正卷" ^1~2_', '[CODE128] JZ-{1}>"0206"', "[QR] court:卷宗-1^~"]


def labels(printer: Rig) -> Any:
    return printer.emulator.look()["labels"]


@pytest.mark.parametrize("name", by_usb_too(NAMES))
async def test_a_label_comes_out_as_it_was_written_and_is_proven(name: str) -> None:
    async with rig(name) as printer:
        assert await printer.device.print_label(LABEL) == LabelPrinted()
        assert labels(printer) == [ROWS]


@PRINTERS
async def test_labels_asked_for_at_once_come_out_whole_and_once_each(name: str) -> None:
    async with rig(name) as printer, watching(printer):
        jobs = [Label(rows=(f"第{number}册",), barcode=f"JZ-{number}") for number in range(4)]
        assert await asyncio.gather(*map(printer.device.print_label, jobs)) == [LabelPrinted()] * 4
        assert sorted(labels(printer)) == [[f"第{number}册", f"[CODE128] JZ-{number}"] for number in range(4)]


@PRINTERS
@pytest.mark.parametrize("trouble", ["paper_out", "ribbon_out", "open_head", "pause"])
async def test_trouble_is_said_before_any_byte_of_the_label_leaves(name: str, trouble: str) -> None:
    async with rig(name) as printer:
        printer.hand(trouble)
        with pytest.raises(DeviceFault, match="nothing was printed"):
            await printer.device.print_label(LABEL)
        assert (labels(printer), printer.emulator.look()["waiting"]) == ([], 0)


@PRINTERS
async def test_paper_that_ends_under_a_label_is_a_fault_and_the_label_is_not_repeated(name: str) -> None:
    async with rig(name) as printer:
        printer.hand("end_after", labels=0)
        with pytest.raises(DeviceFault, match="no paper; the label may be incomplete"):
            await printer.device.print_label(LABEL)
        printer.hand("new_roll")
        assert labels(printer) == [ROWS]


@PRINTERS
async def test_paper_ribbon_and_head_are_told_as_they_change(name: str) -> None:
    async with rig(name) as printer, watching(printer) as facts:
        assert await facts.get() == PrinterChanged(online="online", paper="ok")
        printer.hand("paper_out")
        await until(facts, paper="out")
        printer.hand("new_roll")
        await until(facts, online="online", paper="ok")
        printer.hand("ribbon_out")
        await until(facts, online="ribbon_out")
        printer.hand("new_roll")
        await until(facts, online="online")
        printer.hand("open_head")
        await until(facts, online="cover_open")


@PRINTERS
async def test_a_printer_that_says_nothing_is_offline_and_prints_nothing(name: str) -> None:
    async with rig(name, timeout_s=0.02) as printer:
        printer.hand("silence", on=True)
        with pytest.raises(DeviceOffline):
            await printer.device.print_label(LABEL)
        with pytest.raises(DeviceOffline):
            await anext(aiter(printer.device.watch()))
        assert labels(printer) == []


@PRINTERS
async def test_silence_after_a_label_leaves_it_unproven(name: str) -> None:
    async with rig(name, timeout_s=0.05, settle_s=0.5) as printer:
        printing = asyncio.ensure_future(printer.device.print_label(LABEL))
        await printer.cable.job_written.wait()
        printer.hand("silence", on=True)
        assert await printing == BytesHandedOver()
        assert labels(printer) == [ROWS]


@PRINTERS
async def test_an_unplugged_printer_is_offline(name: str) -> None:
    async with rig(name) as printer:
        await printer.link.unplug()
        with pytest.raises(DeviceOffline):
            await printer.device.print_label(LABEL)
        assert labels(printer) == []


@PRINTERS
@pytest.mark.parametrize("storm", [Weather(drop=0.15), Weather(garble=0.1), Weather(duplicate=0.5), Weather(split=1)])
async def test_in_any_weather_on_the_way_back_no_label_is_printed_twice(name: str, storm: Weather) -> None:
    async with rig(name, storm, Weather(), timeout_s=0.05, tries=8) as printer:
        for _ in range(3):
            before = len(labels(printer))
            try:
                await printer.device.print_label(LABEL)
            except (DeviceFault, DeviceOffline):
                assert len(labels(printer)) - before in (0, 1)
            else:
                assert len(labels(printer)) - before == 1
        assert all(rows == ROWS for rows in labels(printer))


@PRINTERS
async def test_a_tag_is_written_where_the_printer_can_and_refused_where_not(name: str) -> None:
    tagged = Label(rows=("卷宗",), epc="3034257BF7194E4000001A85")
    async with rig(name) as printer:
        with pytest.raises(WishRejected, match="no tags"):
            await printer.device.print_label(tagged)
        assert labels(printer) == []
    if "rfid" in catalogue.product(name).driver.Config.model_fields:
        async with rig(name, rfid=True) as printer:
            await printer.device.print_label(tagged)
            assert labels(printer) == [["卷宗", "[EPC] 3034257BF7194E4000001A85"]]


async def fetch(_: str) -> bytes:
    return LABEL.model_dump_json().encode()


async def fetch_receipt(_: str) -> bytes:
    return b'{"rows": []}'


@PRINTERS
async def test_the_wish_prints_its_document_and_a_receipt_is_refused(name: str) -> None:
    async with rig(name) as printer:
        assert await PrintLabel(document="a" * 64).put_to(printer.device, fetch) == LabelPrinted(document="a" * 64)
        with pytest.raises(WishRejected, match="prints no receipts"):
            await PrintReceipt(document="a" * 64).put_to(printer.device, fetch_receipt)


async def test_a_printer_of_receipts_refuses_a_label() -> None:
    async with rig("printers/escpos") as printer:
        with pytest.raises(WishRejected, match="prints no labels"):
            await PrintLabel(document="a" * 64).put_to(printer.device, fetch)
