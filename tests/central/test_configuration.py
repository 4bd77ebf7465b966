"""Configurations as central edits them: checked by what the gateway brings, versioned, compared, rolled out."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from central.alarms import open_alarms
from central.fleet import configuration, documents, rollout, service
from central.fleet.projector import FleetProjector
from central.fleet.tables import Device, Gateway, Rollout
from central.ledger.accept import Ledger
from central.store import Store
from central.web.refused import Refused
from devices.box import GATEWAY, ConfigKept, ConfigRefused, ConfigTried, DeviceGone, Started
from devices.messages import Fact
from gateway.catalogue_blob import catalogue_blob

from .box import Box
from .desk import Desk
from .locker import BOX, COURT, Locker

GOOD = "devices:\n  wall-a: {driver: locks/kr_cu16, port: /dev/ttyS1, cells: 12}\n"
CATALOGUE = json.loads(catalogue_blob())


@pytest.fixture
def locker(store: Store, court_key: Ed25519PrivateKey, tmp_path: Path) -> Locker:
    made = Locker(store, court_key, tmp_path / "blobs")
    made.blobs.put(catalogue_blob())
    return made


class Told:
    """A box that tells central of itself."""

    def __init__(self, locker: Locker, name: str) -> None:
        self.locker, self.box = locker, Box(name)
        self.sent = 0
        with locker.store.write() as session:
            gateway = service.find(session, name)
            if gateway is None:
                gateway = Gateway(name=name, permit_secret=b"x" * 32, enrolled_at=locker.now)
                session.add(gateway)

    def tell(self, *facts: Fact) -> None:
        for fact in facts:
            self.box.write(fact, GATEWAY)
        with self.locker.store.write() as session:
            ledger = Ledger(COURT, [FleetProjector()])
            ledger.accept(session, self.box.sender, *self.box.batch(self.sent + 1))
        self.sent = len(self.box.raws)

    def start(self, text: str = GOOD) -> "Told":
        blob = self.locker.blobs.put(("gateway: x\ncourt: y\ndata: z\n" + text).encode())
        sha256 = self.locker.blobs.put(catalogue_blob())
        devices = {"wall-a": "locks/kr_cu16"}
        self.tell(Started(version="1", catalogue=sha256, configuration=blob, devices=devices))
        return self

    def wanted(self) -> int:
        with self.locker.store.read() as session:
            gateway = service.find(session, self.box.name)
            assert gateway is not None
            document = documents.current(session, gateway, "config")
            return document.version if document else 0


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (GOOD.replace("cells", "cels"), 2, "没有“cels”这个设置，是不是“cells”？"),
        (GOOD.replace("12", "many"), 2, "应为整数，现在是 many。"),
        (GOOD.replace("12", "999"), 2, "太大"),
        (GOOD.replace("kr_cu16", "kr_cu15"), 2, "是不是“locks/kr_cu16”？"),
        (GOOD.replace("port: /dev/ttyS1, ", ""), 2, "缺少“port”。"),
        ("devices:\n  wall-a: {cells: 12}\n", 2, "缺少“driver”。"),
        (GOOD + "stations:\n  loker: {}\n", 4, "是不是“locker”？"),
        ("devices:\n  wall-a: [\n", 3, "不是 YAML"),
        ("just words", 1, "请写“devices:”"),
        ("devices:\n  wall-a: {driver: [locks], port: /dev/ttyS1}\n", 2, "没有“['locks']”这个驱动"),
        ("devices: &all\n  wall-a: *all\n", 2, "不能用“*”引用"),
        (GOOD + GOOD.partition("\n")[2], 3, "“wall-a”写了两次，第一次在第 2 行"),
        (GOOD.replace("12", "12, cells: 11"), 2, "“cells”写了两次"),
        (GOOD.replace("wall-a", "Wall A"), 2, "设备不能叫“Wall A”"),
        (GOOD.replace("/dev/ttyS1", "COM3"), 2, "“COM3”写得不对："),
        ("gateway: other\n" + GOOD, 1, "“gateway”只由网关本机的文件决定"),
        ("devices:\n  wall-a:\n    baud: 1\n    cells 12\n    gap_s: 1\n", 4, "缺少英文冒号"),
        ("devices:\n  wall-a:\n    driver: 'locks\n    baud: 1\n", 3, "引号没有写完"),
        ("devices:\n\twall-a: {}\n", 2, "制表符"),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_what_to_write(text: str, line: int, said: str) -> None:
    first = configuration.check(text, CATALOGUE)[0]
    assert said in str(first.said) and first.line == line
    assert configuration.check(GOOD, CATALOGUE) == []


def test_a_patch_joins_takes_away_and_replaces() -> None:
    assert configuration.merged({"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"b": None, "e": 3}, "d": [2]}) == {
        "a": {"c": 2, "e": 3},
        "d": [2],
    }


def test_what_a_box_reports_is_what_is_edited_until_central_has_said_another(locker: Locker) -> None:
    told = Told(locker, "room-1").start()
    with locker.store.write() as session:
        gateway = service.find(session, "room-1")
        assert gateway is not None
        assert configuration.values(configuration.text_of(session, locker.blobs, gateway)) == configuration.values(GOOD)
        made = configuration.publish(session, locker.blobs, gateway, GOOD + "stations: {}\n", locker.now, actor="p:1")
        with pytest.raises(Refused):
            configuration.publish(session, locker.blobs, gateway, GOOD.replace("cells", "cels"), locker.now)
    told.tell(ConfigTried(version=made.version))
    told.box.write(DeviceGone(why="no such port"), "slip-b")
    kept = {"wall-a": "locks/kr_cu16"}
    told.tell(ConfigRefused(version=made.version, why="not back: slip-b", devices=kept))
    with locker.store.read() as session:
        (alarm,) = open_alarms(session)
        assert (alarm.kind, alarm.subject) == ("config_refused", "room-1")
    told.tell(ConfigKept(version=made.version, devices={"reader-a": "readers/serial_barcode"}))
    with locker.store.read() as session:
        gateway = service.find(session, "room-1")
        assert gateway is not None and gateway.configuration == made.sha256
        assert [device.name for device in gateway.devices_now] == ["reader-a"]
        assert session.scalars(select(Device.removed_at).where(Device.name == "wall-a")).one() is not None
        assert not open_alarms(session)


def test_what_a_box_gave_back_is_not_edited_on_nor_rolled_out_and_may_be_tried_again(locker: Locker) -> None:
    told = Told(locker, "room-1").start()
    broken = GOOD + "  slip-b: {driver: printers/escpos, port: 'tcp://192.0.2.7:9100'}\n"
    with locker.store.write() as session:
        gateway = service.find(session, "room-1")
        assert gateway is not None
        first = configuration.publish(session, locker.blobs, gateway, broken, locker.now).version
    told.tell(ConfigRefused(version=first, why="not back: slip-b"))
    with locker.store.write() as session:
        gateway = service.find(session, "room-1")
        assert gateway is not None
        assert "slip-b" not in configuration.text_of(session, locker.blobs, gateway)
        made = rollout.make(session, "slower", "prove_s: 90\n", [gateway], locker.now, actor="p:1")
        rollout.step(session, locker.blobs, made, locker.now)
        assert "slip-b" not in configuration.text_of(session, locker.blobs, gateway)
        rollout.go_on(session, made, "stopped", actor="p:1")
        configuration.publish(session, locker.blobs, gateway, broken, locker.now)
    told.tell(ConfigRefused(version=told.wanted(), why="not back: slip-b"))
    before = told.wanted()
    with locker.store.write() as session:
        gateway = service.find(session, "room-1")
        assert gateway is not None
        again = configuration.publish(session, locker.blobs, gateway, broken, locker.now)
        assert again.version > before and again.state == ""


def test_a_box_in_safe_mode_is_an_alarm_until_it_starts_in_earnest(locker: Locker) -> None:
    told = Told(locker, "room-1").start()
    told.tell(Started(version="1", catalogue="c" * 64, safe=True))
    with locker.store.read() as session:
        assert [alarm.kind for alarm in open_alarms(session)] == ["safe_mode"]
        gateway = service.find(session, "room-1")
        assert gateway is not None and [device.name for device in gateway.devices_now] == ["wall-a"]
    told.start()
    with locker.store.read() as session:
        assert not open_alarms(session)


def test_a_roll_out_goes_from_one_to_a_tenth_to_all_and_stops_at_the_first_that_refuses(locker: Locker) -> None:
    boxes = [Told(locker, f"room-{n:02}").start() for n in range(20)]
    patch = "devices: {wall-a: {poll_s: 0.5}}"
    with locker.store.write() as session:
        gateways = [*session.scalars(select(Gateway).where(Gateway.name.startswith("room-")).order_by(Gateway.name))]
        made = rollout.make(session, "slower", patch, gateways, locker.now, actor="person:1")

    def step() -> list[Told]:
        with locker.store.write() as session:
            rollout.sweep_with(locker.blobs)(session, locker.now)
        return [box for box in boxes if box.wanted()]

    assert step() == boxes[:1]
    assert step() == boxes[:1]
    boxes[0].tell(ConfigKept(version=boxes[0].wanted(), devices={}))
    assert step() == boxes[:2]
    boxes[1].tell(ConfigRefused(version=boxes[1].wanted(), why="not back: wall-a"))
    assert step() == boxes[:2]
    with locker.store.write() as session:
        stopped = session.get_one(Rollout, made.id)
        assert (stopped.state, stopped.why) == ("paused", "room-01: not back: wall-a")
        rollout.go_on(session, stopped, "running", actor="person:1")
    assert step() == boxes
    for box in boxes[2:-1]:
        box.tell(ConfigKept(version=box.wanted(), devices={}))
    locker.now += timedelta(minutes=16)
    step()
    with locker.store.read() as session:
        told = session.get_one(Rollout, made.id)
        assert told.state == "paused" and told.boxes[-1].state == "late"
        assert told.why == told.boxes[-1].gateway.name, "what says nothing gives no reason"


def test_a_wave_of_many_goes_out_in_parts_and_no_further_part_once_one_refused(
    locker: Locker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout, "AT_ONCE", 3)
    boxes = [Told(locker, f"room-{n:02}").start() for n in range(20)]
    with locker.store.write() as session:
        gateways = [*session.scalars(select(Gateway).where(Gateway.name.startswith("room-")).order_by(Gateway.name))]
        rollout.make(session, "slower", "devices: {wall-a: {poll_s: 0.5}}", gateways, locker.now, actor="person:1")

    def step() -> int:
        with locker.store.write() as session:
            rollout.sweep_with(locker.blobs)(session, locker.now)
        return sum(box.wanted() > 0 for box in boxes)

    for sent in (1, 2):
        assert step() == sent
        boxes[sent - 1].tell(ConfigKept(version=boxes[sent - 1].wanted(), devices={}))
    assert (step(), step()) == (5, 8)
    boxes[3].tell(ConfigRefused(version=boxes[3].wanted(), why="not back: wall-a"))
    assert (step(), step()) == (8, 8)


def test_a_roll_out_that_would_break_one_box_reaches_none(locker: Locker) -> None:
    Told(locker, "room-1").start()
    with locker.store.read() as session, pytest.raises(Refused, match="room-1"):
        gateways = [service.find(session, "room-1")]
        rollout.check(session, locker.blobs, "devices: {wall-a: {cells: no}}", gateways)  # type: ignore[arg-type]


def test_a_change_pressed_twice_is_one_roll_out(locker: Locker) -> None:
    patch = "devices: {wall-a: {poll_s: 0.5}}"
    with locker.store.write() as session:
        gateways = [*session.scalars(select(Gateway))]
        rollout.make(session, "slower", patch, gateways, locker.now, actor="person:1")
    with pytest.raises(Refused, match=BOX), locker.store.write() as session:
        rollout.make(session, "slower", patch, gateways, locker.now, actor="person:1")


def test_a_configuration_is_edited_by_form_and_text_and_published(at: Desk, locker: Locker) -> None:
    told = Told(locker, BOX).start()
    at.sign_in("it")
    shown = at.open(f"/config/{BOX}")
    assert "与现行配置没有差别" in shown and "locks/kr_cu16" in shown
    form = {"device": "wall-a", "driver": "locks/kr_cu16", "do": "save", "text": GOOD}
    shown = at.send(f"/config/{BOX}/form", **form, **{"s.port": "/dev/ttyS1", "s.cells": "16"})
    assert "cells: 16" in shown and 'class="plus"' in shown
    assert "没有“cels”这个设置" in at.send(f"/config/{BOX}", 422, text=GOOD.replace("cells", "cels"))
    assert told.wanted() == 0
    assert "还没有取走" in at.send(f"/config/{BOX}", text=GOOD.replace("12", "16"))
    told.tell(ConfigRefused(version=told.wanted(), why="not back within 60 s: wall-a"))
    assert "not back within 60 s: wall-a" in at.open(f"/config/{BOX}")
    checked = at.send(f"/config/{BOX}/check", text="devices: [\n")
    assert "不是 YAML" in checked and "<html" not in checked
    at.open("/rollouts")
    at.send("/rollouts", title="slower", patch="devices: {wall-a: {poll_s: 0.5}}", gateways=[BOX])
    assert "推送中" in at.shown
    at.send(f"{at.at()}/stopped")
    assert "已停止" in at.shown and "已跳过" in at.shown and "排队中" not in at.shown
    at.open(f"/fleet/{BOX}")
    assert "三楼" in at.send(f"/fleet/{BOX}/place", floor="三楼", room="第一法庭", tags="刑庭 试点")


def test_a_form_and_a_roll_out_keep_what_was_written_beside_the_settings(at: Desk, locker: Locker) -> None:
    told = Told(locker, BOX)
    told.start()
    at.sign_in("it")
    at.open(f"/config/{BOX}")
    noted = f"# 七号格接反\n{GOOD}"
    form = {"device": "wall-a", "driver": "locks/kr_cu16", "do": "save", "text": noted.replace("\n", "\r\n")}
    shown = at.send(f"/config/{BOX}/form", **form, **{"s.port": "/dev/ttyS1", "s.cells": "16"})
    assert "# 七号格接反" in shown and "cells: 16" in shown
    at.send(f"/config/{BOX}", text=noted)
    told.tell(ConfigKept(version=told.wanted()))
    at.open("/rollouts")
    at.send("/rollouts", title="slower", patch="devices: {wall-a: {poll_s: 0.5}}", gateways=[BOX])
    with locker.store.write() as session:
        rollout.sweep_with(locker.blobs)(session, locker.now)
    assert "# 七号格接反" in at.open(f"/config/{BOX}") and "poll_s: 0.5" in at.shown


def test_what_two_people_write_at_once_is_not_lost_unseen(at: Desk, locker: Locker) -> None:
    Told(locker, BOX).start()
    at.sign_in("it")
    base = re.findall(r'name="base" value="(\d+)"', at.open(f"/config/{BOX}"))[0]
    at.send(f"/config/{BOX}", text=GOOD.replace("12", "11"), base=base)
    shown = at.send(f"/config/{BOX}", 409, text=GOOD.replace("12", "10"), base=base)
    assert "又被发布过一次" in shown and "cells: 10" in shown and "cells: 11" in shown
    now = re.findall(r'name="base" value="(\d+)"', shown)[0]
    assert "还没有取走" in at.send(f"/config/{BOX}", text=GOOD.replace("12", "10"), base=now)


def test_a_device_is_not_added_over_one_that_is_there(at: Desk, locker: Locker) -> None:
    Told(locker, BOX).start()
    at.sign_in("it")
    at.open(f"/config/{BOX}")
    form = {"device": "wall-a", "driver": "printers/escpos", "do": "add", "text": GOOD, "s.port": "/dev/ttyS9"}
    shown = at.send(f"/config/{BOX}/form", 422, **form)
    assert "已经有名为“wall-a”的设备" in shown and "/dev/ttyS9" not in shown
