"""A volume goes in and out of a locker; nothing but a closed door moves custody."""

import json

import pytest
from sqlalchemy import select

from central.cases.service import find_volume
from central.custody import service
from central.custody.standing import possible
from central.custody.tables import Move
from central.ledger.tables import LedgerLine
from central.web.refused import Refused
from central.wishes.tables import WishRow
from devices.box import WishRefused, WishTaken
from devices.locks import DoorLeftOpen, OpenNotDetected
from devices.printers import Receipt, plain
from devices.readers import CodeRead

from .locker import BOX, Locker


def deposit(locker: Locker, barcode: str = "HS-0001", login: str = "clerk") -> Move:
    with locker.store.write() as session:
        return service.deposit(session, locker.who(login), barcode, "A", locker.now)


def hand_out(locker: Locker, barcode: str = "HS-0001", login: str = "clerk", holder: str | None = None) -> Move:
    with locker.store.write() as session:
        return service.hand_out(session, locker.who(login), barcode, holder, locker.now)


def stored(locker: Locker, barcode: str = "HS-0001") -> Move:
    move = deposit(locker, barcode)
    locker.cycle(move)
    return locker.move(move.id)


def test_a_deposit_commits_when_the_door_closes_and_not_before(locker: Locker) -> None:
    move = deposit(locker)
    wish = locker.wish(move.wish)
    assert (move.state, wish.state, wish.body) == ("CMD", "asked", {"cell": 1})
    locker.tell(WishTaken(wish="open_cell", cell=1), wish.jti)
    locker.opens(1, wish.jti)
    assert locker.move(move.id).state == "OPENED"
    assert locker.wish(wish.jti).state == "answered"
    assert locker.custody().state == "LABELLED"
    locker.shuts(1, wish.jti)
    custody, cell, move = locker.custody(), locker.cell(1), locker.move(move.id)
    assert (custody.state, custody.cell_id, custody.holder) == ("STORED", cell.id, None)
    assert (cell.state, cell.volume_id) == ("occupied", custody.volume_id)
    assert (move.state, move.evidence) == ("COMMITTED", "door")
    assert set(move.lines) == {"asked", "scanned", "taken", "opened", "shut", "committed"}


def test_the_committed_line_names_the_door_line_and_holds_no_name(locker: Locker) -> None:
    move = stored(locker)
    with locker.store.read() as session:
        shut = session.get_one(LedgerLine, move.lines["shut"])
        committed = session.get_one(LedgerLine, move.lines["committed"])
        everything = b"".join(session.scalars(select(LedgerLine.raw)))
    body = json.loads(committed.raw)["body"]
    assert (body["proof"], body["actor"], body["to_state"]) == (shut.hash, move.person, "STORED")
    text = everything.decode()
    for secret in ("王书记", "周某", "苏0206", "HS-000"):
        assert secret not in text, secret


def test_the_receipt_is_a_blob_with_the_names_and_the_printer_is_asked_for_it(locker: Locker) -> None:
    move = stored(locker)
    assert move.receipt is not None
    rows = plain(Receipt.model_validate_json(locker.blobs.get(move.receipt)))
    assert "收卷凭证" in rows and "存卷人：王书记" in rows and "格口：A-01" in rows
    wish = locker.wish(move.receipt_wish)
    assert (wish.device, wish.type, wish.body) == ("slip-a", "print_receipt", {"document": move.receipt})


def test_a_door_fact_that_comes_an_hour_late_moves_custody_as_of_its_own_time_and_prints_nothing(
    locker: Locker,
) -> None:
    move = deposit(locker)
    for state in ("taken", "open", "shut"):
        if state == "taken":
            locker.note(WishTaken(wish="open_cell", cell=1), move.wish)
        elif state == "open":
            locker.opens(1, move.wish, later=True)
        else:
            locker.shuts(1, move.wish, later=True)
    then = locker.now
    locker.later(hours=1)
    assert locker.move(move.id).state == "UNANSWERED"
    locker.send()
    move = locker.move(move.id)
    assert (move.state, move.shut_at, locker.custody().since) == ("COMMITTED", then, then)
    assert move.receipt is not None and move.receipt_wish is None
    assert locker.wish(move.wish).state == "answered"


def test_the_reader_at_the_locker_confirms_the_deposit_that_waits_there(locker: Locker) -> None:
    with locker.store.write() as session:
        move = service.begin_deposit(session, locker.who("clerk"), "HS-0002", "A", locker.now)
    assert move.state == "SCAN"
    locker.tell(CodeRead(code="HS-0002"), device="reader-a")
    assert (locker.move(move.id).state, locker.wish(locker.move(move.id).wish).body) == ("CMD", {"cell": 2})


@pytest.mark.parametrize("code", ["HS-0003", "nobody-knows"])
def test_another_or_unknown_barcode_at_the_reader_says_so_and_opens_nothing(locker: Locker, code: str) -> None:
    with locker.store.write() as session:
        move = service.begin_deposit(session, locker.who("clerk"), "HS-0002", "A", locker.now)
    locker.tell(CodeRead(code=code), device="reader-a")
    found = locker.move(move.id)
    assert found.state == "SCAN" and code in str(found.message)
    with locker.store.read() as session:
        assert session.scalars(select(WishRow)).all() == []


def test_a_scan_that_comes_late_opens_nothing(locker: Locker) -> None:
    with locker.store.write() as session:
        move = service.begin_deposit(session, locker.who("clerk"), "HS-0002", "A", locker.now)
    locker.note(CodeRead(code="HS-0002"), device="reader-a")
    locker.later(minutes=5)
    locker.send()
    assert locker.move(move.id).state == "SCAN"


def test_an_unknown_barcode_is_refused_in_words(locker: Locker) -> None:
    with pytest.raises(Refused) as refused:
        deposit(locker, "HS-9999")
    assert refused.value.code == "unknown_barcode" and "HS-9999" in str(refused.value)


def test_a_stored_volume_is_not_stored_again(locker: Locker) -> None:
    stored(locker)
    with pytest.raises(Refused) as refused:
        deposit(locker, login="clerk2")
    assert refused.value.code == "already_stored" and "A-01" in str(refused.value)
    assert locker.custody().state == "STORED"


def test_the_smallest_cell_that_fits_is_chosen_and_a_full_locker_says_so(locker: Locker) -> None:
    assert [locker.wish(stored(locker, f"HS-000{n}").wish).body["cell"] for n in (2, 3, 4)] == [2, 3, 4]
    stored(locker, "HS-0001")
    with pytest.raises(Refused) as refused:
        deposit(locker, "HS-SECRET")
    assert refused.value.code == "locker_full"
    assert locker.custody("HS-SECRET").state == "LABELLED"


def test_a_cell_whose_door_stands_open_is_not_chosen(locker: Locker) -> None:
    locker.opens(1, None)
    assert locker.wish(deposit(locker).wish).body == {"cell": 2}


@pytest.mark.parametrize(
    ("fact", "state"),
    [
        (WishRefused(why="device_fault", detail="jammed"), "REFUSED"),
        (WishRefused(why="expired"), "STALE_REFUSED"),
        (OpenNotDetected(cell=1), "OPEN_NOT_DETECTED"),
    ],
)
def test_a_deposit_that_fails_leaves_custody_and_frees_the_cell(
    locker: Locker, fact: WishRefused | OpenNotDetected, state: str
) -> None:
    move = deposit(locker)
    locker.tell(fact, move.wish)
    found = locker.move(move.id)
    assert found.state == state and found.message is not None
    assert (locker.cell(1).state, locker.custody().state) == ("free", "LABELLED")
    assert locker.wish(move.wish).state == "refused"


def test_a_cell_that_jammed_is_chosen_last(locker: Locker) -> None:
    locker.tell(OpenNotDetected(cell=1), deposit(locker).wish)
    assert locker.wish(deposit(locker).wish).body == {"cell": 2}


def test_a_door_left_open_keeps_custody_where_it_was_until_it_is_pushed_shut(locker: Locker) -> None:
    move = deposit(locker)
    locker.opens(1, move.wish)
    locker.tell(DoorLeftOpen(cell=1, seconds=60), move.wish)
    found = locker.move(move.id)
    assert (found.state, str(found.message)) == ("LEFT_OPEN", "柜门未关好，卷宗仍记在您名下。请推紧柜门。")
    assert locker.custody().state == "LABELLED"
    assert locker.alarms() == {"door_left_open": f"{BOX}/wall-a/1"}
    locker.shuts(1, move.wish)
    assert (locker.custody().state, locker.alarms()) == ("STORED", {})


def test_a_hand_out_makes_the_holder_answer_for_it_only_once_the_door_is_shut(locker: Locker) -> None:
    stored(locker)
    judge = locker.who("judge").ref
    move = hand_out(locker, holder=judge)
    locker.opens(1, move.wish)
    assert (locker.custody().state, locker.custody().holder) == ("STORED", None)
    locker.shuts(1, move.wish)
    custody, cell = locker.custody(), locker.cell(1)
    assert (custody.state, custody.holder, custody.cell_id) == ("OUT", judge, None)
    assert (cell.state, cell.volume_id) == ("free", None)


def test_a_volume_that_is_out_comes_back_by_a_deposit_and_is_nobodys_any_more(locker: Locker) -> None:
    stored(locker)
    locker.cycle(hand_out(locker))
    move = stored(locker)
    assert move.kind == "return" and move.holder == locker.who("clerk").ref
    assert (locker.custody().state, locker.custody().holder) == ("STORED", None)


def test_a_volume_not_brought_back_is_overdue_until_it_is(locker: Locker) -> None:
    stored(locker)
    locker.cycle(hand_out(locker))
    locker.later(days=8)
    assert locker.custody().sides == {"OVERDUE"} and "volume_overdue" in locker.alarms()
    stored(locker)
    assert locker.custody().sides == frozenset() and locker.alarms() == {}


def test_a_scan_that_never_comes_ends_the_deposit(locker: Locker) -> None:
    with locker.store.write() as session:
        move = service.begin_deposit(session, locker.who("clerk"), "HS-0002", "A", locker.now)
    locker.later(minutes=11)
    assert locker.move(move.id).state == "CANCELLED"
    deposit(locker, "HS-0002", "clerk2")


def test_a_reserved_volume_goes_to_whom_it_is_reserved_for(locker: Locker) -> None:
    stored(locker)
    judge = locker.who("judge")
    with locker.store.write() as session:
        due = locker.now.replace(month=12)
        service.reserve(session, locker.who("clerk"), "HS-0001", judge.ref, locker.now, due)
    with pytest.raises(Refused, match="李法官"):
        hand_out(locker, login="clerk2")
    locker.cycle(hand_out(locker, login="judge"))
    assert (locker.custody().holder, locker.custody().due) == (judge.ref, due)


def test_from_the_desk_to_the_archive(locker: Locker) -> None:
    stored(locker)
    locker.cycle(hand_out(locker))
    archivist = locker.who("archivist")
    with locker.store.write() as session:
        service.at_desk(session, archivist, "HS-0001", "take_back", locker.now)
    assert (locker.custody().state, locker.custody().holder) == ("RETURNED", archivist.ref)
    with pytest.raises(Refused, match="尚未结案"), locker.store.write() as session:
        service.at_desk(session, archivist, "HS-0001", "bind", locker.now)
    with locker.store.write() as session:
        find_volume(session, "HS-0001").case.state = "CLOSED"
        for event in ("bind", "archive"):
            service.at_desk(session, archivist, "HS-0001", event, locker.now)
    assert (locker.custody().state, locker.custody().holder) == ("ARCHIVED", None)


def test_what_is_possible_is_told_in_words(locker: Locker) -> None:
    stored(locker)
    with locker.store.read() as session:
        found = possible(session, find_volume(session, "HS-0001"), locker.who("it"), locker.now)
    assert {each.event for each in found} == {"reserve", "hand_out", "report_missing"}
    assert not any(each.allowed for each in found)
    assert str(found[0].why_not[0]) == "您没有“预约取卷”的权限。"


def test_a_code_that_no_database_holds_is_one_more_unknown_code(locker: Locker) -> None:
    with locker.store.write() as session:
        move = service.begin_deposit(session, locker.who("clerk"), "HS-0001", "A", locker.now).id
    locker.tell(CodeRead(code="HS-\x00-0001"), device="reader-a")
    assert locker.move(move).state == "SCAN" and "不属于" in str(locker.move(move).message)
    locker.tell(CodeRead(code="HS-0001"), device="reader-a")
    assert locker.move(move).state == "CMD"
