"""Who was called about an alarm hears of its end: nobody else, once for one cause, and not of what comes back."""

from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, select, text

from central import migrations
from central.alarms import Alarm, AlarmKind, clear_alarm, raise_alarm
from central.fleet import notify
from central.fleet.alarm_tables import AlarmRule, Contact, Notice
from central.fleet.facts import NoticeAccepted
from central.ledger.tables import CENTRAL, LedgerLine
from central.store import Store
from devices.journal import read_line

from .desk import Desk, messages
from .locker import BOX, WALL, Locker
from .test_alarm_desk import beats, lose, rule, swept


@pytest.fixture
def locker(store: Store, court_key: Ed25519PrivateKey, tmp_path: Path) -> Locker:
    """Without the rules a court begins with, at nine o'clock, with one to call in Chinese and in English."""
    with store.write() as session:
        session.execute(delete(AlarmRule))
        session.add(Contact(name="孙工", url="zh://"))
        session.add(Contact(name="Sun", url="en://", language="en", least="severe"))
    return Locker(store, court_key, tmp_path / "blobs")


def told(locker: Locker, minute: float, *, accepted: bool = True) -> list[str]:
    """Whom a message reaches that many minutes after nine, with its title."""
    return [f"{call.url}{call.title.partition('：')[2]}" for call in sent(locker, minute, accepted=accepted)]


def sent(locker: Locker, minute: float, *, accepted: bool = True) -> list[notify.Call]:
    now = locker.now + timedelta(minutes=minute)
    with locker.store.write() as session:
        calls = notify.due(session, now, messages(locker))
        for call in calls:
            notify.sent(session, call, accepted, now)
    return calls


def opens(locker: Locker, minute: float, kind: AlarmKind = AlarmKind.DEVICE_GONE, subject: str = BOX) -> None:
    with locker.store.write() as session:
        raise_alarm(session, kind, subject, at=locker.now + timedelta(minutes=minute))


def ends(locker: Locker, minute: float, kind: AlarmKind = AlarmKind.DEVICE_GONE, subject: str = BOX) -> None:
    with locker.store.write() as session:
        assert clear_alarm(session, kind, subject, at=locker.now + timedelta(minutes=minute))


def changed(locker: Locker, **fields: object) -> None:
    """The contact who reads Chinese, otherwise."""
    with locker.store.write() as session:
        contact = session.scalars(select(Contact).where(Contact.name == "孙工")).one()
        for name, value in fields.items():
            setattr(contact, name, value)


def test_whoever_was_called_is_told_who_cleared_it_and_after_how_long_in_their_language(
    at: Desk, locker: Locker
) -> None:
    opens(locker, 0, AlarmKind.DOOR_UNASKED, f"{BOX}/{WALL}/1")
    assert len(told(locker, 1)) == 2
    at.sign_in("it")
    at.open("/alarms")
    locker.now += timedelta(minutes=45)
    at.send("/alarms/1/clear")
    assert sent(locker, 4) == []
    chinese, english = sent(locker, 5)
    name = locker.who("it").name
    assert chinese.title == "惠山区人民法院：柜门无人请求而开启【已解除】"
    assert chinese.body.splitlines() == [
        "locker-a 的 wall-a 第 1 格",
        f"{name} 解除了告警，历时 45分钟",
        "首次 2026-11-23 09:00 · 解除于 2026-11-23 09:45",
        "https://court.example/alarms?closed=1#alarm-1",
    ]
    assert f"{name} cleared it after 45 minutes" in english.body and "Cleared" in english.title
    assert sent(locker, 6) == []
    assert at.open("/alarms?closed=1").count("，解除") == 2


def test_an_end_that_nobody_brought_about_is_told_so_and_only_to_whom_a_provider_took_the_call_for(
    locker: Locker,
) -> None:
    opens(locker, 0)
    opens(locker, 0, subject=f"{BOX}-2")
    assert len(told(locker, 1)) == 2
    changed(locker, url="new://")
    opens(locker, 2, AlarmKind.SAFE_MODE)
    assert len(told(locker, 3, accepted=False)) == 2
    with locker.store.write() as session:
        session.add(Contact(name="late", url="late://"))
    ends(locker, 20)
    ends(locker, 20, AlarmKind.SAFE_MODE)
    (call,) = (call for call in sent(locker, 26) if call.ended)
    assert call.url == "new://" and "告警已自行解除，历时 20分钟" in call.body
    with locker.store.read() as session:
        found = select(LedgerLine).where(LedgerLine.gateway == CENTRAL, LedgerLine.type == "notice_accepted")
        bodies = [NoticeAccepted.model_validate(read_line(line.raw).body) for line in session.scalars(found)]
    assert [body.alarm for body in bodies if body.ended] == [1]


def test_what_comes_straight_back_is_neither_told_as_over_nor_called_for_again(locker: Locker) -> None:
    opens(locker, 0)
    assert told(locker, 1) == ["zh://设备失联【警告】"]
    for minute in (2, 4, 6):
        ends(locker, minute)
        assert told(locker, minute + 0.9) == []
        opens(locker, minute + 1)
        assert told(locker, minute + 1.9) == []
    ends(locker, 7.1)  # before anybody would have been called
    assert told(locker, 12) == []
    (call,) = sent(locker, 12.2)
    assert "历时 7分钟" in call.body and "首次 2026-11-23 09:00" in call.body
    opens(locker, 13)
    assert told(locker, 14) == ["zh://设备失联【警告】"]


def test_an_end_outside_the_shift_is_told_when_it_begins_unless_it_is_so_again(locker: Locker) -> None:
    changed(locker, begins=9 * 60, ends=10 * 60)
    opens(locker, 0)
    opens(locker, 0, subject=f"{BOX}-2")
    assert len(told(locker, 1)) == 2
    ends(locker, 90)
    ends(locker, 90, subject=f"{BOX}-2")
    opens(locker, 300)
    assert told(locker, 301) == []
    day = 24 * 60
    assert told(locker, day) == ["zh://设备失联【警告】", "zh://设备失联【已解除】"]
    ends(locker, day + 10)
    (call,) = sent(locker, day + 15)
    assert call.alarm == 3


def test_a_quiet_rule_tells_nobody_of_its_end_at_night(locker: Locker) -> None:
    with locker.store.write() as session:
        session.add(rule(for_s=0, quiet_from=10 * 60, quiet_to=11 * 60))
    beats(locker, 0, disk_used=0.95)
    assert len(told(locker, 1)) == 1
    beats(locker, 61, disk_used=0.1)
    assert told(locker, 70) == []
    assert told(locker, 120) == ["zh://disk【已解除】"]


def test_what_has_one_cause_ends_once_even_for_who_was_called_for_its_parts(locker: Locker) -> None:
    lose(locker, "hall-1", "hall-2")
    assert len(told(locker, 0.5)) == 2
    lose(locker, "hall-3", seconds=50)
    swept(locker, 1)
    assert [each[:5] for each in told(locker, 2)] == ["zh://", "en://"]
    for minute, name in enumerate(("hall-1", "hall-2", "hall-3"), 10):
        ends(locker, minute, AlarmKind.GATEWAY_LOST, name)
        swept(locker, minute)
        assert told(locker, minute + 0.5) == []
    assert [each[:5] for each in told(locker, 18)] == ["zh://", "en://"]
    assert told(locker, 30) == []


def test_a_message_of_an_end_is_tried_three_times(locker: Locker) -> None:
    opens(locker, 0)
    assert len(told(locker, 1)) == 1
    ends(locker, 2)
    tried = [len(told(locker, minute, accepted=False)) for minute in (7, 7.5, 8, 9, 10, 11)]
    assert tried == [1, 0, 1, 1, 0, 0]
    with locker.store.read() as session:
        (notice,) = session.scalars(select(Notice))
        assert (notice.state, notice.ended, notice.ended_tries) == ("accepted", "failed", notify.TRIES)
        assert session.scalars(select(Alarm)).one().cleared_at is not None


def test_nobody_is_told_of_what_ended_before_ends_were_told(empty_database: str) -> None:
    store = Store(empty_database)
    with store.engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", migrations.__path__[0])
        command.upgrade(config, "0030")
    with store.write() as session:
        session.add(Contact(name="孙工", url="zh://"))
        for subject in ("ended", "lasts"):
            raise_alarm(session, AlarmKind.DEVICE_GONE, subject)
        session.flush()
        clear_alarm(session, AlarmKind.DEVICE_GONE, "ended")
        told = "INSERT INTO alarm_notices (alarm_id, contact_id, state, why, tries, at)"
        session.execute(text(f"{told} SELECT id, 1, 'accepted', '', 1, raised_at FROM alarms"))
    migrations.upgrade(store)
    with store.read() as session:
        found = select(Alarm.subject, Notice.ended).join(Notice.alarm).order_by(Alarm.subject)
        assert session.execute(found).all() == [("ended", "untold"), ("lasts", "")]
    store.close()
