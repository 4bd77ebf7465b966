"""The REST API: who may, in which language a refusal comes, and the main job from a token to a proven chain."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from central.cases import api as cases_api
from central.custody import api as custody_api
from central.importing import api as importing_api
from central.people import api as people_api
from central.people.service import SYSTEM, find_person, hash_password, set_password
from central.web.session import COOKIE, FORM_HEADER
from central.wishes import api as wishes_api
from devices.box import WishTaken
from tests.central.programs import bearer, programs

from .locker import BOX, Locker

PASSWORD = "correct horse"


@pytest.fixture
def client(locker: Locker) -> Iterator[TestClient]:
    with programs(locker, people_api, cases_api, wishes_api, custody_api, importing_api) as client:
        yield client


def test_the_main_job_from_a_token_to_a_proven_chain(client: TestClient, locker: Locker) -> None:
    clerk = bearer(locker, "clerk")
    begun = client.post("/api/v1/deposits", json={"volume": "HS-0001", "cabinet": "A"}, headers=clerk).json()
    assert begun["state"] == "SCAN"
    move = client.post(f"/api/v1/moves/{begun['id']}/scan", json={"code": "HS-0001"}, headers=clerk).json()
    assert (move["state"], move["cell"]) == ("CMD", "A-01")
    wish = client.get(f"/api/v1/wishes/{move['wish']}", headers=clerk).json()
    assert (wish["state"], wish["gateway"], wish["body"]) == ("asked", BOX, {"cell": 1})
    locker.tell(WishTaken(wish="open_cell", cell=1), move["wish"])
    locker.opens(1, move["wish"])
    locker.shuts(1, move["wish"])
    move = client.get(f"/api/v1/moves/{move['id']}", headers=clerk).json()
    assert (move["state"], move["evidence"]) == ("COMMITTED", "door") and move["receipt"]
    standing = client.get("/api/v1/volumes/HS-0001", headers=clerk).json()
    assert (standing["state"], standing["cell"]) == ("STORED", "A-01")
    assert {step["event"] for step in standing["possible"] if step["allowed"]} == {"reserve", "hand_out"}
    (link,) = client.get("/api/v1/volumes/HS-0001/chain", headers=clerk).json()
    proof = {step["step"]: (step["gateway"], step["type"]) for step in link["proof"]}
    assert proof["shut"] == (BOX, "door_changed") and proof["committed"] == ("central", "volume_moved")
    cells = client.get("/api/v1/cabinets/A", headers=clerk).json()["cells"]
    assert [cell["state"] for cell in cells] == ["occupied", "free", "free", "free"]


def test_permits_reservations_checks_and_the_desk(client: TestClient, locker: Locker) -> None:
    clerk, archivist = bearer(locker, "clerk"), bearer(locker, "archivist")
    made = client.post("/api/v1/deposits", json={"volume": "HS-0001", "cabinet": "A", "scanned": True}, headers=clerk)
    locker.cycle(locker.move(made.json()["id"]))
    judge = locker.who("judge").ref
    due = {"due": "2026-12-24T10:00:00+08:00"}
    kept = client.post("/api/v1/reservations", json={"volume": "HS-0001", "holder": judge, **due}, headers=clerk)
    assert kept.json()["reserved_for"] == judge
    assert client.delete("/api/v1/reservations/HS-0001", headers=clerk).json()["state"] == "STORED"
    permit = client.post("/api/v1/permits", json={"volume": "HS-0001", "holder": judge}, headers=clerk).json()
    assert permit["svg"].startswith("<svg") and len(permit["pin"]) == 6
    shown = client.get(f"/api/v1/permits/{permit['id']}", headers=clerk).json()
    assert shown["state"] == "LIVE" and not {"token", "pin", "svg"} & set(shown)
    assert "仍可能开门" in client.delete(f"/api/v1/permits/{permit['id']}", headers=clerk).json()["message"]
    locker.opens(1, None)
    checked = {"volume": "HS-0001", "found": True, "reason": "卷宗在"}
    assert client.get("/api/v1/volumes/HS-0001", headers=clerk).json()["sides"] == ["TAMPER"]
    assert client.post("/api/v1/checks", json=checked, headers=archivist).json()["sides"] == []
    locker.shuts(1)
    out = client.post("/api/v1/hand-outs", json={"volume": "HS-0001"}, headers=clerk).json()
    locker.cycle(locker.move(out["id"]))
    closing = client.post("/api/v1/cases/1/steps", json={"to": "FILED"}, headers=clerk)
    assert closing.json()["state"] == "FILED"
    back = client.post("/api/v1/desk", json={"volume": "HS-0001", "event": "take_back"}, headers=archivist)
    assert back.json()["evidence"] == "person"


def test_a_refusal_comes_in_the_readers_language_with_a_code(client: TestClient, locker: Locker) -> None:
    clerk = bearer(locker, "clerk")
    answer = client.post("/api/v1/deposits", json={"volume": "HS-9999", "cabinet": "A"}, headers=clerk)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "unknown_barcode" and "HS-9999" in answer.json()["error"]["message"]


def test_a_token_carries_one_role_and_nobody_gets_in_without(client: TestClient, locker: Locker) -> None:
    assert client.get("/api/v1/cabinets").status_code == 401
    assert client.get("/api/v1/cabinets", headers={"authorization": "Bearer ct_no"}).status_code == 401
    doors = {"deposits": {"volume": "HS-0001", "cabinet": "A"}, "moves/1/scan": {"code": "HS-0001"},
             "hand-outs": {"volume": "HS-0001"}}  # fmt: skip
    for path, body in doors.items():
        assert client.post(f"/api/v1/{path}", json=body).status_code == 401
        stranger = client.post(f"/api/v1/{path}", json=body, headers={"authorization": "Bearer ct_no"})
        assert (stranger.status_code, stranger.json()["error"]["code"]) == (401, "not_signed_in")
    answer = client.get("/api/v1/people", headers=bearer(locker, "clerk"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_allowed")


@pytest.mark.parametrize("path", ["moves", "moves/1", "permits/x"])
def test_who_has_a_volume_is_nothing_for_who_only_keeps_the_lockers(
    client: TestClient, locker: Locker, path: str
) -> None:
    assert client.get("/api/v1/cabinets", headers=bearer(locker, "it")).status_code == 200
    assert client.get(f"/api/v1/{path}", headers=bearer(locker, "it")).status_code == 403


def test_a_session_writes_only_with_the_forms_word(client: TestClient, locker: Locker) -> None:
    from hashlib import sha256

    with locker.store.write() as session:
        clerk = find_person(session, locker.who("clerk").id)
        set_password(session, SYSTEM, clerk, hash_password(PASSWORD), locker.now)
    assert client.post("/api/v1/session", json={"login": "clerk", "password": PASSWORD}).status_code == 204
    assert client.get("/api/v1/me").json()["login"] == "clerk"
    body = {"volume": "HS-0001", "cabinet": "A"}
    assert client.post("/api/v1/deposits", json=body).status_code == 403
    word = sha256(b"form:" + client.cookies[COOKIE].encode()).hexdigest()[:32]
    assert client.post("/api/v1/deposits", json=body, headers={FORM_HEADER: word}).status_code == 201
    assert client.delete("/api/v1/session", headers={FORM_HEADER: word}).status_code == 204
    assert client.get("/api/v1/me").status_code == 401


def test_cases_people_and_tables_by_api(client: TestClient, locker: Locker) -> None:
    clerk, archivist = bearer(locker, "clerk"), bearer(locker, "archivist")
    told = {"number": "(2026)苏0206民初9号", "cause": "离婚纠纷", "parties": [{"part": "原告", "name": "沈某"}]}
    case = client.post("/api/v1/cases", json=told, headers=clerk).json()
    volume = client.post(f"/api/v1/cases/{case['id']}/volumes", json={"size": "L"}, headers=clerk).json()
    labelled = client.put(f"/api/v1/volumes/{volume['id']}/barcode", json={"barcode": "HS-0777"}, headers=clerk)
    assert labelled.json()["barcode"] == "HS-0777"
    assert [found["id"] for found in client.get("/api/v1/cases?q=沈某", headers=clerk).json()] == [case["id"]]
    csv = "案号,案由\n（2026）苏0206民初10号,赡养费纠纷\nx,y\n".encode("gb18030")
    head = archivist | {"content-type": "text/csv"}
    seen = client.post("/api/v1/imports/cases", content=csv, headers=head).json()
    assert (len(seen["changes"]), seen["problems"][0]["line"], seen["applied"]) == (1, 3, False)
    assert client.post("/api/v1/imports/cases?apply=true", content=csv, headers=head).status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code", "names"),
    [
        ("POST", "deposits", {"volume": "HS-0001"}, 422, "unreadable", "body.cabinet"),
        ("POST", "deposits", {"volume": 7, "cabinet": "A", "x": 1}, 422, "unreadable", "body.x"),
        ("GET", "cases?limit=500", None, 422, "unreadable", "query.limit"),
        ("GET", f"moves/{10**20}", None, 422, "value_too_large", "number"),
        ("GET", "nothing", None, 404, "http_404", "/openapi.json"),
        ("PUT", "deposits", {}, 405, "http_405", "/openapi.json"),
    ],
)
def test_a_request_that_cannot_be_understood_is_told_why(
    client: TestClient, locker: Locker, method: str, path: str, body: Any, status: int, code: str, names: str
) -> None:
    headers = {**bearer(locker, "clerk"), "accept-language": "en"}
    answer = client.request(method, f"/api/v1/{path}", json=body, headers=headers)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert names in error["message"] and error["message"].isascii()


def test_moves_are_listed_newest_first_and_a_volume_is_found_by_its_reference(
    client: TestClient, locker: Locker
) -> None:
    clerk = bearer(locker, "clerk")
    begun = client.post("/api/v1/deposits", json={"volume": "HS-0001", "cabinet": "A"}, headers=clerk).json()
    client.delete(f"/api/v1/moves/{begun['id']}", headers=clerk)
    ref = f"volume:{begun['volume']}"
    again = client.post("/api/v1/deposits", json={"volume": ref, "cabinet": "A"}, headers=clerk).json()
    listed = client.get("/api/v1/moves", headers=clerk).json()
    assert [move["id"] for move in listed] == [again["id"], begun["id"]]
    assert client.get(f"/api/v1/moves?after={again['id']}", headers=clerk).json() == listed[1:]
    assert client.get(f"/api/v1/volumes/{ref}", headers=clerk).json()["volume"]["barcode"] == "HS-0001"
    assert client.get("/api/v1/volumes/volume:99", headers=clerk).status_code == 404
