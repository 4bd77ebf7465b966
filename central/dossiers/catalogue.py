"""The catalogue: every document in the statutory order, moved and confirmed by people, undone, and sealed at last."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from central.cases.tables import Case
from central.dossiers import flow, lessons, work
from central.dossiers.facts import CatalogueChanged, DocumentConfirmed, DossierLocked
from central.dossiers.order import BY_NUMBER, ORDER, name_of
from central.dossiers.service import open_dossier, ref_of, touched
from central.dossiers.tables import Change, Document, Dossier, Intake, Page
from central.ledger.own import record
from central.people.roles import Actor, may, must
from central.web.refused import Refused, Said

_LAST = 99
_FIELDS = ("case_id", "secret", "item", "place", "title", "parties", "state", "confidence", "reasons", "proposed")

Keep = Callable[[bytes], str]
"""Makes bytes durable and gives their SHA-256."""


@dataclass(frozen=True)
class Entry:
    """One line of the catalogue: a document with its pages in order."""

    document: Document
    pages: Sequence[Page]


@dataclass(frozen=True)
class Hand:
    """Who changes which dossier, and when."""

    session: Session
    person: Actor
    dossier: Dossier
    now: datetime


def hand(session: Session, person: Actor, case: int, now: datetime) -> Hand:
    """Begin to change a catalogue. Raises Refused (locked, not allowed)."""
    return Hand(session, person, open_dossier(session, person, case, now), now)


def entries(session: Session, person: Actor | None, case: int) -> Sequence[Entry]:
    """The catalogue in order: main volume first, then by item; without side volumes for whom they are not.

    None for the court itself.
    """
    found = select(Document).where(Document.case_id == case)
    if person is not None:
        must(person, "dossier.read")
        found = found if may(person, "dossier.side") else found.where(Document.secret.is_(False))
    documents = sorted(session.scalars(found), key=lambda d: (d.secret, d.item or _LAST, d.place, d.id))
    pages: dict[int | None, list[Page]] = {}
    there = select(Page).where(Page.case_id == case, Page.document_id.is_not(None))
    for page in session.scalars(there.order_by(Page.place, Page.id)):
        pages.setdefault(page.document_id, []).append(page)
    return [Entry(document, pages.get(document.id, [])) for document in documents]


def find_document(at: Hand, document: int) -> Document:
    """A document of this dossier that this person may see. Raises Refused."""
    found = at.session.get(Document, document)
    if found is None or found.case_id != at.dossier.case_id or (found.secret and not may(at.person, "dossier.side")):
        raise Refused("目录里没有这份文书，可能刚被别人合并。请刷新页面。", code="no_such_document", status=404)
    return found


def confirm(at: Hand, document: int) -> Document:
    """A person says that it is right as it stands; the next proposals learn from it. Raises Refused."""
    found = find_document(at, document)
    if found.item is None:
        raise Refused("这份文书还没有归类，请先选定它属于哪一项。", code="not_placed")
    if found.state == "CONFIRMED":
        return found
    before = _before(at, [])
    found.state = "CONFIRMED"
    before["lessons"] = [list(lessons.learn(at.session, found))]
    record(at.session, DocumentConfirmed(case=ref_of(at.dossier), document=found.id, item=found.item),
           actor=at.person.ref)  # fmt: skip
    _changed(at, Said("确认“{title}”", {"title": _named(found)}), before)
    return found


def place(at: Hand, document: int, item: int | None, *, secret: bool, before: int | None = None) -> Document:
    """Put a document at an item, before another one or at the end; who moves it has confirmed it. Raises Refused."""
    found = find_document(at, document)
    if item is not None and item not in BY_NUMBER:
        raise Refused("卷内没有第 {item} 项。", code="no_such_item", status=422, item=item)
    if secret and not may(at.person, "dossier.side"):
        raise Refused("副卷只限本院人员。", code="not_allowed", status=403)
    kept = _before(at, [])
    found.item, found.secret = item, secret
    there = [entry.document for entry in entries(at.session, None, at.dossier.case_id)]
    group = [d for d in there if d.item == item and d.secret == secret and d.id != found.id]
    index = next((i for i, other in enumerate(group) if other.id == before), len(group))
    group.insert(index, found)
    for number, each in enumerate(group):
        each.place = number
    if item is not None:
        found.state = "CONFIRMED"
        kept["lessons"] = [list(lessons.learn(at.session, found))]
    _changed(at, Said("把“{title}”移到“{item}”", {"title": _named(found), "item": name_of(item)}), kept)
    return found


def rename(at: Hand, document: int, title: str, dated: date | None) -> Document:
    """Give it another title and date. Raises Refused."""
    found, title = find_document(at, document), title.strip()[:200]
    if not title:
        raise Refused("题名不能为空。", code="bad_field", status=422)
    kept = _before(at, [])
    found.title, found.dated = title, dated
    _changed(at, Said("改题名为“{title}”", {"title": title}), kept)
    return found


def split(at: Hand, page: int) -> Document:
    """From this page on it is a document of its own. Raises Refused (the first page splits nothing off)."""
    found = at.session.get(Page, page)
    if found is None or found.document_id is None:
        raise Refused("没有这一页。", code="no_such_page", status=404)
    whole = find_document(at, found.document_id)
    pages = _pages(at.session, whole.id)
    rest = [each for each in pages if each.place >= found.place]
    if len(rest) == len(pages):
        raise Refused("这已是文书的第一页，不用拆分。", code="first_page")
    kept = _before(at, [whole])
    made = Document(case_id=whole.case_id, secret=whole.secret, item=whole.item, place=whole.place, state="PROPOSED",
                    title=_named(whole), parties=list(whole.parties), reasons=[], confidence=0.0, dated=None,
                    proposed=None)  # fmt: skip
    at.session.add(made)
    at.session.flush()
    for number, each in enumerate(rest):
        each.document_id, each.place = made.id, number
    kept["created"] = [made.id]
    _changed(at, Said("从“{title}”拆出 {n} 页", {"title": _named(whole), "n": len(rest)}), kept)
    return made


def merge(at: Hand, document: int) -> Document:
    """Add its pages to the document before it; it is one no more. Raises Refused (there is none before)."""
    found = find_document(at, document)
    there = [
        e.document for e in entries(at.session, at.person, at.dossier.case_id) if e.document.secret == found.secret
    ]
    index = next(i for i, each in enumerate(there) if each.id == found.id)
    if index == 0:
        raise Refused("前面没有可以并入的文书。", code="nothing_before")
    into = there[index - 1]
    kept = _before(at, [into, found])
    first = len(_pages(at.session, into.id))
    for number, page in enumerate(_pages(at.session, found.id)):
        page.document_id, page.place = into.id, first + number
    at.session.flush()
    at.session.delete(found)
    _changed(at, Said("把“{title}”并入“{into}”", {"title": _named(found), "into": _named(into)}), kept)
    return into


def move_page(at: Hand, page: int, document: int, index: int) -> None:
    """Put one page elsewhere; a document left without pages is gone. Raises Refused."""
    found = at.session.get(Page, page)
    if found is None or found.document_id is None:
        raise Refused("没有这一页。", code="no_such_page", status=404)
    source, target = find_document(at, found.document_id), find_document(at, document)
    kept = _before(at, [source, target])
    pages = [each for each in _pages(at.session, target.id) if each.id != page]
    pages.insert(max(0, index), found)
    for number, each in enumerate(pages):
        each.document_id, each.place = target.id, number
    at.session.flush()
    if not _pages(at.session, source.id):
        at.session.delete(source)
    _changed(at, Said("移动“{title}”的一页", {"title": _named(source)}), kept)


def turn(at: Hand, document: int, page: int | None = None, *, left: bool = False) -> Document:
    """Have one page of a document, or all of it, turned a quarter: another image is made, and read again.

    Raises Refused (it is being turned already).
    """
    found = find_document(at, document)
    pages = [each for each in _pages(at.session, found.id) if page in (None, each.id)]
    if not pages:
        raise Refused("没有这一页。", code="no_such_page", status=404)
    if any(each.state == "NEW" for each in pages):
        raise Refused("这一页还在识别，请等它识别完再转。", code="being_read")
    kept = _before(at, [])
    kept["turned"] = [[each.id, each.turned] for each in pages]
    _turned(at.session, {each.id: (each.turned + (270 if left else 90)) % 360 for each in pages})
    what = "把“{title}”的 {n} 页左转了 90 度" if left else "把“{title}”的 {n} 页右转了 90 度"
    _changed(at, Said(what, {"title": _named(found), "n": len(pages)}), kept)
    return found


def undo(at: Hand, only: int | None = None) -> Said | None:
    """Take back the last change that was not taken back; gives what it was, None if there is none.

    `only`: the change that is meant. Raises Refused (another one has been made since).
    """
    change = last_change(at.session, at.dossier.case_id)
    if only is not None and (change is None or change.id != only):
        raise Refused("这一步以后目录又有别的改动，不能单独撤销它。请到编目页一步一步撤销。", code="not_the_last")
    if change is None:
        return None
    _restore(at.session, change.before)
    change.undone = True
    _noted(at, undone=True)
    return change.said


def open_items(session: Session, case: Case) -> Sequence[Said]:
    """What stands against locking the dossier of this case, and so against closing it."""
    if session.get(Dossier, case.id) is None:
        return []
    under_way = select(func.count()).select_from(Intake).where(
        Intake.case_id == case.id, Intake.state.in_(("WAITING", "SCANNING", "READING"))
    )  # fmt: skip
    documents = session.scalars(select(Document).where(Document.case_id == case.id)).all()
    unplaced = sum(document.item is None for document in documents)
    unconfirmed = sum(document.item is not None and document.state != "CONFIRMED" for document in documents)
    return flow.against_locking(session.scalar(under_way) or 0, unplaced, unconfirmed)


def lock(session: Session, person: Actor, case: Case, now: datetime, keep: Keep) -> Dossier | None:
    """Freeze the catalogue and seal it with a line; None if the case has no electronic dossier. Raises Refused."""
    dossier = session.get(Dossier, case.id, with_for_update={"of": Dossier}, populate_existing=True)
    if dossier is None or dossier.locked:
        return dossier
    against = open_items(session, case)
    if against:
        raise Refused("电子卷宗还不能锁定：{first}", code="open_items", first=against[0])
    whole = entries(session, None, case.id)
    dossier.catalogue = keep(sealed(whole))
    dossier.state, dossier.locked_at = "LOCKED", now
    fact = DossierLocked(case=ref_of(dossier), catalogue=dossier.catalogue, documents=len(whole),
                         pages=sum(len(entry.pages) for entry in whole))  # fmt: skip
    dossier.locked_line = record(session, fact, actor=person.ref).id
    work.ask(session, "bind", [case.id])
    touched(session, dossier, now)
    return dossier


def sealed(whole: Sequence[Entry]) -> bytes:
    """The catalogue as it is hashed: the same documents and pages give the same bytes."""
    told = [
        {
            "side": entry.document.secret,
            "item": entry.document.item,
            "title": entry.document.title,
            "dated": entry.document.dated.isoformat() if entry.document.dated else None,
            "pages": [{"image": page.image, "layout": page.layout, "original": page.original} for page in entry.pages],
        }
        for entry in whole
    ]
    return json.dumps({"order": ORDER.source, "documents": told}, ensure_ascii=False, sort_keys=True).encode()


def last_change(session: Session, case: int) -> Change | None:
    """What `undo` would take back."""
    last = select(Change).where(Change.case_id == case, Change.undone.is_(False)).order_by(Change.id.desc())
    return session.scalars(last.options(defer(Change.before)).limit(1)).one_or_none()


def _named(document: Document) -> str:
    return document.title or "—"


def _pages(session: Session, document: int) -> list[Page]:
    return list(session.scalars(select(Page).where(Page.document_id == document).order_by(Page.place, Page.id)))


def _before(at: Hand, touched_pages: Sequence[Document]) -> dict[str, Any]:
    """What `_restore` needs: every document, and the pages of those whose pages are about to move."""
    documents = at.session.scalars(select(Document).where(Document.case_id == at.dossier.case_id)).all()
    rows = [{"id": d.id, "dated": d.dated.isoformat() if d.dated else None} | {f: getattr(d, f) for f in _FIELDS}
            for d in documents]  # fmt: skip
    pages = [[page.id, each.id, page.place] for each in touched_pages for page in _pages(at.session, each.id)]
    return {"documents": rows, "pages": pages}


def _restore(session: Session, before: dict[str, Any]) -> None:
    for row in before["documents"]:
        document = session.get(Document, row["id"]) or Document(id=row["id"])
        for name in _FIELDS:
            setattr(document, name, row[name])
        document.dated = date.fromisoformat(row["dated"]) if row["dated"] else None
        session.add(document)
    session.flush()
    for page, document_id, number in before["pages"]:
        found = session.get_one(Page, page)
        found.document_id, found.place = document_id, number
    session.flush()
    for made in before.get("created", ()):
        session.delete(session.get_one(Document, made))
    _turned(session, dict(before.get("turned", ())))
    for title, item in before.get("lessons", ()):
        lessons.forget(session, title, item)


def _turned(session: Session, degrees: Mapping[int, int]) -> None:
    """These pages are to be seen turned by so much: each is read again, and what it came in is not done until then."""
    for number, turned in degrees.items():
        page = session.get_one(Page, number)
        intake = session.get_one(Intake, page.intake_id, with_for_update=True)
        intake.done -= page.state != "NEW"
        intake.state, page.state, page.turned = "READING", "NEW", turned
    if degrees:
        work.ask(session, "read", list(degrees))


def _changed(at: Hand, what: Said, before: dict[str, Any]) -> None:
    at.session.add(Change(case_id=at.dossier.case_id, at=at.now, by=at.person.ref, what=what.packed(), before=before))
    _noted(at, undone=False)


def _noted(at: Hand, *, undone: bool) -> None:
    at.dossier.revision += 1
    fact = CatalogueChanged(case=ref_of(at.dossier), revision=at.dossier.revision, undone=undone)
    record(at.session, fact, actor=at.person.ref)
    touched(at.session, at.dossier, at.now)
    at.session.flush()
