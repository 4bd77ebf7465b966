"""Sound and words of hearings whose disposal was approved leave the disk; what another recording shares stays."""

from collections.abc import Iterable

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from central.blobs import Blobs
from central.clock import Clock
from central.hearings.keeping import Keeping
from central.hearings.spoken import SPOKEN, Correction, Utterance
from central.hearings.tables import Segment, Sound
from central.store import Store


def dispose(store: Store, blobs: Blobs, clock: Clock) -> int:
    """Remove what is to go; gives how many hearings. A crash on the way leaves the rest to the next time."""
    waiting = select(Keeping.hearing_id).where(Keeping.disposed_at.is_not(None), Keeping.removed_at.is_(None))
    with store.read() as session:
        found = session.scalars(waiting).all()
        gone = {hearing: [sha256 for sha256 in _blobs(session, hearing)] for hearing in found}
    for hearing, names in gone.items():
        for sha256 in names:
            blobs.remove(sha256)
        with store.write() as session:
            _forget(session, hearing)
            session.get_one(Keeping, hearing).removed_at = clock()
    return len(gone)


def _blobs(session: Session, hearing: int) -> Iterable[str]:
    """Its own alone: the same bytes are stored once, whoever they belong to."""
    own = select(Sound).join(Segment).where(Segment.hearing_id == hearing)
    names = {name for sound in session.scalars(own) for name in (sound.sound, sound.words) if name}
    mixed = select(Segment.mixed).where(Segment.hearing_id == hearing)
    names |= {name for name in session.scalars(mixed) if name}
    for name in sorted(names):
        others = select(Segment.id).outerjoin(Sound).where(
            Segment.hearing_id != hearing, or_(Sound.sound == name, Sound.words == name, Segment.mixed == name)
        )  # fmt: skip
        if session.scalars(others.limit(1)).first() is None:
            yield name


def _forget(session: Session, hearing: int) -> None:
    for said in session.scalars(select(Utterance).where(Utterance.hearing_id == hearing)).unique():
        SPOKEN.index(session, said.id, "", said.found_by)
    own = select(Utterance.id).where(Utterance.hearing_id == hearing)
    session.execute(delete(Correction).where(Correction.utterance_id.in_(own)))
    session.execute(delete(Utterance).where(Utterance.hearing_id == hearing))
