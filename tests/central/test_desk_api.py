"""What the IT desk does at its pages, done by programs: tickets, roll-outs, invitations."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from central.fleet import rollout_api, ticket_api
from central.fleet.service import find, find_device
from central.fleet.tables import Device, Gateway
from tests.central.programs import bearer, programs
from tests.central.test_software import bundle, taken_in

from .locker import BOX, Locker

URL = "https://court.example"


@pytest.fixture
def client(locker: Locker) -> Iterator[TestClient]:
    with programs(locker, ticket_api, rollout_api) as client:
        yield client


class Program:
    """A program with the token of one person."""

    def __init__(self, client: TestClient, locker: Locker, login: str) -> None:
        self.ref = locker.who(login).ref
        self._client, self._head = client, bearer(locker, login)

    def get(self, path: str, status: int = 200) -> Any:
        """What is told there."""
        answer = self._client.get(f"/api/v1/{path}", headers=self._head)
        assert answer.status_code == status, answer.text
        return answer.json()

    def post(self, path: str, status: int, **told: object) -> Any:
        """What comes of it; of a refusal its code."""
        return self.send("POST", path, status, told)

    def send(self, method: str, path: str, status: int, told: object = None) -> Any:
        """The same, by any method."""
        answer = self._client.request(method, f"/api/v1/{path}", json=told, headers=self._head)
        assert answer.status_code == status, answer.text
        if status == 204:
            return None
        return answer.json()["error"]["code"] if status >= 400 else answer.json()


@pytest.fixture
def it(client: TestClient, locker: Locker) -> Program:
    return Program(client, locker, "it")


@pytest.fixture
def clerk(client: TestClient, locker: Locker) -> Program:
    return Program(client, locker, "clerk")


def add_boxes(locker: Locker, count: int) -> None:
    with locker.store.write() as session:
        for n in range(count):
            session.add(
                Gateway(
                    name=f"box-{n}", permit_secret=b"", enrolled_at=locker.now, presence="ready",
                    floor="1F" if n else "2F", devices=[Device(name="wall-a", presence="back")],
                )
            )  # fmt: skip


def test_a_ticket_goes_its_way_and_is_verified_by_the_device_alone(locker: Locker, it: Program, clerk: Program) -> None:
    add_boxes(locker, 1)
    made = clerk.post("tickets", 201, title="卡纸", gateway="box-0", device="wall-a", severity="severe")
    assert (made["state"], made["onward"], made["steps"][0]["by"]) == ("REPORTED", ["TRIAGED", "CLOSED"], clerk.ref)
    way = f"tickets/{made['id']}/steps"
    assert clerk.post(way, 403, to="TRIAGED") == "not_allowed"
    assert it.post(way, 409, to="DONE") == "no_such_step"
    for to in ("TRIAGED", "ASSIGNED", "IN_PROGRESS", "DONE"):
        told = it.post(way, 200, to=to, note="换纸")
    assert (told["assigned_to"], told["steps"][-1]["note"]) == (it.ref, "换纸")
    assert it.post(way, 409, to="VERIFIED") == "not_verified"
    with locker.store.write() as session:
        device = find_device(session, "box-0", "wall-a")
        assert device is not None
        device.tested_at, device.tested_ok = locker.now, True
    for to in ("VERIFIED", "CLOSED"):
        told = it.post(way, 200, to=to)
    assert told["closed_at"] and told["onward"] == []
    assert it.get(f"tickets/{made['id']}") == told
    assert (it.get("tickets"), it.get("tickets?closed=1")) == ([], [told])
    assert it.post("tickets", 422, title="卡纸", gateway="none") == "no_such_gateway"
    assert it.get("tickets/99", 404)["error"]["code"] == "no_such_ticket"


def test_tickets_come_newest_first_in_pieces(it: Program) -> None:
    numbers = [it.post("tickets", 201, title=f"{n}", gateway=BOX)["id"] for n in range(5)]
    first = [row["id"] for row in it.get("tickets?limit=3")]
    assert first + [row["id"] for row in it.get(f"tickets?limit=3&after={first[-1]}")] == numbers[::-1]


def test_a_change_of_configurations_is_begun_paused_and_stopped(locker: Locker, it: Program, clerk: Program) -> None:
    add_boxes(locker, 3)
    asked = {"title": "慢一点", "patch": "prove_s: 5", "gateways": ["box-0"], "group": "floor:1F"}
    assert clerk.post("rollouts", 403, **asked) == "not_allowed"
    assert it.post("rollouts", 422, **{**asked, "patch": "prove_s: ["}) == "bad_config"
    assert it.post("rollouts", 404, **{**asked, "gateways": ["none"]}) == "no_such_gateway"
    assert it.post("rollouts", 422, title="慢一点", patch="prove_s: 5") == "nobody"
    made = it.post("rollouts", 201, **asked)
    assert (made["document"], made["state"], made["gateways"], made["kept"]) == ("config", "running", 3, 0)
    assert it.post("rollouts", 409, **asked) == "in_rollout"
    way = f"rollouts/{made['id']}"
    first, *others = it.get(f"{way}/gateways")
    assert {row["gateway"] for row in (first, *others)} == {"box-0", "box-1", "box-2"} and first["state"] == "waiting"
    assert it.get(f"{way}/gateways?after={first['id']}") == others
    assert clerk.post(f"{way}/steps", 403, to="paused") == "not_allowed"
    for to in ("paused", "running", "stopped"):
        assert it.post(f"{way}/steps", 200, to=to)["state"] == to
    assert it.post(f"{way}/steps", 409, to="running") == "rollout_ended"
    assert [row["state"] for row in it.get("rollouts")] == ["stopped"] and it.get(way)["state"] == "stopped"
    for seen in ("rollouts", way, f"{way}/gateways"):
        assert clerk.get(seen, 403)["error"]["code"] == "not_allowed"
    assert it.get("rollouts/99/gateways", 404)["error"]["code"] == "no_such_rollout"


def test_a_release_is_brought_to_gateways(locker: Locker, it: Program, clerk: Program, tmp_path: Path) -> None:
    taken_in(locker, bundle(tmp_path, "0.2.0"))
    assert clerk.post("rollouts/software", 403, release="0.2.0", group="all") == "not_allowed"
    assert it.post("rollouts/software", 404, release="0.3.0", group="all") == "no_release"
    assert it.post("rollouts/files", 404, files=9, group="all") == "no_such_files"
    made = it.post("rollouts/software", 201, release="0.2.0", group="all")
    assert (made["title"], made["document"], made["gateways"]) == ("0.2.0", "software", 1)


def test_a_box_is_invited_once_and_the_list_keeps_the_token_to_itself(
    locker: Locker, it: Program, clerk: Program
) -> None:
    assert clerk.post("invitations", 403, gateway="box-9") == "not_allowed"
    assert it.post("invitations", 422, gateway="Box 9") == "bad_name"
    assert it.post("invitations", 409, gateway=BOX) == "in_use"
    assert it.post("invitations", 404, gateway="box-9", like="none") == "no_such_gateway"
    made = it.post("invitations", 201, gateway="box-9", like=BOX)
    assert made["url"] == URL and made["token"].endswith("." + ("ab" * 16))
    again = it.post("invitations", 201, gateway=BOX, replaces=True)
    newest, first = it.get("invitations")
    assert (newest["gateway"], newest["replaces"], first["gateway"], first["used_at"]) == (BOX, True, "box-9", None)
    assert it.get(f"invitations?after={newest['id']}") == [first]
    secrets = [made["token"].partition(".")[0], again["token"].partition(".")[0]]
    assert not any(secret in str(it.get("invitations")) for secret in secrets)
    assert clerk.get("invitations", 403)["error"]["code"] == "not_allowed"
    with locker.store.read() as session:
        assert find(session, "box-9") is None
