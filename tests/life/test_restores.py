"""Old backups and old disk images come back into a court that went on meanwhile: nothing is lost, and it is seen."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.journal import ZERO, Line, read_chain, read_line
from tests.kit.installation import Box, Installation, small_court
from tests.kit.process import until


@pytest.fixture
def court(tmp_path: Path) -> Iterator[Installation]:
    with small_court(tmp_path / "court", "locker-a") as court:
        yield court


@pytest.fixture
def box(court: Installation) -> Box:
    return court.boxes["locker-a"]


def scanned(court: Installation, box: Box, times: int) -> set[str]:
    """Codes scanned now, all of them committed."""
    court.drain(box)  # the reader listens
    codes = {court.scan(box) for _ in range(times)}
    until("they are journalled", lambda: codes <= {read_line(raw).body.get("code") for _, raw in court.journal(box)})
    court.drain(box)
    return codes


def books(court: Installation, box: Box) -> list[list[Line]]:
    """The box's books in the ledger, each with its chain whole."""
    rows: dict[str, list[bytes]] = {}
    for book, _, raw in court.ledger(box.name):
        rows.setdefault(book, []).append(raw)
    return [read_chain(raws, 1, ZERO) for raws in rows.values()]


def codes_told(court: Installation, box: Box) -> list[str]:
    """Every code in the ledger as often as it was read: a line told anew is the fact of the line it names."""
    lines = [line for book in books(court, box) for line in book if line.type == "code_read"]
    known = {line.hash for line in lines}
    return [line.body["code"] for line in lines if line.body.get("again", {}).get("hash") not in known]


def test_central_comes_back_from_a_backup_older_than_the_last_ack(court: Installation, box: Box) -> None:
    before = scanned(court, box, 20)
    court.central("backup", court.folder / "backup")
    after = scanned(court, box, 20)
    had = court.ledger(box.name)

    court.kill9("central", "broker")
    court.home.rename(court.folder / "home-lost")
    court.central("restore", court.folder / "backup")
    assert len(court.ledger(box.name)) < len(had)
    court.start("broker", "central")
    new = scanned(court, box, 5)

    assert court.ledger(box.name)[: len(had)] == had
    assert [raw for _, raw in court.journal(box)][: len(had)] == [raw for _, _, raw in had]
    told = codes_told(court, box)
    assert before | after | new <= set(told)
    assert len(told) == len(set(told))


def test_a_gateway_comes_back_from_an_old_disk_image(court: Installation, box: Box) -> None:
    before = scanned(court, box, 10)
    image = image_of(court, box)
    after = scanned(court, box, 10)
    had = court.ledger(box.name)

    court.kill9(box.gateway)
    put_back(box, image)
    court.start(box.gateway)
    new = scanned(court, box, 10)

    seen_and_whole(court, box, had, before | after | new)


@pytest.mark.long
def test_a_gateway_with_an_old_disk_image_writes_on_before_it_hears_of_central(court: Installation, box: Box) -> None:
    before = scanned(court, box, 10)
    image = image_of(court, box)
    after = scanned(court, box, 10)
    had = court.ledger(box.name)

    court.kill9(box.gateway, "broker", "central")
    court.wipe_broker()
    put_back(box, image)
    court.start(box.gateway)
    new = set()
    while len(court.journal(box)) <= len(had) + 20:  # its own line of every number central has another of
        new.add(court.scan(box))
    court.start("broker", "central")
    later = scanned(court, box, 5)

    written = {read_line(raw).body.get("code") for _, raw in court.journal(box)}
    seen_and_whole(court, box, had, before | after | (new & written) | later)


def image_of(court: Installation, box: Box) -> Path:
    """A copy of the gateway's disk, taken while it is off; the gateway runs again afterwards."""
    image = box.data.with_name("image")
    court.stop(box.gateway)
    shutil.copytree(box.data, image)
    court.start(box.gateway)
    return image


def put_back(box: Box, image: Path) -> None:
    shutil.rmtree(box.data)
    shutil.copytree(image, box.data)


def seen_and_whole(court: Installation, box: Box, had: list[tuple[str, int, bytes]], codes: set[str]) -> None:
    """What central had it still has, all else is there once, in a book that says why; and there is an alarm."""
    assert court.ledger(box.name)[: len(had)] == had
    first, second = books(court, box)
    assert (second[0].type, second[0].body["why"]) == ("book_opened", "restored_disk")
    assert second[0].body["follows"] == first[-1].hash
    assert ("fork", box.name) in court.alarms()
    told = codes_told(court, box)
    assert codes <= set(told)
    assert len(told) == len(set(told))
