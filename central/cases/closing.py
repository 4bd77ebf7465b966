"""Who has a say when a case is closed: modules that stand above the cases and are not known to them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from central.cases.tables import Case
from central.people.roles import Actor
from central.store import Store
from central.web.refused import Said

_SAYS = "closing"


class Closing(Protocol):
    """A module that keeps something of a case which closing it concerns."""

    def open_items(self, session: Session, case: Case) -> Sequence[Said]:
        """What of it is still open: nothing is closed meanwhile."""

    def closed(self, session: Session, person: Actor, case: Case, now: datetime) -> None:
        """The case is closed in this transaction."""


def has_a_say(store: Store, closing: Closing) -> None:
    """From now on it is asked, and told, in every session of the store."""
    store.info[_SAYS] = (*store.info.get(_SAYS, ()), closing)


def open_items(session: Session, case: Case) -> Sequence[Said]:
    """What all of them have against closing this case."""
    return [said for each in session.info.get(_SAYS, ()) for said in each.open_items(session, case)]


def closed(session: Session, person: Actor, case: Case, now: datetime) -> None:
    """Tell all of them."""
    for each in session.info.get(_SAYS, ()):
        each.closed(session, person, case, now)
