"""The same asked of many boxes at once: who was asked, who was not and why, and what became of each."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from central.fleet.tables import Device, Gateway
from central.ledger.tables import CENTRAL, LedgerLine
from central.store import Store
from central.wishes.tables import WishRow
from devices.box import GATEWAY, DiagnosticsKept, SelfTested, WishRefused
from devices.journal import read_line

from .desk import Desk, desk
from .locker import BOX, Locker


@pytest.fixture
def locker(store: Store, court_key: Ed25519PrivateKey, tmp_path: Path) -> Locker:
    """With a second gateway, which is lost."""
    made = Locker(store, court_key, tmp_path / "blobs")
    with store.write() as session:
        gateway = session.scalars(select(Gateway)).one()
        gateway.devices = [Device(name="wall-a", product="locks/kr_cu16"), Device(name="slip-a")]
        lost = Gateway(name="room-1", permit_secret=b"x", enrolled_at=made.now, presence="lost")
        lost.devices = [Device(name="mic-a")]
        session.add(lost)
    return made


@pytest.fixture
def at(locker: Locker) -> Iterator[Desk]:
    with desk(locker) as made:
        made.sign_in("it")
        made.open("/fleet/map?pick=1")
        yield made


def wishes(locker: Locker) -> dict[str, WishRow]:
    """Device (or gateway) -> the wish about it."""
    with locker.store.read() as session:
        rows = session.scalars(select(WishRow).where(WishRow.device == GATEWAY)).all()
        return {row.body.get("device", row.gateway): row for row in rows}


def told(shown: str) -> list[tuple[str, str]]:
    """(gateway/device, chip) of each row."""
    rows = re.findall(r'data-watch="([\w-]+/[\w-]*)"><span class="chip[^>]*><span[^>]*></span>([^<]+)', shown)
    return [(which, chip.strip()) for which, chip in rows]


def test_a_box_stands_for_its_devices_and_each_says_what_became_of_it(locker: Locker, at: Desk) -> None:
    at.send("/care", do="test", picked=[BOX, f"{BOX}/slip-a", "room-1", "nobody/mic-z"])
    assert re.fullmatch(r"/rounds/\d+", at.at())
    assert told(at.shown) == [
        ("nobody/mic-z", "被拒绝"), ("room-1/", "被拒绝"), (f"{BOX}/slip-a", "已请求"), (f"{BOX}/wall-a", "已请求"),
    ]  # fmt: skip
    assert "网关“room-1”不在线" in at.shown and "没有名为“nobody”的网关" in at.shown
    asked = wishes(locker)
    locker.tell(SelfTested(device="wall-a", ok=True), asked["wall-a"].jti, GATEWAY)
    locker.tell(WishRefused(why="device_busy", detail="slip-a works"), asked["slip-a"].jti, GATEWAY)
    page = at.at()
    assert dict(told(at.open(page)))[f"{BOX}/wall-a"] == "自检通过"
    with locker.store.read() as session:
        own = session.scalars(select(LedgerLine).where(LedgerLine.gateway == CENTRAL, LedgerLine.type == "wish_asked"))
        lines = [read_line(line.raw).body for line in own]
    assert {(line["wish"], line["body"]["device"], line["reason"]) for line in lines} == {
        ("restart_device", name, f"round:{page.rpartition('/')[2]}") for name in ("wall-a", "slip-a")
    }


def test_one_that_does_not_come_back_and_one_in_a_hearing_say_so(locker: Locker, at: Desk) -> None:
    at.send("/care", do="test", picked=[BOX])
    asked = wishes(locker)
    with locker.store.write() as session:
        for row in asked.values():
            session.get_one(WishRow, row.jti).sent_at = locker.now
    locker.tell(SelfTested(device="wall-a", ok=False), asked["wall-a"].jti, GATEWAY)
    locker.tell(WishRefused(why="device_busy", detail="slip-a works"), asked["slip-a"].jti, GATEWAY)
    assert told(at.open(at.at())) == [(f"{BOX}/slip-a", "被拒绝"), (f"{BOX}/wall-a", "自检没有通过")]
    assert "没有打断它" in at.shown and "请到现场查看" in at.shown


def test_diagnostics_of_a_box_are_asked_once_and_can_be_read(locker: Locker, at: Desk) -> None:
    at.send("/care", do="diagnostics", picked=[BOX, f"{BOX}/wall-a"])
    page, (wish,) = at.at(), wishes(locker).values()
    at.open(f"/wishes/{wish.jti}/diagnostics", 404)
    content = json.dumps({"version": "1.0"}).encode()
    locker.tell(DiagnosticsKept(sha256=locker.blobs.put(content)), wish.jti, GATEWAY)
    assert f"/wishes/{wish.jti}/diagnostics" in at.open(page)
    assert json.loads(at.open(f"/wishes/{wish.jti}/diagnostics")) == {"version": "1.0"}


def test_nothing_picked_too_much_picked_and_who_may_not_ask(locker: Locker, at: Desk) -> None:
    assert "还没有挑选" in at.send("/care", 422, do="test")
    at.open("/fleet/map")
    assert "一次最多请求" in at.send("/care", 422, do="diagnostics", picked=[f"box-{n}" for n in range(501)])
    at.open("/fleet/map")
    at.send("/care", 422, do="format", picked=[BOX])
    assert wishes(locker) == {}
    at.sign_in("clerk")
    assert 'name="picked"' not in at.open("/fleet/map?pick=1")
    at.send("/care", 403, do="test", picked=[BOX])


def test_the_picked_are_chosen_already_in_the_form_of_a_roll_out(at: Desk) -> None:
    at.send("/care", do="rollout", picked=["room-1/mic-a", "room-1"])
    assert at.at() == "/rollouts"
    assert re.findall(r'name="gateways" value="([\w-]+)" checked', at.shown) == ["room-1"]
    at.send("/rollouts", 422, title="", patch="prove_s: 5", gateways=["room-1"])
    assert re.findall(r'name="gateways" value="([\w-]+)" checked', at.shown) == ["room-1"]


def test_a_log_is_asked_for_by_level_and_time_and_the_ledger_says_who_asked(locker: Locker, at: Desk) -> None:
    at.send(f"/care/{BOX}/log", level="debug", seconds="120")
    (wish,) = wishes(locker).values()
    assert wish.body == {"level": "debug", "seconds": 120, "live": True}
    assert f"/wishes/{wish.jti}" in at.shown
    with locker.store.read() as session:
        asked = session.scalars(select(LedgerLine).where(LedgerLine.type == "wish_asked")).one()
    line = read_line(asked.raw).body
    assert (line["body"]["level"], line["actor"]) == ("debug", locker.who("it").ref)
    at.send(f"/care/{BOX}/log", 422, level="debug", seconds="301")
    at.open("/fleet/map")
    assert "不在线" in at.send("/care/room-1/log", 409)
    at.sign_in("clerk")
    at.open(f"/fleet/{BOX}")
    assert "/log" not in at.shown
    at.send(f"/care/{BOX}/log", 403)
    at.open(f"/care/{BOX}/log", 403)
