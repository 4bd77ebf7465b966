"""The alarm desk: rules with hysteresis, one cause instead of fifty, who is called and when, tickets to their end."""

import http.server
import re
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, select

from central.alarms import Alarm, AlarmKind, clear_alarm, open_alarms, raise_alarm
from central.fleet import grouping, notify, rules, tickets
from central.fleet.alarm_tables import AlarmRule, Contact, Notice, Ticket
from central.fleet.presence import Presence
from central.fleet.tables import Gateway
from central.store import Store
from central.web.refused import Refused
from central.web.words import LANGUAGES
from devices.health import Heartbeat

from .desk import Desk, messages
from .locker import BOX, WALL, Locker

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def locker(store: Store, court_key: Ed25519PrivateKey, tmp_path: Path) -> Locker:
    """Without the rules a court begins with."""
    with store.write() as session:
        session.execute(delete(AlarmRule))
    return Locker(store, court_key, tmp_path / "blobs")


def rule(**told: object) -> AlarmRule:
    begun = {"name": "disk", "kind": "threshold", "figure": "disk_used", "limit": 0.9, "clear_at": 0.8, "for_s": 120}
    return AlarmRule(**begun | {"above": True, "severity": "warning", "tag": "", "enabled": True} | told)


def beats(locker: Locker, minute: float, **figures: float) -> None:
    """A heartbeat that many minutes after the start."""
    now = locker.now + timedelta(minutes=minute)
    presence = Presence(locker.store, lambda: now)
    told = {"uptime_s": 1, "queue": 0, "disk_free_mb": 1, "disk_used": 0.1, "memory_mb": 1, "load": 0} | figures
    presence.beat(BOX, Heartbeat(at=now.timestamp(), **told).model_dump_json().encode())
    presence.write(*presence.take(), presence.take_beats())


def alarms(locker: Locker) -> list[tuple[str, str]]:
    with locker.store.read() as session:
        return [(alarm.kind, alarm.subject) for alarm in open_alarms(session) if alarm.cause_id is None]


def lose(locker: Locker, *names: str, seconds: float = 0) -> None:
    with locker.store.write() as session:
        for name in names:
            raise_alarm(session, AlarmKind.GATEWAY_LOST, name, at=locker.now + timedelta(seconds=seconds))


def swept(locker: Locker, minute: float = 0) -> None:
    with locker.store.write() as session:
        for sweep in (rules.sweep, grouping.sweep, tickets.sweep):
            sweep(session, locker.now + timedelta(minutes=minute))


def test_a_threshold_must_last_and_ends_only_at_its_lower_mark(locker: Locker) -> None:
    with locker.store.write() as session:
        session.add(rule())
    seen = []
    for minute, disk in enumerate((0.95, 0.95, 0.5, 0.95, 0.95, 0.95, 0.85, 0.85, 0.79, 0.95)):
        beats(locker, minute, disk_used=disk)
        seen.append(len(alarms(locker)))
    assert seen == [0, 0, 0, 0, 0, 1, 1, 1, 0, 0]


def test_growth_and_a_clock_on_either_side_are_judged(locker: Locker) -> None:
    with locker.store.write() as session:
        session.add(rule(name="noise", kind="rate", figure="noise", limit=600, clear_at=60, for_s=600))
        session.add(rule(name="clock", figure="clock_off_s", limit=5, clear_at=2, for_s=0))
    for minute in range(8):
        beats(locker, minute, noise=minute * 20)
    assert [kind for kind, _ in alarms(locker)] == ["rule"]
    for minute in range(8, 20):
        beats(locker, minute, noise=140)
    assert alarms(locker) == []
    now = locker.now + timedelta(minutes=20)
    presence = Presence(locker.store, lambda: now)
    behind = Heartbeat(at=now.timestamp() - 3e7, uptime_s=1, queue=0, disk_free_mb=1, disk_used=0, memory_mb=1, load=0)
    presence.beat(BOX, behind.model_dump_json().encode())
    presence.write(*presence.take(), presence.take_beats())
    assert len(alarms(locker)) == 1


def test_no_heartbeat_and_coming_and_going_are_alarms_that_end(locker: Locker) -> None:
    with locker.store.write() as session:
        absence = rule(name="silent", kind="absence", figure="", limit=0, clear_at=0, for_s=300)
        session.add(absence)
        session.add(rule(name="flaps", kind="flapping", figure="presence", limit=3, clear_at=1, for_s=600))
        session.flush()
        silent = absence.id
    beats(locker, 0)
    swept(locker, 6)
    swept(locker, 7)
    with locker.store.read() as session:
        (alarm,) = open_alarms(session)
        assert (alarm.params["rule"], alarm.times) == ("silent", 1)
    beats(locker, 8)
    assert alarms(locker) == []
    for minute in range(4):
        presence = Presence(locker.store, lambda minute=minute: locker.now + timedelta(minutes=minute))  # type: ignore[misc]
        presence.homie(BOX, "$state", b"lost" if minute % 2 == 0 else b"ready")
        presence.write(*presence.take())
    assert [kind for kind, _ in alarms(locker)] == ["rule"]
    swept(locker, 30)
    assert [subject for kind, subject in alarms(locker) if kind == "rule"] == [f"{BOX}#{silent}"]


def test_a_rule_of_a_group_leaves_the_others_alone(locker: Locker) -> None:
    with locker.store.write() as session:
        session.add(rule(tag="courtrooms", for_s=0))
    beats(locker, 0, disk_used=0.99)
    assert alarms(locker) == []
    with locker.store.write() as session:
        session.scalars(select(Gateway)).one().tags = ["courtrooms"]
    beats(locker, 1, disk_used=0.99)
    assert len(alarms(locker)) == 1


def test_a_dead_switch_is_one_alarm_that_ends_with_its_last_gateway(locker: Locker) -> None:
    names = [f"room-{n:02}" for n in range(30)]
    with locker.store.write() as session:
        session.add_all(
            Gateway(name=name, permit_secret=b"x", enrolled_at=locker.now, floor="3F", room=name) for name in names
        )
    lose(locker, *names[:15])
    swept(locker)
    lose(locker, *names[15:], seconds=30)
    lose(locker, BOX, seconds=4000)
    swept(locker)
    swept(locker)
    assert sorted(alarms(locker)) == [("gateway_lost", BOX), ("site_lost", "place:3F")]
    with locker.store.read() as session:
        cause = session.scalars(select(Alarm).where(Alarm.kind == "site_lost")).one()
        assert (cause.params["count"], cause.severity) == (30, "severe")
    with locker.store.write() as session:
        for name in names:
            clear_alarm(session, AlarmKind.GATEWAY_LOST, name, at=locker.now)
    swept(locker)
    assert alarms(locker) == [("gateway_lost", BOX)]


def test_a_dead_hub_is_one_alarm_and_two_devices_are_two(locker: Locker) -> None:
    with locker.store.write() as session:
        for device in ("a", "b"):
            raise_alarm(session, AlarmKind.DEVICE_GONE, f"{BOX}/{device}", at=locker.now)
    swept(locker)
    assert len(alarms(locker)) == 2
    with locker.store.write() as session:
        raise_alarm(session, AlarmKind.DEVICE_GONE, f"{BOX}/c", at=locker.now)
    swept(locker)
    assert alarms(locker) == [("devices_gone", BOX)]


@pytest.mark.parametrize(
    ("begins", "ends", "days", "hour", "is_in"),
    [(8, 18, "12345", 9, True), (8, 18, "12345", 18, False), (22, 6, "1", 23, True), (22, 6, "1", 5, False)],
)
def test_a_shift_may_go_over_midnight(begins: int, ends: int, days: str, hour: int, is_in: bool) -> None:
    contact = Contact(role="it", name="x", url="x://", days=days, begins=begins * 60, ends=ends * 60)
    monday = datetime(2026, 11, 23, hour, 0, tzinfo=SHANGHAI)
    assert notify.in_shift(contact, monday, SHANGHAI) is is_in
    over_night = Contact(role="it", name="x", url="x://", days="1", begins=22 * 60, ends=6 * 60)
    assert notify.in_shift(over_night, datetime(2026, 11, 24, 5, 0, tzinfo=SHANGHAI), SHANGHAI)


def test_who_is_called_depends_on_weight_time_and_whether_anybody_looked(locker: Locker) -> None:
    with locker.store.write() as session:
        session.add_all(
            [
                Contact(role="it", name="first", url="a://", least="warning", after_min=0),
                Contact(role="it", name="second", url="b://", least="warning", after_min=15),
                Contact(role="admin", name="third", url="c://", least="severe", after_min=0),
            ]
        )
        raise_alarm(session, AlarmKind.GATEWAY_LOST, BOX, at=locker.now)

    def called(minute: float, *, accepted: bool = True) -> list[str]:
        now = locker.now + timedelta(minutes=minute)
        with locker.store.write() as session:
            calls = notify.due(session, now, messages(locker))
            for call in calls:
                notify.sent(session, call, accepted, now)
        return [call.url for call in calls]

    assert called(0.1) == []
    assert called(1, accepted=False) == ["a://"]
    assert called(1.5) == []
    assert called(3) == ["a://"]
    assert called(4) == []
    assert called(16) == ["b://"]
    with locker.store.read() as session:
        assert {notice.state for notice in session.scalars(select(Notice))} == {"accepted"}
    with locker.store.write() as session:
        raise_alarm(session, AlarmKind.DOOR_UNASKED, f"{BOX}/{WALL}/1", at=locker.now)
        for n in range(30):
            raise_alarm(session, AlarmKind.DEVICE_GONE, f"{BOX}/{n}", at=locker.now)
    assert len(called(2)) == notify.A_ROUND


def test_a_quiet_rule_calls_nobody_at_night_unless_it_is_severe(locker: Locker) -> None:
    with locker.store.write() as session:
        session.add(Contact(role="it", name="x", url="a://"))
        session.add(rule(for_s=0, quiet_from=0, quiet_to=1440))
    beats(locker, 0, disk_used=0.95)
    later = locker.now + timedelta(minutes=5)
    with locker.store.write() as session:
        assert notify.due(session, later, messages(locker)) == []
        session.scalars(select(Alarm)).one().severity = "severe"
    with locker.store.write() as session:
        assert len(notify.due(session, later, messages(locker))) == 1


def test_a_message_says_in_words_what_is_wrong_where_since_when_and_what_to_do(locker: Locker) -> None:
    with locker.store.write() as session:
        box = session.scalars(select(Gateway)).one()
        box.floor, box.room = "一楼", "立案大厅 <东>"
        session.add(Contact(name="孙工", url="a://"))
        session.add(Contact(name="Sun", url="b://", language="en"))
        raise_alarm(session, AlarmKind.DOOR_UNASKED, f"{BOX}/{WALL}/1", at=locker.now)
    with locker.store.write() as session:
        chinese, english = notify.due(session, locker.now + timedelta(minutes=3), messages(locker))
    assert chinese.title == "惠山区人民法院：柜门无人请求而开启【严重】"
    assert chinese.body.splitlines() == [
        "locker-a 的 wall-a 第 1 格（一楼 立案大厅 <东>）",
        "首次 2026-11-23 09:00 · 3 分钟无人查看",
        "请到柜前查看，并由档案员核对柜内卷宗。核对之前这册卷宗不能取出。",
        "https://court.example/alarms#alarm-1",
    ]
    assert "first 2026-11-23 09:00 · seen by nobody for 3 minutes" in english.body.lower()


def test_a_message_about_one_cause_names_those_within_and_one_of_a_rule_its_value(locker: Locker) -> None:
    with locker.store.write() as session:
        session.add(Contact(name="孙工", url="a://"))
        session.add(rule(for_s=0))
    beats(locker, 0, disk_used=0.95)
    lose(locker, "hall-1", "hall-2", "hall-3")
    swept(locker, 0)
    with locker.store.write() as session:
        calls = notify.due(session, locker.now + timedelta(minutes=1), messages(locker))
    told = [call.title + call.body for call in calls]
    (site,) = [each for each in told if "hall-1" in each]
    assert "一处网关同时失联（3 台）" in site and "全院" in site and "hall-1, hall-2, hall-3" in site
    (disk,) = [each for each in told if "disk" in each]
    assert "报警时 0.95，界限 0.9" in disk and "locker-a" in disk


def test_every_kind_of_alarm_has_words_of_its_own(locker: Locker) -> None:
    with locker.store.write() as session:
        for kind in AlarmKind:
            alarm = raise_alarm(session, kind, BOX, at=locker.now, rule="disk")
            session.flush()
            for language in LANGUAGES:
                title, body = messages(locker).about(session, alarm, language, locker.now)
                assert kind not in title and len(body.splitlines()) >= 4, kind


def test_whom_to_call_is_changed_and_tried_and_the_address_is_shown_to_nobody(at: Desk, locker: Locker) -> None:
    sent: list[tuple[str, str, str]] = []

    def provider(url: str, title: str, body: str) -> bool:
        sent.append((url, title, body))
        return "night" not in url

    at.client.app.state.send = provider  # type: ignore[attr-defined]
    at.sign_in("it")
    at.open("/alarms/rules")
    them = {"name": "夜班", "begins": "22:00", "ends": "06:00", "days": "12345", "least": "severe"}
    at.send("/alarms/contacts", url="json://localhost/night", **them)
    assert "没有接收" in at.send("/alarms/contacts/1/try")
    with locker.store.write() as session:
        raise_alarm(session, AlarmKind.SAFE_MODE, BOX, at=locker.now)
        session.flush()
        session.add(Notice(alarm_id=1, contact_id=1, state="failed", tries=notify.TRIES, at=locker.now))
    at.send("/alarms/contacts", id="1", language="en", **them | {"name": "早班", "begins": "06:00", "ends": "22:00"})
    assert "早班" in at.shown and "夜班" not in at.shown and "06:00–22:00" in at.shown
    later = locker.now + timedelta(minutes=2)
    with locker.store.write() as session:
        assert notify.due(session, later, messages(locker)) == []
    assert "谁也通知不到" in at.send("/alarms/contacts", 422, id="1", **them | {"ends": "22:00"})
    at.send("/alarms/contacts", id="1", url="json://localhost/day", language="en", begins="00:00", name="早班")
    with locker.store.write() as session:
        assert [call.url for call in notify.due(session, later, messages(locker))] == ["json://localhost/day"]
    assert "已接收发给“早班”的试发消息" in at.send("/alarms/contacts/1/try")
    assert "json://localhost" not in at.shown
    assert [url for url, _, _ in sent] == ["json://localhost/night", "json://localhost/day"]
    assert "试发" in sent[0][1] and "only a trial" in sent[1][2]
    at.send("/alarms/contacts/1/remove")
    at.send("/alarms/contacts/1/try", 404)
    at.send("/alarms/contacts", 404, id="1", **them)
    at.send("/sign-out")
    at.sign_in("clerk")
    at.open("/")
    at.send("/alarms/contacts/1/try", 403)


def took(url: str, body: str) -> bool:
    """What the provider said; in a process of its own, for Apprise keeps a thread for the next message."""
    program = "import sys; from central.fleet.notify import by_apprise; print(by_apprise(*sys.argv[1:]))"
    told = [sys.executable, "-c", program, url, "court", body]
    return subprocess.run(told, check=True, capture_output=True, text=True).stdout.strip() == "True"


def test_apprise_brings_it_to_a_provider_whose_word_is_told() -> None:
    heard: list[bytes] = []

    class Provider(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200 if len(heard) == 1 else 500)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Be silent."""

    with http.server.HTTPServer(("127.0.0.1", 0), Provider) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        url = f"json://127.0.0.1:{server.server_port}/"
        try:
            assert took(url, "gateway_lost: locker-a")
            assert not took(url, "again")
            assert not took("nonsense", "x")
        finally:
            server.shutdown()
            serving.join()
    assert b"gateway_lost: locker-a" in heard[0]


def test_a_severe_alarm_that_lasts_opens_a_ticket_which_only_the_device_can_verify(locker: Locker) -> None:
    with locker.store.write() as session:
        raise_alarm(session, AlarmKind.SAFE_MODE, BOX, at=locker.now)
    swept(locker, 0.5)
    with locker.store.read() as session:
        assert tickets.severe_open(session, BOX) == []
    swept(locker, 2)
    swept(locker, 3)
    with locker.store.write() as session:
        (ticket,) = tickets.severe_open(session, BOX)
        with pytest.raises(Refused):
            tickets.step(
                session, ticket, "CLOSED" if ticket.state != "REPORTED" else "VERIFIED", locker.now, actor="p:1"
            )
        for to in ("TRIAGED", "ASSIGNED", "IN_PROGRESS", "ON_HOLD", "IN_PROGRESS", "DONE"):
            tickets.step(session, ticket, to, locker.now, actor="p:1")
        session.scalars(select(Gateway)).one().presence = "lost"
        with pytest.raises(Refused):
            tickets.step(session, ticket, "VERIFIED", locker.now, actor="p:1")
        session.scalars(select(Gateway)).one().presence = "ready"
        tickets.step(session, ticket, "VERIFIED", locker.now, actor="p:1")
        assert tickets.severe_open(session, BOX) == []
        tickets.step(session, ticket, "CLOSED", locker.now, actor="p:1")


def test_the_desk_is_worked_from_its_pages(at: Desk, locker: Locker) -> None:
    with locker.store.write() as session:
        raise_alarm(session, AlarmKind.GATEWAY_LOST, BOX, at=locker.now)
    at.sign_in("it")
    assert "无人查看" in at.open("/alarms")
    assert "已看到" in at.send("/alarms/1/seen")
    assert "处理中" in at.send("/alarms/1/seen", mine="1")
    assert re.search("由 [^{]+ 处理", at.shown)
    assert "没有告警" in at.send("/alarms/1/clear")
    assert "处理中" not in at.open("/alarms?closed=1")
    at.open("/alarms/rules")
    good = {"kind": "threshold", "severity": "warning", "figure": "queue", "limit": "9", "clear_at": "3", "for_s": "60"}
    assert "积压" in at.send("/alarms/rules", name="积压", enabled="1", quiet_from="22:00", quiet_to="06:30", **good)
    assert "22:00" in at.shown and "06:30" in at.shown
    assert "解除值要在界限以内" in at.send("/alarms/rules", 422, **good | {"clear_at": "10"})
    assert "不是数字" in at.send("/alarms/rules", 422, **good | {"limit": "much"})
    assert "不是时间" in at.send("/alarms/rules", 422, **good | {"quiet_from": "late"})
    assert "值班员" in at.send("/alarms/contacts", name="值班员", url="mailto://user:secret@example.com", role="it")
    assert "secret" not in at.shown
    at.send("/alarms/contacts/1/remove")
    at.open("/tickets")
    assert "扫码器坏了" in at.send("/tickets", title="扫码器坏了", about=BOX)
    assert "已分诊" in at.send("/tickets/1/TRIAGED")
    at.send("/tickets/1/VERIFIED", 409)
    at.send("/sign-out")
    at.sign_in("clerk")
    at.open("/tickets")
    at.send("/tickets", title="打印不清", about=BOX)
    at.send("/tickets/2/TRIAGED", 403)
    with locker.store.read() as session:
        assert [ticket.title for ticket in session.scalars(select(Ticket))] == ["扫码器坏了", "打印不清"]
