"""The scan desk's pages and what they are drawn from: which desk, which case, how it stands, what is refused."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select, update

from central.dossiers import scan_board, scan_words
from central.dossiers.desk import find_job
from central.dossiers.live import LiveDesks
from central.dossiers.opened import Opener
from central.dossiers.tables import Page
from central.fleet.tables import Gateway
from central.store import Store
from central.wishes.tables import WishRow
from devices.scanning import (
    DifferenceExplained,
    JobClosed,
    JobOpened,
    ScanEnded,
    ScanProgress,
    ScanStarted,
    SheetsDiffer,
)
from tests.central.desk import Desk, desk
from tests.central.locker import BOX, Locker
from tests.central.shelf import Shelf
from tests.central.test_dossiers_scanned import page, told
from tests.kit import paper

SLIP = paper.jpeg(paper.drawn("送达回证\n收件人签名：李志强", 100, paper.SLIP_MM))
OPENED = JobOpened(job="j1", case="case:1", operator="person:1", counted=2)
STATION = {"devices": {}, "stations": {"scanning": {
    "scanner": "scanner-a", "presets": {"dossier": {"source": "feeder_duplex"}, "newer": {"source": "drum"}},
}}}  # fmt: skip


@pytest.fixture
def shelf(store: Store, court_key: Ed25519PrivateKey, tmp_path: Path) -> Iterator[Shelf]:
    locker = Locker(store, court_key, tmp_path / "blobs")
    with Opener(locker.blobs.get) as opener:
        yield Shelf(locker, opener)


@pytest.fixture
def at(shelf: Shelf) -> Iterator[Desk]:
    sha256 = shelf.locker.blobs.put(yaml.safe_dump(STATION).encode())
    with shelf.store.write() as session:
        session.scalars(select(Gateway).where(Gateway.name == BOX)).one().configuration = sha256
    with desk(shelf.locker) as opened:
        opened.client.app.state.live_desks = LiveDesks(lambda _: None)  # type: ignore[attr-defined]
        opened.sign_in("clerk")
        yield opened


def wished(shelf: Shelf) -> WishRow:
    with shelf.store.read() as session:
        return session.scalars(select(WishRow).order_by(WishRow.asked_line.desc())).first()  # type: ignore[return-value]


def test_an_envelope_is_laid_on_a_desk_by_barcode_and_what_cannot_be_meant_is_said(at: Desk, shelf: Shelf) -> None:
    shown = at.open("/scan?case=HS-0001")
    assert 'value="HS-0001"' in shown and "扫描台上还没有材料" in shown
    assert "没有找到“HS-9”" in at.send("/scan", 422, gateway=BOX, case="HS-9", counted="3")
    assert "“三”不是张数" in at.send("/scan", 422, gateway=BOX, case="HS-0001", counted="三")
    assert "没有名为“elsewhere”的扫描工位" in at.send("/scan", 404, gateway="elsewhere", case="HS-0001", counted="3")
    assert "正在把这一袋放上扫描台" in at.send("/scan", gateway=BOX, case="HS-0001", counted="3", disc="1")
    body = wished(shelf).body
    assert (body["case"], body["counted"], body["left_out"]) == ("case:1", 3, [{"what": "disc"}])


def test_the_desk_says_what_happened_which_sheet_goes_back_and_what_a_page_lacks(at: Desk, shelf: Shelf) -> None:
    dark = page(1, SLIP).model_copy(update={"flaws": ("dark", "skewed")})
    told(shelf, OPENED, ScanStarted(job="j1", preset="dossier", from_sheet=1), dark)
    assert "正在扫描" in at.open("/scan/scan-a/j1") and "停止" in at.shown
    told(shelf, ScanEnded(job="j1", sheets=1, why="double_feed", put_back=2))
    shown = at.open("/scan/scan-a/j1")
    assert "两张纸一起进去了。" in shown and "从第 2 张起放回" in shown and "太暗" in shown and "纸放歪了" in shown
    assert "Two sheets went in together." in at.open("/scan/scan-a/j1?lang=en")


def test_pages_of_an_envelope_that_is_not_closed_lead_to_its_desk(at: Desk, shelf: Shelf) -> None:
    told(shelf, OPENED, page(1, SLIP), ScanEnded(job="j1", sheets=1, why="out_of_paper"))
    assert 'href="/scan/scan-a/j1"' in at.open("/edossiers/1/intake")
    assert "还有 1 页在识别" in at.open("/edossiers/1/catalogue")
    with shelf.store.write() as session:
        session.execute(update(Page).values(state="READ"))
    for path in ("/edossiers/1/catalogue", "/edossiers/1"):
        assert "有一袋材料还在扫描台上" in at.open(path) and 'href="/scan/scan-a/j1"' in at.shown


def test_a_difference_is_signed_for_with_a_reason_and_shown_with_its_proof(at: Desk, shelf: Shelf) -> None:
    shelf.locker.blobs.put("夹页".encode())
    told(shelf, OPENED, page(1, SLIP), ScanEnded(job="j1", sheets=1, why="out_of_paper"))
    told(shelf, SheetsDiffer(job="j1", counted=2, scanned=1))
    assert "还差 1 张" in at.open("/scan/scan-a/j1?lang=zh")
    assert "请写明差异的原因" in at.send("/scan/scan-a/j1/difference", 422, scanned="1", why="other", note=" ")
    explained = DifferenceExplained(job="j1", operator="person:1", counted=2, scanned=1, why="miscounted")
    told(shelf, explained, SheetsDiffer(job="j1", counted=2, scanned=1))  # somebody closed it in the same moment
    with shelf.store.read() as session:
        assert not find_job(session, shelf.actor(), "scan-a", "j1").owed
    told(shelf, JobClosed(job="j1", sheets=1, pages=1, explained=True))
    shown = at.open("/scan/scan-a/j1")
    assert "王书记 签名说明：清点时数错了" in shown and 'href="/ledger/' in shown


def test_what_a_station_says_live_runs_ahead_of_what_is_proven(shelf: Shelf) -> None:
    stirred: list[str] = []
    desks = LiveDesks(stirred.extend)
    told(shelf, OPENED)
    said = ScanProgress(job="j1", sheets=4, pages=7, counted=9, scanning=True)
    for payload in (b"{", said.model_dump_json().encode()):
        desks.heard("scan-a", "progress", payload)
    assert stirred == ["scan:scan-a:j1"]
    with shelf.store.read() as session:
        job = find_job(session, shelf.actor(), "scan-a", "j1")
        assert scan_board.standing(session, job, desks.of("scan-a", "j1")).sheets == 4
        assert scan_board.standing(session, job, None).sheets == 0


def test_start_sheets_carry_the_codes_the_station_obeys(at: Desk) -> None:
    shown = at.open(f"/scan/{BOX}/sheets")
    assert "COURTSIDE-SCAN:dossier" in shown and "没有配读码器" in shown


def test_a_refusal_of_the_station_is_told_in_words_of_paper() -> None:
    row = SimpleNamespace(state="refused", why="device_offline", detail="", sent_at=None)
    assert "扫描仪没有接上" in str(scan_words.outcome(row))  # type: ignore[arg-type]
    row = SimpleNamespace(state="refused", why="rejected", detail="2 sheets are scanned, not 3", sent_at=None)
    assert "2 sheets are scanned" in str(scan_words.outcome(row))  # type: ignore[arg-type]
