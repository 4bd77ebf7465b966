"""What the pages of electronic dossiers show, read in few questions."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.dossiers import service
from central.dossiers.catalogue import Entry
from central.dossiers.order import ITEMS
from central.dossiers.tables import Document, Dossier, Intake, Page
from central.people.roles import Actor, may

_THUMBS = 400


@dataclass(frozen=True)
class Row:
    """One dossier in the list."""

    dossier: Dossier
    pages: int
    unread: int
    unconfirmed: int


def rows(session: Session, person: Actor) -> Sequence[Row]:
    """Dossiers in which something happened last, with what waits in each."""
    recent = service.recent(session)
    numbers = [dossier.case_id for dossier in recent]
    pages = select(Page.case_id, func.count()).where(Page.case_id.in_(numbers), Page.document_id.is_not(None))
    waiting = select(Page.case_id, func.count()).where(Page.case_id.in_(numbers), Page.state == "NEW")
    open_ = select(Document.case_id, func.count()).where(Document.case_id.in_(numbers), Document.state != "CONFIRMED")
    if not may(person, "dossier.side"):
        open_ = open_.where(Document.secret.is_(False))
    found = {case: n for case, n in session.execute(pages.group_by(Page.case_id))}
    unread = {case: n for case, n in session.execute(waiting.group_by(Page.case_id))}
    unconfirmed = {case: n for case, n in session.execute(open_.group_by(Document.case_id))}
    return [Row(d, *(counts.get(d.case_id, 0) for counts in (found, unread, unconfirmed))) for d in recent]


def unread(session: Session, case: int) -> int:
    """Pages of a case that nobody can read yet, because they are being recognised."""
    return session.scalar(select(func.count()).where(Page.case_id == case, Page.state == "NEW")) or 0


def on_the_desk(session: Session, case: int) -> Intake | None:
    """An envelope of that case that nobody has closed yet: its pages are read, but go into no catalogue."""
    found = select(Intake).where(Intake.case_id == case, Intake.state == "SCANNING").order_by(Intake.id)
    return session.scalars(found.limit(1)).first()


def groups(whole: Sequence[Entry]) -> Sequence[tuple[bool, int | None, Sequence[Entry]]]:
    """The catalogue by volume and item: (is side volume, item, documents), empty items left out."""
    keys = dict.fromkeys((entry.document.secret, entry.document.item) for entry in whole)
    return [
        (side, item, [e for e in whole if (e.document.secret, e.document.item) == (side, item)]) for side, item in keys
    ]


def shelves(
    whole: Sequence[Entry], sides: Collection[int] | None
) -> Sequence[tuple[bool, int | None, Sequence[Entry]]]:
    """Every place a document can be put, those of the side volume too unless it is None."""
    filled = {(is_side, item): entries for is_side, item, entries in groups(whole)}
    places: list[tuple[bool, int | None]] = [(False, None), *((False, item.number) for item in ITEMS)]
    if sides is not None:
        shown = (item.number for item in ITEMS if item.number in sides or (True, item.number) in filled)
        places += [(True, number) for number in shown]
    places += [(True, None)] if (True, None) in filled else []
    return [(is_side, item, filled.get((is_side, item), [])) for is_side, item in places]


def pages_by_intake(session: Session, person: Actor, intakes: Sequence[Intake]) -> Mapping[int, Sequence[Page]]:
    """Thumbs of what was brought in last, as far as they are there."""
    numbers = [intake.id for intake in intakes[:20]]
    found = select(Page).where(Page.intake_id.in_(numbers)).order_by(Page.intake_id, Page.number).limit(_THUMBS)
    seen: dict[int, list[Page]] = {}
    for page in service.readable(session, person, session.scalars(found).all()):
        seen.setdefault(page.intake_id, []).append(page)
    return seen
