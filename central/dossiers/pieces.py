"""The four pieces of work, each: look, do what is heavy outside any transaction, write all of it in one. Only a worker
imports it.

    open      a file is looked at; its pages are rows, the files of a ZIP are files of their own,
              and so is the PDF of a Word document
    read      one page: image, codes, straightened, recognised, found by search
    arrange   what was brought in is read: documents, and which item each seems to be
    bind      the volumes as PDF
"""

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, undefer

from central.blobs import Blobs
from central.cases.tables import Case, Volume
from central.clock import Clock
from central.dossiers import binding, catalogue, engines, image, layout, lessons, office, opened, refusals, work
from central.dossiers.facts import FileRefused, PagesRead
from central.dossiers.grams import PAGES
from central.dossiers.layout import Line
from central.dossiers.order import BY_NUMBER, name_of, sides
from central.dossiers.proposing import Proposal, placed_by_sheet, propose
from central.dossiers.service import Brought, add_intake, dossier_of, touched, touched_case
from central.dossiers.splitting import Part, Seen, is_sheet, split
from central.dossiers.tables import Document, Dossier, Intake, Page, Work
from central.ledger.own import record
from central.store import Store
from central.web.refused import Said


@dataclass(frozen=True)
class Bench:
    """What the work is done with."""

    store: Store
    blobs: Blobs
    clock: Clock
    engine: engines.Engine
    opener: opened.Opener


@dataclass(frozen=True)
class _Read:
    """Everything that was found out about a page."""

    image: str
    thumb: str
    layout: str
    width: int
    height: int
    dpi: int
    skew: float
    codes: list[str]
    kind: str
    engine: str
    lines: list[Line]


def do(bench: Bench, taken: Work) -> None:
    """Do this piece and end it. Raises Lost, NoBlob, WrongBlob, OSError."""
    if taken.tries > work.MOST_TRIES:
        _abandon(bench, taken)
        return
    {"open": _open, "read": _read, "arrange": _arrange, "bind": _bind}[taken.kind](bench, taken)


def _open(bench: Bench, taken: Work) -> None:
    with bench.store.read() as session:
        intake = session.get_one(Intake, taken.ref)
    try:
        seen = bench.opener.ask(intake.sha256, "look")
        if seen["kind"] == "zip" and intake.parent_id:
            raise opened.FileRefused("nested", {})
        inside = _INSIDE.get(seen["kind"])
        inner = inside(bench, intake) if inside else []
    except opened.FileRefused as refused:
        with bench.store.write() as session:
            _refuse(session, bench, taken.ref, refused.code, refused.params)
            work.end(session, taken)
        return
    with bench.store.write() as session:
        intake = session.get_one(Intake, taken.ref)
        dossier = dossier_of(session, intake.case_id, bench.clock())
        intake.kind, intake.pages = seen["kind"], seen["pages"]
        intake.state = "DONE" if inner else "READING"
        pages = [Page(case_id=intake.case_id, intake_id=intake.id, number=n) for n in range(1, intake.pages + 1)]
        session.add_all(pages)
        session.flush()
        work.ask(session, "read", [page.id for page in pages])
        for found in inner:
            child = add_intake(
                session, dossier, found, intake.by, bench.clock(), secret=intake.secret, parent=intake.id
            )
            if child is not None:
                work.ask(session, "open", [child.id])
        touched(session, dossier, bench.clock())
        work.end(session, taken)


def _unpacked(bench: Bench, intake: Intake) -> list[Brought]:
    """The files of a ZIP, each durable."""
    out = bench.opener.out
    names = bench.opener.ask(intake.sha256, "unpack", out=str(out))["names"]
    members = [(name, out / str(number)) for number, name in enumerate(names)]
    return [Brought(name, bench.blobs.take_file(path), path.stat().st_size) for name, path in members]


def _made(bench: Bench, intake: Intake) -> list[Brought]:
    """The PDF of a Word document, durable; the document stays as it was brought."""
    with tempfile.TemporaryDirectory(prefix="courtside-") as folder:
        document = Path(folder) / "document.docx"
        document.write_bytes(bench.blobs.get(intake.sha256))
        made = office.pdf_of(document, Path(folder))
        name = f"{intake.name.removesuffix('.docx')}.pdf"
        return [Brought(name, bench.blobs.take_file(made), made.stat().st_size, made_of=intake.sha256)]


_INSIDE = {"zip": _unpacked, "docx": _made}


def _read(bench: Bench, taken: Work) -> None:
    where = select(Page.original, Page.number, Page.turned, Intake.sha256).join(Intake, Intake.id == Page.intake_id)
    with bench.store.read() as session:
        original, number, turned, file = session.execute(where.where(Page.id == taken.ref)).one()
    try:
        found = _looked_at(bench, original or file, 1 if original else number, turned)
    except opened.FileRefused as refused:
        _end_page(bench, taken, None, refused.code, refused.params)
        return
    _end_page(bench, taken, found)


def _looked_at(bench: Bench, file: str, number: int, turned: int) -> _Read:
    out = bench.opener.out / "page.ppm"
    came = bench.opener.ask(file, "page", number=number, out=str(out))
    with Image.open(out) as opened_:
        picture = image.turned(opened_, turned)
    own = [] if turned else [Line(*line) for line in came["lines"]]  # its lines stand elsewhere now
    dpi, small = came["dpi"], image.small(picture)
    codes = list(image.codes_on(picture))
    blank = not codes and not own and image.is_blank(small)
    skew = 0.0 if own or blank else image.skew_of(small)
    shown = image.straightened(picture, skew)
    kind = "separator" if is_sheet(codes) else "blank" if blank else "page"
    with ThreadPoolExecutor(1) as aside:  # what is kept of it is made and written while the engine reads
        reading = None if own or blank else aside.submit(engines.engine_named(bench.engine), shown)
        kept = bench.blobs.put(image.jpeg(shown, dpi))
        thumb = bench.blobs.put(image.thumb(image.straightened(small, skew)))
        lines = reading.result() if reading else own
    return _Read(
        image=kept, thumb=thumb, layout=bench.blobs.put(layout.write(lines)), width=shown.width, height=shown.height,
        dpi=dpi, skew=skew, codes=codes, kind=kind, engine="pdf" if own else "" if blank else bench.engine, lines=lines,
    )  # fmt: skip


def _end_page(
    bench: Bench, taken: Work, found: _Read | None, code: str = "", params: dict[str, object] | None = None
) -> None:
    """The page is read, or given up; whoever ends the last one has the documents arranged."""
    with bench.store.write() as session:
        page = session.get_one(Page, taken.ref, options=[undefer(Page.text)])
        intake = session.get_one(Intake, page.intake_id, with_for_update=True)
        before, page.state = page.state, "READ" if found else "FAILED"
        if found:
            old, page.text = page.text, layout.text_of(found.lines)
            names = ("image", "thumb", "layout", "width", "height", "dpi", "skew", "codes", "engine")
            for name in names if page.kind == "replaced" else (*names, "kind"):
                setattr(page, name, getattr(found, name))
            PAGES.index(session, page.id, page.text, old)
        elif code:
            intake.said = refusals.said(code, params or {}).packed()
        intake.done += before == "NEW"
        if page.document_id is not None:  # read anew: it stands in the bound volume as it was
            bound = update(Dossier).where(Dossier.case_id == page.case_id)
            session.execute(bound.values(revision=Dossier.revision + 1))
        if intake.state == "READING" and intake.done >= intake.pages:
            work.ask(session, "arrange", [intake.id])
        touched_case(session, page.case_id, bench.clock())
        work.end(session, taken)


def _arrange(bench: Bench, taken: Work) -> None:
    proposed = _proposed(bench, taken.ref)
    with bench.store.write() as session:
        intake = session.get_one(Intake, taken.ref)
        found = select(Page).where(Page.intake_id == intake.id).order_by(Page.number)
        pages = {page.id: page for page in session.scalars(found)}
        for document, numbers in proposed:
            held = [pages[number] for number in numbers]
            loose = [page for page in held if page.document_id is None and page.kind != "replaced"]
            if loose:  # a person may have placed them meanwhile
                _add_document(session, document, loose)
        failed = all(page.state == "FAILED" for page in pages.values())
        intake.state = "REFUSED" if failed and pages else "DONE"
        _tell_read(session, intake, list(pages.values()))
        touched_case(session, intake.case_id, bench.clock())
        work.end(session, taken)


def _proposed(bench: Bench, number: int) -> list[tuple[Document, list[int]]]:
    """The documents that the loose pages of an intake make up, with their pages. Long ones take seconds."""
    with bench.store.read() as session:
        intake = session.get_one(Intake, number)
        case = session.get_one(Case, intake.case_id)
        found = select(Page).options(undefer(Page.text)).where(Page.intake_id == number, Page.document_id.is_(None))
        loose = session.scalars(found.order_by(Page.number)).all()
        own, foreign = _labels(session, case, loose)
        parties, learned, side = [party.name for party in case.parties], lessons.known(session), sides(session)
    if any(page.state == "READ" for page in loose) and all(page.image is None for page in loose):
        raise ValueError(f"intake {number} has pages without images")
    kept = [page for page in loose if page.kind != "replaced" and (page.state == "READ" or page.image)]
    texts = {page.id: page.text for page in kept}
    documents = list[tuple[Document, list[int]]]()
    for part in split([Seen(page.id, page.kind, page.text, page.codes) for page in kept], own, foreign):
        told = propose("\n".join(texts[page] for page in part.pages), parties, learned)
        documents.append((_document(intake, part, told, side), part.pages))
    return documents


def _labels(session: Session, case: Case, pages: Sequence[Page]) -> tuple[dict[str, bool], frozenset[str]]:
    """Barcodes on these pages that are on volumes of this case (and whether of its side), and on others'."""
    codes = {code for page in pages for code in page.codes}
    volumes = session.scalars(select(Volume).where(Volume.barcode.in_(codes))).all() if codes else []
    own = {volume.barcode or "": volume.secret for volume in volumes if volume.case_id == case.id}
    return own, frozenset(volume.barcode or "" for volume in volumes if volume.case_id != case.id)


def _document(intake: Intake, part: Part, told: Proposal, side: frozenset[int]) -> Document:
    item, sure, reasons = _decided(part, told)
    secret = intake.secret or item in side if part.secret is None else part.secret
    return Document(
        case_id=intake.case_id, item=item, proposed=item, secret=secret, title=told.title, dated=told.dated,
        parties=told.parties, confidence=sure, state="PROPOSED", reasons=[reason.packed() for reason in reasons],
    )  # fmt: skip


def _add_document(session: Session, document: Document, pages: Sequence[Page]) -> None:
    case, item = document.case_id, document.item
    last = select(func.max(Document.place)).where(Document.case_id == case, Document.item == item)
    document.place = (session.scalar(last) or 0) + 1
    session.add(document)
    session.flush()
    for number, page in enumerate(pages):
        page.document_id, page.place = document.id, number


def _decided(part: Part, told: Proposal) -> tuple[int | None, float, list[Said]]:
    if part.foreign:
        said = Said("这里有另一案件的卷宗条码 {barcode}，请核对是否混入", {"barcode": part.foreign})
        return None, 0.0, [said, *told.reasons]
    if part.item is not None and part.item in BY_NUMBER:
        return part.item, 0.99, [placed_by_sheet(part.item), *told.reasons]
    return told.item, told.confidence, told.reasons


def _tell_read(session: Session, intake: Intake, pages: Sequence[Page]) -> None:
    digest = hashlib.sha256("".join(page.image or "-" for page in pages).encode()).hexdigest()
    failed = sum(page.state == "FAILED" for page in pages)
    fact = PagesRead(case=f"case:{intake.case_id}", intake=intake.id, pages=len(pages), failed=failed, digest=digest)
    record(session, fact, actor=intake.by)


def _bind(bench: Bench, taken: Work) -> None:
    with bench.store.read() as session:
        dossier = session.get_one(Dossier, taken.ref)
        revision, number = dossier.revision, dossier.case.number
        whole = catalogue.entries(session, None, taken.ref)
    volumes = {
        side: [entry for entry in whole if entry.document.secret == side and entry.pages] for side in (False, True)
    }
    kept = {side: _bound(bench, number, side, entries) if entries else None for side, entries in volumes.items()}
    with bench.store.write() as session:
        dossier = session.get_one(Dossier, taken.ref)
        dossier.pdf, dossier.pdf_side, dossier.pdf_revision = kept[False], kept[True], revision
        touched(session, dossier, bench.clock())
        work.end(session, taken)


def _bound(bench: Bench, number: str, side: bool, entries: Sequence[catalogue.Entry]) -> str:
    parts = [
        binding.Part(entry.document.item, str(name_of(entry.document.item)), entry.document.title, len(entry.pages))
        for entry in entries
    ]
    title = f"{number} {'副卷' if side else '正卷'}"
    with tempfile.TemporaryDirectory(prefix="courtside-") as folder:
        bound = Path(folder) / "bound.pdf"
        binding.bind(title, parts, _sheets(bench, entries), bound)
        return bench.blobs.take_file(bound)


def _sheets(bench: Bench, entries: Sequence[catalogue.Entry]) -> Iterator[binding.Sheet]:
    for page in (page for entry in entries for page in entry.pages):
        lines = layout.read(bench.blobs.get(page.layout)) if page.layout else []
        yield binding.Sheet(bench.blobs.get(page.image or ""), page.width, page.height, page.dpi, lines)


def _abandon(bench: Bench, taken: Work) -> None:
    """Three workers died over it, or gave it back: a person has to look."""
    if taken.kind == "read":
        _end_page(bench, taken, None, "crashed", {})
        return
    with bench.store.write() as session:
        if taken.kind == "open":
            _refuse(session, bench, taken.ref, "crashed", {})
            work.end(session, taken)
        else:
            work.give_up(session, taken)


def _refuse(session: Session, bench: Bench, intake_id: int, code: str, params: dict[str, object]) -> None:
    intake = session.get_one(Intake, intake_id)
    intake.state, intake.said = "REFUSED", refusals.said(code, params).packed()
    record(session, FileRefused(case=f"case:{intake.case_id}", intake=intake.id, why=code), actor=intake.by)
    touched_case(session, intake.case_id, bench.clock())
