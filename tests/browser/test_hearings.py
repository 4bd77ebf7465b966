"""A clerk plans a hearing in a real courtroom: real Chromium, real gateway, real sound."""

import os
import signal
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from central.cli.works import courtroom
from central.hearings.tables import Hearing
from tests.browser.hall import AUTHORITIES, hall, say
from tests.browser.place import display
from tests.browser.windows import Windows, fits, live, remembered, windows
from tests.kit.installation import Box, Installation
from tests.kit.process import until
from tests.kit.signing import Card

pytestmark = pytest.mark.browser

_A_LEVEL_COMES = """() => new Promise((done) => {
    const source = new EventSource(document.getElementById("seats").dataset.stream);
    source.addEventListener("levels", () => { source.close(); done(); });
})"""


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, Box]]:
    with hall(tmp_path_factory.mktemp("hearings")) as opened:
        yield opened


@pytest.fixture(scope="module")
def at(court: tuple[Installation, Box]) -> Iterator[Windows]:
    with windows(court[0], "hearings") as opened:
        yield opened


@pytest.fixture(scope="module")
def desk(at: Windows, court: tuple[Installation, Box]) -> Page:
    """The desk of a clerk who looks at the schedule."""
    desk = at.desk(path="/hearings")
    expect(desk.locator(".card-title", has_text="第三法庭")).to_be_visible()
    at.picture(desk, "empty-day")
    return desk


@pytest.fixture(scope="module")
def screen(at: Windows, court: tuple[Installation, Box]) -> Page:
    """The display beside the bench."""
    screen = at.page((1280, 800))
    screen.goto(display(*court))
    return screen


def plan(desk: Page, at: Windows, case: str, opens: str, closes: str) -> None:
    """Fill in the form by keyboard."""
    desk.goto(f"{at.url}/hearings/new")
    live(desk)
    expect(desk.locator("#f-case")).to_be_focused()
    desk.keyboard.type(case)
    desk.locator("#f-opens").fill(opens)
    desk.locator("#f-closes").fill(closes)
    desk.locator("#f-presiding").select_option(label="李法官")
    desk.get_by_role("button", name="排庭").press("Enter")


def test_a_hearing_is_planned_a_clash_is_said_and_the_room_has_its_agenda(
    at: Windows, court: tuple[Installation, Box], desk: Page
) -> None:
    number = desk.evaluate("new Date().getFullYear()")
    plan(desk, at, f"（{number}）苏0206民初1号", "21:00", "23:50")
    expect(desk.locator(".list-group-item")).to_contain_text("民初1号")
    at.picture(desk, "planned")
    plan(desk, at, f"（{number}）苏0206民初2号", "22:30", "23:59")
    expect(desk.get_by_role("alert")).to_contain_text("两场撞在一起")
    expect(desk.locator("#f-opens")).to_have_value("22:30")
    at.picture(desk, "clash")
    desk.goto(f"{at.url}/hearings/1?lang=en")
    expect(desk.get_by_text("Presiding judge").first).to_be_visible()
    at.picture(desk, "english")
    desk.goto(f"{at.url}/hearings/1/plan?lang=zh")
    at.picture(desk, "form")
    document = court[1].data / "documents" / "agenda"
    until("the room has its agenda", document.exists)
    assert '"plaintiff":"plaintiff"' in document.read_text() and "民初" not in document.read_text()


def reads_early(at: Windows) -> Page:
    """A judge opens the transcript while nothing was said yet."""
    reader = at.desk("judge", "/hearings/1/transcript")
    expect(reader.get_by_text("还没有笔录")).to_be_visible()
    return reader


def grew(at: Windows, reader: Page) -> None:
    """What was said meanwhile stands there by itself."""
    expect(reader.locator(".utterance[data-seat=judge]")).to_contain_text("现在开庭", timeout=30_000)
    expect(reader.get_by_text("还没有笔录")).to_be_hidden()
    at.picture(reader, "growing")
    reader.close()


def speaks(court: tuple[Installation, Box], desk: Page, screen: Page) -> None:
    """The judge speaks: marked at the desk, and on the display, which says that it is recorded, and which hearing."""
    is_marked = remembered(desk, "[data-seat=judge]", "class")
    is_shown = remembered(screen, "[data-seat=judge]", "data-sounds")
    say(*court, 1, "court-01-base")
    is_marked("seat is-speaking")
    is_shown("speaks")
    expect(screen.locator("#state")).to_have_text("正在录音")
    expect(screen.locator("#about")).to_contain_text("庭审 h-")


def test_a_hearing_is_opened_heard_live_paused_for_a_legal_reason_and_sealed(
    at: Windows, court: tuple[Installation, Box], desk: Page, screen: Page
) -> None:
    desk.goto(f"{at.url}/hearings/1")
    live(desk)
    judge = desk.locator("[data-seat=judge]")
    desk.get_by_role("button", name="宣布开庭").click()
    expect(desk.locator("[data-watch=state]")).to_contain_text("正在录音")
    expect(desk.locator("#seats[data-live=on]")).to_be_visible()
    reader = reads_early(at)
    speaks(court, desk, screen)
    at.picture(desk, "speaking")
    at.picture(screen, "room-recording")
    expect(judge.locator(".said")).to_contain_text("现在开庭请全体起立")
    expect(desk.locator("[data-seat=plaintiff] .said")).to_be_empty()
    at.picture(desk, "words")
    grew(at, reader)
    desk.locator("#pause-reason").select_option("mediation")
    court[0].hand(court[1], "table-a", "cut", channel=4)
    expect(screen.locator("[data-seat=defendant]")).to_have_attribute("data-sounds", "no_signal")
    expect(screen.locator("#task")).to_contain_text("被告的话筒没有声音")
    at.picture(screen, "room-dead-microphone")
    expect(desk.locator(".chain").last).to_contain_text("被告的话筒听不到了")
    expect(desk.locator("#pause-reason")).to_have_value("mediation")  # the page changed around it
    court[0].hand(court[1], "table-a", "mend", channel=4)
    expect(screen.locator("[data-seat=defendant]")).to_have_attribute("data-sounds", "heard")
    desk.locator("#pause-reason").select_option("adjournment")
    desk.get_by_role("button", name="暂停录音").click()
    expect(desk.locator("[data-watch=state]")).to_contain_text("录音暂停")
    expect(desk.locator(".chain").last).to_contain_text("休庭")
    expect(screen.locator("#state")).to_have_text("录音已暂停")
    at.picture(desk, "paused")
    screen.locator("#language").click()
    expect(screen.locator("#about")).to_contain_text("adjournment")
    at.picture(screen, "room-paused-english")
    screen.locator("#language").click()
    desk.get_by_role("button", name="继续录音").click()
    expect(desk.locator("[data-watch=state]")).to_contain_text("正在录音")
    say(*court, 3, "court-03-f5")
    expect(desk.locator("[data-seat=plaintiff] .said")).to_contain_text("原件")
    desk.locator("#closing summary").click()
    at.picture(desk, "closing")
    desk.get_by_role("button", name="闭庭", exact=True).click()
    expect(desk.locator("[data-watch=state]")).to_contain_text("已封存")
    expect(desk.locator("[data-watch=proven]")).to_contain_text("中心已会签")
    desk.reload()
    at.picture(desk, "sealed")
    assert fits(desk)


def test_the_rooms_display_goes_blank_when_nothing_is_known_and_the_clerks_page_says_so(
    at: Windows, court: tuple[Installation, Box], desk: Page, screen: Page
) -> None:
    gateway = court[0].processes[court[1].gateway]
    plan(desk, at, f"（{desk.evaluate('new Date().getFullYear()')}）苏0206民初2号", "20:00", "20:30")
    desk.goto(f"{at.url}/hearings/2")
    expect(desk.locator("#seats[data-live=on]")).to_be_visible()
    desk.evaluate(_A_LEVEL_COMES)
    unheard = desk.locator("#unheard")
    expect(unheard).to_be_hidden()
    beside = desk.context.new_page()  # one that comes while the room is listened to
    beside.goto(desk.url)
    expect(beside.locator("#seats[data-live=on]")).to_be_visible()
    expect(beside.locator("#unheard")).to_be_hidden()
    beside.close()
    os.kill(gateway.pid, signal.SIGSTOP)
    try:
        expect(unheard).to_be_visible()
        at.picture(desk, "room-unheard")
        expect(screen.locator("body")).to_have_attribute("data-state", "away")
        expect(screen.locator(".seat")).to_have_count(0)
        at.picture(screen, "room-blank")
    finally:
        os.kill(gateway.pid, signal.SIGCONT)
    expect(screen.locator(".seat")).to_have_count(4)
    expect(unheard).to_be_hidden()


_PLAYS = "() => { const s = document.getElementById('sound'); return s.currentTime > 0 && !s.error; }"


def test_a_word_of_the_transcript_is_played_from_its_own_seat_corrected_and_found(at: Windows, desk: Page) -> None:
    desk.goto(f"{at.url}/hearings/1/transcript")
    live(desk)
    word = desk.locator(".utterance[data-seat=plaintiff] .word", has_text="借条")
    expect(word).to_have_count(1, timeout=60_000)  # by itself
    word.click()
    desk.wait_for_function(_PLAYS)
    begins, at_s = desk.evaluate(
        "() => { const w = [...document.querySelectorAll('.word')].find(w => w.textContent === '借条');"
        " return [Number(w.dataset.at), document.getElementById('sound').currentTime]; }"
    )
    assert "plaintiff" in str(desk.locator("#sound").get_attribute("src")) and begins > 0 and at_s > 0
    expect(desk.locator("#wave[data-drawn]")).to_be_visible()
    at.picture(desk, "played")
    desk.locator(".utterance[data-seat=judge] .say").first.press("Enter")  # by keyboard, the whole of what was said
    expect(desk.locator("#playing-seat")).to_have_text("审判长")
    other = at.desk("judge", "/hearings/1/transcript")
    one = desk.locator(".utterance[data-seat=plaintiff]").first
    one.locator(".say").focus()
    desk.keyboard.press("j")
    desk.keyboard.type("请原告出示借条的原件")
    desk.keyboard.press("Enter")
    expect(desk.locator(".fixed")).to_have_text("请原告出示借条的原件")
    expect(one.locator("summary")).to_be_focused()  # and the page is where it was
    expect(desk.locator(".heard.is-old")).to_contain_text("借条原件")
    expect(other.locator(".fixed")).to_have_text("请原告出示借条的原件")  # whoever reads it sees it by himself
    other.close()
    at.picture(desk, "corrected")
    desk.goto(f"{at.url}/hearings/search?q=借条的原件")
    desk.locator("[data-play]").click()
    desk.wait_for_function("() => document.getElementById('sound').currentTime > 0")
    at.picture(desk, "found")


def test_a_hearing_is_listened_to_whole_over_the_ends_of_its_segments_from_where_something_happened(
    at: Windows, desk: Page
) -> None:
    desk.goto(f"{at.url}/hearings/1")
    desk.locator(".chain li", has_text="录音暂停").locator("a.num").click()
    expect(desk.locator(".utterance:target")).to_have_attribute("data-seat", "plaintiff")  # who spoke next
    desk.locator(".say").first.click()
    desk.wait_for_function(_PLAYS)
    desk.get_by_role("button", name="听全庭").click()
    expect(desk.locator("#playing-seat")).to_have_text("全庭")
    desk.get_by_role("button", name="接着放下去").click()
    desk.locator("#speed").select_option("2")
    sound = desk.locator("#sound")
    first = str(sound.get_attribute("src"))
    expect(desk.locator("#heard button[aria-pressed=true]")).to_have_count(4)
    desk.wait_for_function(
        "(first) => { const s = document.getElementById('sound');"
        " return s.getAttribute('src') !== first && s.currentTime > 0 && !s.error; }",
        arg=first,
    )
    at.picture(desk, "whole-room")


def draw(desk: Page, key: str) -> None:
    """Sign on the pad of that person, with the mouse."""
    desk.locator(f"li:has(input[value={key}]) > details > summary").click()
    pad = desk.locator(f"form:has(input[value={key}]) canvas.pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box
    desk.mouse.move(box["x"] + 30, box["y"] + 40)
    desk.mouse.down()
    for number in range(1, 12):
        desk.mouse.move(box["x"] + 30 + 18 * number, box["y"] + (25 if number % 2 else 75))
    desk.mouse.up()


def certify(at: Windows, court: Installation, desk: Page, key: str) -> None:
    """Sign in that place by a certificate, once the court trusts its issuer."""
    item = desk.locator(f"li:has(input[value={key}])")
    item.locator("summary", has_text="签名").first.click()
    item.locator("summary", has_text="用本人的证书签名").click()
    expect(item).to_contain_text("signature_authorities")
    authority = Card(court.folder / "ca", "司法证书中心")
    (court.home / AUTHORITIES).write_bytes(authority.pem)
    desk.reload()
    item.locator("summary", has_text="签名").first.click()
    item.locator("summary", has_text="用本人的证书签名").click()
    with desk.expect_download() as told:
        item.get_by_role("link", name="下载待签文件").click()
    content = told.value.path().read_bytes()
    at.picture(desk, "by-certificate")
    for name in ("郑某", "吴某"):
        signature = Card(court.folder / "card", name, authority).sign(content)
        item.locator("input[type=file]").set_input_files(
            {"name": "signed.p7s", "mimeType": "application/pkcs7-signature", "buffer": signature}
        )
        item.locator(f"#owner-{key}").fill("吴某")
        item.get_by_role("button", name="核对并签在这份文本上").click()
        if name == "郑某":
            expect(desk.get_by_role("alert")).to_contain_text("证书写的是“郑某”，不是“吴某”")
            at.picture(desk, "certificate-of-another")
            expect(item.locator(f"#owner-{key}")).to_have_value("吴某")  # still open where it was
    expect(desk.locator("[data-certified]")).to_contain_text("吴某，由 司法证书中心 签发")


def test_minutes_are_drawn_up_read_back_objected_to_and_signed_on_the_pad_and_by_certificate(
    at: Windows, court: tuple[Installation, Box], desk: Page
) -> None:
    desk.goto(f"{at.url}/hearings/1/minutes")
    at.picture(desk, "no-minutes")
    desk.get_by_role("button", name="形成笔录文本").click()
    expect(desk.locator(".minutes")).to_contain_text("请原告出示借条的原件")
    desk.get_by_role("button", name="宣读核对").click()
    desk.locator("summary", has_text="申请补正").click()
    desk.locator("#who").select_option("defendant")
    desk.locator("#says").fill("漏记了答辩意见")
    desk.get_by_role("button", name="记下申请").click()
    expect(desk.locator("[data-watch=minutes]")).to_contain_text("有人申请补正")
    desk.locator("textarea[id^=reason]").fill("录音中没有这句话")
    desk.get_by_role("button", name="不予补正，记录在案").click()
    expect(desk.locator("[data-watch=minutes]")).to_contain_text("待签名")
    expect(desk.locator("li", has_text="审判长的签名要由本人登录后签")).to_be_visible()
    judge = at.desk("judge", "/hearings/1/minutes")
    expect(desk.locator("form:has(input[value=presiding]) canvas")).to_have_count(0)
    draw(desk, "plaintiff")
    at.picture(desk, "pad")
    draw(judge, "presiding")
    judge.locator("form:has(input[value=presiding])").get_by_role("button", name="签在这份文本上").click()
    expect(desk.locator("[data-watch=signed-presiding]")).to_contain_text("李法官")  # by itself, around a drawn line
    desk.locator("form:has(input[value=plaintiff])").get_by_role("button", name="签在这份文本上").click()
    expect(judge.locator("[data-watch=signed-plaintiff] img")).to_be_visible()
    expect(desk.locator("[data-watch=signed-plaintiff] img")).to_be_visible()
    assert desk.evaluate("() => [...document.querySelectorAll('img.signature')].map(i => i.naturalWidth)") == [800, 800]
    certify(at, court[0], desk, "defendant")
    desk.goto(f"{at.url}/hearings/1/minutes?lang=en")
    expect(desk.get_by_text("Refused, and on record")).to_be_visible()
    at.picture(desk, "minutes-english")
    desk.goto(f"{at.url}/hearings/1/minutes?lang=zh")


def test_a_recording_is_classed_held_and_disposed_of_by_two_people_once_its_time_is_over(
    at: Windows, court: tuple[Installation, Box], desk: Page
) -> None:
    keeper = at.desk("archivist", "/hearings/1/keeping")
    expect(keeper.get_by_text("不销毁", exact=True)).to_be_visible()
    at.picture(keeper, "kept-for-ever")
    keeper.locator("#rule").select_option(label="短期")
    keeper.get_by_role("button", name="定为此期限").press("Enter")
    keeper.locator("#hold").fill("再审在即，对方申请调取")
    keeper.get_by_role("button", name="保全录音").press("Enter")
    expect(keeper.get_by_text("再审在即")).to_be_visible()
    expect(keeper.locator("[data-why-not]")).to_contain_text("已被要求保全")
    expect(keeper.get_by_role("button", name="提出销毁")).to_have_count(0)
    at.picture(keeper, "held")
    keeper.get_by_role("button", name="解除保全").click()
    with courtroom(court[0].home) as opened, opened.store.write() as session:
        hearing = session.get_one(Hearing, 1)
        assert hearing.closed_at is not None
        hearing.closed_at -= timedelta(days=21 * 366)
    keeper.reload()
    keeper.locator("#reason").fill("保管期限已满")
    keeper.get_by_role("button", name="提出销毁").press("Enter")
    expect(keeper.get_by_text("等另一个人核准")).to_be_visible()
    at.picture(keeper, "proposed")
    judge = at.desk("judge", "/hearings/1/keeping?lang=en")
    at.picture(judge, "to-approve-english")
    judge.locator("summary", has_text="Approve the disposal").click()
    expect(judge.get_by_text("cannot be brought back")).to_be_visible()
    judge.get_by_role("button", name="Approve disposal").click()
    expect(judge.locator("main")).to_contain_text("李法官")
    judge.goto(f"{at.url}/hearings/1/transcript?lang=zh")
    until("the words are gone", lambda: judge.reload() and judge.locator(".word").count() == 0, 30)
    expect(judge.locator("main")).to_contain_text("已依规销毁")
    at.picture(judge, "disposed")
    judge.goto(f"{at.url}/hearings/1/keeping")
    expect(judge.get_by_text("已销毁")).to_be_visible()
    at.picture(judge, "disposed-keeping")
    desk.goto(f"{at.url}/hearings/1/minutes")
    expect(desk.locator(".minutes")).to_contain_text("借条")  # the minutes stay
