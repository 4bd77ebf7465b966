"""What people see: signing in, the flows at the counter, proof, and what bad input gets."""

import hashlib
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest

from central.people import sessions
from central.wishes import service as wishes
from devices.box import GATEWAY, RestartDevice
from devices.locks import DoorLeftOpen
from devices.readers import CodeRead
from tests.central.desk import PASSWORD, Desk, desk
from tests.central.locker import BOX, Locker


@pytest.fixture
def at(locker: Locker) -> Iterator[Desk]:
    with desk(locker) as opened:
        yield opened


def test_whoever_is_not_signed_in_is_led_to_sign_in_and_then_on(at: Desk, locker: Locker) -> None:
    answer = at.client.get("/lockers?view=list", follow_redirects=False)
    assert answer.headers["location"] == "/sign-in?next=/lockers?view=list"
    fragment = at.client.get("/", headers={"hx-request": "true", "hx-current-url": "https://court.example/moves/1"})
    assert (fragment.status_code, fragment.headers["hx-redirect"]) == (401, "/sign-in?next=/moves/1")


def test_a_wrong_password_keeps_the_name_and_says_so(at: Desk) -> None:
    at.open("/sign-in")
    shown = at.send("/sign-in", 401, login="clerk", password="wrong")
    assert "登录名或密码不对" in shown and 'value="clerk"' in shown


def test_the_session_is_out_of_reach_of_scripts_and_of_other_sites(at: Desk) -> None:
    at.sign_in("clerk")
    at.send("/sign-out")
    at.open("/sign-in")
    word = re.search(r'name="csrf" content="(\w+)"', at.shown)[1]  # type: ignore[index]
    form = {"csrf": word, "login": "clerk", "password": PASSWORD, "next": "https://elsewhere.example/"}
    answer = at.client.post("/sign-in", data=form, follow_redirects=False)
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Secure" in cookie
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    ("sent_from", "back"),
    [("/dossiers/new", "/dossiers/new"), ("/lockers?view=list", "/lockers?view=list"), ("/moves/1/scan", "/")],
)
def test_a_form_sent_after_the_session_ended_leads_to_sign_in_and_back_to_its_page(
    at: Desk, locker: Locker, sent_from: str, back: str
) -> None:
    at.sign_in("clerk")
    word = re.search(r'name="csrf" content="(\w+)"', at.shown)[1]  # type: ignore[index]
    locker.now += sessions.IDLE
    for _ in ("the browser has the session still", "somebody signed out"):
        sent = {"referer": f"https://court.example{sent_from}"}
        answer = at.client.post("/dossiers/new", data={"csrf": word}, headers=sent, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={back}")
        at.client.cookies.clear()


def test_a_form_without_our_word_changes_nothing(at: Desk) -> None:
    at.sign_in("clerk")
    assert "页面已过期" in at.client.post("/deposit", data={"barcode": "HS-0001", "cabinet": "A"}).text
    foreign = at.client.post("/deposit", data={}, headers={"origin": "https://elsewhere.example"})
    assert foreign.status_code == 403 and "别的网站" in foreign.text


def test_a_page_that_hides_where_it_is_signs_nobody_in(at: Desk) -> None:
    at.sign_in("clerk")
    at.send("/sign-out")
    at.open("/sign-in")
    word = re.search(r'name="csrf" content="(\w+)"', at.shown)[1]  # type: ignore[index]
    form = {"csrf": word, "login": "clerk", "password": PASSWORD}
    answer = at.client.post("/sign-in", data=form, headers={"origin": "null"}, follow_redirects=False)
    assert answer.status_code == 403 and "set-cookie" not in answer.headers
    assert at.client.post("/sign-in", data=form, follow_redirects=False).status_code == 303


def test_every_answer_forbids_scripts_from_elsewhere_and_in_the_page(at: Desk) -> None:
    at.sign_in("archivist")
    for path in ("/", "/lockers", "/dossiers", "/dossiers/1", "/deposit", "/hand-out", "/me", "/nowhere"):
        answer = at.client.get(path)
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", answer.text), path


def test_a_clerk_does_not_see_the_people(at: Desk) -> None:
    at.sign_in("clerk")
    assert "没有查看这一页的权限" in at.open("/people", 403)


@pytest.mark.parametrize("form", ["/deposit", "/hand-out", "/moves/1/scan"])
def test_nobody_moves_a_volume_who_may_not(at: Desk, locker: Locker, form: str) -> None:
    at.sign_in("clerk")
    at.open("/deposit")
    at.send("/deposit", barcode="HS-0001", cabinet="A")
    at.send("/sign-out")
    at.sign_in("it")
    word = re.search(r'name="csrf" content="(\w+)"', at.shown)
    assert word
    told = {"csrf": word[1], "barcode": "HS-0001", "code": "HS-0001", "cabinet": "A", "due": "2026-12-01"}
    assert at.client.post(form, data=told).status_code == 403
    assert locker.move(1).state == "SCAN"


def test_a_page_that_is_not_there_speaks_the_readers_language(at: Desk) -> None:
    at.sign_in("clerk")
    assert "这里没有您要找的页面" in at.open("/nowhere", 404)
    assert "The page you want is not here" in at.open("/nowhere?lang=en", 404)
    assert "The page you want is not here" in at.open("/nowhere", 404)


def test_a_volume_is_deposited_by_scanning_twice_and_each_step_is_told(at: Desk, locker: Locker) -> None:
    at.sign_in("clerk")
    at.open("/deposit")
    assert "请在 A 柜前扫描卷宗条码" in at.send("/deposit", barcode="HS-0001", cabinet="A")
    move = int(at.at().rpartition("/")[2])
    assert "另一册卷宗" in at.send(f"/moves/{move}/scan", 409, code="HS-0002")
    assert "正在打开 A-01 格口" in at.send(f"/moves/{move}/scan", code="HS-0001")
    wish = locker.move(move).wish
    locker.opens(1, wish)
    assert "请放入卷宗并推紧柜门" in at.open(f"/moves/{move}")
    locker.tell(DoorLeftOpen(cell=1, seconds=60), wish)
    assert "卷宗仍记在您名下" in at.open(f"/moves/{move}")
    locker.shuts(1)
    assert "保管责任已转移" in at.open(f"/moves/{move}")
    assert "A-01 格" in at.open("/dossiers/1")


def test_the_reader_at_the_locker_goes_on_with_the_deposit(at: Desk, locker: Locker) -> None:
    at.sign_in("clerk")
    at.open("/deposit")
    at.send("/deposit", barcode="HS-0001", cabinet="A")
    locker.tell(CodeRead(code="HS-0001"), device="reader-a")
    assert "正在打开 A-01 格口" in at.open(at.at())


def test_a_refused_deposit_keeps_what_was_typed(at: Desk) -> None:
    at.sign_in("clerk")
    at.open("/deposit")
    shown = at.send("/deposit", 404, barcode="NOBODY-9", cabinet="A")
    assert "不属于任何登记在册的卷宗" in shown and 'value="NOBODY-9"' in shown


def test_whoever_is_refused_a_volume_that_another_clerk_has_in_hand_is_shown_the_way_to_it(at: Desk) -> None:
    at.sign_in("clerk")
    at.send("/deposit", barcode="HS-0001", cabinet="A")
    at.sign_in("clerk2")
    at.open("/deposit")
    assert 'href="/dossiers/1?volume=1#volume-1"' in at.send("/deposit", 409, barcode="HS-0001", cabinet="A")
    assert 'href="/dossiers/1?volume=1#volume-1"' in at.open("/hand-out?barcode=HS-0001")
    assert "（2026）" not in at.send("/deposit", 404, barcode="NOBODY-9", cabinet="A")
    assert "经办 王书记" in at.open("/dossiers/1?volume=1") and 'href="/moves/1"' in at.shown


def test_a_permit_is_shown_once_with_its_code_and_pin(at: Desk, locker: Locker) -> None:
    _stored(at, locker)
    at.open("/hand-out?barcode=HS-0001")
    due = f"{locker.now:%Y-%m-28}"
    shown = at.send("/hand-out", barcode="HS-0001", holder=locker.who("judge").ref, due=due, how="permit")
    pin = re.search(r'class="col-8 pin">(\d{6})<', shown)
    assert pin and "<svg" in shown
    assert pin[1] not in at.open("/dossiers/1") and "撤销凭证" in at.shown


def test_the_proof_of_a_step_can_be_checked_with_sha256sum(at: Desk, locker: Locker) -> None:
    move = _stored(at, locker)
    line = locker.move(move).lines["shut"]
    assert f'href="/ledger/{line}"' in at.open("/dossiers/1")
    assert "这条记录完好" in at.open(f"/ledger/{line}")
    raw = at.client.get(f"/ledger/{line}/raw").content
    assert hashlib.sha256(raw).hexdigest() in at.shown


def test_a_barcode_read_anywhere_leads_to_its_volume(at: Desk) -> None:
    at.sign_in("judge")
    at.open("/find?q=HS-0003")
    assert at.at() == "/dossiers/1"


def test_a_wall_shows_each_door_and_what_is_behind_it(at: Desk, locker: Locker) -> None:
    _stored(at, locker)
    locker.opens(2, None)
    shown = at.open("/lockers")
    assert "正卷第 1 册" in shown and "门开着" in shown


@pytest.mark.parametrize("path", ["/lockers", "/lockers?view=list", "/lockers/A/1", "/wishes"])
def test_nobody_is_shown_a_way_he_may_not_go(at: Desk, locker: Locker, path: str) -> None:
    _stored(at, locker)
    at.send("/sign-out")
    at.sign_in("it")
    ways = set(re.findall(r'href="(/[^"#]*)', at.open(path)))
    assert [way for way in ways if at.client.get(unescape(way)).status_code == 403] == []


REASONS = {
    "deposit:1": ("存入一册卷宗", "/moves/1"),
    "receipt:1": ("为一次存取打印回执", "/moves/1"),
    "hearing:3": ("第 3 号庭审", "/hearings/3"),
    "segment:3": ("庭审录音里还有没转写的话", None),
    "scan:job-1": ("扫描一袋材料", f"/scan/{BOX}/job-1"),
    "round:1": ("同时请求的其他网关", "/rounds/1"),
    "care:test": ("检查设备“wall-a”", f"/fleet/{BOX}/wall-a"),
    "send:notice": ("有人发了通知", "/send/notice"),
}


@pytest.mark.parametrize("reason", REASONS)
def test_a_wish_says_in_words_why_it_was_asked_and_leads_there(at: Desk, locker: Locker, reason: str) -> None:
    with locker.store.write() as session:
        body = RestartDevice(device="wall-a")
        jti = wishes.ask(session, BOX, GATEWAY, body, "person:1", reason, locker.now).jti
    words, way = REASONS[reason]
    for login in ("archivist", "it"):
        at.sign_in(login)
        shown = unescape(at.open(f"/wishes/{jti}"))
        ways = re.findall(r'href="(/[^"#]*)', shown[shown.index("<dt") :])
        assert words in shown and reason not in shown
        assert way is None or (way in ways) is (at.client.get(way).status_code != 403)
        at.send("/sign-out")


def test_somebody_added_can_sign_in_with_the_password_that_is_shown_once(at: Desk, locker: Locker) -> None:
    _admin(locker)
    at.sign_in("root")
    at.open("/people")
    shown = at.send("/people", login="new", name="新人", roles=["clerk"])
    password = re.search(r'id="password" tabindex="0">([^<]+)<', shown)[1]  # type: ignore[index]
    at.send("/sign-out")
    at.send("/sign-in", login="new", password=password)
    assert "新人，今天等您的事" in at.shown


def test_a_name_written_wrong_is_put_right_and_a_refusal_says_why(at: Desk, locker: Locker) -> None:
    _admin(locker)
    at.sign_in("root")
    at.open("/people")
    assert "钱主任" in at.send("/people/1", name="钱主任", roles=["clerk"])
    mine = locker.who("root").id
    assert "请由另一位管理员办理" in at.send(f"/people/{mine}", 409, name="管理员", roles=["clerk"])


def test_a_reserved_volume_says_for_whom(at: Desk, locker: Locker) -> None:
    _stored(at, locker)
    at.open("/hand-out?barcode=HS-0001")
    due = f"{locker.now:%Y-%m-28}"
    shown = at.send("/hand-out", barcode="HS-0001", holder=locker.who("judge").ref, due=due, how="reserve")
    assert "为李法官预约" in shown and "为李法官预约" in at.open("/hand-out?barcode=HS-0001")


def test_a_check_of_a_cell_that_says_nothing_is_refused_on_the_page_of_the_cell(at: Desk, locker: Locker) -> None:
    _stored(at, locker)
    at.send("/sign-out")
    at.sign_in("archivist")
    at.open("/lockers/A/1")
    assert "卷宗不在格内" in at.shown and "核对无误" not in at.shown  # nothing is in doubt yet
    shown = at.send("/volumes/1/check", 422, found="", reason=" ")
    assert "请写明核对的情况" in shown and 'value="/lockers/A/1"' in shown
    assert "核对无误" in at.send("/volumes/1/check", found="", reason="格内是空的", back="/lockers/A/1")


def test_what_was_refused_leads_back_to_what_was_written(at: Desk) -> None:
    at.sign_in("clerk")
    at.open("/deposit")
    assert 'data-do="back"' in at.send("/moves/9/cancel", 404) and 'data-do="back"' not in at.open("/nowhere", 404)


def test_an_import_is_shown_before_it_is_taken_in(at: Desk, locker: Locker) -> None:
    _admin(locker)
    at.sign_in("root")
    at.open("/import")
    word = re.search(r'name="csrf" content="(\w+)"', at.shown)[1]  # type: ignore[index]
    table = "login,name,roles\nzhou,周某,clerk\n".encode()
    seen = at.client.post("/import", data={"csrf": word, "kind": "people"}, files={"file": ("p.csv", table)})
    assert "新增 1 行" in seen.text and "zhou" not in at.open("/people")
    assert "已导入：新增 1 行" in at.send("/import/apply", kind="people", text=table.decode())
    assert "周某" in at.open("/people")


def _stored(at: Desk, locker: Locker) -> int:
    at.sign_in("clerk")
    at.open("/deposit")
    at.send("/deposit", barcode="HS-0001", cabinet="A")
    move = int(at.at().rpartition("/")[2])
    at.send(f"/moves/{move}/scan", code="HS-0001")
    locker.cycle(locker.move(move))
    return move


def _admin(locker: Locker) -> None:
    from central.people import service

    with locker.store.write() as session:
        service.add_person(session, service.SYSTEM, "root", "管理员", ["admin"], "", locker.now)


def test_a_page_of_an_address_of_two_slashes_leads_nowhere_else(at: Desk) -> None:
    at.sign_in("clerk")
    shown = at.client.get("https://court.example//elsewhere.example/x").text
    assert "lang=en" in shown and 'href="//' not in shown


async def test_who_reads_slowly_holds_no_connection_to_the_database(at: Desk) -> None:
    at.sign_in("clerk")
    held, store = [], at.locker.store
    cookie = "; ".join(f"{name}={value}" for name, value in at.client.cookies.items())

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body":
            held.append(store.engine.pool.checkedout())

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    headers = [(b"host", b"court.example"), (b"cookie", cookie.encode())]
    scope = {"type": "http", "method": "GET", "path": "/lockers", "query_string": b"", "headers": headers}
    scope |= {"scheme": "https", "server": ("court.example", 443), "root_path": "", "http_version": "1.1"}
    await at.client.app(scope, receive, send)
    assert held and set(held) == {0}


@pytest.mark.parametrize(
    "path", [f"/moves/{10**30}", "/lockers/a%00b/1", f"/dossiers?after={10**30}", "/dossiers?q=%00"]
)
def test_what_no_database_holds_is_unreadable_and_no_fault_of_ours(at: Desk, path: str) -> None:
    at.sign_in("clerk")
    assert at.client.get(path).status_code in (200, 404, 422)
