"""Hearings by REST: planned, looked at as they went, and read; who may, and what is on record."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from central.hearings import api, transcript
from central.hearings.spoken import Access
from devices.hearings import HearingOpened, SeatSound, SegmentRecorded
from devices.speech import Utterance, Word, Words
from tests.central import programs
from tests.central.courtroom import ROLES, ROOM, SEATS, Courtroom

RATE = 16000
EARLIER = {"opens_at": "2026-11-24T00:30:00Z", "closes_at": "2026-11-24T00:31:00Z"}


@pytest.fixture
def client(room: Courtroom) -> Iterator[TestClient]:
    with programs.programs(room.locker, api) as client:
        yield client


def bearer(room: Courtroom, login: str) -> dict[str, str]:
    return programs.bearer(room.locker, login)


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
    assert client.get(f"{path}/words?after={heard[0]['id']}", headers=clerk).json() == []
    with room.store.read() as session:
        assert session.scalars(select(Access.what)).all() == ["read"]


def test_seats_that_begin_at_one_sample_are_all_read_piece_by_piece_and_each_is_heard(
    client: TestClient, room: Courtroom
) -> None:
    clerk = bearer(room, "clerk")
    planned = [client.post("/api/v1/hearings", json=told(room, **at), headers=clerk).json() for at in (EARLIER, {})][1]
    ref, now = planned["ref"], room.locker.now
    seats = {}
    for seat in SEATS:
        said = [
            Utterance(from_sample=at, to_sample=at + 1, words=(Word(word=seat, from_sample=at, to_sample=at + 1),))
            for at in (0, 160)
        ]
        words = Words(seat=seat, from_sample=0, to_sample=RATE, rate=RATE, model="a" * 64, utterances=tuple(said))
        kept = room.blobs.put(words.model_dump_json().encode())
        seats[seat] = SeatSound(sound=room.blobs.put(f"sound of {seat}".encode()), words=kept, device="t", channel=1)
    segment = SegmentRecorded(hearing=ref, number=1, from_sample=0, to_sample=RATE, rate=RATE, at=now, seats=seats)
    room.tell(HearingOpened(hearing=ref, by="agenda", opened_at=now, rate=RATE), segment)
    transcript.take_in(room.store, room.blobs, lambda: now)
    path, read, after = f"/api/v1/hearings/{planned['id']}", list[tuple[int, str]](), ""
    while piece := client.get(f"{path}/words?limit=3{after}", headers=clerk).json():
        read += [(one["from_sample"], one["seat"]) for one in piece]
        after = f"&after={piece[-1]['id']}"
    assert len(read) == 2 * len(SEATS) and sorted(read) == sorted((at, seat) for at in (0, 160) for seat in SEATS)
    sound = client.get(f"{path}/sound/1/{SEATS[0]}", headers={**clerk, "range": "bytes=0-4"})
    assert (sound.status_code, sound.content, sound.headers["content-type"]) == (206, b"sound", "audio/flac")
    assert client.get(f"{path}/sound/1/{SEATS[0]}", headers=bearer(room, "it")).status_code == 403
    with room.store.read() as session:
        assert sorted(session.scalars(select(Access.what))) == ["listen", "read"]
    listed = client.get("/api/v1/hearings?case=1", headers=clerk).json()
    assert (listed[0]["ref"], len(listed)) == (ref, 2)
    assert client.get(f"/api/v1/hearings?after={planned['id']}", headers=clerk).json() == listed[1:]


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


def test_whoever_keeps_recordings_reads_who_had_them_a_piece_at_a_time(client: TestClient, room: Courtroom) -> None:
    planned = client.post("/api/v1/hearings", json=told(room), headers=bearer(room, "clerk")).json()
    path, keeper = f"/api/v1/hearings/{planned['id']}", bearer(room, "archivist")
    assert client.get(f"{path}/accesses", headers=keeper).json() == []
    for who in ("clerk", "judge"):
        client.get(f"{path}/words", headers=bearer(room, who))
    newest, oldest = client.get(f"{path}/accesses", headers=keeper).json()
    assert [newest["by"], oldest["by"]] == [room.actor("judge").ref, room.actor("clerk").ref]
    assert (newest["what"], newest["part"]) == ("read", "")
    assert client.get(f"{path}/accesses?after={newest['id']}", headers=keeper).json() == [oldest]
    assert client.get(f"{path}/accesses", headers=bearer(room, "clerk")).status_code == 403


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
    assert kept["basis"] != client.get(path, headers={**bearer(room, "clerk"), "Accept-Language": "en"}).json()["basis"]
    assert (kept["rule"], kept["hold"], kept["line"] is not None) == ("short", "再审在即", True)
