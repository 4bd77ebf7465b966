"""Hearings are planned by room and time; what clashes is said, and each room gets its agenda without a name in it."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.hearings import schedule
from central.ledger.tables import LedgerLine
from central.store import Store
from central.web.refused import Refused
from devices.speech import WordList
from tests.central.courtroom import ROLES, ROOM, Courtroom
from tests.central.desk import desk
from tests.central.locker import Locker


def test_a_planned_hearing_is_on_the_agenda_of_its_room_and_no_name_is_in_it(room: Courtroom) -> None:
    hearing = room.plan(room.told(corrections={"周谋": "周某"}))
    agenda = room.agenda()
    assert agenda is not None
    (entry,) = agenda.hearings
    assert (entry.hearing, entry.room, entry.seats) == (hearing.ref, "第三法庭", ROLES)
    assert (entry.opens_at, entry.closes_at, entry.closed) == (hearing.opens_at, hearing.closes_at, False)
    document = agenda.model_dump_json()
    assert not [word for word in ("周某", "吴某", "123号", "民间借贷") if word in document]
    assert entry.words is not None
    words = WordList.model_validate_json(room.blobs.get(entry.words))
    assert words.phrases == ("周某", "吴某", "民间借贷纠纷") and words.corrections == {"周谋": "周某"}
    with room.store.read() as session:
        lines = [bytes(row.raw).decode() for row in session.query(LedgerLine) if "hearing" in bytes(row.raw).decode()]
    assert lines and not [line for line in lines if "周某" in line or "123号" in line]


def test_two_hearings_in_one_room_at_one_time_are_refused_by_name(room: Courtroom) -> None:
    room.plan()
    with pytest.raises(Refused, match=r"“第三法庭”在 .* 已排了（2026）苏0206民初123号，两场撞在一起") as refused:
        room.plan(room.told(after=1.5))
    assert refused.value.code == "room_taken"
    room.plan(room.told(after=2))
    room.plan(room.told("courtroom-b"))
    agenda = room.agenda()
    assert agenda is not None and len(agenda.hearings) == 2 and not agenda.clashes()


def test_a_hearing_can_be_moved_to_another_room_until_it_begins(room: Courtroom) -> None:
    hearing = room.plan()
    clerk, now = room.actor(), room.locker.now
    with room.store.write() as session:
        schedule.change(session, room.blobs, clerk, room.find(session, hearing), room.told("courtroom-b", 1), now)
    before, after = room.agenda(), room.agenda("courtroom-b")
    assert before is not None and before.hearings == ()
    assert after is not None and [entry.hearing for entry in after.hearings] == [hearing.ref]
    with room.store.write() as session:
        room.find(session, hearing).state = "recording"
    with pytest.raises(Refused, match="已经开庭"), room.store.write() as session:
        schedule.change(session, room.blobs, clerk, room.find(session, hearing), room.told(), now)


def test_a_withdrawn_hearing_goes_from_the_agenda_and_frees_its_room(room: Courtroom) -> None:
    hearing = room.plan()
    with room.store.write() as session:
        schedule.withdraw(session, room.blobs, room.actor(), room.find(session, hearing), room.locker.now)
    agenda = room.agenda()
    assert agenda is not None and agenda.hearings == ()
    room.plan()


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"hours": -1}, "结束时间要晚于开庭时间"),
        ({"after": -50}, "已经过去"),
        ({"hours": 15}, "最多排 14 小时"),
        ({"seats": {"gallery": "other"}}, "没有席位“gallery”"),
        ({"seats": {"judge": "king"}}, "没有“king”这个诉讼身份"),
        ({"gateway": "locker-a"}, "不是法庭的网关"),
    ],
)
def test_what_cannot_be_is_refused_in_words(room: Courtroom, told: dict[str, object], why: str) -> None:
    with pytest.raises(Refused, match=why):
        room.plan(room.told(**told))  # type: ignore[arg-type]
    assert room.agenda() is None


def test_only_clerks_plan(room: Courtroom) -> None:
    for login in ("judge", "it"):
        with pytest.raises(Refused, match="没有“安排庭审”的权限"):
            room.plan(by=login)


def test_words_to_be_corrected_stand_two_a_line() -> None:
    assert schedule.read_corrections("张见国 张建国\n\n洛社 洛社镇\n") == {"张见国": "张建国", "洛社": "洛社镇"}
    with pytest.raises(Refused, match="每行写两个词"):
        schedule.read_corrections("张建国")


def test_the_pages_plan_show_the_clash_keep_what_was_typed_and_withdraw(room: Courtroom) -> None:
    with desk(room.locker) as at:
        at.sign_in("clerk")
        assert "这一天没有排庭" in at.open("/hearings")
        assert "/hearings/new?case=%EF%BC%882026" in at.open("/hearings/of/1")
        number = "（2026）苏0206民初123号"
        assert f'value="{number}"' in at.open(f"/hearings/new?gateway={ROOM}&case={number}")
        fields = {"case": "(2026) 苏0206民初 123号", "gateway": ROOM, "day": "2026-11-24", "opens": "09:00",
                  "closes": "11:00", "presiding": room.actor("judge").id, "corrections": "", "closed": "1",
                  **{f"seat-{seat}": role for seat, role in ROLES.items()}}  # fmt: skip
        shown = at.send("/hearings/new", **fields)
        assert number in shown and "不公开审理" in shown and "李法官" in shown
        at.open("/hearings/new")
        shown = at.send("/hearings/new", 409, **fields | {"opens": "10:00", "closes": "12:00"})
        assert "两场撞在一起" in shown and 'value="10:00"' in shown
        at.open("/hearings/1/plan")
        shown = at.send("/hearings/1/plan", **fields | {"gateway": "courtroom-b", "opens": "13:30", "closes": "15:00"})
        assert "13:30–15:00" in shown
        assert "第五法庭" in at.open("/hearings/1")
        at.open("/hearings/1/plan")
        assert "这一天没有排庭" in at.send("/hearings/1/withdraw")


def test_without_a_courtroom_the_page_says_what_to_do_first(
    store: Store, court_key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    with desk(Locker(store, court_key, tmp_path / "blobs")) as at:
        at.sign_in("clerk")
        assert "先给法庭旁边的网关写上法庭配置" in at.open("/hearings")
