"""Those who may hold a volume: their references, the names behind them, and how a form writes and reads these."""

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from central.cases.tables import Party, Volume
from central.custody.flow import Holder
from central.people.roles import COURT_STAFF, Actor
from central.people.tables import Person
from central.store import row_in
from central.web.refused import Refused

_BETWEEN = " · "
_OFFERED = 20


def oneself(person: Actor) -> Holder:
    """Whoever acts, as who has the volume then."""
    return Holder(person.ref, person.name, bool(COURT_STAFF & person.roles))


def holder_of(session: Session, ref: str) -> Holder:
    """Who `person:3` or `party:7` is; raises Refused (422) if nobody."""
    kind, _, told = ref.partition(":")
    number = row_in(told)
    if number is not None and kind == "person":
        person = session.get(Person, number)
        if person is not None:
            return Holder(ref, person.name, bool(COURT_STAFF & set(person.roles)))
    if number is not None and kind == "party":
        party = session.get(Party, number)
        if party is not None:
            return Holder(ref, party.name, staff=False)
    raise Refused("找不到取卷人“{ref}”。", code="no_such_holder", status=422, ref=ref)


def name_of(session: Session, ref: str) -> str:
    """The name behind a reference; the reference itself when it is gone or is the installation."""
    try:
        return holder_of(session, ref).name
    except Refused:
        return ref


def offered(session: Session, volume: Volume, typed: str) -> Sequence[str]:
    """Whom that may begin to name, as a form writes them: some of the court's staff, and parties of the case."""
    typed = typed.strip()
    fits = or_(Person.name.contains(typed, autoescape=True), Person.login.startswith(typed.lower(), autoescape=True))
    staff = select(Person).where(Person.disabled_at.is_(None), fits).order_by(Person.name, Person.id).limit(_OFFERED)
    parties = map(_party, volume.case.parties)
    return [*map(_person, session.scalars(staff)), *(party for party in parties if typed in party)]


def written(session: Session, ref: str) -> str:
    """How a form writes them: `李法官 · judge`, `原告 王某`; the reference itself when it is gone."""
    kind, _, told = ref.partition(":")
    number = row_in(told)
    if number is None:
        return ref
    if kind == "person":
        person = session.get(Person, number)
        return _person(person) if person else ref
    party = session.get(Party, number)
    return _party(party) if party else ref


def named(session: Session, volume: Volume, typed: str) -> str:
    """The reference of whom that means: as `offered` writes them, a login (a staff card), or a name only one has.

    Raises Refused (422) if nobody or several.
    """
    typed = typed.strip()
    staff = session.scalars(
        select(Person).where(
            Person.disabled_at.is_(None),
            or_(Person.name == typed, Person.login == typed.rpartition(_BETWEEN)[2].strip().lower()),
        )
    )
    found = [person.ref for person in staff if typed in (_person(person), person.name) or typed.lower() == person.login]
    found += [party.ref for party in volume.case.parties if typed in (_party(party), party.name)]
    if len(found) > 1:
        text = "“{name}”有 {n} 个人。请从列表里选一个，或写登录名。"
        raise Refused(text, code="many_holders", status=422, name=typed, n=len(found))
    return found[0] if found else holder_of(session, typed).ref


def _person(person: Person) -> str:
    return f"{person.name}{_BETWEEN}{person.login}"


def _party(party: Party) -> str:
    return f"{party.part} {party.name}"
