"""Passwords of devices stand in configurations: whoever may not change gateways sees none, on pages and by REST."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from central.fleet import config_api, configuration, rollout, rollout_api
from central.fleet.service import gateway_of
from central.people.roles import ROLES
from central.people.service import SYSTEM, add_person
from central.store import Store
from central.wishes import rounds
from central.wishes.tables import WishRow
from devices.box import GATEWAY, DiagnosticsKept

from .desk import Desk
from .locker import BOX, Locker
from .programs import bearer, programs

SECRET = "opens-the-camera"
TEXT = f"devices:\n  eye-a: {{driver: cameras/ffmpeg_picture, port: 'rtsp://court:{SECRET}@192.0.2.7/1'}}\n"
PATCH = f"devices: {{eye-a: {{port: 'rtsp://court:{SECRET}@192.0.2.8/1'}}}}"
PAGES = (f"/config/{BOX}", f"/config/{BOX}?version=1", "/rollouts", "/rollouts/1")
ROUTES = (f"gateways/{BOX}/configuration", "rollouts", "rollouts/1", "rollouts/1/gateways")


@pytest.fixture
def locker(store: Store, court_key: Ed25519PrivateKey, tmp_path: Path) -> Locker:
    """A court of every role, with a password in two versions of a configuration and in a roll-out."""
    made = Locker(store, court_key, tmp_path / "blobs")
    with store.write() as session:
        add_person(session, SYSTEM, "admin", "周管理", ["admin"], "", made.now)
        box, whose = gateway_of(session, BOX), "person:1"
        for text in (TEXT, TEXT.replace("192.0.2.7", "192.0.2.9")):
            configuration.publish(session, made.blobs, box, text, made.now, actor=whose)
        rollout.make(session, "another camera", PATCH, [box], made.now, actor=whose)
    return made


@pytest.mark.parametrize("role", sorted(ROLES.keys() - {"it"}))
def test_whoever_may_not_change_gateways_sees_no_configuration(locker: Locker, at: Desk, role: str) -> None:
    at.sign_in(role)
    for page in PAGES:
        assert SECRET not in at.open(page, 403)
    shown = at.open(f"/fleet/{BOX}")
    assert "/config/" not in shown and SECRET not in shown
    assert "/rollouts" not in at.open("/fleet") and "/rollouts" not in at.open("/fleet/map")
    assert SECRET not in at.send(f"/config/{BOX}/check", 403, text="devices: {}")
    assert SECRET not in at.send(f"/config/{BOX}/form", 403, device="eye-a", do="remove", text=TEXT)
    with programs(locker, config_api, rollout_api) as client:
        for route in ROUTES:
            answer = client.get(f"/api/v1/{route}", headers=bearer(locker, role))
            assert (answer.status_code, SECRET in answer.text) == (403, False), route


def test_whoever_may_change_gateways_sees_them_whole(locker: Locker, at: Desk) -> None:
    at.sign_in("it")
    assert all(SECRET in at.open(page) for page in PAGES if page != "/rollouts")
    assert f"/config/{BOX}" in at.open(f"/fleet/{BOX}") and "/rollouts" in at.open("/fleet")
    assert 'class="minus">- ' in at.send(f"/config/{BOX}/check", text="devices: {}") and SECRET in at.shown
    with programs(locker, config_api, rollout_api) as client:
        told = [client.get(f"/api/v1/{route}", headers=bearer(locker, "it")).json() for route in ROUTES]
    assert SECRET in told[0]["text"] and SECRET in told[2]["patch"]


def test_the_log_in_a_box_s_diagnostics_is_for_whoever_may_change_it(locker: Locker, at: Desk) -> None:
    with locker.store.write() as session:
        rounds.begin(session, "diagnostics", [BOX], locker.now, actor=locker.who("it").ref)
    with locker.store.read() as session:
        jti = session.scalars(select(WishRow.jti)).one()
    content = json.dumps({"log": [f"WARNING gateway: {SECRET}"]}).encode()
    locker.tell(DiagnosticsKept(sha256=locker.blobs.put(content)), jti, GATEWAY)
    at.sign_in("clerk")
    assert "/diagnostics" not in at.open(f"/wishes/{jti}")
    assert SECRET not in at.open(f"/wishes/{jti}/diagnostics", 403)
    at.sign_in("it")
    assert SECRET in at.open(f"/wishes/{jti}/diagnostics")
