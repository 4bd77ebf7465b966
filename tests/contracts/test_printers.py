"""What every printer of receipts promises: a job leaves once or not at all, and nothing unproven is claimed."""

import asyncio
from typing import Any

import pytest

from devices.errors import DeviceFault, DeviceOffline
from devices.printers import BytesHandedOver, PrinterChanged, Receipt, ReceiptPrinted, ReceiptRow
from drivers.weather import Weather
from tests.contracts.rig import Rig, by_usb_too, products, rig, until, watching

PRINTERS = pytest.mark.parametrize("name", by_usb_too(products("printers", "print")))
RECEIPT = Receipt(
    rows=(
        ReceiptRow(text="卷宗存放凭证", large=True, centre=True),
        ReceiptRow(text="案号：(2026)苏0206民初1号", bold=True),
        ReceiptRow(text="Cell 7 / 7 号柜"),
    ),
    barcode="JZ-{1}",
    qr="court:卷宗-1",
)
ROWS = ["卷宗存放凭证", "案号：(2026)苏0206民初1号", "Cell 7 / 7 号柜", "[CODE128] JZ-{1}", "[QR] court:卷宗-1"]


def receipts(printer: Rig) -> Any:
    return printer.emulator.look()["receipts"]


@PRINTERS
async def test_a_receipt_comes_out_as_it_was_written_and_is_proven(name: str) -> None:
    async with rig(name) as printer:
        assert await printer.device.print(RECEIPT) == ReceiptPrinted()
        assert receipts(printer) == [ROWS]


@PRINTERS
async def test_jobs_asked_for_at_once_come_out_whole_and_once_each(name: str) -> None:
    jobs = [Receipt(rows=(ReceiptRow(text=f"第{number}张"), ReceiptRow(text="完"))) for number in range(5)]
    async with rig(name) as printer, watching(printer):
        assert await asyncio.gather(*(printer.device.print(job) for job in jobs)) == [ReceiptPrinted()] * 5
        assert sorted(receipts(printer)) == [[f"第{number}张", "完"] for number in range(5)]


@PRINTERS
@pytest.mark.parametrize("trouble", ["paper_out", "open_cover", "jam"])
async def test_trouble_is_said_before_any_byte_of_the_job_leaves(name: str, trouble: str) -> None:
    async with rig(name) as printer:
        printer.hand(trouble)
        with pytest.raises(DeviceFault, match="nothing was printed"):
            await printer.device.print(RECEIPT)
        look = printer.emulator.look()
        assert (look["receipts"], look["rows"], look["waiting"]) == ([], [], 0)


@PRINTERS
@pytest.mark.parametrize("trouble", ["jam", "end_after"])
async def test_trouble_midway_is_a_fault_and_the_job_is_not_repeated(name: str, trouble: str) -> None:
    async with rig(name) as printer:
        printer.hand(trouble, rows=2)
        with pytest.raises(DeviceFault, match="incomplete"):
            await printer.device.print(RECEIPT)
        assert printer.emulator.look()["rows"] == ROWS[:2]
        printer.hand("unjam")
        printer.hand("new_roll")
        assert len(receipts(printer)) <= 1
        assert await printer.device.print(RECEIPT) == ReceiptPrinted()
        assert receipts(printer)[-1][-len(ROWS) :] == ROWS


@PRINTERS
async def test_a_printer_that_tells_nothing_only_got_the_bytes(name: str) -> None:
    async with rig(name, answers=[], timeout_s=0.02) as printer, watching(printer) as facts:
        assert await facts.get() == PrinterChanged(online="unknown", paper="unknown")
        assert await printer.device.print(RECEIPT) == BytesHandedOver()
        assert receipts(printer) == [ROWS]


@PRINTERS
async def test_a_printer_that_only_knows_its_paper_is_not_believed_to_be_on_line(name: str) -> None:
    async with rig(name, answers=[4], timeout_s=0.05) as printer, watching(printer) as facts:
        assert await facts.get() == PrinterChanged(online="unknown", paper="ok")
        printer.hand("paper_out")
        await until(facts, paper="out")
        with pytest.raises(DeviceFault, match="no paper"):
            await printer.device.print(RECEIPT)


@PRINTERS
@pytest.mark.parametrize("tells", [True, False])
async def test_paper_and_cover_are_told_as_they_change(name: str, tells: bool) -> None:
    slow: dict[str, Any] = {"poll_s": 30.0} if tells else {}
    async with rig(name, asb=tells, **slow) as printer, watching(printer) as facts:
        assert await facts.get() == PrinterChanged(online="online", paper="ok")
        printer.hand("near_end")
        await until(facts, online="online", paper="near_end")
        printer.hand("paper_out")
        await until(facts, online="offline", paper="out")
        printer.hand("new_roll")
        await until(facts, online="online", paper="ok")
        printer.hand("open_cover")
        await until(facts, online="cover_open", paper="ok")


@PRINTERS
async def test_a_printer_that_falls_silent_is_offline_and_comes_back(name: str) -> None:
    async with rig(name, timeout_s=0.02) as printer:
        states = aiter(printer.device.watch())
        assert await anext(states) == PrinterChanged(online="online", paper="ok")
        printer.hand("silence", on=True)
        with pytest.raises(DeviceOffline, match="no longer answers"):
            await anext(states)
        with pytest.raises(DeviceOffline):
            await printer.device.print(RECEIPT)
        assert receipts(printer) == []
        printer.hand("silence", on=False)
        assert await anext(aiter(printer.device.watch())) == PrinterChanged(online="online", paper="ok")


@PRINTERS
async def test_silence_after_a_job_leaves_it_unproven(name: str) -> None:
    async with rig(name, timeout_s=0.02, settle_s=0.5) as printer:
        printing = asyncio.ensure_future(printer.device.print(RECEIPT))
        await printer.cable.job_written.wait()
        printer.hand("silence", on=True)
        assert await printing == BytesHandedOver()
        assert receipts(printer) == [ROWS]


@PRINTERS
async def test_an_unplugged_printer_is_offline_and_prints_nothing(name: str) -> None:
    async with rig(name) as printer:
        await printer.link.unplug()
        with pytest.raises(DeviceOffline):
            await printer.device.print(RECEIPT)
        assert receipts(printer) == []


@PRINTERS
async def test_characters_the_printer_lacks_are_replaced_and_counted(name: str) -> None:
    async with rig(name) as printer:
        await printer.device.print(Receipt(rows=(ReceiptRow(text="王𠮷\ud800\x1b@，吕"),)))
        assert receipts(printer) == [["王〓〓〓@，吕"]]
        assert printer.device.replaced == 3


@PRINTERS
async def test_a_barcode_too_wide_for_the_roll_goes_out_as_a_qr_code(name: str) -> None:
    wide = Receipt(rows=(ReceiptRow(text="x"),), barcode="X" * 40)
    async with rig(name) as printer:
        await printer.device.print(wide)
        assert receipts(printer) == [["x", "[QR] " + "X" * 40]]


STORMS = {
    "drop": Weather(drop=0.15),
    "garble": Weather(garble=0.1),
    "duplicate": Weather(duplicate=0.5),
    "split": Weather(split=1),
    "late": Weather(delay_s=0.03),
}


@PRINTERS
@pytest.mark.parametrize("storm", STORMS)
async def test_in_any_weather_on_the_way_back_no_job_is_printed_twice(name: str, storm: str) -> None:
    async with rig(name, STORMS[storm], Weather(), timeout_s=0.1, tries=8) as printer, watching(printer):
        for _ in range(3):
            before = len(receipts(printer))
            try:
                await printer.device.print(RECEIPT)
            except (DeviceFault, DeviceOffline):
                assert len(receipts(printer)) - before in (0, 1)
            else:
                assert len(receipts(printer)) - before == 1
        assert all(rows == ROWS for rows in receipts(printer))
