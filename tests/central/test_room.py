"""Room on central's disk: uploads leave some free, whoever is refused loses nothing, and the IT desk is called."""

from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI, HTTPException
from fastapi.testclient import TestClient

from central.alarms import Alarm, open_alarms
from central.blobs import Blobs, blob_routes, upload_routes
from central.room import COMES_AGAIN, GIB, Room

from .desk import Desk
from .locker import Locker
from .test_blobs import BOX, DATA, SHA256, door, metadata, send

SIZE = len(DATA)
KEEP = GIB


class Disk:
    """A file system with a figure of free bytes; a folder that is not on it cannot be looked at."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.left = KEEP + 10 * SIZE

    def free(self, folder: Path) -> int:
        """What is left."""
        if not folder.is_relative_to(self.folder):
            raise FileNotFoundError(folder)
        return self.left


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


@pytest.fixture
def room(disk: Disk, locker: Locker, tmp_path: Path) -> Room:
    folders = tmp_path / "uploads", tmp_path / "kept"
    return Room("central", KEEP / GIB, *folders, clock=lambda: locker.now, free=disk.free)


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "kept")


@pytest.fixture
def client(blobs: Blobs, room: Room, tmp_path: Path) -> TestClient:
    app = FastAPI()
    app.include_router(blob_routes(blobs, door, lambda gateway, sha256, size: f"{gateway} {sha256} {size}"))
    app.include_router(upload_routes(blobs, tmp_path / "uploads", door, room))
    return TestClient(app, headers=BOX | {"Tus-Resumable": "1.0.0"})


def begun(client: TestClient, size: int = SIZE, **more: str) -> tuple[int, str]:
    """Status and address of an upload that is begun."""
    headers = {"Upload-Length": str(size), "Upload-Metadata": metadata(SHA256)} | more
    answer = client.post("/api/v1/uploads/", headers=headers)
    return answer.status_code, answer.headers.get("location", "")


def alarms(locker: Locker, room: Room) -> list[Alarm]:
    """Those that are open once the sweep has looked."""
    with locker.store.write() as session:
        room.sweep(session, locker.now)
    with locker.store.read() as session:
        return open_alarms(session)


def test_below_what_is_kept_free_none_begins_and_one_alarm_is_open_until_there_is_room_to_spare(
    client: TestClient, room: Room, disk: Disk, locker: Locker
) -> None:
    assert alarms(locker, room) == []
    disk.left = KEEP - 1
    assert begun(client)[0] == begun(client, 0)[0] == 507
    (alarm,) = alarms(locker, room)
    assert (alarm.kind, alarm.subject, alarm.severity) == ("central_full", "central", "severe")
    assert alarm.params == {"free_gib": 1.0, "keep_free_gib": 1.0, "wanted_gib": 0.0}
    assert [each.times for each in alarms(locker, room)] == [1], "it is not raised again and again"
    locker.now += COMES_AGAIN
    disk.left = KEEP + 1
    assert alarms(locker, room) != [], "a byte more or less does not call people each time"
    disk.left = 2 * KEEP
    assert alarms(locker, room) == []
    assert begun(client)[0] == 201


def test_an_upload_under_way_waits_where_it_is(client: TestClient, blobs: Blobs, disk: Disk) -> None:
    _, url = begun(client)
    assert send(client, url, 0, DATA[:100_000]) == 204
    disk.left = KEEP + SIZE - 100_001
    assert send(client, url, 100_000, DATA[100_000:]) == 507
    assert client.head(url).headers["upload-offset"] == "100000"
    disk.left = KEEP + 2 * SIZE
    assert send(client, url, 100_000, DATA[100_000:]) == 204
    assert blobs.get(SHA256) == DATA
    assert client.get(f"/api/v1/blobs/{SHA256}/receipt").status_code == 200


def test_one_that_is_whole_and_finds_no_room_among_the_blobs_takes_none_from_others(
    client: TestClient, blobs: Blobs, disk: Disk, tmp_path: Path
) -> None:
    _, url = begun(client)
    assert send(client, url, 0, DATA[:-1]) == 204
    disk.left = KEEP + 1
    assert send(client, url, SIZE - 1, DATA[-1:]) == 507
    assert client.head(url).status_code == 404 and not blobs.has(SHA256)
    assert [path for path in (tmp_path / "uploads").glob("*") if path.is_file()] == []
    disk.left = KEEP + 10 * SIZE
    _, url = begun(client)
    assert send(client, url, 0, DATA) == 204 and blobs.has(SHA256)


def test_one_begins_only_where_it_fits_twice_and_is_not_waited_for_for_ever(
    client: TestClient, room: Room, disk: Disk, locker: Locker
) -> None:
    disk.left = 2 * KEEP
    assert begun(client, KEEP // 2 + 1)[0] == 507
    assert begun(client, KEEP // 2)[0] == 201, "others go on"
    assert [alarm.params["wanted_gib"] for alarm in alarms(locker, room)] == [1.0]
    locker.now += COMES_AGAIN + timedelta(seconds=1)
    assert alarms(locker, room) == []


def test_what_is_being_written_counts_for_whoever_asks_meanwhile(room: Room, disk: Disk) -> None:
    disk.left = KEEP + 10
    with room.held(6), room.held(4):
        with pytest.raises(HTTPException) as refused, room.held(1):
            raise AssertionError
        assert refused.value.status_code == 507
    with room.held(10):
        pass


def test_no_length_that_is_told_makes_room(client: TestClient, disk: Disk) -> None:
    disk.left = 0
    assert begun(client, -KEEP)[0] == 422
    assert begun(client, **{"Content-Length": "0", "Upload-Defer-Length": "1"})[0] == 507


def test_a_stranger_calls_nobody_and_a_disk_that_cannot_be_looked_at_is_full(
    client: TestClient, room: Room, disk: Disk, locker: Locker, tmp_path: Path
) -> None:
    assert begun(client, KEEP, Authorization="")[0] == 401
    assert alarms(locker, room) == []
    disk.folder = tmp_path / "away"
    assert begun(client)[0] == 507
    assert len(alarms(locker, room)) == 1


def test_an_object_store_needs_room_for_the_upload_alone(disk: Disk, tmp_path: Path) -> None:
    app, blobs = FastAPI(), Blobs("memory:///")
    room = Room("central", KEEP / GIB, tmp_path / "uploads", free=disk.free)
    app.include_router(upload_routes(blobs, tmp_path / "uploads", door, room))
    client = TestClient(app, headers=BOX | {"Tus-Resumable": "1.0.0"})
    disk.left = KEEP + SIZE
    _, url = begun(client)
    assert send(client, url, 0, DATA[:-1]) == 204
    disk.left = KEEP + 1
    assert send(client, url, SIZE - 1, DATA[-1:]) == 204 and blobs.has(SHA256)


def test_the_alarm_says_what_to_do_and_only_room_ends_it(at: Desk, locker: Locker, room: Room, disk: Disk) -> None:
    disk.left = 0
    (alarm,) = alarms(locker, room)
    at.sign_in("it")
    shown = at.open("/alarms")
    assert "中心的磁盘快满了" in shown and "腾出空间" in shown and f"/alarms/{alarm.id}/clear" not in shown
    english = at.open("/alarms?lang=en")
    assert "disk is nearly full" in english and "Make room on the server" in english
    at.open("/alarms?lang=zh")
    assert "它还没有恢复" in at.send(f"/alarms/{alarm.id}/clear", 409)
    at.open("/alarms")
    assert "看到了" in at.send(f"/alarms/{alarm.id}/seen")
    disk.left = 2 * KEEP
    assert alarms(locker, room) == [] and "没有告警" in at.open("/alarms")
