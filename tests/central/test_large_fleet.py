"""A court with very many boxes: its pages ask no more, and draw no more, than those of a small one."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import event

from central.alarms import AlarmKind, raise_alarm
from central.fleet import glance, rollout
from central.fleet.glance import Filter
from central.fleet.tables import Device, Gateway
from central.store import Store

from .desk import Desk, desk
from .locker import Locker

PAGES = (
    *("/", "/fleet", "/fleet/map", "/fleet/map?q=mic", "/fleet/map?state=broken", "/fleet/map?pick=1"),
    *("/fleet/invite", "/fleet/box-001", "/fleet/box-001/mic-a", "/fleet/availability", "/alarms", "/tickets"),
    *("/rollouts", "/rollouts/1"),
)


@pytest.fixture
def locker(store: Store, court_key: Ed25519PrivateKey, tmp_path: Path) -> Locker:
    return Locker(store, court_key, tmp_path / "blobs")


@pytest.fixture
def at(locker: Locker) -> Iterator[Desk]:
    with desk(locker) as made:
        made.sign_in("it")
        yield made


def add(locker: Locker, first: int, count: int) -> None:
    """So many boxes, ten to a room and five rooms to a floor; one in ten is lost."""
    with locker.store.write() as session:
        boxes = [
            Gateway(
                name=f"box-{n:03}", permit_secret=b"x", enrolled_at=locker.now - timedelta(days=60),
                floor=f"{n // 50}F", room=f"room {n // 10}", presence="lost" if n % 10 == 0 else "ready",
                clock_trusted=True, tags=["trial"] if n % 2 else [], devices=[Device(name="mic-a", presence="back")],
            )
            for n in range(first, first + count)
        ]  # fmt: skip
        session.add_all(boxes)
        for box in boxes[::10]:
            raise_alarm(session, AlarmKind.GATEWAY_LOST, box.name, at=locker.now)
        session.flush()
        rollout.bring(session, "0.2.0", "software", "a" * 64, boxes, locker.now, actor="person:1")


@contextmanager
def counted(store: Store) -> Iterator[list[str]]:
    asked: list[str] = []

    def note(_: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(store.engine, "before_cursor_execute", note)


def questions(at: Desk, path: str) -> int:
    with counted(at.locker.store) as asked:
        at.open(path)
    return len(asked)


def test_no_page_asks_the_database_more_often_because_there_are_more_boxes(at: Desk, locker: Locker) -> None:
    add(locker, 0, 20)
    few = {path: questions(at, path) for path in PAGES}
    add(locker, 100, 190)
    assert [path for path in PAGES if questions(at, path) > few[path]] == []


def test_the_list_goes_page_by_page_and_begins_with_what_is_wrong(at: Desk, locker: Locker) -> None:
    add(locker, 0, 40)
    listed, path = [], "/fleet"
    while True:
        shown = at.open(path)
        listed += (last := re.findall(r'id="g-([\w-]+)"', shown))
        found = re.search(r'href="(/fleet\?page=\d+)" rel="next"', shown)
        if found is None:
            break
        path = found[1]
    assert listed[:4] == ["box-000", "box-010", "box-020", "box-030"]
    assert sorted(listed) == sorted({*listed, "locker-a"}) and len(listed) == 41
    assert re.findall(r'id="g-([\w-]+)"', at.open("/fleet?page=99")) == last


def tiles(at: Desk, path: str) -> list[tuple[str, str, str]]:
    at.open(path)
    found = re.findall(r'class="box tone-(\w+)" data-stop href="([^"]+)"[^>]*>(.*?)</a>', at.shown, re.DOTALL)
    return [
        (tone, href.replace("&amp;", "&"), " ".join(re.sub(r"<[^>]+>", " ", said).split()))
        for tone, href, said in found
    ]


def test_where_too_many_boxes_fit_rooms_stand_for_them_and_where_too_many_rooms_do_floors(
    at: Desk, locker: Locker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(glance, "BOXES", 9)
    monkeypatch.setattr(glance, "ROOMS", 6)
    add(locker, 0, 60)
    assert [said for _, _, said in tiles(at, "/fleet/map")] == [
        "整层 要人看 1",
        "整层 正常 45 有故障 5",
        "整层 正常 9 有故障 1",
    ]
    tone, href, _ = tiles(at, "/fleet/map")[1]
    assert (tone, href) == ("broken", "/fleet/map?floor=0F")
    rooms = tiles(at, href)
    assert rooms[0] == ("broken", "/fleet/map?floor=0F&room=room+0", "room 0 正常 9 有故障 1") and len(rooms) == 5
    one = tiles(at, rooms[0][1])
    assert [href for _, href, _ in one] == [f"/fleet/box-{n:03}" for n in range(9)] and "只画出前 9 台" in at.shown
    assert 'name="room" value="room 0" checked' in at.shown
    assert [href for _, href, _ in tiles(at, "/fleet/map?state=broken")] == [
        f"/fleet/box-{n:03}" for n in range(0, 60, 10)
    ]
    assert [href for _, href, _ in tiles(at, "/fleet/map?unplaced=1")] == ["/fleet/locker-a"]
    assert len(tiles(at, "/fleet/map?pick=1")) == 0 and at.shown.count('id="pick-') == 17


def test_the_map_counts_each_box_by_the_worst_of_it_and_its_devices(locker: Locker) -> None:
    with locker.store.write() as session:
        told = product(
            ("active", "suspended", "revoked"), ("ready", "lost", "init", "unknown"), (True, False), (True, False)
        )
        for n, (state, presence, safe, trusted) in enumerate(told):
            for devices in ([], ["back"], ["gone", "back"]):
                box = Gateway(
                    name=f"box-{n}-{len(devices)}", permit_secret=b"", enrolled_at=locker.now, room=f"room {n % 3}",
                    state=state, presence=presence, safe=safe, clock_trusted=trusted,
                    devices=[Device(name=f"mic-{m}", presence=each) for m, each in enumerate(devices)],
                )  # fmt: skip
                session.add(box)
    with locker.store.read() as session:
        for asked, fitting in ((Filter(), 145), (Filter(room="room 1"), 48), (Filter(q="mic-1"), 48)):
            seen = glance.look(session, asked)
            drawn = Counter(spot.tone for rooms in seen.spots.values() for spots in rooms.values() for spot in spots)
            assert (seen.fitting, drawn.total()) == (fitting, fitting)
            assert {tone: n for tone, n in seen.counts.items() if n} == drawn
        assert glance.look(session, Filter(state="broken")).fitting == glance.look(session, Filter()).counts["broken"]


def test_a_roll_out_is_for_a_whole_group_or_floor_without_ticking_its_boxes(at: Desk, locker: Locker) -> None:
    add(locker, 0, 60)
    with locker.store.read() as session:
        assert rollout.groups(session) == ["tag:trial", "floor:0F", "floor:1F"]
        assert [len(rollout.of_group(session, each)) for each in ("tag:trial", "floor:1F", "all", "", "tag:tri")] == [
            30, 10, 61, 0, 0,
        ]  # fmt: skip
    at.open("/rollouts")
    assert '<option value="tag:trial"' in at.shown
    at.send("/rollouts", 422, title="", patch="prove_s: 5", group="floor:1F")
    assert '<option value="floor:1F" selected' in at.shown
