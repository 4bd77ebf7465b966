"""From a file to a catalogued dossier: pages, text, documents, search, the bound PDF, and the seal at the end."""

import hashlib
import io
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from central.cases import service as cases
from central.cases.tables import Case
from central.dossiers import catalogue, service, work
from central.dossiers.opened import Opener
from central.dossiers.splitting import sheet_code
from central.dossiers.tables import Document, Dossier, Page
from central.ledger.tables import LedgerLine
from central.people.roles import Actor
from central.store import Store
from central.web.refused import Refused
from tests.central.locker import Locker
from tests.central.shelf import COMPLAINT, DELIBERATION, JUDGMENT, RECEIPT, Shelf
from tests.kit import paper

STRANGER = Actor(99, "", frozenset())


@pytest.fixture
def both(store: Store, court_key: Ed25519PrivateKey, tmp_path: Path) -> Iterator[Shelf]:
    """On each kind of database."""
    locker = Locker(store, court_key, tmp_path / "blobs")
    with Opener(locker.blobs.get) as opener:
        yield Shelf(locker, opener)


def slip(text: str, dpi: int = 150) -> Image.Image:
    return paper.drawn(text, dpi, paper.SLIP_MM)


def scanned(*texts: str) -> bytes:
    return paper.pdf([slip(text) for text in texts])


def test_a_scanned_bundle_becomes_a_catalogue_in_the_statutory_order(shelf: Shelf) -> None:
    file = shelf.bring("全卷.pdf", scanned(COMPLAINT, RECEIPT, JUDGMENT, DELIBERATION))
    shelf.work()
    assert shelf.intake(file).state == "DONE" and shelf.waiting() == []
    assert [item for item, _, _ in shelf.told()] == [3, 19, 21, 16]
    with shelf.store.read() as session:
        entries = catalogue.entries(session, shelf.actor(), shelf.case)
        first = entries[0].document
        assert (first.title, str(first.dated)) == ("民事起诉状", "2026-03-02") and first.confidence > 0.7
        assert any("标题中有“民事起诉状”" in str(why) for why in first.why)
        assert [entry.document.secret for entry in entries] == [False, False, False, True]
        hits = service.search(session, shelf.actor(), "逾期")
        assert [hit.document and hit.document.id for hit in hits] == [first.id]
        assert hits[0].found == "逾期" and hits[0].before and hits[0].after
        assert service.search(session, shelf.actor(), "没有这句话") == []


def test_separator_sheets_separate_and_say_the_item_and_a_label_of_another_case_is_pointed_out(shelf: Shelf) -> None:
    with shelf.store.write() as session:
        other = cases.register_case(session, shelf.actor(), "(2026)苏0206民初9号", "合同纠纷", [], shelf.locker.now)
        cases.register_volume(session, shelf.actor(), other, shelf.locker.now, barcode="HS-OTHER")
    sheets = [paper.separator(sheet_code(21)), slip("无题\n第一页"), slip("第二页\n仍是同一份"),
              paper.separator(sheet_code(None)), paper.labelled(slip("封皮"), "HS-OTHER")]  # fmt: skip
    shelf.bring("堆.pdf", paper.pdf(sheets))
    shelf.work()
    assert [(item, pages) for item, _, pages in shelf.told()] == [(21, 2), (None, 1)]
    assert [page.kind for page in shelf.pages()] == ["separator", "page", "page", "separator", "page"]
    with shelf.store.read() as session:
        last = catalogue.entries(session, shelf.actor(), shelf.case)[-1].document
        assert "HS-OTHER" in str(last.why[0])


def test_people_go_on_while_documents_are_proposed_and_a_page_they_placed_meanwhile_stays_there(both: Shelf) -> None:
    both.bring("全卷.pdf", scanned(COMPLAINT, JUDGMENT))
    both.work(most=3)
    assert [kind for kind, _ in both.waiting()] == ["arrange"]
    placed, asked = list[int](), 0

    def place(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        nonlocal asked
        learned = "FROM catalogue_lessons" in statement
        asked += learned
        if learned and not placed:
            with both.store.write() as session:  # refused inside another transaction that writes
                by_hand = Document(case_id=both.case, item=20, title="手工归入", reasons=[], parties=[])
                session.add(by_hand)
                session.flush()
                session.get_one(Page, both.pages()[1].id).document_id = by_hand.id
                placed.append(by_hand.id)

    event.listen(both.store.engine, "before_cursor_execute", place)
    both.work()
    event.remove(both.store.engine, "before_cursor_execute", place)
    assert asked == 1 and both.waiting() == []  # all that was learned is read once, not for each document
    assert both.told() == [(3, "民事起诉状", 1), (20, "手工归入", 1)]


def test_a_page_askew_is_straightened_in_a_derived_image_and_what_came_is_kept(shelf: Shelf) -> None:
    data = paper.jpeg(paper.worn(slip(COMPLAINT, 200), 3.0), 200)
    file = shelf.bring("斜.jpg", data)
    shelf.bring("空白.png", _png(Image.new("L", (800, 600), 250)))
    shelf.work()
    page, blank = shelf.pages()
    assert -3.4 < page.skew < -2.6 and blank.kind == "blank"
    assert shelf.locker.blobs.get(shelf.intake(file).sha256) == data and page.image != shelf.intake(file).sha256


def test_a_page_that_lay_on_its_side_is_turned_in_a_derived_image_and_read_again_and_that_can_be_undone(
    both: Shelf,
) -> None:
    data = _png(slip(COMPLAINT, 200).transpose(Image.Transpose.ROTATE_90))
    file = both.bring("横.png", data)
    both.work()
    (lying,) = both.pages()
    with both.store.write() as session:
        hand = both.hand(session)
        (entry,) = catalogue.entries(session, hand.person, 1)
        assert service.search(session, hand.person, "恒远机械") == []
        catalogue.place(hand, entry.document.id, 3, secret=False)
        catalogue.turn(hand, entry.document.id)
        with pytest.raises(Refused, match="还在识别"):
            catalogue.turn(hand, entry.document.id, lying.id)
        case = session.get_one(Case, 1)
        assert [str(said) for said in catalogue.open_items(session, case)] == ["电子卷宗还有 1 份材料正在识别。"]
        revision = hand.dossier.revision
    both.work()
    (stands,) = both.pages()
    assert (stands.turned, stands.width, stands.height) == (90, lying.height, lying.width)
    assert both.locker.blobs.get(both.intake(file).sha256) == data and stands.image != lying.image
    assert (both.intake(file).state, both.intake(file).done) == ("DONE", 1)
    with both.store.write() as session:
        hand = both.hand(session)
        assert [hit.page.id for hit in service.search(session, hand.person, "恒远机械")] == [stands.id]
        assert hand.dossier.revision > revision  # a volume bound meanwhile has the page as it lay
        assert catalogue.open_items(session, session.get_one(Case, 1)) == []
        catalogue.undo(hand)
    both.work()
    (again,) = both.pages()
    assert (again.turned, again.image) == (0, lying.image)


def test_a_pdf_that_brings_its_own_text_is_believed(shelf: Shelf) -> None:
    shelf.bring("一.pdf", scanned(COMPLAINT))
    shelf.work()
    bound = _bound(shelf)
    with shelf.store.write() as session:
        other = cases.register_case(session, shelf.actor(), "(2026)苏0206民初9号", "合同纠纷", [], shelf.locker.now)
    shelf.case = other.id
    shelf.bring("再收.pdf", bound)
    shelf.work()
    assert [page.engine for page in shelf.pages()] == ["tesseract", "pdf"]
    assert [item for item, _, _ in shelf.told()] == [3]


def test_the_bound_volume_is_whole_searchable_and_in_order(shelf: Shelf, tmp_path: Path) -> None:
    shelf.bring("全卷.pdf", scanned(JUDGMENT, COMPLAINT, RECEIPT, DELIBERATION))
    shelf.work()
    path = tmp_path / "main.pdf"
    path.write_bytes(_bound(shelf))
    assert "No syntax or stream encoding errors" in _run("qpdf", "--check", path)
    fonts = _run("pdffonts", path).splitlines()[2:]
    assert fonts and all(re.search(r"Identity-H\s+yes no\s+yes", line) for line in fonts)
    with shelf.store.read() as session:
        read = "".join(hit.page.text for hit in service.search_in(session, shelf.actor(), 1, "民事起诉状"))
    assert paper.errors(_run("pdftotext", "-f", "1", "-l", "1", path, "-"), read) == 0.0
    with pikepdf.open(path) as pdf, pdf.open_outline() as outline:
        assert [entry.title for entry in outline.root][1] == "判决书、裁定书原本与正本"
        assert [page.label for page in pdf.pages] == ["3-1", "19-1", "21-1"]
        assert pdf.open_metadata().pdfa_status == "2B"
    with shelf.store.read() as session:
        assert session.get_one(Dossier, 1).pdf_side is not None
    again = _bound(shelf)
    assert hashlib.sha256(again).digest() == hashlib.sha256(path.read_bytes()).digest()


def test_side_volumes_are_for_court_staff(shelf: Shelf) -> None:
    shelf.bring("评议.jpg", paper.jpeg(slip(DELIBERATION, 200), 200))
    shelf.work()
    with shelf.store.read() as session:
        page = shelf.pages()[0]
        assert service.readable(session, shelf.actor("judge"), [page]) == [page]
        assert service.readable(session, STRANGER, [page]) == []
        with pytest.raises(Refused, match="没有“查阅电子卷宗”的权限"):
            catalogue.entries(session, STRANGER, shelf.case)


def test_nothing_is_in_a_dossier_twice(both: Shelf) -> None:
    data = paper.jpeg(slip(COMPLAINT, 200), 200)
    both.bring("一.jpg", data)
    with pytest.raises(Refused, match="没有重复收入"):
        both.bring("二.jpg", data)


def pronounced(shelf: Shelf, session: Session) -> Case:
    """The case, one step before it is closed."""
    case = cases.find_case(session, shelf.case)
    for state in ("FILED", "ASSIGNED", "SERVED", "TRIAL", "JUDGED", "PRONOUNCED"):
        cases.advance(session, shelf.actor(), case, state, shelf.locker.now)
    return case


def test_closing_waits_for_the_catalogue_and_then_freezes_and_seals_it(both: Shelf) -> None:
    both.bring("诉状.jpg", paper.jpeg(slip(COMPLAINT, 200), 200))
    locker = both.locker
    with both.store.write() as session:
        case = pronounced(both, session)
        with pytest.raises(Refused, match="还有 1 份材料正在识别"):
            cases.advance(session, both.actor(), case, "CLOSED", locker.now)
    both.work()
    with both.store.write() as session, pytest.raises(Refused, match="1 份文书的编目未经确认"):
        cases.advance(session, both.actor(), cases.find_case(session, both.case), "CLOSED", locker.now)
    both.confirm_all()
    with both.store.write() as session:
        cases.advance(session, both.actor(), cases.find_case(session, both.case), "CLOSED", locker.now)
    with both.store.read() as session:
        dossier = session.get_one(Dossier, both.case)
        line = session.get_one(LedgerLine, dossier.locked_line)
        sealed = locker.blobs.get(dossier.catalogue or "")
        assert line.type == "dossier_locked" and hashlib.sha256(sealed).hexdigest().encode() in line.raw
        assert "民事起诉状" in sealed.decode() and (both.pages()[0].image or "") in sealed.decode()
        assert catalogue.sealed(catalogue.entries(session, None, both.case)) == sealed
    with pytest.raises(Refused, match="已锁定"):
        both.bring("晚来.jpg", paper.jpeg(slip(RECEIPT, 200), 200))


@pytest.mark.parametrize("database", ["postgres"], indirect=True)  # SQLite lets one write at a time
def test_a_catalogue_frozen_in_the_same_moment_is_not_changed_any_more(both: Shelf) -> None:
    both.bring("诉状.jpg", paper.jpeg(slip(COMPLAINT, 200), 200))
    both.work()
    both.confirm_all()
    with both.store.write() as session:
        pronounced(both, session)
    with pytest.raises(Refused, match="已锁定"), both.store.write() as second:
        seen = second.get_one(Dossier, both.case)
        with both.store.write() as first:
            cases.advance(first, both.actor(), cases.find_case(first, both.case), "CLOSED", both.locker.now)
        assert not seen.locked
        both.hand(second)


def test_central_s_own_book_tells_every_step_and_no_name(shelf: Shelf) -> None:
    shelf.bring("张建国的诉状.jpg", paper.jpeg(slip(COMPLAINT, 200), 200))
    shelf.work()
    shelf.confirm_all()
    with shelf.store.read() as session:
        lines = session.scalars(select(LedgerLine).order_by(LedgerLine.id)).all()
    told = [line.type for line in lines if line.type.startswith(("file_", "pages_", "document_", "catalogue_"))]
    assert told == ["file_brought_in", "pages_read", "document_confirmed", "catalogue_changed"]
    assert not any("张建国".encode() in line.raw for line in lines)


def _bound(shelf: Shelf) -> bytes:
    """The main volume's PDF, bound now."""
    with shelf.store.write() as session:
        work.ask(session, "bind", [shelf.case])
    shelf.work()
    with shelf.store.read() as session:
        return shelf.locker.blobs.get(session.get_one(Dossier, shelf.case).pdf or "")


def _png(image: Image.Image) -> bytes:
    kept = io.BytesIO()
    image.save(kept, "PNG")
    return kept.getvalue()


def _run(program: str, *arguments: str | Path) -> str:
    assert shutil.which(program), f"{program} is not installed"
    return subprocess.run([program, *map(str, arguments)], check=True, capture_output=True, text=True).stdout
