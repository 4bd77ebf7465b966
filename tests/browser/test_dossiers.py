"""A clerk makes a dossier of files without a mouse, and a judge reads it: real workers, real Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Page, expect

from central.cli.works import courtroom
from central.demo.court import furnish
from devices.scanning import START_SHEET
from tests.browser.bureau import SCANNER, add_station, pile
from tests.browser.windows import Windows, fits, live, redrawn, types, windows
from tests.central.shelf import COMPLAINT, DELIBERATION, JUDGMENT, RECEIPT
from tests.kit import paper
from tests.kit.installation import Installation

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("dossiers")) as court:
        court.found()
        with courtroom(court.home) as opened:
            furnish(opened)
        file = court.home / "central.yaml"
        file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | {"dossiers": {"ocr": "tesseract"}}))
        court.start("broker", "central")
        yield court


@pytest.fixture(scope="module")
def at(court: Installation) -> Iterator[Windows]:
    with windows(court, "dossiers") as opened:
        yield opened


@pytest.fixture(scope="module")
def desk(at: Windows, tmp_path_factory: pytest.TempPathFactory) -> Page:
    """The desk of a clerk whose four documents have been read; one file was refused."""
    folder = tmp_path_factory.mktemp("files")
    whole, cut = folder / "全卷.pdf", folder / "坏文件.pdf"
    texts = (COMPLAINT, JUDGMENT, RECEIPT, DELIBERATION)
    whole.write_bytes(paper.pdf([paper.drawn(text, 150, paper.SLIP_MM) for text in texts]))
    cut.write_bytes(whole.read_bytes()[:4000])
    desk = at.desk(path="/edossiers/1/intake")
    at.picture(desk, "empty")
    desk.set_input_files("#files", [whole, cut])
    expect(desk.locator(".intake", has_text="坏文件.pdf")).to_contain_text("不完整或已损坏")
    expect(desk.locator(".intake", has_text="全卷.pdf")).to_contain_text("已收录")
    expect(desk.locator(".thumb img")).to_have_count(4)
    at.picture(desk, "read")
    return desk


def test_documents_are_confirmed_moved_and_undone_by_keys_and_moved_by_mouse(at: Windows, desk: Page) -> None:
    desk.keyboard.press("Escape")
    desk.goto(f"{at.url}/edossiers/1/catalogue")
    live(desk)
    expect(desk.locator(".doc")).to_have_count(4)
    first = desk.locator(".doc").first
    first.focus()
    desk.keyboard.press("v")
    expect(desk.locator(".doc[data-state=CONFIRMED]")).to_have_count(1)
    expect(first).to_be_focused()
    desk.keyboard.press("Alt+ArrowDown")
    moved = desk.locator(".shelf[data-item='4'][data-secret=''] .doc")
    expect(moved).to_contain_text("民事起诉状")
    expect(moved).to_be_focused()
    at.picture(desk, "moved-by-keys")
    desk.keyboard.press("Control+z")
    expect(desk.locator(".shelf[data-item='3'] .doc")).to_contain_text("民事起诉状")
    desk.set_viewport_size({"width": 1440, "height": 1900})  # both ends of the way in sight
    desk.locator(".shelf[data-item='21'] .doc").drag_to(desk.locator(".shelf[data-item='5'][data-secret='']"))
    expect(desk.locator(".shelf[data-item='5'][data-secret=''] .doc")).to_have_count(1)
    at.picture(desk, "moved-by-mouse")
    desk.locator(".doc").first.press("Enter")
    expect(desk.get_by_text("建议理由")).to_be_visible()
    at.picture(desk, "document")


def _is_wide(desk: Page, *, wide: bool) -> None:
    """The first small image of the open document comes to lie so."""
    desk.wait_for_function(
        "(wide) => { const i = document.querySelector('.thumb[data-page] img');"
        " return i.complete && i.naturalWidth > 0 && (i.naturalWidth > i.naturalHeight) === wide; }",
        arg=wide,
        timeout=60_000,
    )


def test_pages_are_put_in_order_and_turned_by_keys_and_all_of_it_is_undone(at: Windows, desk: Page) -> None:
    desk.locator(".doc").nth(1).click()
    desk.get_by_role("button", name="并入上一份").click()
    pages = desk.locator(".thumb[data-page]")
    expect(pages).to_have_count(2)
    last = str(pages.nth(1).get_attribute("data-page"))
    pages.nth(1).press("Alt+ArrowLeft")
    expect(pages.first).to_have_attribute("data-page", last)
    expect(pages.first).to_be_focused()
    _is_wide(desk, wide=True)
    pages.first.press("y")
    _is_wide(desk, wide=False)
    at.picture(desk, "turned")
    desk.keyboard.press("Control+z")
    _is_wide(desk, wide=True)
    for _ in range(2):
        with desk.expect_response("**/undo"):
            desk.keyboard.press("Control+z")
    expect(desk.locator(".doc")).to_have_count(4)


def _lies(page: Page, *, wide: bool) -> None:
    """The page in the reader comes to lie so, its paper with it."""
    page.wait_for_function(
        "(wide) => { const i = document.querySelector('.pane img'), box = i.getBoundingClientRect();"
        " return i.complete && i.naturalWidth > i.naturalHeight === wide && box.width > box.height === wide; }",
        arg=wide,
        timeout=60_000,
    )


def test_a_page_that_lies_wrong_is_turned_where_it_is_read_and_every_reader_sees_it(at: Windows) -> None:
    clerk, other = at.desk(path="/edossiers/1"), at.desk("judge", "/edossiers/1")
    expect(other.locator("[data-turn]")).to_have_count(0)
    for window in (clerk, other):
        _lies(window, wide=True)
    clerk.keyboard.press("Shift+Y")
    for window in (clerk, other):
        _lies(window, wide=False)
    expect(clerk.locator("#turning")).to_be_empty()
    at.picture(clerk, "turned-left")
    assert fits(clerk)
    clerk.keyboard.press("Control+z")
    for window in (clerk, other):
        _lies(window, wide=True)
    expect(clerk.get_by_role("button", name="撤销这次转页")).to_be_hidden()
    clerk.get_by_role("button", name="右转 90°").click()
    _lies(clerk, wide=False)
    other.keyboard.press("End")
    other.keyboard.press("Home")
    _lies(other, wide=False)
    clerk.goto(f"{at.url}/edossiers/1/catalogue")
    with clerk.expect_response("**/undo"):
        clerk.locator("#undo").click()
    clerk.goto(f"{at.url}/edossiers/1?lang=en")
    _lies(clerk, wide=True)
    at.picture(clerk, "reader-english")


def test_a_judge_turns_pages_finds_words_and_lays_pages_side_by_side(at: Windows, desk: Page) -> None:
    judge = at.desk("judge", "/edossiers/1")
    number = judge.locator("#page-number")
    expect(number).to_have_value("1")
    judge.keyboard.press("ArrowRight")
    expect(number).to_have_value("2")
    judge.keyboard.press("End")
    expect(number).to_have_value("4")
    judge.keyboard.press("Home")
    judge.keyboard.press("t")
    judge.keyboard.type("判决如下")
    judge.keyboard.press("Enter")
    expect(judge.locator("#in-hits")).to_contain_text("找到 1 页")
    expect(judge.locator(".pane[data-pane='0'] .marks span").first).to_be_visible()
    at.picture(judge, "found")
    assert fits(judge)
    judge.keyboard.press("s")
    expect(judge.locator(".pane.is-active[data-pane='1'] img")).to_be_visible()
    for pane in judge.locator(".pane .sheet-of-paper").all():
        box = pane.bounding_box()
        assert box and abs(box["width"] / box["height"] - paper.SLIP_MM[0] / paper.SLIP_MM[1]) < 0.02
    at.picture(judge, "side-by-side")
    judge.goto(f"{at.url}/edossiers?q=洛社镇")
    expect(judge.locator(".hit mark").first).to_have_text("洛社镇")
    at.picture(judge, "search")
    judge.goto(f"{at.url}/edossiers/1/catalogue?lang=en")
    expect(judge.get_by_text("Complaint, or record of an oral one").first).to_be_visible()
    expect(judge.locator("#undo")).to_have_count(0)
    at.picture(judge, "english")


def test_a_pile_of_paper_is_scanned_by_keys_with_a_jam_and_a_difference_that_is_signed_for(
    at: Windows, court: Installation, tmp_path: Path
) -> None:
    clerk = at.desk("clerk", "/scan")
    expect(clerk.get_by_text("还没有扫描工位")).to_be_visible()
    at.picture(clerk, "no-station")
    box = add_station(court)
    sheets = [paper.drawn(text, 100) for text in (COMPLAINT, JUDGMENT, RECEIPT)]
    dark = sheets[1].point([value * 2 // 5 for value in range(256)])
    folder = pile(tmp_path / "pile", [sheets[0], dark, sheets[2]])
    court.hand(box, SCANNER, "put_in", folder=str(folder))
    court.hand(box, SCANNER, "jam", sides=2)
    expect(clerk.locator("#case")).to_be_visible()  # by itself
    clerk.goto(f"{at.url}/scan")
    live(clerk)
    expect(clerk.locator("#case")).to_be_focused()
    at.picture(clerk, "desk-empty")
    types(clerk, "HS-0002-1")
    expect(clerk.locator("#counted")).to_be_focused()
    clerk.keyboard.type("4")
    clerk.keyboard.press("Enter")
    expect(clerk.locator("#begin")).to_be_focused()
    at.picture(clerk, "laid")
    clerk.keyboard.press("Enter")
    expect(clerk.get_by_text("卡纸了。")).to_be_visible()
    expect(clerk.get_by_text("把第 3 张放回最上面")).to_be_visible()
    expect(clerk.locator(".side img")).to_have_count(2)
    shown(clerk, 2)
    expect(clerk.locator(".side.is-flawed")).to_contain_text("太暗")
    at.picture(clerk, "jam")
    court.hand(box, SCANNER, "clear")
    court.scan(box, f"{START_SHEET}one-sided")
    expect(clerk.locator(".side")).to_have_count(3)
    expect(clerk.locator("#sheets")).to_have_text("3")
    expect(clerk.locator("#close")).to_be_visible()
    court.hand(box, SCANNER, "put_in", folder=str(pile(tmp_path / "again", [sheets[1]])))
    clerk.locator(".side.is-flawed button").click()
    expect(clerk.locator(".side.is-flawed")).to_have_count(0)
    shown(clerk, 3)
    clerk.locator(".side a").first.focus()
    clerk.keyboard.press("Enter")
    expect(clerk.locator("#large img")).to_be_visible()
    clerk.keyboard.press("ArrowRight")
    expect(clerk.locator("#large [data-name]")).to_have_text("第 3 张")
    clerk.wait_for_function("() => document.querySelector('#large img').naturalWidth")
    at.picture(clerk, "large")
    clerk.keyboard.press("Escape")
    signed_for(at, clerk)


def signed_for(at: Windows, clerk: Page) -> None:
    """A sheet is missing: the clerk says why, by keys."""
    clerk.keyboard.press("z")
    expect(clerk.get_by_text("还差 1 张")).to_be_visible()
    expect(clerk.locator("#why")).to_be_focused()
    expect(clerk.locator("#why")).to_have_value("")  # nobody signs for a reason nobody chose
    at.picture(clerk, "difference")
    clerk.keyboard.press("ArrowDown")
    chosen = clerk.locator("#why").input_value()
    clerk.keyboard.press("Tab")
    clerk.keyboard.type("封底是空白纸，没有放入。")
    redrawn(clerk)
    clerk.keyboard.press("Escape")
    expect(clerk.locator("#why")).to_have_value(chosen)
    expect(clerk.locator("#note")).to_have_value("封底是空白纸，没有放入。")
    clerk.locator("#note").focus()
    clerk.keyboard.press("Tab")
    clerk.keyboard.press("Enter")
    expect(clerk.get_by_text("这一袋已经扫完。")).to_be_visible()
    expect(clerk.get_by_text("签名说明")).to_be_visible()
    at.picture(clerk, "signed")
    clerk.goto(f"{clerk.url.split('?')[0]}?lang=en")
    expect(clerk.get_by_text("This envelope is done.")).to_be_visible()
    at.picture(clerk, "desk-english")


def shown(page: Page, images: int) -> None:
    """Return once so many small images are there to be seen."""
    page.wait_for_function(
        "n => [...document.querySelectorAll('.side img')].filter(i => i.complete && i.naturalWidth).length === n",
        arg=images,
    )


def test_a_file_larger_than_a_request_may_bring_goes_in_pieces(at: Windows, tmp_path: Path) -> None:
    large = tmp_path / "大图.jpg"
    large.write_bytes(paper.jpeg(paper.drawn(RECEIPT, 100, paper.SLIP_MM), 100) + bytes(33 * 1024**2))
    desk = at.desk(path="/edossiers/5/intake")
    desk.set_input_files("#files", [large])
    expect(desk.locator(".intake", has_text="大图.jpg")).to_contain_text("已收录")


def test_a_file_that_is_let_go_beside_the_frame_is_brought_in_all_the_same(at: Windows) -> None:
    desk = at.desk(path="/edossiers/9/intake")
    dropped = desk.evaluate_handle(
        "() => { const d = new DataTransfer(); d.items.add(new File(['plain'], '随手.txt')); return d; }"
    )
    desk.dispatch_event("nav >> nth=0", "drop", {"dataTransfer": dropped, "bubbles": True, "cancelable": True})
    expect(desk.locator(".intake", has_text="随手.txt")).to_be_visible()
    assert desk.url.endswith("/edossiers/9/intake")
