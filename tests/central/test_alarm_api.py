"""The alarm desk worked by programs, by the rules of its pages."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from central.alarms import Alarm, AlarmKind, raise_alarm
from central.fleet import desk_api, watch_api
from central.fleet.alarm_tables import Notice
from central.fleet.tables import Gateway
from central.ledger.tables import CENTRAL, LedgerLine
from central.people import service as people
from devices.journal import read_line
from tests.central.programs import programs

from .locker import BOX, WALL, Locker
from .test_alarm_desk import lose, swept
from .test_desk_api import Program

NIGHT = {"name": "夜班", "url": "json://localhost/secret", "begins": "22:00", "ends": "06:00", "least": "severe"}


@pytest.fixture
def client(locker: Locker) -> Iterator[TestClient]:
    with programs(locker, desk_api, watch_api) as client:
        yield client


@pytest.fixture
def it(client: TestClient, locker: Locker) -> Program:
    return Program(client, locker, "it")


@pytest.fixture
def clerk(client: TestClient, locker: Locker) -> Program:
    return Program(client, locker, "clerk")


def opened(locker: Locker, *cells: int) -> None:
    with locker.store.write() as session:
        for cell in cells:
            raise_alarm(session, AlarmKind.DOOR_UNASKED, f"{BOX}/{WALL}/{cell}", at=locker.now, why="forced")


def written(locker: Locker, kind: str) -> list[dict[str, Any]]:
    """Bodies of central's own lines of that kind."""
    found = select(LedgerLine).where(LedgerLine.gateway == CENTRAL, LedgerLine.type == kind).order_by(LedgerLine.id)
    with locker.store.read() as session:
        return [dict(read_line(row.raw).body) for row in session.scalars(found)]


def colleague(locker: Locker, *roles: str) -> str:
    with locker.store.write() as session:
        return people.add_person(session, people.SYSTEM, f"x-{roles[0]}", "周工", list(roles), "", locker.now).ref


def test_an_alarm_is_seen_taken_handed_on_and_cleared(locker: Locker, it: Program, clerk: Program) -> None:
    opened(locker, 1)
    other = colleague(locker, "it")
    assert clerk.get("alarms/1")["params"] == {"why": "forced"}
    assert clerk.post("alarms/1/steps", 403, to="seen") == "not_allowed"
    seen = it.post("alarms/1/steps", 200, to="seen")
    assert (seen["state"], seen["seen_by"], seen["assigned_to"]) == ("seen", it.ref, None)
    assert it.post("alarms/1/steps", 200, to="assigned")["assigned_to"] == it.ref
    assert {"ref": other, "name": "周工"} in it.get("alarms/people")
    assert clerk.ref not in {each["ref"] for each in it.get("alarms/people")}
    for nobody in (clerk.ref, "person:999", "x"):
        assert it.post("alarms/1/steps", 422, to="assigned", whom=nobody) == "cannot_act"
    handed = it.post("alarms/1/steps", 200, to="assigned", whom=other)
    assert (handed["state"], handed["assigned_to"], handed["seen_by"]) == ("assigned", other, it.ref)
    cleared = it.post("alarms/1/steps", 200, to="cleared")
    assert (cleared["state"], cleared["cleared_by"]) == ("cleared", it.ref)
    for step in ("seen", "assigned", "cleared"):
        assert it.post("alarms/1/steps", 409, to=step) == "alarm_cleared"
    assert it.post("alarms/2/steps", 404, to="seen") == "no_such_alarm"
    by_it = {"alarm": 1, "actor": it.ref}
    taken = by_it | {"assigned": True}
    assert written(locker, "alarm_seen") == [by_it, taken, taken | {"to": other}]
    assert written(locker, "alarm_cleared") == [by_it]


def test_who_left_is_handed_nothing(locker: Locker, it: Program) -> None:
    opened(locker, 1)
    other = colleague(locker, "it")
    with locker.store.write() as session:
        person = people.find_person(session, int(other.partition(":")[2]))
        people.change_person(session, people.SYSTEM, person, locker.now, disabled=True)
    assert it.post("alarms/1/steps", 422, to="assigned", whom=other) == "cannot_act"


def test_cleared_alarms_and_those_no_other_explains_come_in_pieces(locker: Locker, it: Program) -> None:
    lose(locker, "hall-1", "hall-2", "hall-3")
    swept(locker)
    assert [row["kind"] for row in it.get("alarms?explained=false")] == ["site_lost"]
    assert len(it.get("alarms")) == 4
    opened(locker, 1, 2, 3)
    it.post("alarms/5/steps", 200, to="cleared")
    it.post("alarms/6/steps", 200, to="cleared")
    assert [row["id"] for row in it.get("alarms?closed=true&limit=1")] == [6]
    assert [row["id"] for row in it.get("alarms?closed=true&after=6")] == [5]
    assert [row["id"] for row in it.get("alarms?limit=1")] == [7]


def test_what_is_still_away_is_not_cleared_and_a_cause_is_cleared_with_what_it_explains(
    locker: Locker, it: Program
) -> None:
    lose(locker, BOX)
    with locker.store.write() as session:
        session.scalars(select(Gateway)).one().presence = "lost"
    assert it.post("alarms/1/steps", 409, to="cleared") == "still_so"
    with locker.store.write() as session:
        session.scalars(select(Gateway)).one().presence = "ready"
    lose(locker, "hall-1", "hall-2")
    swept(locker)
    (cause,) = (row["id"] for row in it.get("alarms?explained=false"))
    it.post(f"alarms/{cause}/steps", 200, to="cleared")
    assert it.get("alarms") == []


def test_whom_to_call_is_added_changed_tried_and_removed_and_no_address_is_told(
    locker: Locker, client: TestClient, it: Program, clerk: Program
) -> None:
    sent: list[str] = []
    assert isinstance(client.app, FastAPI)
    client.app.state.send = lambda url, title, body: bool(sent.append(url)) or "night" not in url
    added = it.post("contacts", 201, **NIGHT)
    assert (added["by"], added["begins"], added["ends"], added["language"]) == ("json", "22:00", "06:00", "zh")
    assert clerk.post("contacts", 403, **NIGHT) == "not_allowed"
    assert clerk.get("contacts") == [added] and "secret" not in str(added)
    for wrong, code in (
        ({"url": "foo://nonsense"}, "bad_contact"),
        ({"days": "08"}, "bad_days"),
        ({"ends": "22:00"}, "no_shift"),
        ({"role": "cook"}, "bad_contact"),
        ({"least": "much"}, "unreadable"),
        ({"begin": "1"}, "unreadable"),
    ):
        assert it.post("contacts", 422, **NIGHT | wrong) == code
    changed = it.send("PUT", f"contacts/{added['id']}", 200, {"name": "早班", "after_min": 15})
    assert (changed["name"], changed["begins"], changed["ends"], changed["after_min"]) == ("早班", "00:00", "24:00", 15)
    assert it.post(f"contacts/{added['id']}/trials", 200) == {"accepted": True}
    assert clerk.post(f"contacts/{added['id']}/trials", 403) == "not_allowed"
    it.send("PUT", f"contacts/{added['id']}", 200, {"name": "早班", "url": "json://localhost/night"})
    assert it.post(f"contacts/{added['id']}/trials", 200) == {"accepted": False}
    assert sent == ["json://localhost/secret", "json://localhost/night"]
    opened(locker, 1)
    with locker.store.write() as session:
        number = session.scalars(select(Alarm.id)).one()
        session.add(Notice(alarm_id=number, contact_id=added["id"], at=locker.now))
    for _ in range(2):
        it.send("DELETE", f"contacts/{added['id']}", 204)
    assert it.post(f"contacts/{added['id']}/trials", 404) == "no_such_contact"
    assert it.get("contacts") == []
    assert [body["to"] for body in written(locker, "contact_written")] == ["added", "changed", "changed", "removed"]
