"""What the alarm desk refuses and what it keeps: a flood, who is still away, and rules and shifts that cannot be."""

import re
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, select

from central import migrations
from central.alarms import AlarmKind, open_alarms, raise_alarm
from central.fleet import notify, service
from central.fleet.alarm_tables import AlarmRule, Contact
from central.fleet.presence import Presence
from central.fleet.tables import Gateway
from central.ledger.tables import CENTRAL, LedgerLine
from central.people import service as people
from central.store import Store
from central.web.states import RULE_NAMES
from devices.journal import read_line

from .desk import Desk, messages
from .locker import BOX, WALL, Locker
from .test_alarm_desk import alarms, beats, lose, rule


@pytest.fixture
def locker(store: Store, court_key: Ed25519PrivateKey, tmp_path: Path) -> Locker:
    """Without the rules a court begins with."""
    with store.write() as session:
        session.execute(delete(AlarmRule))
    return Locker(store, court_key, tmp_path / "blobs")


def test_what_is_still_away_is_not_cleared_by_a_word_so_that_availability_stays_true(at: Desk, locker: Locker) -> None:
    lose(locker, BOX)
    with locker.store.write() as session:
        session.scalars(select(Gateway)).one().presence = "lost"
    at.sign_in("it")
    assert "已处理，解除告警" not in at.open("/alarms")
    assert "它还没有恢复" in at.send("/alarms/1/clear", 409)
    with locker.store.write() as session:
        session.scalars(select(Gateway)).one().presence = "ready"
    assert "已处理，解除告警" in at.open("/alarms")
    assert "没有告警" in at.send("/alarms/1/clear")


def test_nobody_misses_a_box_that_was_revoked(locker: Locker) -> None:
    lose(locker, BOX, f"{BOX}-2")
    with locker.store.write() as session:
        raise_alarm(session, AlarmKind.DEVICE_GONE, f"{BOX}/{WALL}")
        gateway = session.scalars(select(Gateway)).one()
        gateway.presence = "ready"
        service.set_state(session, gateway, "revoked", locker.now, actor="person:1")
    presence = Presence(locker.store, lambda: locker.now)
    presence.homie(BOX, "$state", b"lost")
    presence.write(*presence.take())
    assert alarms(locker) == [("gateway_lost", f"{BOX}-2")]


def test_a_flood_of_light_alarms_hides_no_severe_one_nor_keeps_its_call_waiting(at: Desk, locker: Locker) -> None:
    with locker.store.write() as session:
        raise_alarm(session, AlarmKind.FORGED_WISHES, BOX, at=locker.now - timedelta(hours=1), count=1)
        for number in range(230):
            raise_alarm(session, AlarmKind.DEVICE_GONE, f"room-{number}/mic", at=locker.now - timedelta(minutes=30))
        session.add(Contact(name="孙工", url="json://localhost", least="warning", after_min=0))
    at.sign_in("it")
    shown = at.open("/alarms")
    assert shown.index("网关收到冒充本院的请求") < shown.index("设备失联") and "还有 31 件没有列出" in shown
    assert "网关收到冒充本院的请求" in at.open("/fleet")
    with locker.store.write() as session:
        calls = notify.due(session, locker.now, messages(locker))
        assert "网关收到冒充本院的请求" in calls[0].title and len(calls) == notify.A_ROUND


def test_what_a_rule_or_a_shift_can_never_do_is_said_when_it_is_written_and_nothing_typed_is_lost(
    at: Desk, locker: Locker
) -> None:
    at.sign_in("it")
    at.open("/alarms/rules")
    good = {"kind": "threshold", "severity": "warning", "figure": "queue", "limit": "9", "clear_at": "3", "for_s": "60"}
    for wrong, said in (
        ({"figure": "quue"}, "没有“quue”这个数据项，可以写：ack_ms"),
        ({"limit": "nan"}, "“nan”不是数字"),
        ({"for_s": "1e999"}, "“1e999”不是数字"),
        ({"for_s": "-5"}, "请写 0 到"),
        ({"quiet_from": "22:00"}, "静默要写明开始和结束"),
        ({"quiet_from": "24:30", "quiet_to": "06:00"}, "“24:30”不是时间"),
    ):
        shown = at.send("/alarms/rules", 422, name="夜里的积压", **good | wrong)
        assert said in unescape(shown) and "夜里的积压" in shown
    them = {"name": "夜班", "url": "json://localhost/night", "begins": "22:00", "ends": "06:00"}
    for wrong, said in (
        ({"url": "foo://nonsense"}, "Apprise 不认识这个地址"),
        ({"days": "08"}, "星期请写 1 到 7"),
        ({"after_min": "nan"}, "“nan”不是数字"),
        ({"ends": "22:00"}, "谁也通知不到"),
        ({"name": " "}, "请写明称呼"),
    ):
        assert said in at.send("/alarms/contacts", 422, **them | wrong) and 'value="22:00"' in at.shown
    assert "22:00–06:00" in at.send("/alarms/contacts", **them)
    at.send("/alarms/contacts/1/remove")
    with locker.store.read() as session:
        assert session.scalars(select(AlarmRule)).all() == []
        own = session.scalars(select(LedgerLine.type).where(LedgerLine.gateway == CENTRAL)).all()
    assert [kind for kind in own if kind == "contact_written"] == ["contact_written"] * 2


def test_a_rule_that_is_switched_off_leaves_no_alarm_behind(at: Desk, locker: Locker) -> None:
    with locker.store.write() as session:
        session.add(disk := rule(for_s=0))
        session.flush()
        number = disk.id
    beats(locker, 0, disk_used=0.95)
    assert len(alarms(locker)) == 1
    at.sign_in("it")
    assert "报警时 0.95，界限 0.9" in at.open("/alarms")
    at.open("/alarms/rules")
    same = {"id": str(number), "kind": "threshold", "severity": "warning", "figure": "disk_used", "limit": "0.9"}
    at.send("/alarms/rules", name="disk", clear_at="0.8", for_s="0", **same)
    assert alarms(locker) == []


def test_growth_is_told_by_the_hour(locker: Locker) -> None:
    with locker.store.write() as session:
        session.add(rule(name="noise", kind="rate", figure="noise", limit=600, clear_at=60, for_s=600))
    for minute in range(8):
        beats(locker, minute, noise=minute * 20)
    with locker.store.read() as session:
        assert [alarm.params["value"] for alarm in open_alarms(session)] == [1200]


def test_an_alarm_is_handed_to_another_who_may_act_on_it(at: Desk, locker: Locker) -> None:
    with locker.store.write() as session:
        raise_alarm(session, AlarmKind.DOOR_UNASKED, f"{BOX}/{WALL}/1", at=locker.now)
    at.sign_in("it")
    assert "交给别人" not in at.open("/alarms")
    with locker.store.write() as session:
        other = people.add_person(session, people.SYSTEM, "it2", "周工", ["it"], "", locker.now).ref
    shown = at.open("/alarms")
    assert re.findall('<option value="(person[^"]*)">([^<]*)', shown) == [(other, "周工")]
    at.send("/alarms/1/hand", 422, to=locker.who("clerk").ref)
    at.open("/alarms")
    shown = at.send("/alarms/1/hand", to=other)
    assert "由 周工 处理" in shown and "我来处理" not in shown
    mine = locker.who("it").ref
    assert re.findall('<option value="(person[^"]*)">', shown) == [mine]
    at.send("/alarms/1/hand", to=mine)
    at.send("/alarms/1/clear")
    at.send("/alarms/1/hand", to=other)
    with locker.store.read() as session:
        lines = select(LedgerLine.raw).where(LedgerLine.gateway == CENTRAL, LedgerLine.type == "alarm_seen")
        told = [dict(read_line(raw).body) for raw in session.scalars(lines.order_by(LedgerLine.id))]
    by_it = {"alarm": 1, "assigned": True, "actor": mine}
    assert told == [by_it | {"to": other}, by_it]
    at.send("/sign-out")
    at.sign_in("clerk")
    assert "交给别人" not in at.open("/alarms?closed=1")
    at.send("/alarms/1/hand", 403, to=mine)


def test_names_of_the_products_rules_are_said_in_the_readers_language_and_others_stay_as_written(
    at: Desk, locker: Locker, store: Store
) -> None:
    names = ("磁盘将满", "告警", "磁盘 <b>{满}")
    with store.write() as session:
        session.add_all(rule(name=name, for_s=0) for name in names)
    beats(locker, 0, disk_used=0.95)
    at.sign_in("it")
    shown = at.open("/alarms?lang=en")
    assert re.findall("<h2[^>]*>([^<]*) <", shown) == ["Disk nearly full", "告警", "磁盘 &lt;b&gt;{满}"]
    assert "磁盘将满" not in shown and "磁盘将满" in at.open("/alarms?lang=zh")
    assert "磁盘将满" not in at.open("/alarms/rules?lang=en") and 'value="Disk nearly full"' in at.shown
    same = {"kind": "threshold", "severity": "warning", "figure": "disk_used", "limit": "0.9", "clear_at": "0.8"}
    with store.read() as session:
        own, _, other = session.scalars(select(AlarmRule.id).order_by(AlarmRule.id))
    at.send("/alarms/rules", id=str(own), name="Disk nearly full", **same)
    at.send("/alarms/rules", id=str(other), name="Disk nearly full", **same)
    with store.read() as session:
        kept = session.scalars(select(AlarmRule.name).order_by(AlarmRule.id)).all()
    assert kept == ["磁盘将满", "告警", "Disk nearly full"]


def test_every_rule_that_a_court_begins_with_has_a_name_in_every_language(empty_database: str) -> None:
    fresh = Store(empty_database)
    migrations.upgrade(fresh)
    with fresh.read() as session:
        assert sorted(session.scalars(select(AlarmRule.name))) == sorted(RULE_NAMES)
    fresh.close()
