"""A clerk makes a dossier of files without a mouse, and a judge reads it: real workers, real Chromium."""

from collections.abc import Iterator

import pytest
import yaml
from playwright.sync_api import Page, expect

from central.cli.works import courtroom
from central.demo.court import furnish
from tests.browser.windows import Windows, live, windows
from tests.central.shelf import COMPLAINT, DELIBERATION, JUDGMENT, RECEIPT
from tests.kit import paper
from tests.kit.installation import Installation

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Windows]:
    with Installation(tmp_path_factory.mktemp("dossiers")) as court:
        court.found()
        with courtroom(court.home) as opened:
            furnish(opened)
        file = court.home / "central.yaml"
        file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | {"dossiers": {"ocr": "tesseract"}}))
        court.start("broker", "central")
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
