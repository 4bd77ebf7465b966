"""A clerk's day at the counter: a volume goes in and comes out, and every window that shows it changes by itself."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, Route, expect

from central.cases import service as cases
from central.cli.works import courtroom
from central.people.service import SYSTEM
from devices.journal import read_line
from tests.browser.place import asked_to_open, display, furnished, receipts, shut, wait_open
from tests.browser.windows import Windows, cell_on, fits, live, redrawn, types, windows
from tests.kit.installation import ADMIN, Box, Installation
from tests.kit.process import until

pytestmark = pytest.mark.browser

FIRST, SECOND, THIRD = "HS-0001-1", "HS-0002-1", "HS-0003-1"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, Box]]:
    with furnished(tmp_path_factory.mktemp("counter")) as place:
        yield place


@pytest.fixture(scope="module")
def at(place: tuple[Installation, Box]) -> Iterator[Windows]:
    with windows(place[0], "counter") as opened:
        yield opened


def test_a_deposit_without_a_mouse_scanned_at_the_locker(place: tuple[Installation, Box], at: Windows) -> None:
    court, box = place
    wall = at.desk("archivist", "/lockers")
    expect(wall.locator(".cell.is-free:not(.door-open)")).to_have_count(12)
    at.picture(wall, "wall-empty")
    desk = at.desk()
    at.picture(desk, "today")
    desk.keyboard.press("Escape")
    desk.keyboard.press("d")
    expect(desk.locator("#barcode")).to_be_focused()
    at.picture(desk, "deposit")
    types(desk, FIRST)
    expect(desk.locator("#scan-code")).to_be_focused()
    at.picture(desk, "waits-for-scan")
    types(desk, "HS-0003-1")
    expect(desk.get_by_role("alert")).to_contain_text("另一册卷宗")
    live(desk)  # a refusal leaves the page as live as it was

    court.scan(box, FIRST)
    expect(desk.locator("[data-watch=state]")).to_have_text("柜门已开")
    expect(desk.get_by_role("alert")).to_have_count(0)  # the wrong volume is no longer what matters
    cell = cell_on(desk)
    assert asked_to_open(court, box, cell) == 1
    expect(desk.locator("[data-watch=door]")).to_have_text("门开着")
    expect(wall.locator(".cell.door-open")).to_have_count(1)
    at.picture(desk, "door-open")
    at.picture(wall, "wall-door-open")

    shut(court, box, cell)
    expect(desk.locator("[data-watch=state]")).to_have_text("已完成")
    expect(desk.get_by_text("收卷凭证已打印")).to_be_visible()
    assert FIRST in receipts(court, box)[-1] and "王书记" in receipts(court, box)[-1]
    expect(desk.get_by_role("link", name="办理下一册")).to_be_focused()
    at.picture(desk, "done")
    expect(wall.locator(".cell.is-occupied")).to_contain_text("有卷")
    at.picture(wall, "wall-stored")
    every_step_is_proven(desk, "提出", "扫码", "柜机接收", "开门", "关门", "入账")
    at.picture(desk, "proof")


def test_a_deposit_scanned_at_the_desk_by_a_reader_that_types(place: tuple[Installation, Box], at: Windows) -> None:
    court, box = place
    desk = at.desk()
    types(desk, SECOND)
    desk.wait_for_url("**/dossiers/*")
    expect(desk.get_by_role("link", name="存入卷宗柜").first).to_be_focused()
    at.picture(desk, "found-by-scan")
    desk.keyboard.press("Enter")
    expect(desk.locator("#barcode")).to_be_focused()
    desk.keyboard.press("Enter")
    expect(desk.locator("#scan-code")).to_be_focused()
    types(desk, SECOND)
    expect(desk.locator("[data-watch=state]")).to_have_text("柜门已开")
    cell = cell_on(desk)
    assert asked_to_open(court, box, cell) == 1
    shut(court, box, cell)
    expect(desk.get_by_text("收卷凭证已打印")).to_be_visible()
    expect(desk.get_by_role("link", name="办理下一册")).to_be_focused()
    desk.keyboard.press("Enter")
    expect(desk.locator("#barcode")).to_be_focused()
    assert SECOND in receipts(court, box)[-1]


def test_a_hand_out_at_the_desk(place: tuple[Installation, Box], at: Windows) -> None:
    court, box = place
    desk = at.desk()
    desk.goto(f"{at.url}/hand-out")
    types(desk, SECOND)
    expect(desk.get_by_role("button", name="现在开柜取出")).to_be_focused()
    at.picture(desk, "hand-out")
    desk.keyboard.press("Enter")
    expect(desk.locator("[data-watch=state]")).to_have_text("柜门已开")
    at.picture(desk, "hand-out-open")
    shut(court, box, cell_on(desk))
    expect(desk.locator("[data-watch=state]")).to_have_text("已完成")
    at.picture(desk, "hand-out-done")
    desk.goto(f"{at.url}/")
    expect(desk.get_by_text("在您手里")).to_be_visible()
    at.picture(desk, "today-in-hand")


def test_a_case_is_registered_and_each_of_its_volumes_labelled_without_a_mouse(
    place: tuple[Installation, Box], at: Windows
) -> None:
    desk = at.desk(path="/dossiers/new")
    desk.keyboard.type(f"（{desk.evaluate('new Date().getFullYear()')}）苏0206民初901号")
    desk.locator("#f-cause").fill("房屋租赁合同纠纷")
    desk.locator("#f-volumes").fill("2")
    at.picture(desk, "register")
    desk.keyboard.press("Enter")
    for code in ("HS-0901-1", "HS-0901-2"):  # read from the label that is stuck on, one volume after another
        expect(desk.locator("[data-first]")).to_be_focused()
        types(desk, code)
        expect(desk.get_by_text(code)).to_be_visible()
    expect(desk.get_by_role("link", name="存入卷宗柜").last).to_be_focused()
    at.picture(desk, "labelled")
    assert fits(desk)
    desk.goto(f"{desk.url.partition('?')[0]}?lang=en")
    expect(desk.locator("dd", has_text="Civil")).to_be_visible()
    desk.goto(f"{at.url}/?lang=zh")


def test_a_permit_opens_its_cell_while_central_is_down(place: tuple[Installation, Box], at: Windows) -> None:
    court, box = place
    desk = at.desk(path=f"/hand-out?barcode={FIRST}")
    desk.locator("#holder").focus()
    desk.keyboard.type("法官")
    expect(desk.locator("#holders option")).to_have_text(["李法官 · judge"])
    desk.keyboard.press("Enter")  # says who that is, and opens nothing
    expect(desk.locator("#holder")).to_have_value("李法官 · judge")
    expect(desk.get_by_role("button", name="现在开柜取出")).to_be_focused()
    at.picture(desk, "holder")
    desk.get_by_role("button", name="签发取卷凭证").press("Enter")
    expect(desk.locator(".pin")).to_be_visible()
    cell, pin = cell_named(desk), desk.locator(".pin").inner_text()
    token = code_in(at, desk)
    dossier = at.desk("judge", "/dossiers/1")
    at.picture(dossier, "dossier-with-permit")

    court.kill9("central", "broker")
    expect(dossier.locator("#link-lost")).to_be_visible()
    at.picture(dossier, "link-lost")
    opens_once(court, box, at, cell, token, pin)
    shut_at = last_shut(court, box, cell)

    court.start("broker", "central")
    expect(dossier.locator("#link-lost")).to_be_hidden()
    expect(dossier.locator("[data-watch=standing-1]")).to_have_text("已取出")
    expect(dossier.locator("#volume-1")).to_contain_text("李法官")
    expect(dossier.locator("#volume-1 .chain time").first).to_have_attribute(
        "title", re.compile(f"{shut_at + timedelta(hours=8):%Y-%m-%d %H:%M:%S}")
    )
    at.picture(dossier, "dossier-after")


def opens_once(court: Installation, box: Box, at: Windows, cell: int, token: str, pin: str) -> None:
    """At the locker's display: a wrong PIN, the right one, the door shut by hand, and the permit shown once more."""
    screen = at.page((1280, 800))
    screen.goto(display(court, box))
    expect(screen.locator("body")).to_have_attribute("data-state", "idle")
    at.picture(screen, "display-idle")
    court.scan(box, token)
    expect(screen.locator("#pin-title")).to_contain_text(str(cell))
    screen.keyboard.type("000000" if pin != "000000" else "111111")
    screen.keyboard.press("Enter")
    expect(screen.locator("#pin-note")).to_contain_text("还可以试 4 次")
    screen.keyboard.type(pin[:4])
    at.picture(screen, "display-pin")
    screen.keyboard.type(pin[4:])
    screen.keyboard.press("Enter")
    wait_open(court, box, cell)
    expect(screen.locator(".door")).to_contain_text("的门已开")
    at.picture(screen, "display-open")
    until("a slip", lambda: any("开柜凭条" in each for each in receipts(court, box)))
    shut(court, box, cell)
    expect(screen.locator(".door")).to_have_count(0)
    at.picture(screen, "display-done")
    court.scan(box, token)
    expect(screen.locator("#why")).to_have_text("这张凭证已经用过")
    at.picture(screen, "display-refused")


def test_a_term_from_memory_is_checked_by_the_administrator_without_a_mouse(at: Windows) -> None:
    clerk, desk = at.desk("clerk", "/dossiers/1"), at.desk(ADMIN[0], password=ADMIN[1])
    desk.keyboard.press("Escape")
    desk.keyboard.press("l")
    at.picture(clerk, "grounds")
    expect(desk.get_by_text("条是凭记忆写的，请对照公布的文本核对。")).to_be_visible()
    at.picture(desk, "rules")
    desk.goto(f"{at.url}/rules/hearing.keep.short")
    expect(desk.get_by_label("年数")).to_be_focused()
    desk.keyboard.press("Control+A")
    desk.keyboard.type("900")
    desk.get_by_label("为什么").fill("对照现行文本核对")
    desk.get_by_role("button", name="保存").press("Enter")
    expect(desk.get_by_text("数值应在 1 到 200 之间。")).to_be_visible()
    at.picture(desk, "rule-refused")
    desk.get_by_label("年数").fill("30")
    desk.get_by_label("已对照公布的文本核对").press("Space")
    desk.get_by_role("button", name="保存").press("Enter")
    expect(desk.get_by_role("heading", name="短期保管的，闭庭后保管 30 年。")).to_be_visible()
    at.picture(desk, "rule-changed")
    desk.goto(f"{at.url}/rules?lang=en")
    live(desk)
    expect(desk.get_by_text("kept for 30 years")).to_be_visible()
    at.picture(desk, "rules-english")
    clerk.goto(f"{at.url}/rules/hearing.keep.short")
    expect(clerk.get_by_role("button", name="保存")).to_have_count(0)
    at.picture(clerk, "rule-as-read")


def cell_named(page: Page) -> int:
    """The cell that a permit names."""
    [number] = re.findall(r"A-(\d+) 格", page.locator("main").inner_text())
    return int(number)


def every_step_is_proven(desk: Page, *steps: str) -> None:
    """Each step of the move leads to a line that is intact and sealed."""
    for step in steps:
        link = desk.get_by_role("link", name=step, exact=True)
        link.focus()
        redrawn(desk)
        expect(link).to_be_focused()
        desk.keyboard.press("Enter")
        expect(desk.get_by_text("这条记录完好。")).to_be_visible()
        expect(desk.get_by_text("没有找到覆盖本条的封签")).to_have_count(0)
        desk.go_back()
        live(desk)


def code_in(at: Windows, desk: Page) -> str:
    """What the QR code says, read from a picture of the page as it is printed on the screen."""
    with Image.open(at.picture(desk, "permit")) as picture:
        [code] = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
    return str(code.text)


def last_shut(court: Installation, box: Box, cell: int) -> datetime:
    """When the locker itself saw the door shut, by its own journal."""
    lines = [read_line(raw) for _, raw in court.journal(box)]
    doors = [line for line in lines if line.type == "door_changed" and line.body["cell"] == cell]
    assert doors[-1].body["door"] == "shut"
    return doors[-1].at


def test_a_change_of_one_volume_is_drawn_in_its_card_and_nothing_else_is_fetched(at: Windows) -> None:
    other, desk = at.desk(path="/dossiers/4"), at.desk(path="/dossiers/4")
    for cards in (2, 3):
        _adds_a_volume(other)
        expect(desk.locator("section[id^=volume-]")).to_have_count(cards)  # by itself
    desk.wait_for_function("() => !document.querySelector('.htmx-request')")
    last = int(str(desk.locator("section[id^=volume-]").last.get_attribute("id")).removeprefix("volume-"))
    _labels(other, last, "NEW-1")
    expect(desk.locator(f"#volume-{last}")).to_contain_text("NEW-1")  # though it came after the page was opened
    desk.reload()
    live(desk)
    desk.wait_for_function("() => !document.querySelector('.htmx-request')")
    asked = list[str]()
    desk.on("request", lambda request: asked.append(request.url.removeprefix(at.url)))
    _labels(other, last - 1, "NEW-2")
    expect(desk.locator(f"#volume-{last - 1}")).to_contain_text("NEW-2")
    assert asked == [f"/volumes/{last - 1}/card"]
    at.picture(desk, "volumes")


def test_a_page_that_was_drawn_before_a_change_does_not_take_its_place(at: Windows) -> None:
    other = at.desk(path="/dossiers/4")
    _adds_a_volume(other)
    desk = at.desk(path="/dossiers/4")
    last = int(str(desk.locator("section[id^=volume-]").last.get_attribute("id")).removeprefix("volume-"))

    drawn_before = desk.evaluate("async () => (await fetch(location.href)).text()")

    def comes_late(route: Route) -> None:
        _labels(other, last, "NEW-3")
        expect(desk.locator(f"#volume-{last}")).to_contain_text("NEW-3")
        route.fulfill(body=drawn_before, content_type="text/html; charset=utf-8")

    desk.route("**/dossiers/4", comes_late, times=1)
    asked = list[str]()
    desk.on("request", lambda request: asked.append(request.url))
    desk.evaluate("() => htmx.trigger(document.body, 'again')")
    until("it is asked for once more", lambda: desk.evaluate("1") and asked.count(desk.url) == 2)
    desk.wait_for_function("() => !document.querySelector('.htmx-request')")
    expect(desk.locator(f"#volume-{last}")).to_contain_text("NEW-3")


def test_one_of_many_volumes_is_found_by_its_number_by_keys(place: tuple[Installation, Box], at: Windows) -> None:
    with courtroom(place[0].home) as court, court.store.write() as session:
        case = cases.find_case(session, 5)
        for _ in range(45 - len(case.volumes)):
            cases.register_volume(session, SYSTEM, case, court.clock())
    desk = at.desk(path="/dossiers/5")
    expect(desk.locator("section[id^=volume-]")).to_have_count(20)
    at.picture(desk, "many-volumes")
    assert fits(desk)
    desk.get_by_role("link", name="后面的").first.press("Enter")
    expect(desk.get_by_text("第 21–40 条，共 45 条").first).to_be_visible()
    live(desk)
    desk.locator("#which").focus()
    desk.keyboard.type("33")
    desk.keyboard.press("Enter")
    expect(desk.locator("section[id^=volume-]")).to_have_count(1)
    expect(desk.locator("section[id^=volume-]")).to_contain_text("正卷第 33 册")
    live(desk)
    desk.goto(f"{desk.url}&lang=en")
    at.picture(desk, "found-volume")


def _adds_a_volume(desk: Page) -> None:
    desk.locator("#another summary").click()
    desk.get_by_role("button", name="添加", exact=True).click()
    desk.wait_for_url("**#volume-*")
    live(desk)


def _labels(desk: Page, volume: int, barcode: str) -> None:
    desk.locator(f"#label-{volume}").fill(barcode)
    desk.locator(f"#label-{volume}").press("Enter")
    expect(desk.locator(f"#volume-{volume}")).to_contain_text(barcode)
