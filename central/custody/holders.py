"""References of those who may hold a volume, and the names behind them."""

from sqlalchemy.orm import Session

from central.cases.tables import Party
from central.custody.flow import Holder
from central.people.roles import COURT_STAFF
from central.people.tables import Person
from central.web.refused import Refused


def holder_of(session: Session, ref: str) -> Holder:
    """Who `person:3` or `party:7` is; raises Refused (422) if nobody."""
    kind, _, number = ref.partition(":")
    if number.isdecimal() and kind == "person":
        person = session.get(Person, int(number))
        if person is not None:
            return Holder(ref, person.name, bool(COURT_STAFF & set(person.roles)))
    if number.isdecimal() and kind == "party":
        party = session.get(Party, int(number))
        if party is not None:
            return Holder(ref, party.name, staff=False)
    raise Refused("找不到取卷人“{ref}”。", code="no_such_holder", status=422, ref=ref)


def name_of(session: Session, ref: str) -> str:
    """The name behind a reference; the reference itself when it is gone or is the installation."""
    try:
        return holder_of(session, ref).name
    except Refused:
        return ref
