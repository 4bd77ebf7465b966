"""A notice and a label go from a person's desk to a real screen and printer in emulation, by keyboard and by mouse."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.place import furnished
from tests.browser.windows import Windows, windows
from tests.kit.installation import Box, Installation

pytestmark = pytest.mark.browser
DEVICES = {
    "screen": {"driver": "displays/web_screen", "port": "http://192.0.2.9:8092"},
    "zebra": {"driver": "printers/zpl", "port": "tcp://192.0.2.8:9100"},
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, Box]]:
    with furnished(tmp_path_factory.mktemp("sending"), devices=DEVICES) as place:
        yield place


@pytest.fixture(scope="module")
def at(place: tuple[Installation, Box]) -> Iterator[Windows]:
    with windows(place[0], "sending") as opened:
        yield opened


def test_a_notice_is_sent_from_the_page_of_a_screen_by_keyboard(place: tuple[Installation, Box], at: Windows) -> None:
    court, box = place
    page = at.desk("it", "/fleet/locker-a/screen")
    at.picture(page, "screen")
    page.get_by_role("link", name="显示通知").press("Enter")
    expect(page.locator("#f-title")).to_be_focused()
    at.picture(page, "notice-empty")
    page.keyboard.type("第三法庭今日休庭")
    page.keyboard.press("Tab")
    page.keyboard.type("改期至周三 09:30")
    page.get_by_label("显示多少分钟").press("Enter")
    send = page.get_by_role("button", name="发到 locker-a/screen")
    expect(send).to_be_focused()
    at.picture(page, "notice-preview")
    page.keyboard.press("Enter")
    expect(page.locator("[data-watch=state]")).to_have_text("已完成")
    expect(page.get_by_text("屏幕说已经显示")).to_be_visible()
    at.picture(page, "notice-shown")
    shown = court.look(box, "screen")
    assert (shown["title"], shown["rows"]) == ("第三法庭今日休庭", ["改期至周三 09:30"])


def test_a_volumes_label_is_printed_from_its_dossier_and_a_paused_printer_refuses(
    place: tuple[Installation, Box], at: Windows
) -> None:
    court, box = place
    page = at.desk("clerk", "/dossiers/1")
    at.picture(page, "dossier")
    page.get_by_role("link", name="打印标签").first.click()
    expect(page.get_by_label("文字")).to_have_value(re.compile("正卷第1册"))
    page.get_by_role("button", name="预览").click()
    send = page.get_by_role("button", name="发到 locker-a/zebra")
    expect(send).to_be_focused()
    at.picture(page, "label-preview")
    send.click()
    expect(page.locator("[data-watch=state]")).to_have_text("已完成")
    at.picture(page, "label-printed")
    (label,) = court.look(box, "zebra")["labels"]
    assert "正卷第1册" in str(label)
    court.hand(box, "zebra", "pause")
    page = at.desk("clerk", "/send/label?lang=en", language="en-GB")
    page.get_by_label("Text").fill("HS")
    page.get_by_role("button", name="Preview").click()
    send = page.get_by_role("button", name="Send to locker-a/zebra")
    expect(send).to_be_focused()
    at.picture(page, "label-english")
    send.click()
    expect(page.locator(".chip", has_text=re.compile("Refused|refused|被拒绝"))).to_be_visible()
    at.picture(page, "label-refused-english")
