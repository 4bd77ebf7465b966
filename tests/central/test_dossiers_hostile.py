"""Files that would do harm, and workers that die: each gets an answer in words, and nothing is lost or done twice."""

import io
import re
import signal
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import docx
import pikepdf
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image
from sqlalchemy import func, select, update

from central.dossiers import office, pieces, work
from central.dossiers.opened import FileRefused, Opener
from central.dossiers.tables import Document, Intake, Page, Work
from central.ledger.tables import LedgerLine
from devices.journal import read_line
from tests.central.desk import desk
from tests.central.shelf import COMPLAINT, JUDGMENT, Shelf
from tests.kit import paper

shielded = pytest.mark.skipif(
    not office.shield(),
    reason="this machine lets nothing be cut off from the network; documents are refused here, as another test shows",
)


def slip(text: str = COMPLAINT) -> bytes:
    return paper.jpeg(paper.drawn(text, 150, paper.SLIP_MM))


def changed(**how: object) -> bytes:
    """A PDF of one page, with a twist."""
    kept = io.BytesIO()
    with pikepdf.open(io.BytesIO(paper.pdf([paper.drawn("一页", 50)], 50))) as pdf:
        if "script" in how:
            pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
        pdf.save(kept, encryption=pikepdf.Encryption(owner="a", user="b") if "secret" in how else False)
    return kept.getvalue()


def packed(**files: bytes) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return kept.getvalue()


def gigapixel() -> bytes:
    """The head of such an image: it is refused before a pixel is unpacked."""
    size = (33_000).to_bytes(4, "big") * 2
    chunks = (b"IHDR", size + bytes((1, 0, 0, 0, 0))), (b"IDAT", zlib.compress(bytes(5000))), (b"IEND", b"")
    told = [len(d).to_bytes(4, "big") + n + d + zlib.crc32(n + d).to_bytes(4, "big") for n, d in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(told)


HOSTILE = {
    "zip bomb": (lambda: packed(a=b"\0" * 150_000_000), "疑似压缩炸弹"),
    "encrypted": (lambda: changed(secret=True), "文件有密码"),
    "gigapixel": (gigapixel, "图片有 1089 百万像素"),
    "script": (lambda: changed(script=True), "带有脚本"),
    "cut PDF": (lambda: changed()[:900], "不完整或已损坏"),
    "cut image": (lambda: slip()[:5000], "不完整或已损坏"),
    "word": (lambda: packed(**{"word/document.xml": b"<w/>"}), "打不开这份 Word 文稿"),
    "macros": (lambda: packed(**{"word/document.xml": b"<w/>", "word/vbaProject.bin": b"x"}), "带宏"),
    "sheet": (lambda: packed(**{"xl/workbook.xml": b"<w/>"}), "表格"),
    "noise": (lambda: b"\x07\x01" * 5000, "认不出这是什么文件"),
}


@pytest.mark.parametrize("name", [pytest.param(name, marks=shielded if name == "word" else ()) for name in HOSTILE])
def test_a_hostile_file_is_refused_in_words_and_nothing_waits_behind_it(shelf: Shelf, name: str) -> None:
    make, said = HOSTILE[name]
    bad = shelf.bring("张建国的文件", make())
    shelf.work()
    intake = shelf.intake(bad)
    assert intake.state == "REFUSED" and said in str(intake.why)
    assert shelf.waiting() == [] and shelf.pages() == []
    with shelf.store.read() as session:
        refused = session.scalars(select(LedgerLine).where(LedgerLine.type == "file_refused")).all()
        assert len(refused) == 1 and "张建国".encode() not in refused[0].raw


def written(*lines: str, picture: Path | None = None) -> bytes:
    """A Word document; its picture is named as a file of this machine, not brought along."""
    document, kept = docx.Document(), io.BytesIO()
    for line in lines:
        document.add_paragraph(line)
    if picture is not None:
        document.add_picture(str(picture))
    document.save(kept)
    if picture is None:
        return kept.getvalue()
    with zipfile.ZipFile(kept) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    names = "word/_rels/document.xml.rels"
    elsewhere = f'Target="{picture.as_uri()}" TargetMode="External"'.encode()
    parts[names] = re.sub(rb'Target="media/[^"]*"', elsewhere, parts[names])
    parts["word/document.xml"] = parts["word/document.xml"].replace(b"r:embed=", b"r:link=")
    return packed(**parts)


@shielded
def test_a_word_document_goes_on_as_the_pdf_that_was_made_of_it_and_stays_as_it_was_brought(shelf: Shelf) -> None:
    whole = written(*COMPLAINT.splitlines())
    number = shelf.bring("起诉状.docx", whole)
    shelf.work()
    original = shelf.intake(number)
    assert (original.kind, original.state) == ("docx", "DONE")
    assert shelf.locker.blobs.get(original.sha256) == whole
    (page,) = shelf.pages()
    assert (page.engine, page.state) == ("pdf", "READ")
    assert shelf.told() == [(3, "民事起诉状", 1)]
    made = shelf.intake(page.intake_id)
    assert (made.name, made.kind, made.parent_id) == ("起诉状.pdf", "pdf", number)
    with shelf.store.read() as session:
        raw = select(LedgerLine.raw).where(LedgerLine.type == "file_brought_in").order_by(LedgerLine.id)
        told = [read_line(line).body for line in session.scalars(raw)]
    assert [line.get("made_of", "") for line in told] == ["", original.sha256]
    with desk(shelf.locker) as at:
        at.sign_in("clerk")
        assert "由“起诉状.docx”转换而成" in at.open("/edossiers/1/intake")


@shielded
def test_a_word_document_shows_no_file_of_this_machine(shelf: Shelf, tmp_path: Path) -> None:
    Image.new("RGB", (200, 100), "blue").save(tmp_path / "secret.png")
    shelf.bring("信.docx", written("信", picture=tmp_path / "secret.png"))
    shelf.work()
    (page,) = shelf.pages()
    with pikepdf.open(io.BytesIO(shelf.locker.blobs.get(shelf.intake(page.intake_id).sha256))) as pdf:
        assert not list(pdf.pages[0].get_images())


@pytest.mark.parametrize(("there", "said"), [("", "libreoffice-writer-nogui"), ("soffice", "与网络隔开")])
def test_a_word_document_is_refused_where_it_cannot_be_opened_safely(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: str, said: str
) -> None:
    number = shelf.bring("信.docx", written("信"))
    if there:
        (tmp_path / there).symlink_to("/bin/true")
    monkeypatch.setenv("PATH", str(tmp_path))
    shelf.work()
    assert shelf.intake(number).state == "REFUSED" and said in str(shelf.intake(number).why)


def test_a_zip_is_taken_apart_and_what_is_bad_in_it_is_refused_alone(shelf: Shelf) -> None:
    shelf.bring("卷.zip", packed(**{"诉状.jpg": slip(), "坏.pdf": b"%PDF-1.7 nothing", "内.zip": packed(a=b"x")}))
    shelf.work()
    with shelf.store.read() as session:
        rows = {row.name: row.state for row in session.scalars(select(Intake))}
    assert rows == {"卷.zip": "DONE", "诉状.jpg": "DONE", "坏.pdf": "REFUSED", "内.zip": "REFUSED"}
    assert [item for item, _, _ in shelf.told()] == [3]


def test_what_opens_files_may_be_killed_or_fall_silent(shelf: Shelf) -> None:
    sha256 = shelf.locker.blobs.put(slip())
    with Opener(shelf.locker.blobs.get, patience_s=0.001) as hasty, pytest.raises(FileRefused) as refused:
        hasty.ask(sha256, "look")
    assert refused.value.code == "too_slow"
    with Opener(shelf.locker.blobs.get) as opener:
        with pytest.raises(FileRefused) as refused:
            opener.ask(sha256, "no such request", nonsense=1)
        assert refused.value.code == "crashed"
        assert opener.ask(sha256, "look") == {"kind": "image", "pages": 1}


def test_a_page_nobody_can_read_is_given_up_and_said_so(shelf: Shelf) -> None:
    file = shelf.bring("一.jpg", slip())
    shelf.work(most=1)
    for _ in range(work.MOST_TRIES):
        with shelf.store.write() as session:
            assert work.take(session, "dies", shelf.locker.now) is not None
            work.release(session, "dies")
    shelf.work()
    assert [page.state for page in shelf.pages()] == ["FAILED"] and shelf.intake(file).state == "REFUSED"


def test_work_of_a_worker_that_is_silent_too_long_goes_to_another_and_its_late_answer_is_dropped(shelf: Shelf) -> None:
    shelf.bring("一.jpg", slip())
    shelf.work(most=1)
    with shelf.store.write() as session:
        slow = work.take(session, "slow", shelf.locker.now)
    assert slow is not None and shelf.work() == 0
    shelf.locker.now += work.LEASE * 2
    assert shelf.work() == 2
    with pytest.raises(work.Lost):
        pieces.do(shelf.bench, slow)
    assert [pages for _, _, pages in shelf.told()] == [1]


_DIES = """
import os, signal, sys
from central.store import Store
from central.dossiers.worker import bench_of, work_once
from central.dossiers.opened import Opener
from central.blobs import Blobs
from central.ledger.own import Pen, take_pen
from central.dossiers.pieces import Bench
from central.clock import utc_now
from cryptography.hazmat.primitives.serialization import load_pem_private_key

database, blobs, key, left = sys.argv[1:]
left = int(left)
store = Store(database)
take_pen(store, Pen("huishan", load_pem_private_key(open(key, "rb").read(), None), utc_now))

def count(*_):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)

from sqlalchemy import event
for moment in ("before_cursor_execute", "commit", "after_cursor_execute"):
    event.listen(store.engine, moment, count)
blobs = Blobs(__import__("pathlib").Path(blobs))
with Opener(blobs.get) as opener:
    while work_once(Bench(store, blobs, utc_now, "tesseract", opener), "dies"):
        pass
"""


def test_a_worker_killed_at_any_moment_loses_no_page_and_repeats_no_effect(
    shelf: Shelf, tmp_path: Path, court_key: Ed25519PrivateKey
) -> None:
    killed = _killed_again_and_again(shelf, tmp_path, court_key, every=31)
    assert killed >= 2
    _all_there_once(shelf, 2)


@pytest.mark.long
def test_a_worker_killed_at_every_statement(shelf: Shelf, tmp_path: Path, court_key: Ed25519PrivateKey) -> None:
    killed = _killed_again_and_again(shelf, tmp_path, court_key, every=3)
    print(f"killed {killed} times, each time three statements further on")
    assert killed >= 8
    _all_there_once(shelf, 2)


def _killed_again_and_again(shelf: Shelf, folder: Path, key: Ed25519PrivateKey, every: int) -> int:
    """Workers that die after ever more statements, until one comes through; gives how many died."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    pem = folder / "key.pem"
    pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    shelf.bring("二.pdf", paper.pdf([paper.drawn(text, 100, paper.SLIP_MM) for text in (COMPLAINT, JUDGMENT)]))
    shelf.store.close()
    for died in range(200):
        command = [sys.executable, "-c", _DIES, f"sqlite:///{folder / 'central.db'}", str(folder / "blobs"), str(pem)]
        done = subprocess.run([*command, str(7 + died * every)], stderr=subprocess.PIPE, check=False)
        with shelf.store.write() as session:
            work.release(session, "dies")
            session.execute(update(Work).values(tries=0))  # else it is given up for what is no fault of its own
        if done.returncode == 0:
            return died
        assert done.returncode == -signal.SIGKILL, done.stderr.decode()
        shelf.locker.now += work.LEASE
    raise AssertionError("no worker came through")


def _all_there_once(shelf: Shelf, pages: int) -> None:
    assert [(page.number, page.state) for page in shelf.pages()] == [(n, "READ") for n in range(1, pages + 1)]
    with shelf.store.read() as session:
        assert session.scalar(select(func.count()).select_from(Document)) == pages
        assert session.scalar(select(func.count()).select_from(Page).where(Page.document_id.is_(None))) == 0
        told = session.scalars(select(LedgerLine.type).where(LedgerLine.type.in_(("pages_read", "file_brought_in"))))
        assert sorted(told) == ["file_brought_in", "pages_read"]
    assert shelf.waiting() == [] and shelf.intake(1).done == pages
