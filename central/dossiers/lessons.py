"""What people confirmed, kept so that the next proposal knows it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.dossiers.proposing import Lessons, title_key
from central.dossiers.tables import Document, Lesson

_MOST = 3000


def learn(session: Session, document: Document) -> tuple[str, int]:
    """A document with such a title belongs there; gives what `forget` takes back."""
    title, item = title_key(document.title, document.parties), document.item or 0
    if title and item:
        lesson = _lesson(session, title, item) or Lesson(title=title, item=item, times=0)
        lesson.times += 1
        session.add(lesson)
        session.flush()
    return title, item


def forget(session: Session, title: str, item: int) -> None:
    """It was taken back."""
    lesson = _lesson(session, title, item)
    if lesson is not None:
        lesson.times -= 1
        if lesson.times <= 0:
            session.delete(lesson)


def known(session: Session) -> Lessons:
    """All that was learned, the most often confirmed if it is much."""
    told: dict[str, dict[int, int]] = {}
    for lesson in session.scalars(select(Lesson).order_by(Lesson.times.desc()).limit(_MOST)):
        told.setdefault(lesson.title, {})[lesson.item] = lesson.times
    return told


def _lesson(session: Session, title: str, item: int) -> Lesson | None:
    return session.scalars(select(Lesson).where(Lesson.title == title, Lesson.item == item)).one_or_none()
