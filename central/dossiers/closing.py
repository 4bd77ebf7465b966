"""What closing a case means for its electronic dossier: nothing may be open, and then it is locked and sealed."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from central.cases.tables import Case
from central.dossiers import catalogue
from central.people.roles import Actor
from central.web.refused import Said


class ClosingDossiers:
    """The say of the electronic dossiers (`central.cases.closing.Closing`)."""

    def __init__(self, keep: catalogue.Keep) -> None:
        self._keep = keep

    def open_items(self, session: Session, case: Case) -> Sequence[Said]:
        """Files under way, documents without a place or not confirmed."""
        return catalogue.open_items(session, case)

    def closed(self, session: Session, person: Actor, case: Case, now: datetime) -> None:
        """Lock its dossier in the same transaction."""
        catalogue.lock(session, person, case, now, self._keep)
