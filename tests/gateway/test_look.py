"""What a station sees of a page: whether it is empty, and what a person should look at before the sheet goes away."""

import io

import pytest
from PIL import Image, ImageFilter

from devices.scanning import Flaw
from gateway.scanning.look import looked_at
from tests.kit import paper

PAGE = paper.drawn("民事起诉状\n" + "原告与被告签订买卖合同，被告逾期未付货款，经催要未果。\n" * 8, 150)
WIDE, HIGH = PAGE.size


def file_of(image: Image.Image, file_format: str = "JPEG") -> bytes:
    kept = io.BytesIO()
    image.save(kept, file_format)
    return kept.getvalue()


@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
def test_paper_with_a_little_dust_is_blank_and_a_line_of_writing_is_not(file_format: str) -> None:
    sheet = Image.new("L", (1240, 1754), 235)
    sheet.paste(180, (600, 600, 604, 604))
    looks = looked_at(file_of(sheet, file_format), 150)
    assert looks.blank and not looks.flaws
    sheet.paste(20, (200, 300, 700, 320))
    assert not looked_at(file_of(sheet, file_format), 150).blank


@pytest.mark.parametrize(
    ("flaws", "page"),
    [
        ((), PAGE),
        ((), PAGE.convert("RGB")),
        ((), PAGE.resize((WIDE * 2, HIGH * 2))),
        ((), PAGE.rotate(1.5, fillcolor=255)),
        ((), PAGE.point([160 + value * 95 // 255 for value in range(256)])),
        (("dark",), PAGE.point([value * 45 // 100 for value in range(256)])),
        (("cut",), PAGE.crop((WIDE // 8, 0, WIDE, HIGH))),
        (("skewed",), PAGE.rotate(-5, fillcolor=255)),
        (("blurred",), PAGE.filter(ImageFilter.GaussianBlur(3))),
    ],
    ids=["clean", "in colour", "at 300 dpi", "a little askew", "pale", "dark", "cut", "askew", "blurred"],
)
def test_what_a_person_should_look_at_is_told(flaws: tuple[Flaw, ...], page: Image.Image) -> None:
    assert looked_at(file_of(page), page.width * 150 // WIDE).flaws == flaws


@pytest.mark.parametrize("blur", [0, 3])
def test_a_page_with_a_few_lines_at_its_head_is_judged_by_them(blur: int) -> None:
    page = paper.drawn("收条\n今收到货款三千元整。", 150).filter(ImageFilter.GaussianBlur(blur))
    assert looked_at(file_of(page), 150).flaws == (("blurred",) if blur else ())


def test_a_shadow_along_the_edge_is_no_writing_that_was_cut() -> None:
    page = PAGE.copy()
    page.paste(20, (0, 0, 12, HIGH))
    assert looked_at(file_of(page), 150).flaws == ()


def test_a_page_is_also_seen_small() -> None:
    with Image.open(io.BytesIO(looked_at(file_of(PAGE), 150).thumb)) as thumb:
        assert thumb.format == "JPEG" and thumb.height <= 310 and thumb.width <= 220
