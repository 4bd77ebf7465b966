"""The whole life of a wish is on record, from asked to answered or the reason why not."""

import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.web.look import make_look
from central.web.words import LANGUAGES, words_of
from central.wishes import service
from central.wishes.outbox import WishOutbox
from central.wishes.tables import WishRow
from devices.box import Refusal, SetLogLevel, WishInterrupted, WishRefused, WishTaken
from devices.cameras import ShowView
from devices.claims import WISH_LIFE_S, WishClaims
from devices.displays import SwitchDisplay
from devices.grants import keys_of, read
from devices.hearings import OpenHearing
from devices.locks import DoorChanged, OpenCell
from devices.messages import Wish
from devices.printers import PrintReceipt
from devices.scanning import StopScan

from .box import NOON
from .locker import BOX, COURT, WALL, Locker


def ask(locker: Locker, cell: int = 4) -> WishRow:
    with locker.store.write() as session:
        return service.ask(session, BOX, WALL, OpenCell(cell=cell), "person:1", "test:1", locker.now)


def test_what_is_asked_waits_in_the_outbox_signed_for_its_gateway_and_thirty_seconds(
    locker: Locker, court_key: Ed25519PrivateKey
) -> None:
    row = ask(locker)
    (post,) = WishOutbox(locker.store, locker.pen).due()
    claims = WishClaims.of(read("wish", post.payload, keys_of([court_key.public_key()]), COURT, BOX, locker.now))
    assert post.topic == f"courtside/1/{COURT}/{BOX}/wish" and not post.retain
    assert (claims.jti, claims.device, claims.type, claims.body) == (row.jti, WALL, "open_cell", {"cell": 4})
    assert claims.exp - claims.iat == WISH_LIFE_S and post.expires == row.expires_at
    assert (claims.actor, claims.reason) == ("person:1", "test:1")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_wish_has_a_sentence_for_what_is_asked_and_for_what_came_of_it(language: str) -> None:
    look = make_look("惠山区人民法院", ZoneInfo("Asia/Shanghai"), lambda *_: True, lambda: NOON)
    life: Any = look.environments[language].get_template("wishes/life.html").make_module()
    unsaid = str(life.done(SimpleNamespace(type="no_such_wish")))
    for type_ in Wish.registry:
        wish = SimpleNamespace(type=type_, device="wall-a", gateway="locker-a", body={"cell": 7, "device": "wall-a"})
        asked, done = str(life.what(wish)), str(life.done(wish))
        assert type_ not in asked and "→" not in asked and asked.strip()
        assert done != unsaid or type_ in ("restart_device", "send_diagnostics", "set_log_level"), type_
        assert (language == "en") is (asked + done).replace("·", "").isascii()


def test_what_was_sent_is_not_sent_again(locker: Locker) -> None:
    row, outbox = ask(locker), WishOutbox(locker.store, locker.pen)
    outbox.sent(outbox.due())
    assert outbox.due() == [] and locker.wish(row.jti).state == "sent"


def test_what_waited_too_long_is_never_sent(locker: Locker) -> None:
    row = ask(locker)
    locker.now += timedelta(seconds=WISH_LIFE_S)
    assert WishOutbox(locker.store, locker.pen).due() == []
    locker.later(seconds=60)
    found = locker.wish(row.jti)
    assert (found.state, found.sent_at) == ("expired", None)
    assert "没有送出" in str(service.outcome(found))


def test_the_outbox_is_woken_only_by_what_was_committed(locker: Locker) -> None:
    woken: list[str] = []
    locker.store.on_wake(service.OUTBOX, lambda post: woken.append(post.ref))
    with pytest.raises(ZeroDivisionError), locker.store.write() as session:
        service.ask(session, BOX, WALL, OpenCell(cell=1), "person:1", "test:1", locker.now)
        raise ZeroDivisionError
    assert woken == []
    row = ask(locker)
    assert woken == [row.jti]


def test_pages_that_show_it_are_told_of_each_step(locker: Locker) -> None:
    told: set[str] = set()
    locker.store.on_tell(told.update)
    row = ask(locker)
    for step in (WishTaken(wish="open_cell", cell=4), DoorChanged(cell=4, door="open")):
        told.clear()
        locker.tell(step, row.jti)
        assert service.topic(row.jti) in told


def test_each_step_names_the_line_that_proves_it(locker: Locker) -> None:
    row = ask(locker)
    locker.tell(WishTaken(wish="open_cell", cell=4), row.jti)
    locker.tell(DoorChanged(cell=4, door="open"), row.jti)
    found = locker.wish(row.jti)
    assert found.state == "answered"
    assert None not in (found.asked_line, found.taken_line, found.ended_line)
    assert found.ended_line != found.taken_line


def test_another_cells_door_or_another_device_does_not_answer(locker: Locker) -> None:
    row = ask(locker)
    locker.tell(DoorChanged(cell=3, door="open"), row.jti)
    locker.tell(DoorChanged(cell=4, door="open"), row.jti, device="wall-b")
    locker.tell(DoorChanged(cell=4, door="open"))
    assert locker.wish(row.jti).state == "asked"


def test_no_answer_in_time_is_unanswered_and_a_late_answer_is_still_the_truth(locker: Locker) -> None:
    row = ask(locker)
    outbox = WishOutbox(locker.store, locker.pen)
    outbox.sent(outbox.due())
    locker.later(seconds=WISH_LIFE_S)
    assert locker.wish(row.jti).state == "sent"
    locker.later(seconds=60)
    assert locker.wish(row.jti).state == "expired"
    assert "没有应答" in str(service.outcome(locker.wish(row.jti)))
    locker.tell(DoorChanged(cell=4, door="open"), row.jti)
    assert locker.wish(row.jti).state == "answered"


@pytest.mark.parametrize(
    ("fact", "state", "word"),
    [
        (WishRefused(why="clock_not_trusted"), "refused", "时钟"),
        (WishRefused(why="device_fault", detail="jam"), "refused", "故障"),
        (WishRefused(why="rejected", detail="no cell 99"), "refused", "no cell 99"),
        (WishInterrupted(wish="open_cell"), "interrupted", "断电"),
    ],
)
def test_why_not_is_said_in_words(locker: Locker, fact: WishRefused | WishInterrupted, state: str, word: str) -> None:
    row = ask(locker)
    locker.tell(fact, row.jti)
    found = locker.wish(row.jti)
    assert found.state == state and word in str(service.outcome(found))


_ASKED: dict[Wish, str] = {
    OpenCell(cell=4): "柜门",
    PrintReceipt(document="a" * 64): "打印",
    ShowView(view="bench"): "镜头",
    SwitchDisplay(power="on"): "屏幕",
    OpenHearing(hearing="h-0123456789ab"): "录音",
    StopScan(job="c1-0000"): "扫描",
    SetLogLevel(level="debug"): "什么也没有动",
}


@pytest.mark.parametrize("why", [*get_args(Refusal), "not yet known"])
@pytest.mark.parametrize("asked", _ASKED, ids=lambda wish: wish.type)
def test_a_refusal_speaks_of_what_was_asked_and_of_lockers_only_where_one_was(asked: Wish, why: str) -> None:
    row = WishRow(type=asked.type, device="d", state="refused", why=why, detail="no")
    for said in (str(service.outcome(row)), words_of("en").tell(service.outcome(row))):
        assert not re.search(r"柜|locker|door|[{}]", said) or asked.type == "open_cell"
        assert not re.search(r"缺纸|paper", said) or asked.type == "print_receipt"


@pytest.mark.parametrize(("asked", "word"), _ASKED.items(), ids=lambda told: getattr(told, "type", ""))
def test_what_was_too_late_or_never_sent_says_what_did_not_happen(asked: Wish, word: str) -> None:
    refused = WishRow(type=asked.type, device="d", state="refused", why="expired", detail="")
    unsent = WishRow(type=asked.type, device="d", state="expired", sent_at=None)
    assert all(word in str(service.outcome(row)) for row in (refused, unsent))
    unanswered = WishRow(type=asked.type, device="d", state="expired", sent_at=NOON)
    assert "没有应答" in str(service.outcome(unanswered))
    assert ("柜" in str(service.outcome(unanswered))) is (asked.type == "open_cell")
