"""Who could be blamed wrongly? Each test is one way in which a record could accuse somebody who did nothing."""

import pytest

from central.custody import service
from central.people.service import SYSTEM, change_person, find_person
from central.web.refused import Refused
from devices.box import WishInterrupted, WishRefused, WishTaken
from devices.locks import DoorChanged
from devices.readers import CodeRead

from .locker import BOX, WALL, Locker
from .test_custody import deposit, hand_out, stored

SUBJECT = f"{BOX}/{WALL}/1"


def test_a_forced_door_blames_nobody_and_the_volume_waits_for_an_archivist(locker: Locker) -> None:
    stored(locker)
    locker.opens(1, None)
    locker.shuts(1)
    custody = locker.custody()
    assert (custody.state, custody.sides, custody.holder) == ("STORED", {"TAMPER"}, None)
    assert locker.alarms() == {"door_unasked": SUBJECT}
    with pytest.raises(Refused, match="档案员核对"):
        hand_out(locker)
    with pytest.raises(Refused, match="权限"), locker.store.write() as session:
        service.confirm(session, locker.who("clerk"), "HS-0001", "看过了", locker.now)
    with locker.store.write() as session:
        service.confirm(session, locker.who("archivist"), "HS-0001", "卷宗在，封条完好", locker.now)
    assert (locker.custody().sides, locker.alarms()) == (frozenset(), {})


def test_a_check_without_a_reason_is_no_check(locker: Locker) -> None:
    stored(locker)
    locker.opens(1, None)
    with pytest.raises(Refused, match="写明"), locker.store.write() as session:
        service.confirm(session, locker.who("archivist"), "HS-0001", "  ", locker.now)
    assert locker.custody().sides == {"TAMPER"}


def test_a_wish_that_opened_nothing_does_not_answer_for_a_later_forced_opening(locker: Locker) -> None:
    stored(locker)
    move = hand_out(locker)
    locker.later(minutes=2)
    assert locker.move(move.id).state == "UNANSWERED"
    locker.opens(1, None)
    locker.shuts(1)
    assert (locker.custody().state, locker.custody().holder) == ("STORED", None)
    assert locker.custody().sides == {"TAMPER"}


def test_a_second_opening_after_the_deposit_is_not_the_depositors(locker: Locker) -> None:
    move = stored(locker)
    locker.opens(1, move.wish)
    assert locker.custody().sides == {"TAMPER"} and "door_unasked" in locker.alarms()
    assert locker.move(move.id).state == "COMMITTED"


def test_a_wish_for_one_cell_does_not_answer_for_another(locker: Locker) -> None:
    stored(locker, "HS-0002")
    move = deposit(locker)
    locker.opens(2, move.wish)
    assert locker.custody("HS-0002").sides == {"TAMPER"}
    assert locker.move(move.id).state == "CMD"


def test_a_door_found_open_after_a_power_cut_is_an_alarm_not_a_hand_out(locker: Locker) -> None:
    stored(locker)
    move = hand_out(locker)
    locker.tell(WishTaken(wish="open_cell", cell=1), move.wish)
    locker.tell(WishInterrupted(wish="open_cell"), move.wish)
    locker.tell(DoorChanged(cell=1, door="open", found=True))
    assert locker.move(move.id).state == "INTERRUPTED"
    assert (locker.custody().state, locker.custody().sides) == ("STORED", {"TAMPER"})


def test_a_door_found_shut_after_a_power_cut_commits_and_says_on_what_it_rests(locker: Locker) -> None:
    move = deposit(locker)
    locker.opens(1, move.wish)
    locker.tell(DoorChanged(cell=1, door="shut", found=True))
    assert (locker.custody().state, locker.move(move.id).evidence) == ("STORED", "door_found")


def test_a_door_that_was_never_seen_open_commits_nothing_when_it_is_shut(locker: Locker) -> None:
    move = deposit(locker)
    locker.tell(WishTaken(wish="open_cell", cell=1), move.wish)
    locker.shuts(1, move.wish)
    assert (locker.custody().state, locker.move(move.id).state) == ("LABELLED", "ACKED")


def test_two_clerks_at_once_get_two_cells(locker: Locker) -> None:
    first, second = deposit(locker, "HS-0001"), deposit(locker, "HS-SECRET", "clerk2")
    cells = {locker.wish(move.wish).body["cell"] for move in (first, second)}
    assert cells == {1, 2}


def test_two_clerks_with_the_same_volume_make_one_move(locker: Locker) -> None:
    with locker.store.write() as session:
        service.begin_deposit(session, locker.who("clerk"), "HS-0001", "A", locker.now)
    with pytest.raises(Refused, match="正在办理"), locker.store.write() as session:
        service.begin_deposit(session, locker.who("clerk2"), "HS-0001", "A", locker.now)


def test_the_same_clerk_may_begin_again_while_the_barcode_is_awaited(locker: Locker) -> None:
    with locker.store.write() as session:
        first = service.begin_deposit(session, locker.who("clerk"), "HS-0001", "A", locker.now)
        again = service.begin_deposit(session, locker.who("clerk"), "HS-0001", "A", locker.now)
    assert first.id == again.id


def test_another_volumes_barcode_in_the_page_opens_nothing(locker: Locker) -> None:
    with locker.store.write() as session:
        move = service.begin_deposit(session, locker.who("clerk"), "HS-0001", "A", locker.now)
    with pytest.raises(Refused, match="另一册"), locker.store.write() as session:
        service.confirm_scan(session, locker.who("clerk"), move.id, "HS-0002", locker.now)
    assert (locker.move(move.id).state, locker.cell(1).state) == ("SCAN", "free")


def test_who_may_not_deposit_is_told_so(locker: Locker) -> None:
    with pytest.raises(Refused) as refused:
        deposit(locker, login="it")
    assert (refused.value.status, refused.value.code) == (403, "not_allowed")


def test_who_lost_the_right_while_the_barcode_was_awaited_is_told_at_the_locker(locker: Locker) -> None:
    with locker.store.write() as session:
        move = service.begin_deposit(session, locker.who("clerk"), "HS-0001", "A", locker.now)
        person = find_person(session, locker.who("clerk").id)
        change_person(session, SYSTEM, person, locker.now, roles=["it"])
    locker.tell(CodeRead(code="HS-0001"), device="reader-a")
    found = locker.move(move.id)
    assert (found.state, str(found.message)) == ("SCAN", "您没有“存卷”的权限。")


def test_a_secret_volume_does_not_go_to_a_party(locker: Locker) -> None:
    stored(locker, "HS-SECRET")
    with pytest.raises(Refused, match="副卷"):
        hand_out(locker, "HS-SECRET", holder="party:1")
    with pytest.raises(Refused, match="副卷"):
        hand_out(locker, "HS-SECRET", holder=locker.who("it").ref)
    assert hand_out(locker, "HS-SECRET", login="judge").state == "CMD"


def test_an_open_volume_may_go_to_a_party(locker: Locker) -> None:
    stored(locker)
    locker.cycle(hand_out(locker, holder="party:1"))
    assert locker.custody().holder == "party:1"


def test_a_second_copy_of_a_wish_refused_as_repeated_ends_nothing(locker: Locker) -> None:
    move = deposit(locker)
    locker.tell(WishTaken(wish="open_cell", cell=1), move.wish)
    locker.tell(WishRefused(why="repeated"), move.wish)
    assert (locker.move(move.id).state, locker.wish(move.wish).state) == ("ACKED", "taken")
    locker.opens(1, move.wish)
    locker.shuts(1, move.wish)
    assert locker.custody().state == "STORED"


def test_a_door_that_opens_after_its_board_went_away_is_still_the_clerks_who_asked(locker: Locker) -> None:
    move = deposit(locker)
    locker.tell(WishRefused(why="device_offline"), move.wish)
    assert locker.move(move.id).state == "REFUSED"
    locker.opens(1, move.wish)
    locker.shuts(1, move.wish)
    assert (locker.custody().state, locker.alarms()) == ("STORED", {})


def test_a_late_opening_takes_the_cell_back_from_a_clerk_who_still_waits_for_it(locker: Locker) -> None:
    late = deposit(locker, "HS-0001")
    locker.opens(1, late.wish, later=True)
    locker.shuts(1, late.wish, later=True)
    locker.later(minutes=2)
    other = deposit(locker, "HS-SECRET", "clerk2")
    assert locker.wish(other.wish).body == {"cell": 1}
    locker.send()
    assert (locker.custody("HS-0001").state, locker.move(other.id).state) == ("STORED", "OVERTAKEN")
    assert locker.custody("HS-SECRET").state == "LABELLED"
    # and if the second wish was on its way, the door it opens exposes what lies there
    locker.opens(1, other.wish)
    assert locker.custody("HS-0001").sides == {"TAMPER"}
    assert locker.custody("HS-SECRET").state == "LABELLED"


def test_a_late_opening_for_a_volume_stored_elsewhere_meanwhile_changes_nothing_but_is_looked_at(
    locker: Locker,
) -> None:
    late = deposit(locker)
    locker.later(minutes=2)
    locker.cycle(deposit(locker))
    locker.opens(1, late.wish)
    assert locker.custody().state == "STORED"
    assert "custody_unclear" in locker.alarms()


def test_a_door_with_no_cabinet_that_opens_unasked_is_an_alarm(locker: Locker) -> None:
    locker.opens(9, None)
    assert locker.alarms() == {"door_unasked": f"{BOX}/{WALL}/9"}


@pytest.mark.parametrize("cell", [1, 9])
def test_a_forced_door_is_an_alarm_while_its_line_still_waits_in_a_backlog(locker: Locker, cell: int) -> None:
    stored(locker)
    locker.opens(cell, None, later=True)
    locker.announce()
    alarms, custody = locker.alarms(), locker.custody()
    assert alarms == {"door_unasked": f"{BOX}/{WALL}/{cell}"}
    assert (custody.state, custody.sides) == ("STORED", frozenset()), "what is not proven moves nothing"
    locker.send()
    assert locker.alarms() == alarms


def test_a_door_opened_on_request_is_no_alarm_while_its_line_waits(locker: Locker) -> None:
    move = deposit(locker)
    locker.opens(1, move.wish, later=True)
    locker.announce()
    assert locker.alarms() == {}


def test_what_the_box_says_before_central_sent_the_wish_counts_all_the_same(locker: Locker) -> None:
    move = deposit(locker)
    locker.cycle(move)
    from central.wishes.service import mark_sent

    with locker.store.write() as session:
        mark_sent(session, [locker.move(move.id).wish or ""], locker.now)
    assert locker.wish(move.wish).state == "answered"
