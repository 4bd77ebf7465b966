"""What goes wrong at a counter is said in the clerk's language, and custody stays as it was."""

import os
import re
import signal
from collections.abc import Iterator
from time import monotonic

import pytest
from playwright.sync_api import Page, expect

from central.demo.court import PASSWORD
from tests.browser.place import asked_to_open, buttons, display, furnished, receipts, shut, wait_open
from tests.browser.windows import Windows, cell_on, fits, live, redrawn, types, windows
from tests.kit.installation import Box, Installation

pytestmark = pytest.mark.browser

LEFT_OPEN_S = 1.0
_NEXT_HEARTBEAT = """() => new Promise((heard) => {
    const stream = htmx.find("[sse-connect]")["htmx-internal-data"].sseEventSource;
    stream.addEventListener("heartbeat", heard);
})"""
_COUNT_AGAIN = "() => { window.again = 0; document.body.addEventListener('again', () => { window.again += 1; }); }"
DEVICES = ("/fleet/locker-a/wall-a", "/fleet/locker-a/slip-a")
DATA = {"一楼立案大厅", "苏", "民初", "号", "王书记", "离婚纠纷", "民事", "原告", "赵某", "被告", "孙某某"}
"""What the court itself wrote in Chinese."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, Box]]:
    with furnished(tmp_path_factory.mktemp("troubles"), LEFT_OPEN_S) as place:
        yield place


@pytest.fixture(scope="module")
def at(place: tuple[Installation, Box]) -> Iterator[Windows]:
    with windows(place[0], "troubles") as opened:
        yield opened


def test_a_page_stays_where_its_reader_scrolled_it_as_it_changes(at: Windows) -> None:
    desk = at.desk(path="/dossiers/1?volume=1")
    desk.set_viewport_size({"width": 390, "height": 300})
    expect(desk.locator("#go-1")).to_be_focused()
    desk.evaluate("() => scrollTo(0, 300)")
    redrawn(desk)
    expect(desk.locator("#go-1")).to_be_focused()
    assert desk.evaluate("() => scrollY") == 300


def test_a_door_left_open_is_said_and_the_volume_stays_with_the_clerk(
    place: tuple[Installation, Box], at: Windows
) -> None:
    court, box = place
    desk = begun(at, "HS-0001-1")
    court.scan(box, "HS-0001-1")
    said = desk.get_by_text("柜门未关好，卷宗仍记在您名下。请推紧柜门。")
    expect(said).to_be_visible()
    at.picture(desk, "left-open")
    dossier = at.desk(path="/dossiers/1")
    expect(dossier.locator("[data-watch=standing-1]")).to_have_text("已贴码")
    screen = at.page((1280, 800))
    screen.goto(display(court, box))
    expect(screen.locator(".door.late")).to_contain_text("还开着，请推紧")
    at.picture(screen, "display-left-open")
    fleet = at.desk("it", "/alarms")
    expect(fleet.get_by_text("柜门开着没有关")).to_be_visible()
    at.picture(fleet, "alarm-left-open")

    shut(court, box, cell_on(desk))
    expect(desk.locator("[data-watch=state]")).to_have_text("已完成")
    expect(dossier.locator("[data-watch=standing-1]")).to_have_text("在柜")
    expect(fleet.get_by_text("没有告警")).to_be_visible()


def test_an_unknown_barcode_is_said_at_the_desk_and_at_the_locker(place: tuple[Installation, Box], at: Windows) -> None:
    court, box = place
    desk = at.desk(path="/deposit")
    types(desk, "HS-9999-9")
    expect(desk.get_by_role("alert")).to_contain_text("HS-9999-9")
    at.picture(desk, "unknown-at-desk")

    desk = begun(at, "HS-0002-1")
    court.scan(box, "HS-9999-9")
    expect(desk.get_by_role("status")).to_contain_text("不属于任何登记在册的卷宗")
    at.picture(desk, "unknown-at-locker")
    court.scan(box, "HS-0003-1")
    expect(desk.get_by_role("status")).to_contain_text("是另一册卷宗")
    expect(desk.locator("[data-watch=state]")).to_have_text("等待扫码")
    expect(desk.locator("#scan-code")).to_be_focused()
    at.picture(desk, "another-volume")
    desk.get_by_role("button", name="取消").press("Enter")
    expect(desk.locator("[data-watch=state]")).to_have_text("已取消")
    at.picture(desk, "cancelled")


def test_a_volume_that_is_stored_already_is_said_so(at: Windows) -> None:
    desk = at.desk(path="/deposit")
    types(desk, "HS-0001-1")
    expect(desk.get_by_role("alert")).to_contain_text("这册卷宗已在 A-")
    at.picture(desk, "already-stored")


def test_a_jammed_lock_leaves_the_volume_where_it_was(place: tuple[Installation, Box], at: Windows) -> None:
    court, box = place
    for cell in range(1, 13):
        court.hand(box, box.wall, "jam", cell=cell)
    desk = begun(at, "HS-0004-1")
    court.scan(box, "HS-0004-1")
    expect(desk.locator(".door-number")).to_be_visible()
    at.picture(desk, "opening")
    expect(desk.locator("[data-watch=state]")).to_have_text("未检测到开门")
    expect(desk.get_by_role("status")).to_contain_text("柜门可能卡住")
    expect(desk.get_by_role("link", name="重新办理")).to_be_focused()
    assert asked_to_open(court, box, cell_on(desk)) >= 1
    at.picture(desk, "jammed")
    for cell in range(1, 13):
        court.hand(box, box.wall, "unjam", cell=cell)
    standing(at, "HS-0004-1", "已贴码")


def test_a_printer_without_paper_is_said_and_custody_has_moved(place: tuple[Installation, Box], at: Windows) -> None:
    court, box = place
    court.hand(box, box.slip, "paper_out")
    fleet = at.desk("it", "/fleet")
    expect(fleet.get_by_text("缺纸")).to_be_visible()
    at.picture(fleet, "fleet-no-paper")
    desk = begun(at, "HS-0005-1")
    court.scan(box, "HS-0005-1")
    shut_seen(court, box, desk)
    expect(desk.get_by_text("收卷凭证没有打印，卷宗已存入，不受影响。")).to_be_visible()
    expect(desk.locator("[data-watch=state]")).to_have_text("已完成")
    at.picture(desk, "no-paper")
    printed = receipts(court, box)
    court.hand(box, box.slip, "new_roll")
    expect(fleet.get_by_text("缺纸")).to_have_count(0)
    assert not any("HS-0005-1" in each for each in printed)
    desk.get_by_role("button", name="补打凭证").press("Enter")
    expect(desk.get_by_text("收卷凭证已打印")).to_be_visible()
    assert "HS-0005-1" in receipts(court, box)[-1]
    standing(at, "HS-0005-1", "在柜")


def test_a_full_locker_is_said_before_anything_opens(place: tuple[Installation, Box], at: Windows) -> None:
    court, box = place
    keeper = at.desk("archivist", "/lockers")
    for free in keeper.locator(".cell.is-free").evaluate_all("cells => cells.map(cell => cell.href)"):
        keeper.goto(free)
        keeper.get_by_role("button", name="停用这格").press("Enter")
        expect(keeper.locator("[data-watch=state]")).to_have_text("停用")
    keeper.goto(f"{at.url}/lockers")
    at.picture(keeper, "wall-full")
    desk = begun(at, "HS-0006-1")
    releases = court.look(box, box.wall)["releases"]
    court.scan(box, "HS-0006-1")
    expect(desk.get_by_role("status")).to_contain_text("没有放得下这册卷宗（小）")
    at.picture(desk, "locker-full")
    assert court.look(box, box.wall)["releases"] == releases
    standing(at, "HS-0006-1", "已贴码")


def test_a_forced_door_is_an_alarm_on_open_pages(place: tuple[Installation, Box], at: Windows) -> None:
    court, box = place
    fleet, alarms, wall = at.desk("it", "/fleet"), at.desk("it", "/alarms"), at.desk("archivist", "/lockers")
    cell = int(wall.locator(".cell.is-occupied .place span").first.inner_text())
    court.hand(box, box.wall, "force", cell=cell)
    forced = monotonic()
    expect(alarms.get_by_text("柜门无人请求而开启")).to_be_visible()
    print(f"the alarm stood on the open page {monotonic() - forced:.2f} s after the door was forced")
    expect(fleet.get_by_text("柜门无人请求而开启")).to_be_visible()
    expect(wall.locator(".cell.tone-broken")).to_contain_text("柜门异常开启")
    at.picture(fleet, "fleet-forced")
    at.picture(alarms, "alarms-forced")
    at.picture(wall, "wall-forced")
    court.hand(box, box.wall, "shut", cell=cell)


def test_the_pages_speak_english_when_asked(at: Windows) -> None:
    desk = at.desk()
    desk.get_by_role("link", name="English").press("Enter")
    expect(desk.get_by_role("link", name="Deposit").first).to_be_visible()
    expect(desk.locator("html")).to_have_attribute("lang", "en")
    for path in ("/", "/deposit", "/lockers", "/dossiers/1", "/fleet", *DEVICES, "/alarms", "/wishes?all=1"):
        desk.goto(f"{at.url}{path}")
        at.picture(desk, f"english{path.replace('/', '-').partition('?')[0]}")
        left = re.findall(r"[\u4e00-\u9fff]+", desk.locator("main").inner_text())
        assert set(left) <= DATA, path


def test_a_button_of_the_emulators_page_moves_a_door(place: tuple[Installation, Box], at: Windows) -> None:
    court, box = place
    page = at.page()
    page.goto(buttons(court, box))
    door = page.locator(".doors button").nth(11)
    expect(door).to_have_text("12 关")
    at.picture(page, "emulators")
    door.press("Enter")
    expect(door).to_have_text("12 开")
    wait_open(court, box, 12)
    at.picture(page, "emulators-open")
    door.press("Enter")
    expect(door).to_have_text("12 关")
    wall = page.locator("section", has_text="wall-a")
    wall.get_by_placeholder("cell").fill("12")
    wall.get_by_role("button", name="force").click()
    expect(door).to_have_text("12 开")
    wall.get_by_role("button", name="shut").last.click()
    expect(door).to_have_text("12 关")
    slip = page.locator("section", has_text="slip-a")
    is_silent = slip.locator("dt", has_text="silent").locator("+ dd")
    for button, told in (("是 on", "是 yes"), ("否 off", "否 no")):
        slip.locator("p", has_text="silence").get_by_role("button", name=button).click()
        expect(is_silent).to_have_text(told)


def signed_out_while_writing(at: Windows, number: str) -> tuple[Page, Page]:
    """Somebody writes a case into the form, is signed out in another window, and presses the button all the same."""
    desk = at.desk(path="/dossiers/new")
    desk.fill("#f-cause", "买卖合同纠纷")
    desk.fill("#f-parties", "原告 周某\n被告 吴某")
    other = desk.context.new_page()
    other.goto(at.url)
    signs_out(other)
    desk.fill("#f-number", number)
    desk.get_by_role("button", name="登记").press("Enter")
    return desk, other


def test_what_was_written_is_there_again_after_signing_in_anew(at: Windows) -> None:
    desk, other = signed_out_while_writing(at, "（2026）苏0206民初901号")
    signs_in(desk)
    desk.wait_for_url(f"{at.url}/dossiers/new")
    expect(desk.locator("#f-number")).to_have_value("（2026）苏0206民初901号")
    expect(desk.locator("#f-parties")).to_have_value("原告 周某\n被告 吴某")

    other.goto(at.url)
    signs_out(other)
    signs_in(other)
    desk.get_by_role("button", name="登记").press("Enter")
    expect(desk.get_by_role("heading", name="页面已过期")).to_be_visible()
    at.picture(desk, "page-too-old")
    desk.get_by_role("button", name="返回上一页").press("Enter")
    expect(desk.locator("#f-cause")).to_have_value("买卖合同纠纷")
    desk.get_by_role("button", name="登记").press("Enter")
    expect(desk.get_by_role("heading", name="（2026）苏0206民初901号")).to_be_visible()
    desk.goto(f"{at.url}/dossiers/new")
    expect(desk.locator("#f-cause")).to_have_value("")


def test_what_somebody_wrote_is_not_shown_to_the_next(at: Windows) -> None:
    desk, _ = signed_out_while_writing(at, "（2026）苏0206民初902号")
    signs_in(desk, "archivist")
    desk.wait_for_url(f"{at.url}/dossiers/new")
    desk.wait_for_function('() => !JSON.stringify(sessionStorage).includes("买卖")')
    expect(desk.locator("#f-cause")).to_have_value("")


def test_a_page_says_that_nothing_comes_any_more_though_its_connection_was_never_closed(
    place: tuple[Installation, Box], at: Windows
) -> None:
    desk = at.desk(path="/dossiers/1")
    other = beside(desk, f"{at.url}/lockers")
    desk.clock.install()
    desk.reload()
    live(desk)
    central = place[0].processes["central"]
    os.kill(central.pid, signal.SIGSTOP)  # as with a pulled cable: no answer, and no end either
    try:
        desk.clock.fast_forward("00:45")
        expect(desk.locator("#link-lost")).to_be_visible()
        at.picture(desk, "nothing-comes")
        expect(other.locator("#link-lost")).to_be_visible()  # what one window finds out is known to all
    finally:
        os.kill(central.pid, signal.SIGCONT)
    live(other)
    live(desk)
    expect(desk.locator("#link-lost")).to_be_hidden()
    desk.clock.fast_forward("00:30")
    desk.evaluate(_NEXT_HEARTBEAT)
    desk.clock.fast_forward("00:30")
    assert desk.evaluate("() => document.body.dataset.live") == "on"


def test_a_form_sent_while_central_is_down_stays_as_it_was_filled_in_and_is_sent_again(
    place: tuple[Installation, Box], at: Windows
) -> None:
    court, _ = place
    desk, door = at.desk(path="/dossiers/new"), at.page(language="en")
    door.goto(at.url)
    desk.fill("#f-number", "（2026）苏0206民初903号")
    desk.fill("#f-cause", "买卖合同纠纷")
    desk.fill("#f-parties", "原告 周某\n被告 吴某")
    court.stop("central")
    desk.get_by_role("button", name="登记").press("Enter")
    expect(desk.get_by_text("没有送出：现在连不上中心。")).to_be_visible()
    expect(desk.locator("#f-parties")).to_have_value("原告 周某\n被告 吴某")
    at.picture(desk, "not-sent")
    assert fits(desk)
    door.fill("#f-login", "clerk")
    door.fill("#f-password", PASSWORD)
    door.keyboard.press("Enter")
    expect(door.get_by_text("Not sent: central cannot be reached now.")).to_be_visible()
    at.picture(door, "not-sent-english")
    court.start("central")
    expect(desk.get_by_text("与中心的连接恢复了")).to_be_visible()
    expect(desk.get_by_text("现在连不上中心")).to_be_hidden()
    at.picture(desk, "may-be-sent")
    desk.get_by_role("button", name="登记").press("Enter")
    expect(desk.get_by_role("heading", name="（2026）苏0206民初903号")).to_be_visible()
    expect(desk.locator("#not-sent")).to_be_hidden()
    door.keyboard.press("Enter")
    expect(door.locator(".topbar")).to_be_visible()


def test_windows_of_one_browser_share_a_stream_however_many_there_are(
    place: tuple[Installation, Box], at: Windows
) -> None:
    court, box = place
    opener = at.desk("it", "/fleet/rollouts")
    first = beside(opener, f"{at.url}/fleet")
    first.evaluate(_COUNT_AGAIN)
    paths = (*("/fleet/locker-a/slip-a", "/fleet") * 3, "/fleet/locker-a/slip-a")
    desks = [first, *(beside(opener, f"{at.url}{path}") for path in paths)]
    assert first.evaluate("() => window.again") == 0  # it missed nothing while others came, so it fetched nothing
    opener.close()
    court.hand(box, box.slip, "paper_out")
    for desk in desks:
        expect(desk.get_by_text("缺纸").first).to_be_visible()
    at.picture(desks[-1], "seventh-window")
    for closed in (first, desks.pop()):
        closed.close()
    court.hand(box, box.slip, "new_roll")
    for desk in desks[1:]:
        expect(desk.get_by_text("缺纸")).to_have_count(0)


def test_a_browser_that_cannot_share_gives_each_window_a_stream(place: tuple[Installation, Box], at: Windows) -> None:
    court, box = place
    desk = at.desk("it", "/fleet/rollouts")
    desk.add_init_script("delete window.SharedWorker")
    desk.goto(f"{at.url}/fleet")
    live(desk)
    court.hand(box, box.slip, "paper_out")
    expect(desk.get_by_text("缺纸").first).to_be_visible()
    court.hand(box, box.slip, "new_roll")
    expect(desk.get_by_text("缺纸")).to_have_count(0)


def test_nobody_hears_of_changes_without_signing_in(place: tuple[Installation, Box]) -> None:
    stranger = place[0].http.get("/live?topic=alarms", headers={"accept": "text/event-stream"})
    assert stranger.status_code == 401


def signs_in(desk: Page, login: str = "clerk") -> None:
    """That person signs in at the page that asks for it."""
    desk.fill("#f-login", login)
    desk.fill("#f-password", PASSWORD)
    desk.keyboard.press("Enter")
    expect(desk.locator(".topbar")).to_be_visible()


def signs_out(desk: Page) -> None:
    """Whoever is signed in leaves."""
    desk.get_by_role("button", name="退出").press("Enter")
    expect(desk.locator("#f-login")).to_be_visible()


def beside(desk: Page, url: str) -> Page:
    """One more window of the same browser."""
    page = desk.context.new_page()
    page.goto(url)
    live(page)
    return page


def begun(at: Windows, barcode: str) -> Page:
    """A clerk's window in which the deposit of that volume waits for its barcode at the locker."""
    desk = at.desk(path="/deposit")
    types(desk, barcode)
    expect(desk.locator("#scan-code")).to_be_focused()
    live(desk)
    return desk


def shut_seen(court: Installation, box: Box, desk: Page) -> None:
    """Shut the door of the cell the window shows."""
    expect(desk.locator("[data-watch=door]")).to_have_text("门开着")
    shut(court, box, cell_on(desk))


def standing(at: Windows, barcode: str, state: str) -> None:
    """The record says that of the volume, whoever asks."""
    desk = at.desk()
    types(desk, barcode)
    expect(desk.locator(".border-primary [data-watch]").first).to_have_text(state)
