"""How it stands with a volume now, and which steps are possible from there."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import cast

from sqlalchemy import Select, bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, contains_eager, joinedload, lazyload

from central.cases.flow import SHUT
from central.cases.service import find_volume, row_or_barcode
from central.cases.tables import Volume
from central.custody import flow
from central.custody.flow import Holder, Possible, Situation
from central.custody.holders import holder_of
from central.custody.tables import IN_THE_INDEX, PUTS_IN, Cell, Custody, Move, Permit
from central.people.roles import Actor
from central.store import columns_of
from central.web.refused import Refused


def _locked(custody: Select[Custody]) -> Select[Custody]:
    return custody.with_for_update(of=Custody).execution_options(populate_existing=True)


# Asked at every step of a volume, and made once, for making a question costs as much as asking it.
_HELD = _locked(select(Custody).where(Custody.volume_id == bindparam("volume")).options(lazyload(Custody.volume)))
_WITH_ALL_ABOUT_IT = _locked(
    select(Custody)
    .join(Custody.volume)
    .options(contains_eager(Custody.volume).joinedload(Volume.case, innerjoin=True), joinedload(Custody.cell))
)
_OF_ROW = _WITH_ALL_ABOUT_IT.where(Volume.id == bindparam("volume"))
_OF_BARCODE = _WITH_ALL_ABOUT_IT.where(Volume.barcode == bindparam("volume"))
_UNDER_WAY = (
    select(Move)
    .where(Move.volume_id == bindparam("volume"), Move.state.in_(IN_THE_INDEX))
    .options(lazyload(Move.volume))
)
_MOVE, _PERMIT = columns_of(Move), columns_of(Permit)
_MOVES = select(_MOVE.kind).where(_MOVE.volume_id == bindparam("volume"), _MOVE.state.in_(IN_THE_INDEX))
_PERMITTED = select(_PERMIT.expires_at).where(_PERMIT.volume_id == bindparam("volume"), _PERMIT.state == "LIVE")
_ENGAGED = select(_MOVES.scalar_subquery().label("kind"), _PERMITTED.scalar_subquery().label("permit_until"))


def custody_of(session: Session, volume: Volume) -> Custody:
    """Where the volume is; for one that was never moved, a row that is not stored. Reads only."""
    row = session.get(Custody, volume.id)
    if row is None:
        row = _newborn(volume)
    elif row.state == "REGISTERED" and volume.barcode:
        row.state = "LABELLED"
    return row


def custody_of_all(session: Session, volumes: Iterable[Volume]) -> Mapping[int, Custody]:
    """Volume row -> where it is, in one question to the database."""
    wanted = list(volumes)
    session.scalars(select(Custody).where(Custody.volume_id.in_([volume.id for volume in wanted]))).all()
    return {volume.id: custody_of(session, volume) for volume in wanted}


def hold(session: Session, volume: int | str) -> tuple[Volume, Custody]:
    """The volume of that row or barcode, and where it is, locked until the transaction ends; raises Refused (404)."""
    named = row_or_barcode(volume)
    question, asked = (_OF_ROW, named) if isinstance(named, int) else (_OF_BARCODE, named.strip())
    row = session.scalars(question, {"volume": asked}).one_or_none()
    if row is None:
        found = find_volume(session, volume)
        return found, held(session, found)
    return row.volume, _labelled(row)


def held(session: Session, volume: Volume) -> Custody:
    """Where the volume is, stored and locked until the transaction ends."""
    row = session.scalars(_HELD, {"volume": volume.id}).one_or_none()
    if row is None:
        try:
            with session.begin_nested():
                session.add(_newborn(volume))
        except IntegrityError:
            pass  # another clerk was first
        row = session.scalars(_HELD, {"volume": volume.id}).one()
    return _labelled(row)


def move_of(session: Session, volume: int) -> Move | None:
    """The move of this volume that is under way."""
    return session.scalars(_UNDER_WAY, {"volume": volume}).one_or_none()


def cell_of(session: Session, custody: Custody) -> Cell | None:
    """The cell a volume lies in."""
    return session.get(Cell, custody.cell_id) if custody.cell_id is not None else None


def situation(
    session: Session, custody: Custody, volume: Volume, person: Actor, now: datetime, holder: Holder | None = None
) -> Situation:
    """All that decides what may happen to the volume now."""
    kind, permit_until = session.execute(_ENGAGED, {"volume": volume.id}).one()
    return Situation(
        state=cast(flow.State, custody.state),
        sides=frozenset(cast(flow.Side, side) for side in custody.sides),
        person=person,
        now=now,
        secret=volume.secret,
        case_closed=volume.case.state in SHUT,
        moving="deposit" if kind in PUTS_IN else kind,
        permit_until=permit_until,
        reserved_for=holder_of(session, custody.reserved_for) if custody.reserved_for else None,
        holder=holder,
    )


def possible(
    session: Session, volume: Volume, person: Actor, now: datetime, holder: str | None = None
) -> list[Possible]:
    """Which steps the volume can take now, at this person's hand, for this holder, and if not, why, in words."""
    named = holder_of(session, holder) if holder else None
    return flow.possible(situation(session, custody_of(session, volume), volume, person, now, named))


def must_be_possible(found: Possible) -> None:
    """Raises Refused with the first reason against the step (403 if it is a missing right)."""
    if found.why_not:
        first = found.why_not[0]
        not_allowed = first.text == flow.NOT_ALLOWED
        code = "not_allowed" if not_allowed else "not_possible"
        raise Refused(first.text, code=code, status=403 if not_allowed else 409, **first.params)


def _labelled(custody: Custody) -> Custody:
    if custody.state == "REGISTERED" and custody.volume.barcode:
        custody.state = "LABELLED"
    return custody


def _newborn(volume: Volume) -> Custody:
    state = "LABELLED" if volume.barcode else "REGISTERED"
    return Custody(volume_id=volume.id, state=state, since=volume.created_at)
