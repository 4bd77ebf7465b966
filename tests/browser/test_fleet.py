"""The IT desk's pages over a running court: map, box with its figures, configuration, roll-out, alarm desk."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from central.demo.court import PASSWORD
from tests.browser.place import furnished
from tests.browser.windows import Windows, fits, live, redrawn, windows
from tests.kit.installation import Box, Installation
from tests.kit.process import run, until
from tests.kit.wheels import wheel

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, Box]]:
    with furnished(tmp_path_factory.mktemp("fleet")) as place:
        yield place


@pytest.fixture(scope="module")
def at(place: tuple[Installation, Box]) -> Iterator[Windows]:
    with windows(place[0], "fleet") as opened:
        yield opened


def test_the_page_of_a_box_plots_its_figures_and_the_map_shows_where_it_stands(
    place: tuple[Installation, Box], at: Windows
) -> None:
    page = at.desk("it", "/fleet/locker-a")
    expect(page.locator("[data-figure=memory_mb] canvas")).to_be_visible()
    expect(page.locator("[data-figure=queue] canvas")).to_be_visible()
    page.get_by_text("位置与分组").click()
    page.get_by_label("楼层").fill("一楼")
    page.get_by_label("房间").fill("立案大厅")
    page.get_by_label("房间").press("Enter")
    expect(page.locator("[data-figures]")).to_have_attribute("data-drawn", re.compile(r"\d+"))
    expect(page.locator("[data-figure=memory_mb] canvas")).to_be_visible()
    at.picture(page, "box")
    page.locator("[data-figure=memory_mb] .u-over").hover()
    shown = page.locator("[data-figure-card]:visible").locator("[data-at]")
    texts = {shown.nth(n).inner_text() for n in range(shown.count())}
    assert len(texts) == 1, "one moment is shown above every plot"
    assert re.search(r"\d:\d\d", texts.pop())
    page.goto(f"{at.url}/fleet/map")
    live(page)
    box = page.get_by_role("link", name="locker-a")
    expect(page.get_by_role("heading", name="立案大厅")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(box).to_be_focused()
    at.picture(page, "map")
    english = at.desk("it", "/fleet/map?lang=en")
    at.picture(english, "map-english")


def test_boxes_are_picked_by_keyboard_and_mouse_and_each_says_what_became_of_it(
    place: tuple[Installation, Box], at: Windows
) -> None:
    court = place[0]
    url, token = court.central("gateway invite", "locker-c").split()[-2:]
    run(
        Path(sys.executable).parent / "courtside-gateway", "enrol", url, token, "--data", court.folder / "locker-c-data"
    )
    page = at.desk("it", "/fleet/map")
    page.keyboard.press("x")
    expect(page.get_by_label("locker-a", exact=True)).to_be_visible()
    page.keyboard.press("ArrowDown")
    focused = page.locator("input[name=picked]:focus")
    expect(focused).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("pick=1"))
    page.get_by_label("slip-a").focus()
    page.keyboard.press("Space")
    page.get_by_label("locker-c", exact=True).check()
    expect(page.locator("[data-boxes]")).to_have_text("1")
    redrawn(page)
    expect(page.get_by_label("slip-a")).to_be_checked()
    expect(page.locator("[data-devices]")).to_have_text("1")
    at.picture(page, "map-picking")
    page.get_by_role("button", name="重启并自检").click()
    at.picture(page, "map-picked-restart")
    page.get_by_role("dialog").get_by_role("button", name="重启并自检").press("Enter")
    expect(page.get_by_text("网关“locker-c”不在线")).to_be_visible()
    expect(page.locator(".chip", has_text="自检通过").first).to_be_visible()
    at.picture(page, "round")
    english = at.desk("it", "/fleet/map?pick=1&lang=en")
    english.keyboard.press("s")
    expect(english.locator("[data-boxes]")).to_have_text("2")
    at.picture(english, "map-picking-english")
    english.get_by_role("button", name="Roll out configuration or software").click()
    expect(english.get_by_label("locker-c").first).to_be_checked()


def test_enter_on_a_box_presses_no_button_before_the_pages_script_is_there(at: Windows) -> None:
    page = at.desk("it", "/fleet/map")
    page.route("**/pick.js*", lambda route: route.abort())
    page.goto(f"{at.url}/fleet/map?pick=1")
    asked = list[str]()
    page.on("request", lambda request: asked.append(request.method))
    page.get_by_label("locker-a", exact=True).press("Enter")
    redrawn(page)
    assert "POST" not in asked
    assert page.url.endswith("pick=1")


def test_the_page_of_a_device_changes_by_itself_and_what_was_lost_is_fetched_again(
    place: tuple[Installation, Box], at: Windows
) -> None:
    court, box = place
    page = at.desk("it", f"/fleet/locker-a/{box.wall}")
    redrawn(page)
    row = page.get_by_role("row", name=re.compile("cell-12"))
    expect(row).to_contain_text("门已关")
    court.hand(box, box.wall, "force", cell=12)
    expect(row).to_contain_text("门开着")
    court.hand(box, box.wall, "shut", cell=12)
    expect(row).to_contain_text("门已关")


def test_the_log_of_a_box_is_shown_as_it_comes(place: tuple[Installation, Box], at: Windows) -> None:
    court, box = place
    page = at.desk("it", "/fleet/locker-a")
    page.get_by_text("实时日志").press("Enter")
    at.picture(page, "log-before")
    page.get_by_label("详细程度").select_option("debug")
    page.get_by_role("button", name="让网关报日志").press("Enter")
    lines = page.get_by_role("log")
    expect(lines).to_contain_text("the log is shown to central for 60 s")
    code = court.scan(box)
    expect(lines).to_contain_text("reader-a: code_read becomes a line")
    expect(lines).not_to_contain_text(code)
    lines.scroll_into_view_if_needed()
    at.picture(page, "log")


def test_a_view_is_saved_and_is_one_press_away(at: Windows) -> None:
    page = at.desk("it", "/fleet/map?state=working")
    page.get_by_text("把这个筛选存为视图").press("Enter")
    page.get_by_label("视图的名字").fill("正常的")
    at.picture(page, "view-saving")
    page.get_by_label("同事也能看到").check()
    page.get_by_label("视图的名字").press("Enter")
    page.goto(f"{at.url}/fleet/map")
    page.get_by_role("link", name="正常的 · 共用").press("Enter")
    expect(page).to_have_url(re.compile("state=working"))
    at.picture(page, "view")


def test_a_typo_is_said_while_one_types_and_a_good_change_is_kept_by_the_box(
    place: tuple[Installation, Box], at: Windows
) -> None:
    page = at.desk("it", "/config/locker-a")
    text = page.locator("#text")
    good = text.input_value()
    assert "cells: 12" in good
    text.fill(good.replace("cells: 12", "cels: 12"))
    text.press("End")
    expect(page.locator("#checked")).to_contain_text("是不是“cells”？")
    at.picture(page, "config-typo")
    text.fill(good.replace("cells: 12", "cells: 11"))
    text.press("End")
    expect(page.locator("#checked .plus")).to_contain_text("cells: 11")
    at.picture(page, "config-change")
    page.get_by_role("button", name="发布，让网关试用").press("Enter")
    expect(page.get_by_text("已采用")).to_be_visible()
    at.picture(page, "config-kept")


def test_a_change_that_breaks_a_box_stops_the_roll_out_and_alarms(place: tuple[Installation, Box], at: Windows) -> None:
    page = at.desk("it", "/rollouts")
    page.get_by_text("改配置").press("Enter")
    page.get_by_label("做什么变更").fill("换接口")
    patch = "prove_s: 1.0\ndevices:\n  slip-b: {driver: printers/escpos, port: 'tcp://127.0.0.1:9'}\n"
    page.get_by_label("要改的部分（YAML）").fill(patch)
    page.get_by_label("locker-a").locator("visible=true").check()
    at.picture(page, "roll-out-form")
    page.get_by_role("button", name="开始，先试第一台").press("Enter")
    expect(page.get_by_text("已自动暂停，等您决定。")).to_be_visible()
    expect(page.get_by_role("cell", name=re.compile("slip-b"))).to_be_visible()
    at.picture(page, "roll-out-paused")
    desk = at.desk("it", "/alarms")
    expect(desk.get_by_role("heading", name=re.compile("网关退回了新配置"))).to_be_visible()
    desk.get_by_role("button", name="我来处理").first.press("Enter")
    expect(desk.locator(".chip", has_text="处理中").first).to_be_visible()
    at.picture(desk, "alarm-desk")
    desk.goto(f"{at.url}/alarms/rules")
    at.picture(desk, "rules")
    desk.goto(f"{at.url}/tickets")
    desk.get_by_label("出了什么问题").fill("打印机接口坏了")
    desk.get_by_label("网关或设备").fill("locker-a/wall-a")
    desk.get_by_role("button", name="报修").press("Enter")
    expect(desk.get_by_text("打印机接口坏了")).to_be_visible()
    at.picture(desk, "tickets")
    desk.goto(f"{at.url}/fleet/locker-a/wall-a")
    desk.get_by_role("button", name="重启并自检").press("Enter")
    expect(desk.get_by_text("已完成").first).to_be_visible()
    desk.goto(f"{at.url}/fleet/locker-a/wall-a")
    expect(desk.get_by_text("通过", exact=True)).to_be_visible()
    at.picture(desk, "self-test")
    desk.goto(f"{at.url}/fleet/availability")
    at.picture(desk, "availability")


def test_an_alarm_is_handed_on_by_keyboard_and_an_english_page_is_english(
    place: tuple[Installation, Box], at: Windows
) -> None:
    court, box = place
    court.central("user add", "it2", "--name", "周工", "--role", "it", "--password", PASSWORD)
    court.hand(box, box.wall, "force", cell=1)
    desk = at.desk("it", "/alarms")
    alarm = desk.locator(".panel", has_text="wall-a 第 1 格")
    court.hand(box, box.wall, "shut", cell=1)
    alarm.locator("summary", has_text="交给别人").press("Enter")
    redrawn(desk)
    expect(alarm.get_by_label("由谁处理")).to_be_visible()
    at.picture(desk, "alarm-to-be-handed")
    assert fits(desk)
    alarm.locator("summary", has_text="交给别人").focus()
    for key in ("Tab", "ArrowDown", "Tab", "Enter"):
        desk.keyboard.press(key)
    expect(alarm.get_by_text("由 周工 处理")).to_be_visible()
    desk.goto(f"{at.url}/alarms?lang=en")
    desk.locator("summary", has_text="Hand to another").first.press("Enter")
    at.picture(desk, "alarm-handed-english")
    desk.goto(f"{at.url}/alarms/rules")
    expect(desk.get_by_text("Disk nearly full")).to_be_visible()
    at.picture(desk, "rules-english")


def test_another_program_is_given_papers_and_put_out_again_on_a_page(at: Windows) -> None:
    page = at.desk("it", "/fleet")
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    expect(page.get_by_text("还没有读取方")).to_be_visible()
    at.picture(page, "readers-none")
    page.get_by_label("名称").fill("screen-1")
    with page.expect_download() as papers:
        page.get_by_label("名称").press("Enter")
    assert papers.value.suggested_filename == "screen-1.zip"
    expect(page.get_by_role("cell", name="screen-1", exact=True)).to_be_visible()
    with page.expect_download():
        page.get_by_role("button", name="续签").press("Enter")
    at.picture(page, "readers")
    page.get_by_text("停用", exact=True).press("Enter")
    page.get_by_role("button", name="吊销 screen-1 的证书").press("Enter")
    expect(page.get_by_text("还没有读取方")).to_be_visible()


def test_software_and_a_logo_are_rolled_out_and_a_box_says_what_became_of_them(
    place: tuple[Installation, Box], at: Windows
) -> None:
    court, _ = place
    page = at.desk("it", "/rollouts?picked=locker-a")
    page.get_by_text("换网关软件").press("Enter")
    expect(page.get_by_text("courtside-central software add FILE")).to_be_visible()
    at.picture(page, "roll-out-nothing-taken-in")
    (court.folder / "wheels").mkdir()
    packed, content = wheel("0.2.0")
    (court.folder / "wheels" / packed.file).write_bytes(content)
    run(
        Path(sys.executable).with_name("courtside-central"),
        "software",
        "pack",
        court.folder / "wheels",
        court.folder / "0.2.0.zip",
    )
    court.central("software add", court.folder / "0.2.0.zip")
    Image.new("1", (160, 48)).save(court.folder / "seal.png")
    court.central("files add", "logo", "seal", court.folder / "seal.png")
    page.reload()
    live(page)
    page.get_by_text("换网关软件").press("Enter")
    expect(page.get_by_label("locker-a").locator("visible=true")).to_be_checked()
    at.picture(page, "roll-out-software")
    page.get_by_role("button", name="开始，先试第一台").locator("visible=true").press("Enter")
    expect(page.get_by_text("已自动暂停，等您决定。")).to_be_visible()
    at.picture(page, "roll-out-software-refused")
    page.get_by_role("button", name="停止，不再推送").press("Enter")
    page.goto(f"{at.url}/rollouts?picked=locker-a")
    live(page)
    page.get_by_text("换语音模型或回执标志").press("Enter")
    at.picture(page, "roll-out-logo")
    page.get_by_role("button", name="开始，先试第一台").locator("visible=true").press("Enter")
    expect(page.locator(".chip", has_text="已完成")).to_be_visible()
    at.picture(page, "roll-out-logo-kept")
    english = at.desk("it", "/rollouts?lang=en")
    english.get_by_text("Another speech model or receipt logo").press("Enter")
    at.picture(english, "roll-out-english")


def test_a_lost_box_turns_red_on_the_map_by_itself(place: tuple[Installation, Box], at: Windows) -> None:
    court, box = place
    page = at.desk("it", "/fleet/map")
    until("it is there", lambda: court.is_there(box))
    court.kill9(box.gateway)
    expect(page.locator("a.box.tone-broken")).to_contain_text("失联")
    at.picture(page, "map-lost")
