"""Hearings by REST: planned, looked at as they went, and read; who may, and what is on record."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from central.hearings import api, transcript
from central.hearings.spoken import Access
from central.people.roles import may
from central.people.service import SYSTEM, find_person, issue_token
from central.web.errors import speak
from central.web.look import make_look
from devices.hearings import HearingOpened, SeatSound, SegmentRecorded
from devices.speech import Utterance, Word, Words
from tests.central.courtroom import ROLES, ROOM, SEATS, Courtroom

RATE = 16000


@pytest.fixture
def client(room: Courtroom) -> Iterator[TestClient]:
    app = FastAPI()
    app.state.store, app.state.clock, app.state.blobs = room.store, lambda: room.locker.now, room.blobs
    app.state.look = make_look("惠山区人民法院", ZoneInfo("Asia/Shanghai"), may, lambda: room.locker.now)
    app.include_router(api.router)
    speak(app)
    with TestClient(app, base_url="http://court.test") as client:
        yield client


def bearer(room: Courtroom, login: str) -> dict[str, str]:
    with room.store.write() as session:
        person = find_person(session, room.locker.who(login).id)
        _, token = issue_token(session, SYSTEM, person, "test", person.roles[0], room.locker.now)
    return {"authorization": f"Bearer {token}"}


def told(room: Courtroom, **more: Any) -> dict[str, Any]:
    opens = room.opens_at
    presiding = room.actor("judge").ref
    closes = opens + timedelta(hours=2)
    plan = {"case": 1, "gateway": ROOM, "opens_at": opens.isoformat(), "closes_at": closes.isoformat()}
    return {**plan, "seats": ROLES, "presiding": presiding, **more}


def test_a_hearing_is_planned_in_a_room_that_is_listed_and_the_room_has_its_agenda(
    client: TestClient, room: Courtroom
) -> None:
    clerk = bearer(room, "clerk")
    listed = client.get("/api/v1/courtrooms", headers=clerk).json()
    assert {"gateway": ROOM, "room": "第三法庭", "seats": list(SEATS), "connected": True} in listed
    answer = client.post("/api/v1/hearings", json=told(room), headers=clerk)
    assert answer.status_code == 201
    planned = answer.json()
    assert (planned["state"], planned["presiding"]) == ("scheduled", room.actor("judge").ref)
    agenda = room.agenda()
    assert agenda is not None and [entry.hearing for entry in agenda.hearings] == [planned["ref"]]
    clash = client.post("/api/v1/hearings", json=told(room), headers=clerk)
    assert (clash.status_code, clash.json()["error"]["code"]) == (409, "room_taken")


def test_how_it_went_and_what_was_said_are_read_and_that_they_were_is_on_record(
    client: TestClient, room: Courtroom
) -> None:
    clerk = bearer(room, "clerk")
    planned = client.post("/api/v1/hearings", json=told(room), headers=clerk).json()
    ref, now = planned["ref"], room.locker.now
    word = Word(word="开庭", from_sample=160, to_sample=320, confidence=0.9)
    said = Utterance(from_sample=160, to_sample=320, words=(word,))
    words = Words(seat="judge", from_sample=0, to_sample=RATE, rate=RATE, model="a" * 64, utterances=(said,))
    sound = SeatSound(
        sound="b" * 64, words=room.blobs.put(words.model_dump_json().encode()), device="table-a", channel=1
    )
    segment = SegmentRecorded(
        hearing=ref, number=1, from_sample=0, to_sample=RATE, rate=RATE, at=now, seats={"judge": sound}
    )
    room.tell(HearingOpened(hearing=ref, by="agenda", opened_at=now, rate=RATE), segment)
    path = f"/api/v1/hearings/{planned['id']}"
    assert client.get(path, headers=clerk).json()["segments"][0]["seats"] == {"judge": False}
    transcript.take_in(room.store, room.blobs, lambda: now)
    went = client.get(path, headers=clerk).json()
    assert (went["hearing"]["state"], went["hearing"]["samples"]) == ("recording", RATE)
    assert [(event["type"], event["what"]["by"]) for event in went["events"][:1]] == [("hearing_opened", "agenda")]
    assert went["segments"][0]["seats"] == {"judge": True}
    heard = client.get(f"{path}/words", headers=clerk).json()
    assert [(one["seat"], one["text"], one["words"]) for one in heard] == [("judge", "开庭", [["开庭", 160, 320, 0.9]])]
    assert client.get(f"{path}/words?after=160", headers=clerk).json() == []
    with room.store.read() as session:
        assert session.scalars(select(Access.what)).all() == ["read"]


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"presiding": "李法官"}, 422),
        ({"opens_at": "2026-11-24T09:00:00"}, 422),
        ({"judge": 1}, 422),
        ({"case": 99}, 404),
    ],
)
def test_what_cannot_be_planned_is_refused(
    client: TestClient, room: Courtroom, more: dict[str, Any], status: int
) -> None:
    answer = client.post("/api/v1/hearings", json=told(room, **more), headers=bearer(room, "clerk"))
    assert answer.status_code == status, answer.text
    assert room.agenda() is None


def test_only_clerks_plan_and_who_may_not_listen_reads_no_word(client: TestClient, room: Courtroom) -> None:
    client.post("/api/v1/hearings", json=told(room), headers=bearer(room, "clerk"))
    assert client.post("/api/v1/hearings", json=told(room), headers=bearer(room, "judge")).status_code == 403
    assert client.get("/api/v1/hearings/1/words", headers=bearer(room, "it")).status_code == 403
    assert client.get("/api/v1/hearings/7", headers=bearer(room, "clerk")).status_code == 404
    assert client.get("/api/v1/courtrooms").status_code == 401


def test_a_recording_is_classed_held_and_not_disposed_of_before_its_time(client: TestClient, room: Courtroom) -> None:
    planned = client.post("/api/v1/hearings", json=told(room), headers=bearer(room, "clerk")).json()
    path, keeper = f"/api/v1/hearings/{planned['id']}/keeping", bearer(room, "archivist")
    assert client.get(path, headers=keeper).json()["years"] is None
    assert client.post(f"{path}/classify", json={"rule": "short"}, headers=keeper).json()["years"] == 20
    held = client.post(f"{path}/hold", json={"words": "再审在即"}, headers=keeper)
    assert held.json()["hold"] == "再审在即"
    assert client.post(f"{path}/hold", json={}, headers=keeper).status_code == 422
    for step, words, code in (("propose", "到期", "not_sealed"), ("approve", "", "not_sealed")):
        answer = client.post(f"{path}/{step}", json={"words": words}, headers=keeper)
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, code)
    assert client.post(f"{path}/lift", json={}, headers=bearer(room, "clerk")).status_code == 403
    kept = client.get(path, headers=bearer(room, "clerk")).json()
    assert (kept["rule"], kept["hold"], kept["line"] is not None) == ("short", "再审在即", True)
