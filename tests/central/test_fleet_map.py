"""The fleet as a place, and how much of the time its boxes and devices were there."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from central.alarms import AlarmKind, clear_alarm, raise_alarm
from central.fleet import availability
from central.fleet.tables import Device, Gateway, GatewayKey
from central.ledger.tables import Book
from central.store import Store

from .desk import Desk, desk
from .locker import BOX, Locker


@pytest.fixture
def locker(store: Store, court_key: Ed25519PrivateKey, tmp_path: Path) -> Locker:
    made = Locker(store, court_key, tmp_path / "blobs")
    with store.write() as session:
        for number, (floor, room, presence) in enumerate(
            [("1F", "Hall", "ready"), ("3F", "Court 1", "ready"), ("3F", "Court 2", "lost")], 1
        ):
            gateway = Gateway(
                name=f"room-{number}", permit_secret=b"x", enrolled_at=made.now - timedelta(days=60), floor=floor,
                room=room, presence=presence, clock_trusted=True, tags=["trial"] if number == 2 else [],
            )  # fmt: skip
            gateway.devices = [
                Device(name="mic-a", product="microphones/line", presence="gone" if number == 2 else "back")
            ]
            session.add(gateway)
    return made


@pytest.fixture
def at(locker: Locker) -> Iterator[Desk]:
    with desk(locker) as made:
        made.sign_in("it")
        yield made


def boxes(shown: str) -> list[str]:
    return [part.partition(chr(34))[0] for part in shown.split('data-stop href="/fleet/')[1:]]


def test_the_map_has_every_box_in_its_place_and_filters_by_all_that_is_known(at: Desk) -> None:
    assert boxes(at.open("/fleet/map")) == [BOX, "room-1", "room-2", "room-3"]
    assert re.findall(r'data-watch="count-(\w+)-(\d+)"', at.shown) == [
        ("working", "1"), ("person", "1"), ("broken", "2"), ("waiting", "0"), ("away", "0"),
    ]  # fmt: skip
    assert boxes(at.open("/fleet/map?floor=3F")) == ["room-2", "room-3"]
    assert boxes(at.open("/fleet/map?q=court%201")) == ["room-2"]
    assert boxes(at.open("/fleet/map?q=microphones&state=working")) == ["room-1"]
    assert boxes(at.open("/fleet/map?state=broken")) == ["room-2", "room-3"]
    assert boxes(at.open("/fleet/map?tag=trial")) == ["room-2"]
    assert "没有符合的网关" in at.open("/fleet/map?q=nothing-is-called-so")
    assert at.open("/fleet/map?state=purple", 422)


def views(shown: str) -> list[str]:
    return re.findall(
        r'href="/fleet/map\?([^"]*)"(?: aria-current="true")?>([^<]+)</a>', shown.partition('<nav class="filters')[2]
    )


def test_a_filter_is_saved_under_a_name_for_oneself_or_for_the_desk(at: Desk, locker: Locker) -> None:
    at.open("/fleet/map?floor=3F&q=court+1")
    at.send("/fleet/map/views", name="  三楼  一庭 ", query="q=court+1&floor=3F")
    assert boxes(at.shown) == ["room-2"] and ("q=court+1&amp;floor=3F", "三楼 一庭") in views(at.shown)
    at.send("/fleet/map/views", name="坏的", query="state=broken", shared="true")
    assert boxes(at.shown) == ["room-2", "room-3"]
    at.send("/fleet/map/views", name="三楼 一庭", query="floor=1F")
    assert [name for _, name in views(at.shown)] == ["三楼 一庭", "坏的 · 共用"]
    at.send("/fleet/map/views", 422, name="  ", query="floor=1F")
    at.sign_in("clerk")
    assert [name for _, name in views(at.open("/fleet/map"))] == ["坏的 · 共用"]
    at.send("/fleet/map/views", name="我的", query="floor=1F", shared="true")
    at.send("/fleet/map/views/2/remove", 404)
    at.open("/fleet/map")
    at.send("/fleet/map/views/3/remove")
    at.sign_in("it")
    assert [name for _, name in views(at.open("/fleet/map?state=broken"))] == ["三楼 一庭", "坏的 · 共用"]
    assert "删去视图 坏的" in at.shown
    at.send("/fleet/map/views/2/remove")
    assert [name for _, name in views(at.shown)] == ["三楼 一庭"]


def test_availability_is_counted_from_outages_and_the_worst_comes_first(at: Desk, locker: Locker) -> None:
    def outage(kind: AlarmKind, subject: str, begun: float, hours: float | None) -> None:
        with locker.store.write() as session:
            raise_alarm(session, kind, subject, at=locker.now - timedelta(hours=begun))
            if hours is not None:
                clear_alarm(session, kind, subject, at=locker.now - timedelta(hours=begun - hours))

    outage(AlarmKind.GATEWAY_LOST, "room-3", 24, 12)
    outage(AlarmKind.DEVICE_GONE, "room-3/mic-a", 20, 10)
    outage(AlarmKind.DEVICE_GONE, "room-2/mic-a", 6, None)
    outage(AlarmKind.GATEWAY_LOST, "room-1", 24 * 40, 1)
    with locker.store.read() as session:
        told = availability.report(session, locker.now - timedelta(days=30), locker.now)
    rooms = {row.name: (row.outages, row.down) for row in told.rooms}
    assert told.rooms[0].name == "3F Court 2" and rooms["3F Court 2"] == (1, timedelta(hours=12))
    assert rooms["1F Hall"] == (0, timedelta(0))
    (model,) = [row for row in told.models if row.name == "microphones/line"]
    assert (model.things, model.down) == (3, timedelta(hours=14 + 6))
    assert "3F Court 2" in at.open("/fleet/availability?days=30")
    rows = list(csv.reader(io.StringIO(at.open("/fleet/availability.csv?days=30").lstrip("\ufeff"))))
    assert rows[0] == ["类别", "名称", "数量", "失联次数", "失联分钟", "可用率"]
    assert ["房间", "3F Court 2", "1", "1", "720.0", "0.983333"] in rows


def test_what_came_in_the_middle_is_measured_from_then_and_the_well_are_counted_as_the_ailing_are(
    at: Desk, locker: Locker
) -> None:
    def shares(boxes: range) -> tuple[dict[str, float], dict[str, int]]:
        with locker.store.write() as session:
            for n in boxes:
                raise_alarm(session, AlarmKind.GATEWAY_LOST, f"new-{n}", at=locker.now - timedelta(hours=12))
        with locker.store.read() as session:
            told = availability.report(session, locker.now - timedelta(days=30), locker.now)
        things = {row.name: row.things for row in told.rooms}
        return {row.name: row.share for row in (*told.rooms, *told.models) if "annex" in row.name}, things

    with locker.store.write() as session:
        for n, days in enumerate((2, 2, 90)):
            gateway = Gateway(name=f"new-{n}", permit_secret=b"x", enrolled_at=locker.now - timedelta(days=days))
            gateway.floor, gateway.devices = "annex", [Device(name="annex-bell", product="")]
            session.add(gateway)
    well, things = shares(range(0))
    assert well == {"annex": 1.0, "annex-bell": 1.0} and (things["annex"], things["1F Hall"]) == (3, 1)
    one, two = 1 - 0.5 / 34, 1 - 1.0 / 34
    for boxes_away, share in ((range(1), one), (range(1, 2), two)):
        ailing, still = shares(boxes_away)
        assert ailing == {"annex": pytest.approx(share, abs=1e-6), "annex-bell": pytest.approx(share, abs=1e-6)}
        assert still == things


def test_only_the_newest_book_is_written_on_and_only_while_its_key_is_good(at: Desk, locker: Locker) -> None:
    told = {"gateway": BOX, "opened_at": locker.now, "received_at": locker.now}
    with locker.store.write() as session:
        gateway = session.scalars(select(Gateway).where(Gateway.name == BOX)).one()
        for kid in ("old", "new"):
            session.add(Book(book=f"book-{kid}", key=kid, **told))
            key = GatewayKey(kid=kid, certificate=kid, fingerprint=kid, admitted_at=locker.now)
            key.withdrawn_at = locker.now if kid == "old" else None
            gateway.keys.append(key)
    stands = re.compile(r"(book-\w+)</span> · 0 条记录 · .*?</span>(\S+?)</span>", re.DOTALL)
    assert stands.findall(at.open(f"/fleet/{BOX}"))[:2] == [("book-new", "正在续写"), ("book-old", "已换新册")]
    at.send(f"/fleet/{BOX}/revoke")
    assert stands.findall(at.shown)[:2] == [("book-new", "密钥已吊销，不再续写"), ("book-old", "已换新册")]


def test_a_box_that_is_starting_is_counted_and_found(at: Desk, locker: Locker) -> None:
    with locker.store.write() as session:
        session.scalars(select(Gateway).where(Gateway.name == "room-1")).one().presence = "init"
    assert 'data-watch="count-waiting-1"' in at.open("/fleet/map")
    assert boxes(at.open("/fleet/map?state=waiting")) == ["room-1"]
