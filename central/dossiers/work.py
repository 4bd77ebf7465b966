"""Work that outlives whoever does it: a row in the court's own database, taken by one worker for a while.

What a piece of work brings about is written in the transaction that ends it, and only while the worker still holds
it; so a worker killed at any moment loses nothing and nothing is done twice. Several workers, on PostgreSQL on
several machines, take different rows.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from central.dossiers.tables import Work
from central.store import wake

Kind = Literal["open", "read", "arrange", "bind"]

DOSSIER_WORK = "dossier work"
"""Woken when there is something to do."""
LEASE = timedelta(minutes=3)
"""Longer than any piece takes: the processes that open files have shorter limits."""
PAUSE = timedelta(seconds=10)
"""How long what failed waits for its next try."""
ON_ITS_WAY = timedelta(seconds=2)
"""How long a page waits whose image is still on its way from the station; such tries are not counted."""
MOST_TRIES = 3
_RANKS: dict[Kind, int] = {"open": 10, "arrange": 20, "bind": 30, "read": 40}


class Lost(Exception):
    """The work was given to another meanwhile; what was done is dropped."""


def ask(session: Session, kind: Kind, refs: Iterable[int], rank: int | None = None) -> None:
    """In this transaction: these are to be done. What waits already is not asked twice."""
    refs = list(refs)
    there = set(session.scalars(select(Work.ref).where(Work.kind == kind, Work.ref.in_(refs))))
    rank = _RANKS[kind] if rank is None else rank
    session.add_all(Work(kind=kind, ref=ref, rank=rank) for ref in refs if ref not in there)
    if there:  # whoever is at it works on what is old by now
        again = update(Work).where(Work.kind == kind, Work.ref.in_(there), Work.worker.is_not(None))
        session.execute(again.values(worker=None, until=None, tries=0))
    wake(session, DOSSIER_WORK)


def take(session: Session, worker: str, now: datetime) -> Work | None:
    """The next piece, from now on this worker's; None if nothing waits."""
    free = select(Work).where(Work.state == "WAITING", or_(Work.until.is_(None), Work.until < now))
    work = session.scalars(free.order_by(Work.rank, Work.id).limit(1).with_for_update(skip_locked=True)).one_or_none()
    if work is not None:
        work.worker, work.until, work.tries = worker, now + LEASE, work.tries + 1
    return work


def end(session: Session, work: Work) -> None:
    """It is done, with everything else of this transaction. Raises Lost."""
    ours = delete(Work).where(Work.id == work.id, Work.worker == work.worker).returning(Work.id)
    if session.scalars(ours).one_or_none() is None:
        raise Lost(f"{work.kind} {work.ref}")


def give_up(session: Session, work: Work) -> None:
    """It cannot be done; it stays to be seen. Raises Lost."""
    _held(session, work).state = "FAILED"


def release(session: Session, worker: str) -> None:
    """Whatever this worker held is free again: it died."""
    session.execute(update(Work).where(Work.worker == worker).values(worker=None, until=None))
    wake(session, DOSSIER_WORK)


def waits(session: Session, now: datetime) -> bool:
    """True if there is something for another worker."""
    free = select(Work.id).where(Work.state == "WAITING", or_(Work.until.is_(None), Work.until < now))
    return session.scalars(free.limit(1)).one_or_none() is not None


def put_off(session: Session, number: int, worker: str, now: datetime, *, counts: bool = True) -> None:
    """It could not be done now; it waits a little for its next try, if this worker still holds it."""
    work = session.get(Work, number, with_for_update=True)
    if work is not None and work.worker == worker:
        work.worker, work.until = None, now + (PAUSE if counts else ON_ITS_WAY)
        work.tries -= not counts


def _held(session: Session, work: Work) -> Work:
    found = session.get(Work, work.id, with_for_update=True, populate_existing=True)
    if found is None or found.worker != work.worker:
        raise Lost(f"{work.kind} {work.ref}")
    return found
