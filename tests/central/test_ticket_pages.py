"""Tickets as a person works them: nothing typed is lost, who did what is seen, the device's own test is near."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from central.alarms import AlarmKind, raise_alarm
from central.fleet import tickets
from central.fleet.tables import Device, Gateway
from central.store import Store

from .desk import Desk
from .locker import BOX, WALL, Locker


@pytest.fixture
def locker(store: Store, court_key: Ed25519PrivateKey, tmp_path: Path) -> Locker:
    made = Locker(store, court_key, tmp_path / "blobs")
    with store.write() as session:
        gateway = session.scalars(select(Gateway).where(Gateway.name == BOX)).one()
        gateway.presence = "ready"
        device = session.scalars(select(Device).where(Device.name == WALL)).one_or_none()
        device = device or Device(gateway_id=gateway.id, name=WALL, product="locks/kr_cu16")
        device.description = {"properties": {"cell-1": {"name": "Cell 1", "datatype": "enum", "format": "open,shut"}}}
        device.states, device.presence = {"cell-1": "shut"}, "back"
        session.add(device)
    return made


def test_what_is_not_there_is_named_and_the_report_is_kept(at: Desk, locker: Locker) -> None:
    at.sign_in("it")
    at.open(f"/tickets?about={BOX}/{WALL}")
    shown = at.send("/tickets", 422, title="门锁不动", about=f"{BOX}/wall-z", severity="severe")
    assert f"网关 {BOX} 上没有名为“wall-z”的设备" in shown
    assert 'value="门锁不动"' in shown and '<option value="severe" selected' in shown
    assert "没有名为“nix”的网关" in at.send("/tickets", 422, title="门锁不动", about="nix")


def test_a_ticket_says_who_did_what_and_is_verified_by_the_device_one_press_away(at: Desk, locker: Locker) -> None:
    at.sign_in("it")
    at.open("/tickets")
    at.send("/tickets", title="门锁不动", about=f"{BOX}/{WALL}")
    for to, note in (("TRIAGED", ""), ("ASSIGNED", "下午去看"), ("IN_PROGRESS", ""), ("DONE", "换了电源")):
        at.send(f"/tickets/1/{to}", note=note)
    assert "由 " in at.shown and "下午去看" in at.shown and "换了电源" in at.shown
    assert f'action="/care/{BOX}"' in at.shown and "重启并自检" in at.shown
    at.send("/tickets/1/VERIFIED", 409)
    with locker.store.write() as session:
        device = session.scalars(select(Device).where(Device.name == WALL)).one()
        device.tested_at, device.tested_ok = locker.now + timedelta(seconds=1), True
    at.open("/tickets")
    assert "已验证" in at.send("/tickets/1/VERIFIED")
    assert "没有工单" in at.send("/tickets/1/CLOSED")


def test_the_page_of_a_box_and_of_a_device_shows_what_is_open_and_that_its_states_are_old(
    at: Desk, locker: Locker
) -> None:
    at.sign_in("it")
    assert "最后报告的状态" not in at.open(f"/fleet/{BOX}/{WALL}")
    with locker.store.write() as session:
        session.scalars(select(Device).where(Device.name == WALL)).one().presence = "gone"
        raise_alarm(session, AlarmKind.DEVICE_GONE, f"{BOX}/{WALL}", why="it hung up")
        raise_alarm(session, AlarmKind.DEVICE_GONE, f"{BOX}-2/{WALL}", why="another box")
        tickets.report(session, "门锁不动", BOX, WALL, locker.now)
    for path in (f"/fleet/{BOX}", f"/fleet/{BOX}/{WALL}"):
        shown = at.open(path)
        assert "it hung up" in shown and "another box" not in shown and "门锁不动" in shown
        assert f"/tickets?about={path.removeprefix('/fleet/')}" in shown
    assert "最后报告的状态" in shown


def test_who_may_see_no_cases_searches_the_fleet(at: Desk, locker: Locker) -> None:
    at.sign_in("it")
    assert 'class="search" action="/fleet/map"' in at.open("/fleet")
    assert BOX in at.open(f"/fleet/map?q={BOX}")
    at.send("/sign-out")
    at.sign_in("clerk")
    assert 'class="search" action="/find"' in at.open("/")
