"""A logo at the head of a receipt: as it fits the roll, and no receipt waits for one that is missing or no picture."""

from pathlib import Path

import pytest
from PIL import Image

from devices.printers import Receipt, ReceiptPrinted, ReceiptRow
from drivers.printers.escpos import wire
from drivers.printers.escpos.logo import raster
from tests.contracts.rig import rig

RECEIPT = Receipt(rows=(ReceiptRow(text="凭证"),))


def picture(file: Path, across: int, down: int, ink: tuple[int, ...] = (0, 0, 0, 255)) -> Path:
    Image.new("RGBA", (across, down), ink).save(file, "PNG")
    return file


def bands(file: Path, paper_mm: int) -> list[tuple[int, int, bytes]]:
    """(bytes across, rows, dots) of each raster that a printer is sent, and nothing else but settings."""
    commands = wire.question_framer().feed(raster(file, paper_mm))
    assert {command.name for command in commands} <= {"raster", "initialise", "align"}
    raws = [command.raw for command in commands if command.name == "raster"]
    return [(int.from_bytes(raw[4:6], "little"), int.from_bytes(raw[6:8], "little"), raw[8:]) for raw in raws]


def test_it_is_dots_where_the_picture_is_dark_and_paper_where_it_is_transparent(tmp_path: Path) -> None:
    assert bands(picture(tmp_path / "a.png", 16, 4), 80) == [(2, 4, b"\xff" * 8)]
    assert bands(picture(tmp_path / "b.png", 16, 4, (0, 0, 0, 0)), 80) == [(2, 4, b"\x00" * 8)]


@pytest.mark.parametrize(("paper_mm", "across"), [(80, 72), (58, 48)])
def test_a_wide_one_is_made_as_wide_as_the_roll_and_a_high_one_goes_in_bands(
    tmp_path: Path, paper_mm: int, across: int
) -> None:
    wide = bands(picture(tmp_path / "a.png", 1152, 144), paper_mm)
    assert [(width, rows) for width, rows, _ in wide] == [(across, across)]
    high = bands(picture(tmp_path / "b.png", 80, 400), paper_mm)
    assert [rows for _, rows, _ in high] == [240, 160]


async def test_it_stands_at_the_head_of_the_receipt_and_without_it_the_receipt_comes_all_the_same(
    tmp_path: Path,
) -> None:
    logo = tmp_path / "seal.png"
    async with rig("printers/escpos", logo=str(logo)) as printer:
        for content, head in (
            (None, []),
            (b"no picture", []),
            (picture(tmp_path / "a.png", 16, 4), ["[raster 8 bytes]"]),
        ):
            if content is not None:
                logo.write_bytes(content if isinstance(content, bytes) else content.read_bytes())
            assert await printer.device.print(RECEIPT) == ReceiptPrinted()
            assert printer.emulator.look()["receipts"][-1] == [*head, "凭证"]
