"""Pages that arrive from a scanning station: each once, images before or after their lines, a page scanned anew."""

import hashlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.dossiers.desk import Desk, find_job
from central.dossiers.opened import Opener
from central.dossiers.projector import ScanProjector
from central.dossiers.tables import ScanJob
from central.dossiers.worker import work_once
from central.ledger.projection import LineView
from central.store import Store
from central.web.refused import Refused
from devices.journal import ZERO, Stamp, read_line, write_line
from devices.messages import Fact, write_body
from devices.scanning import (
    DifferenceExplained,
    JobClosed,
    JobOpened,
    PageScanned,
    ScanEnded,
    ScanStarted,
    SheetsDiffer,
)
from tests.central.locker import Locker
from tests.central.shelf import COMPLAINT, RECEIPT, Shelf
from tests.kit import paper

SCANS = [paper.jpeg(paper.drawn(text, 150, paper.SLIP_MM)) for text in (COMPLAINT, RECEIPT, "歪了\n")]


@pytest.fixture
def shelf(store: Store, court_key: Ed25519PrivateKey, tmp_path: Path) -> Iterator[Shelf]:
    locker = Locker(store, court_key, tmp_path / "blobs")
    with Opener(locker.blobs.get) as opener:
        yield Shelf(locker, opener)


def told(shelf: Shelf, *facts: Fact) -> None:
    projector = ScanProjector(lambda: shelf.locker.now)
    for fact in facts:
        stamp = Stamp(shelf.locker.now, "boot", 1)
        raw = write_line(1, ZERO, stamp, "scan-a", (fact.type, write_body(fact)), None)
        with shelf.store.write() as session:
            projector.project(session, LineView("scan-a", 1, read_line(raw), ZERO))


def page(number: int, image: bytes, instead_of: int | None = None) -> PageScanned:
    return PageScanned(job="j1", page=number, sheet=number, side="front", sha256=hashlib.sha256(image).hexdigest(),
                       size=len(image), format="jpeg", width=874, height=620, mode="gray", resolution=150,
                       source="feeder", instead_of=instead_of)  # fmt: skip


OPENED = JobOpened(job="j1", case="case:1", operator="person:1", counted=2)


def test_an_envelope_becomes_documents_and_a_page_scanned_anew_takes_the_place_of_the_old(shelf: Shelf) -> None:
    for scan in SCANS:
        shelf.locker.blobs.put(scan)
    told(shelf, OPENED, page(1, SCANS[0]), page(2, SCANS[2]), page(3, SCANS[1], instead_of=2))
    shelf.work()
    assert shelf.told() == [] and shelf.intake(1).state == "SCANNING"
    told(shelf, JobClosed(job="j1", sheets=2, pages=3))
    shelf.work()
    assert [(item, pages) for item, _, pages in shelf.told()] == [(3, 1), (21, 1)]
    assert [p.kind for p in shelf.pages()] == ["page", "replaced", "page"] and shelf.intake(1).state == "DONE"


def test_an_image_that_is_still_on_its_way_is_waited_for(shelf: Shelf) -> None:
    told(shelf, OPENED, page(1, SCANS[0]), JobClosed(job="j1", sheets=1, pages=1))
    for _ in range(5):
        assert work_once(shelf.bench, "worker")
        shelf.locker.now = shelf.locker.now.replace(minute=shelf.locker.now.minute + 1)
    shelf.locker.blobs.put(SCANS[0])
    shelf.work()
    assert [item for item, _, _ in shelf.told()] == [3]


def test_what_fits_no_case_or_no_job_is_refused_and_parked(shelf: Shelf) -> None:
    with pytest.raises(Refused, match="没有这个案件"):
        told(shelf, JobOpened(job="j1", case="case:999", operator="person:1", counted=1))
    with pytest.raises(Refused, match="没有登记过扫描任务"):
        told(shelf, page(1, SCANS[0]))
    assert shelf.pages() == []


def stands(shelf: Shelf) -> ScanJob:
    with shelf.store.read() as session:
        return find_job(session, shelf.actor(), "scan-a", "j1")


def test_how_an_envelope_stands_is_what_its_station_told_last(shelf: Shelf) -> None:
    told(shelf, OPENED, ScanStarted(job="j1", preset="dossier", from_sheet=1), page(1, SCANS[0]))
    assert (stands(shelf).counted, stands(shelf).sheets, stands(shelf).scanning) == (2, 1, True)
    told(shelf, ScanEnded(job="j1", sheets=1, why="jam", put_back=2), SheetsDiffer(job="j1", counted=2, scanned=1))
    job = stands(shelf)
    assert (job.scanning, job.why, job.put_back, job.owed) == (False, "jam", 2, True)
    told(shelf, DifferenceExplained(job="j1", operator="person:1", counted=2, scanned=1, why="miscounted"))
    told(shelf, JobClosed(job="j1", sheets=1, pages=1, explained=True))
    job = stands(shelf)
    assert (job.owed, job.explained, job.explained_at, job.closed) == (False, "miscounted", 1, True)


def test_what_is_asked_of_a_desk_is_a_signed_wish_and_a_closed_envelope_takes_none(shelf: Shelf) -> None:
    at = partial(Desk, person=shelf.actor(), gateway="locker-a", now=shelf.locker.now)
    with shelf.store.write() as session:
        job, wish = at(session).open(1, 2)
        assert (wish.device, wish.type, wish.body["job"], wish.body["case"]) == ("scanning", "open_job", job, "case:1")
        with pytest.raises(Refused, match="没有登记过扫描任务"):
            at(session).scan(job, "dossier")
        with pytest.raises(Refused, match="没有名为"):
            Desk(session, shelf.actor(), "nowhere", shelf.locker.now).open(1, 2)
    told(shelf, OPENED, JobClosed(job="j1", sheets=2, pages=2))
    with shelf.store.write() as session, pytest.raises(Refused, match="已经扫描完毕并关闭"):
        Desk(session, shelf.actor(), "scan-a", shelf.locker.now).close("j1")
