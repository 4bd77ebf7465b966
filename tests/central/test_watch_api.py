"""The fleet read by programs, as docs/api.md says, its client word for word."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from central.alarms import AlarmKind, raise_alarm
from central.fleet import watch_api
from central.fleet.tables import Device, Gateway
from tests.central.programs import bearer, programs, token
from tests.kit.http import Answer, Request, serving

from .locker import BOX, Locker

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
MANY = 205


@pytest.fixture
def client(locker: Locker) -> Iterator[TestClient]:
    with programs(locker, watch_api) as client:
        yield client


def furnish(locker: Locker) -> None:
    """More gateways than a piece has, one of them away, a device that is gone, and two alarms."""
    with locker.store.write() as session:
        for n in range(MANY):
            kept = Gateway(name=f"box-{n:03}", permit_secret=b"", enrolled_at=locker.now, presence="ready")
            session.add(kept)
        kept.presence, kept.last_seen = "lost", locker.now - timedelta(hours=1)
        kept.devices.append(Device(name="wall-z", product="locks/cu48", presence="gone", states={"cell-1": "shut"}))
        for subject in (f"{BOX}/wall-a/1", f"{BOX}/wall-a/2"):
            raise_alarm(session, AlarmKind.DOOR_UNASKED, subject, at=locker.now)


def test_gateways_come_in_pieces_with_their_devices(client: TestClient, locker: Locker) -> None:
    furnish(locker)
    it = bearer(locker, "it")
    names, after = list[str](), ""
    while piece := client.get("/api/v1/gateways", params={"limit": 100, "after": after}, headers=it).json():
        names += [row["name"] for row in piece]
        after = names[-1]
    assert names == sorted({*names, BOX}) and len(names) == MANY + 1
    last = client.get(f"/api/v1/gateways/box-{MANY - 1}", headers=it).json()
    assert (last["presence"], last["state"], last["last_seen"][-1]) == ("lost", "active", "Z")
    assert last["devices"] == [
        {"name": "wall-z", "product": "locks/cu48", "presence": "gone", "states": {"cell-1": "shut"}}
    ]
    none = client.get("/api/v1/gateways/none", headers={**it, "accept-language": "en"})
    assert (none.status_code, none.json()["error"]["code"]) == (404, "no_such_gateway")
    assert client.get("/api/v1/gateways?limit=201", headers=it).status_code == 422


def test_alarms_come_newest_first_and_not_to_strangers(client: TestClient, locker: Locker) -> None:
    furnish(locker)
    it = bearer(locker, "it")
    first, second = client.get("/api/v1/alarms", headers=it).json()
    assert first["id"] > second["id"] and first["subject"] == f"{BOX}/wall-a/2" and first["state"] == "raised"
    assert client.get(f"/api/v1/alarms?after={first['id']}", headers=it).json() == [second]
    assert client.get("/api/v1/alarms").status_code == 401


def test_the_client_of_the_docs_finds_what_is_wrong(client: TestClient, locker: Locker, tmp_path: Path) -> None:
    furnish(locker)
    ((file, text),) = re.findall(r"```python file=(\S+)\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    (tmp_path / file).write_text(text, "utf-8")

    def door(request: Request) -> Answer:
        told = client.get(request.path, headers={"authorization": request.headers["authorization"]})
        return Answer(told.status_code, told.content)

    with serving(door) as url:
        env = {**os.environ, "COURT": url, "TOKEN": token(locker, "it")}
        ran = subprocess.run([sys.executable, file], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    away, gone, *alarms = ran.stdout.splitlines()
    assert away.startswith(f"box-{MANY - 1} is away since ")
    assert gone == f"box-{MANY - 1}/wall-z is gone"
    assert len(alarms) == 2


def test_what_the_description_says_of_refusals_is_what_comes(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    for path, methods in described["paths"].items():
        assert {"200", "4XX", "5XX"} == methods["get"]["responses"].keys(), path
        assert methods["get"]["security"] == [{"HTTPBearer": []}], path
    refused = client.get("/api/v1/gateways", headers={"authorization": "Bearer ct_nobody"}).json()
    shape = described["components"]["schemas"]
    assert shape["ErrorAnswer"]["properties"].keys() == refused.keys()
    assert shape["Error"]["properties"].keys() == refused["error"].keys()
