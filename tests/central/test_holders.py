"""Whoever hands a volume out names its holder as people do: by typing; a name that two have opens nothing."""

import pytest

from central.cases.service import find_volume
from central.custody import holders, service
from central.people.service import SYSTEM, add_person, change_person, find_person
from central.web.refused import Refused
from tests.central.desk import Desk
from tests.central.locker import Locker


def named(locker: Locker, typed: str) -> str:
    with locker.store.read() as session:
        return holders.named(session, find_volume(session, "HS-0001"), typed)


def offered(locker: Locker, typed: str) -> list[str]:
    with locker.store.read() as session:
        return list(holders.offered(session, find_volume(session, "HS-0001"), typed))


@pytest.mark.parametrize("typed", ["李法官 · judge", "李法官", "judge", " JUDGE ", "person:2"])
def test_a_member_of_the_staff_is_named_by_name_login_or_reference(locker: Locker, typed: str) -> None:
    assert named(locker, typed) == locker.who("judge").ref == "person:2"


def test_a_party_of_the_case_is_named_as_the_list_writes_them(locker: Locker) -> None:
    (party,) = [one for one in offered(locker, "原告") if one.startswith("原告 ")]
    assert named(locker, party).startswith("party:")


@pytest.mark.parametrize("typed", ["李", "李法官 · clerk", "无此人"])
def test_half_a_name_is_nobody(locker: Locker, typed: str) -> None:
    with pytest.raises(Refused, match="找不到取卷人"):
        named(locker, typed)


def test_of_two_of_one_name_the_login_says_which_and_who_left_is_not_offered(locker: Locker) -> None:
    with locker.store.write() as session:
        namesake = add_person(session, SYSTEM, "judge2", "李法官", ["judge"], "", locker.now)
    assert offered(locker, "李法") == ["李法官 · judge", "李法官 · judge2"]
    with pytest.raises(Refused, match="写登录名"):
        named(locker, "李法官")
    assert named(locker, "李法官 · judge2") == namesake.ref
    with locker.store.write() as session:
        change_person(session, SYSTEM, find_person(session, namesake.id), locker.now, disabled=True)
    assert offered(locker, "judge") == ["李法官 · judge"]
    assert named(locker, "李法官") == locker.who("judge").ref


def test_enter_in_the_field_says_who_it_is_and_opens_nothing(at: Desk, locker: Locker) -> None:
    with locker.store.write() as session:
        move = service.deposit(session, locker.who("clerk"), "HS-0001", "A", locker.now)
    locker.cycle(move)
    at.sign_in("clerk")
    at.open("/hand-out?barcode=HS-0001")
    assert "<option>李法官 · judge</option>" in at.client.get("/hand-out/holders?barcode=HS-0001&holder=李").text
    due = f"{locker.now:%Y-%m-28}"
    shown = at.send("/hand-out", barcode="HS-0001", holder="李法", due=due, how="look")
    assert at.at() == "/hand-out" and 'value="李法官 · judge"' in shown
    assert "找不到取卷人" in at.send("/hand-out", 422, barcode="HS-0001", holder="李法", due=due, how="now")
    assert locker.custody().state == "STORED"
