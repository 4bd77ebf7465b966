"""The first page shows each what waits for him: hearings, catalogues to confirm, boxes and tickets."""

from central.dossiers.tables import Document, Dossier
from central.fleet import tickets
from central.fleet.service import find
from central.people import service as people
from tests.central.courtroom import ROOM, Courtroom
from tests.central.desk import Desk


def test_hearings_of_today_stand_there_for_clerks_and_for_the_judge_who_presides(room: Courtroom, at: Desk) -> None:
    hearing = room.plan(room.told(after=-24))
    room.plan(room.told(after=1))
    with room.store.write() as session:
        people.add_person(
            session, people.SYSTEM, "other", "陈法官", ["judge"], "correct horse battery", room.locker.now
        )
    for login, there in (("clerk", True), ("judge", True), ("other", False), ("it", False)):
        at.sign_in(login)
        assert (f'data-watch="hearing-{hearing.id}"' in at.open("/")) is there, login
        assert 'data-watch="hearing-' not in at.shown.replace(f"hearing-{hearing.id}", "")  # tomorrow's is not there
        assert ("都办好了" in at.shown) is not there
        at.send("/sign-out")


def test_catalogues_to_confirm_stand_there_until_they_are_confirmed(room: Courtroom, at: Desk) -> None:
    with room.store.write() as session:
        session.add(Dossier(case_id=1, changed_at=room.locker.now))
        document = Document(case_id=1, place=1, title="起诉状", state="PROPOSED")
        session.add(document)
    at.sign_in("clerk")
    assert "1 份编目待确认" in at.open("/")
    with room.store.write() as session:
        session.get_one(Document, document.id).state = "CONFIRMED"
    assert "编目待确认" not in at.open("/") and "都办好了" in at.shown


def test_the_it_desk_sees_boxes_that_are_away_and_tickets_that_are_not_done(room: Courtroom, at: Desk) -> None:
    now = room.locker.now
    at.sign_in("it")
    assert "都办好了" in at.open("/")
    with room.store.write() as session:
        box = find(session, ROOM)
        assert box is not None
        box.presence = "lost"
        tickets.report(session, "话筒没有声音", ROOM, "", now, actor="person:1")
    shown = at.open("/")
    assert "有 1 台网关不在线" in shown and "话筒没有声音" in shown and "维修工单" in shown
    at.send("/sign-out")
    at.sign_in("clerk")
    assert "台网关不在线" not in at.open("/")


def test_the_administrator_is_told_of_rules_that_nobody_has_checked(room: Courtroom, at: Desk) -> None:
    with room.store.write() as session:
        people.add_person(session, people.SYSTEM, "head", "周主任", ["admin"], "correct horse battery", room.locker.now)
    at.sign_in("head")
    assert "条是凭记忆写的" in at.open("/") and 'href="/rules"' in at.shown
    at.send("/sign-out")
    at.sign_in("clerk")
    assert "条是凭记忆写的" not in at.open("/")
