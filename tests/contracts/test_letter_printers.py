"""What every printer of letters promises: a letter leaves once or not at all, and none comes out unexpected later."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from devices.errors import DeviceFault, DeviceOffline, WishRejected
from devices.printers import (
    BytesHandedOver,
    Letter,
    LetterPrinted,
    PrinterChanged,
    PrintLabel,
    PrintLetter,
    PrintReceipt,
)
from gateway import catalogue
from tests.contracts.rig import products, rig

PRINTERS = pytest.mark.parametrize("name", products("printers", "print_letter"))
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40
LETTER = Letter("0123456789ab", PDF)
WISH = PrintLetter(document="a" * 64, copies=2, sides="long_edge")
COMPLETED, CANCELED = 9, 7


@asynccontextmanager
async def printer(name: str, folder: Path, **settings: Any) -> AsyncIterator[tuple[Any, Any]]:
    stage = catalogue.stage(name, {}, folder)
    assert stage is not None
    driver = catalogue.product(name).driver
    quick = {"settle_s": 0.02, "poll_s": 0.02, "timeout_s": 20, **settings}
    config = driver.Config(port=await stage.plug(), **quick)
    held = await catalogue.product(name).hold(config)
    try:
        yield driver.Device(config, held), stage
    finally:
        await held.close()
        await stage.unplug()


def came_out(stage: Any) -> list[tuple[str, int]]:
    """The letters that came out whole: name and copies."""
    return [(job["name"], job["copies"]) for job in stage.look()["jobs"] if job["state"] == COMPLETED]


async def fetch(_: str) -> bytes:
    return PDF


async def fetch_text(_: str) -> bytes:
    return b"Dear Sir"


@PRINTERS
async def test_a_letter_comes_out_byte_for_byte_and_is_proven(name: str, tmp_path: Path) -> None:
    async with printer(name, tmp_path) as (device, stage):
        assert await device.print_letter(LETTER) == LetterPrinted()
        (job,) = stage.look()["jobs"]
        assert job["sha256"] == hashlib.sha256(PDF).hexdigest()
        assert (job["copies"], job["sides"]) == (1, "one-sided")


@PRINTERS
async def test_the_wish_prints_its_document_in_so_many_copies_on_both_sides(name: str, tmp_path: Path) -> None:
    async with printer(name, tmp_path) as (device, stage):
        fact = await WISH.put_to(device, fetch)
        assert fact == LetterPrinted(document=WISH.document) and WISH.answered_by(fact)
        (job,) = stage.look()["jobs"]
        assert (job["name"], job["copies"], job["sides"]) == ("a" * 12, 2, "two-sided-long-edge")


@PRINTERS
async def test_what_is_no_pdf_is_refused_and_so_are_wishes_for_other_printers(name: str, tmp_path: Path) -> None:
    async with printer(name, tmp_path) as (device, stage):
        with pytest.raises(WishRejected, match="is no PDF"):
            await WISH.put_to(device, fetch_text)
        with pytest.raises(WishRejected, match="50 copies at most"):
            await PrintLetter(document="a" * 64, copies=51).put_to(device, fetch)
        with pytest.raises(WishRejected, match="prints no labels"):
            await PrintLabel(document="a" * 64).put_to(device, fetch)
        assert stage.look()["jobs"] == []


async def test_a_printer_of_receipts_refuses_a_letter() -> None:
    async with rig("printers/escpos") as receipts:
        with pytest.raises(WishRejected, match="prints no letters"):
            await WISH.put_to(receipts.device, fetch)


async def fetch_receipt(_: str) -> bytes:
    return b'{"rows": []}'


@PRINTERS
async def test_a_printer_of_letters_refuses_a_receipt(name: str, tmp_path: Path) -> None:
    async with printer(name, tmp_path) as (device, _):
        with pytest.raises(WishRejected, match="prints no receipts"):
            await PrintReceipt(document="a" * 64).put_to(device, fetch_receipt)


@PRINTERS
async def test_letters_asked_for_at_once_come_out_once_each(name: str, tmp_path: Path) -> None:
    async with printer(name, tmp_path) as (device, stage):
        letters = [Letter(f"letter-{number}", PDF) for number in range(4)]
        assert await asyncio.gather(*map(device.print_letter, letters)) == [LetterPrinted()] * 4
        assert sorted(came_out(stage)) == [(letter.name, 1) for letter in letters]


@PRINTERS
@pytest.mark.parametrize("trouble", ["paper_out", "jam", "open_cover", "no_toner", "pause"])
async def test_trouble_is_said_before_the_letter_leaves(name: str, trouble: str, tmp_path: Path) -> None:
    async with printer(name, tmp_path) as (device, stage):
        stage.hands()[trouble]()
        with pytest.raises(DeviceFault, match="nothing was printed"):
            await device.print_letter(LETTER)
        assert stage.look()["jobs"] == []


@PRINTERS
async def test_a_letter_that_ends_midway_is_taken_back_and_never_comes_out_later(name: str, tmp_path: Path) -> None:
    async with printer(name, tmp_path, print_s=2) as (device, stage):
        stage.hands()["end_under_next"]()
        with pytest.raises(DeviceFault, match="no paper; the letter was taken back"):
            await device.print_letter(LETTER)
        assert [job["state"] for job in stage.look()["jobs"]] == [CANCELED]
        stage.hands()["mend"]()
        assert await device.print_letter(LETTER) == LetterPrinted()
        assert came_out(stage) == [(LETTER.name, 1)]


@PRINTERS
async def test_paper_given_in_time_lets_the_letter_go_on(name: str, tmp_path: Path) -> None:
    async with printer(name, tmp_path, print_s=100) as (device, stage):
        stage.hands()["end_under_next"]()
        printing = asyncio.ensure_future(device.print_letter(LETTER))
        async with aclosing(device.watch()) as told:
            while (await anext(told)).paper != "out":
                continue
        stage.hands()["mend"]()
        assert await printing == LetterPrinted()
        assert came_out(stage) == [(LETTER.name, 1)]


@PRINTERS
async def test_a_letter_whose_answer_is_lost_is_not_sent_again(name: str, tmp_path: Path) -> None:
    async with printer(name, tmp_path) as (device, stage):
        stage.hands()["lose_answer"]()
        assert await device.print_letter(LETTER) == BytesHandedOver()
        assert len(stage.look()["jobs"]) == 1


@PRINTERS
async def test_a_printer_that_forgets_what_it_printed_proves_nothing(name: str, tmp_path: Path) -> None:
    async with printer(name, tmp_path, print_s=100) as (device, stage):
        stage.hands()["forget"]()
        assert await device.print_letter(LETTER) == BytesHandedOver()
        assert len(stage.look()["jobs"]) == 1


@PRINTERS
async def test_how_it_stands_is_told_as_it_changes(name: str, tmp_path: Path) -> None:
    async with printer(name, tmp_path) as (device, stage), aclosing(device.watch()) as told:
        assert await anext(told) == PrinterChanged(online="online", paper="ok")
        stage.hands()["low_paper"]()
        assert await anext(told) == PrinterChanged(online="online", paper="near_end")
        stage.hands()["paper_out"]()
        assert await anext(told) == PrinterChanged(online="online", paper="out")
        stage.hands()["mend"]()
        assert await anext(told) == PrinterChanged(online="online", paper="ok")
        stage.hands()["open_cover"]()
        assert await anext(told) == PrinterChanged(online="cover_open", paper="ok")
        stage.hands()["mend"]()
        assert await anext(told) == PrinterChanged(online="online", paper="ok")
        stage.hands()["pause"]()
        assert await anext(told) == PrinterChanged(online="paused", paper="ok")


@PRINTERS
async def test_a_silent_or_unplugged_printer_is_offline_prints_nothing_and_comes_back(
    name: str, tmp_path: Path
) -> None:
    async with printer(name, tmp_path) as (device, stage):
        stage.hands()["silence"](on=True)
        with pytest.raises(DeviceOffline):
            await device.print_letter(LETTER)
        stage.hands()["silence"](on=False)
        await stage.unplug()
        with pytest.raises(DeviceOffline, match="cannot be reached"):
            await device.print_letter(LETTER)
        await stage.plug()
        assert await device.print_letter(LETTER) == LetterPrinted()
        assert len(stage.look()["jobs"]) == 1
