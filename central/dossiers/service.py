"""Bringing files into a dossier, and who may read what of it: plain functions on a database session."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, undefer

from central.cases.service import case_ref, find_case
from central.dossiers import work
from central.dossiers.facts import FileBroughtIn
from central.dossiers.grams import PAGES
from central.dossiers.tables import Document, Dossier, Intake, Page, topic_of
from central.grams import folded
from central.ledger.own import record
from central.people.roles import Actor, may, must
from central.store import tell
from central.web.refused import Refused

ALL = "edossiers"
"""The live topic of all electronic dossiers."""
_PIECE = 200
_FAR = 2**62


@dataclass(frozen=True)
class Brought:
    """A file whose blob is durable."""

    name: str
    sha256: str
    size: int
    made_of: str = ""
    """SHA-256 of the file that the court made this one of; empty: it was brought as it is."""


@dataclass(frozen=True)
class Hit:
    """A page on which something was found, and the words around it."""

    page: Page
    document: Document | None
    before: str
    found: str
    after: str


def dossier_of(session: Session, case: int, now: datetime) -> Dossier:
    """The electronic dossier of a case, begun if there is none. Raises Refused (no such case)."""
    dossier = session.get(Dossier, case)
    if dossier is None:
        dossier = Dossier(case_id=find_case(session, case).id, state="OPEN", revision=0, changed_at=now)
        session.add(dossier)
        session.flush()
    return dossier


def find_dossier(session: Session, person: Actor, case: int) -> Dossier | None:
    """The dossier of a case, None if nothing was brought in yet. Raises Refused."""
    must(person, "dossier.read")
    find_case(session, case)
    return session.get(Dossier, case)


def open_dossier(session: Session, person: Actor, case: int, now: datetime) -> Dossier:
    """The dossier, to be changed by this person. Raises Refused (locked, not allowed)."""
    must(person, "dossier.write")
    dossier = dossier_of(session, case, now)
    session.refresh(dossier, with_for_update={"of": Dossier})  # whoever closes the case waits for us, or we for them
    if dossier.locked:
        raise Refused("本案电子卷宗已锁定，不能再收录或调整。只能查阅。", code="dossier_locked")
    return dossier


def bring(session: Session, person: Actor, case: int, file: Brought, now: datetime, *, secret: bool = False) -> Intake:
    """Take a file into a dossier; it is looked at and read afterwards. Raises Refused (locked, there already)."""
    dossier = open_dossier(session, person, case, now)
    if secret:
        must(person, "dossier.side")
    if not file.size:
        raise Refused("文件“{name}”是空的，没有收入卷宗。", code="empty_file", status=422, name=file.name)
    intake = add_intake(session, dossier, file, person.ref, now, secret=secret)
    if intake is None:
        raise Refused("“{name}”已在本案卷宗中，没有重复收入。", code="file_there_already", name=file.name)
    work.ask(session, "open", [intake.id])
    return intake


def add_intake(  # noqa: PLR0913  (the fields of a row)
    session: Session,
    dossier: Dossier,
    file: Brought,
    by: str,
    now: datetime,
    *,
    secret: bool = False,
    parent: int | None = None,
) -> Intake | None:
    """A new row for a file, and its line; None if this dossier has it already."""
    name = file.name.replace("\\", "/").rpartition("/")[2].strip()[:200] or file.sha256[:12]
    intake = Intake(case_id=dossier.case_id, name=name, sha256=file.sha256, size=file.size, by=by, brought_at=now,
                    secret=secret, parent_id=parent, kind="file", state="WAITING")  # fmt: skip
    try:
        with session.begin_nested():
            session.add(intake)
    except IntegrityError:
        return None
    fact = FileBroughtIn(
        case=f"case:{dossier.case_id}", intake=intake.id, sha256=file.sha256, size=file.size, made_of=file.made_of
    )
    record(session, fact, actor=by)
    touched(session, dossier, now)
    return intake


def touched(session: Session, dossier: Dossier, now: datetime) -> None:
    """Pages that show this dossier are told, here and at other centrals."""
    dossier.changed_at = now
    tell(session, dossier.topic, ALL)


def touched_case(session: Session, case: int, now: datetime) -> None:
    """The same for the dossier that a case has, which need not be loaded for it."""
    session.execute(update(Dossier).where(Dossier.case_id == case).values(changed_at=now))
    tell(session, topic_of(case), ALL)


def intakes_of(session: Session, person: Actor, case: int) -> Sequence[Intake]:
    """What was brought into a dossier, newest first, as far as this person may know of it."""
    found = select(Intake).where(Intake.case_id == case, Intake.kind.not_in(("zip", "docx"))).order_by(Intake.id.desc())
    return session.scalars(found if may(person, "dossier.side") else found.where(Intake.secret.is_(False))).all()


def originals(session: Session, intakes: Sequence[Intake]) -> Mapping[int, str]:
    """The name of the document that the court made a file of, by that file's intake."""
    parents = {intake.parent_id for intake in intakes if intake.parent_id}
    names = select(Intake.id, Intake.name).where(Intake.id.in_(parents), Intake.kind == "docx")
    found = {number: name for number, name in session.execute(names)}
    return {intake.id: found[intake.parent_id] for intake in intakes if intake.parent_id in found}


def find_page(session: Session, person: Actor, page: int) -> Page:
    """A page this person may read; what he may not read is not there for him. Raises Refused."""
    must(person, "dossier.read")
    found = session.get(Page, page)
    if found is None or not readable(session, person, [found]):
        raise Refused("没有这一页。", code="no_such_page", status=404)
    return found


def readable(session: Session, person: Actor, pages: Sequence[Page]) -> Sequence[Page]:
    """Those of the pages that this person may read: side volumes are for court staff."""
    if may(person, "dossier.side"):
        return pages
    intakes = {page.intake_id for page in pages}
    documents = {page.document_id for page in pages}
    hidden = set(session.scalars(select(Intake.id).where(Intake.id.in_(intakes), Intake.secret.is_(True))))
    side = set(session.scalars(select(Document.id).where(Document.id.in_(documents), Document.secret.is_(True))))
    # A page nobody has placed yet may belong to the side volume.
    return [p for p in pages if p.document_id and p.document_id not in side and p.intake_id not in hidden]


def search(session: Session, person: Actor, words: str, limit: int = 30, below: int | None = None) -> Sequence[Hit]:
    """Pages of all dossiers that say this, the newest first; `below`: number of the last page of the piece before."""
    must(person, "dossier.read")
    wanted, hits, below = folded(words), list[Hit](), below or _FAR
    piece = min(2 * limit, _PIECE)  # mostly these are hits; only where the pairs stand apart more are looked at
    while wanted and len(hits) < limit:
        ids = PAGES.candidates(session, words, below, piece)
        if not ids:
            break
        below, piece = min(ids), _PIECE
        hits += _hits(session, person, ids, wanted)
    return hits[:limit]


def search_in(session: Session, person: Actor, case: int, words: str) -> Sequence[Hit]:
    """Pages of one dossier that say this, in the order they came."""
    must(person, "dossier.read")
    wanted = folded(words)
    ids = session.scalars(select(Page.id).where(Page.case_id == case)).all() if wanted else []
    return list(reversed(_hits(session, person, ids, wanted)))


def _hits(session: Session, person: Actor, ids: Sequence[int], wanted: str) -> Sequence[Hit]:
    found = select(Page).options(undefer(Page.text)).where(Page.id.in_(ids)).order_by(Page.id.desc())
    pages = [page for page in session.scalars(found) if wanted in folded(page.text)]
    pages = list(readable(session, person, pages))
    wanted_documents = select(Document).where(Document.id.in_({page.document_id for page in pages}))
    documents = {document.id: document for document in session.scalars(wanted_documents)}
    return [_hit(page, documents.get(page.document_id or 0), wanted) for page in pages]


def _hit(page: Page, document: Document | None, wanted: str) -> Hit:
    packed = folded(page.text)
    at = packed.index(wanted)
    end = at + len(wanted)
    return Hit(page, document, packed[max(0, at - 18) : at], packed[at:end], packed[end : end + 36])


def recent(session: Session, limit: int = 50) -> Sequence[Dossier]:
    """Dossiers in which something happened last."""
    return session.scalars(select(Dossier).order_by(Dossier.changed_at.desc()).limit(limit)).all()


def ref_of(dossier: Dossier) -> str:
    """How lines name the case of a dossier."""
    return case_ref(dossier.case)
