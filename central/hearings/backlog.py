"""Sound without words, handed as work to courtrooms that are idle: one segment a room, by a signed wish.

What a room does not answer, because it was killed, has no model or a hearing needs it, another is asked. Words are
taken once, whoever made them (`transcript.take_in`). Sound of a hearing that is not public goes to its own room alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from pydantic import ValidationError
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from central.blobs import MAX_TOLD, Blobs, NoBlob, WrongBlob
from central.clock import Clock
from central.fleet import stations
from central.hearings.keeping import Keeping
from central.hearings.tables import Hearing, Segment, Sound
from central.ledger.tables import LedgerLine
from central.people.service import SYSTEM
from central.store import Store
from central.wishes import service as wishes
from central.wishes.tables import WAITING, WishRow
from devices import speech
from devices.hearings import COURTROOM, SegmentTranscribed
from devices.journal import read_line
from devices.messages import wire_name
from devices.transcribing import TRANSCRIBER, StoredSound, TranscribeSegment

IDLE = timedelta(hours=1)
"""A room in which a hearing is due within that time is not idle."""
REST = timedelta(minutes=10)
"""So long a room that did not do it is not asked again."""
_MOST = 50
_TYPE = wire_name(TranscribeSegment)
_ENDED_IN_VAIN = ("refused", "expired", "interrupted")


class Answer(NamedTuple):
    """Words of a segment by a room that was asked, and `LedgerLine.id` of the line that tells them."""

    segment: Segment
    wish: WishRow
    line: int
    told: SegmentTranscribed


def hand_out(store: Store, blobs: Blobs, clock: Clock) -> int:
    """Ask idle rooms for the words of segments that have none; gives how many were asked now."""
    with store.read() as session:
        bare = session.scalars(select(Sound.id).where(Sound.words.is_(None)).limit(1)).first()
        rooms = _idle(session, blobs, clock()) if bare is not None else ()
    asked = 0
    for room in rooms:
        with store.write() as session:
            asked += _ask(session, blobs, room, clock())
    return asked


def was_asked(session: Session, cause: str | None, gateway: str, told: SegmentTranscribed) -> bool:
    """Whether that wish asked that gateway for these words."""
    row = session.get(WishRow, cause) if cause else None
    if row is None or (row.type, row.gateway) != (_TYPE, gateway):
        return False
    asked = TranscribeSegment.model_validate(row.body)
    return asked.answered_by(told) and told.words.keys() <= asked.seats.keys()


def answers(session: Session, segments: Iterable[Segment], since: datetime) -> Iterator[Answer]:
    """What rooms that were asked for words of these segments have told, in the order they were asked."""
    by_reason = {_reason(segment): segment for segment in segments}
    answered = and_(LedgerLine.cause == WishRow.jti, LedgerLine.gateway == WishRow.gateway)
    found = select(WishRow, LedgerLine.id, LedgerLine.raw).join(LedgerLine, answered).where(
        WishRow.asked_at >= since, WishRow.reason.in_(by_reason), LedgerLine.device == TRANSCRIBER,
        LedgerLine.type == wire_name(SegmentTranscribed),
    )  # fmt: skip
    for row, line, raw in session.execute(found.order_by(WishRow.asked_at, LedgerLine.id)):
        yield Answer(by_reason[row.reason], row, line, SegmentTranscribed.model_validate(read_line(raw).body))


def _reason(segment: Segment) -> str:
    return f"segment:{segment.id}"


def _waiting(session: Session, room: str) -> Sequence[Segment]:
    """Segments of proven hearings in which a seat has no words, those first that nobody was asked for yet.

    What is being worked at is left out, and what a box said is no sound.
    """
    bare = select(Sound.segment_id).where(Sound.words.is_(None))
    ended = and_(WishRow.state.not_in(WAITING), or_(WishRow.why.is_(None), WishRow.why != "rejected"))
    found = (
        select(Segment)
        .join(Hearing)
        .outerjoin(Keeping, Keeping.hearing_id == Hearing.id)
        .outerjoin(WishRow, WishRow.jti == Segment.wish)
        .where(Segment.id.in_(bare), Hearing.proven_at.is_not(None), Keeping.disposed_at.is_(None))
        .where(or_(Hearing.closed.is_(False), Hearing.gateway == room), or_(Segment.wish.is_(None), ended))
        .order_by(Segment.wished_at.asc().nulls_first(), Segment.id)
    )
    return session.scalars(found.limit(_MOST)).all()


def _idle(session: Session, blobs: Blobs, now: datetime) -> Sequence[str]:
    """Rooms with a recogniser that are there and have nothing to do."""
    planned = Hearing.state.in_(("scheduled", "armed"))
    near = and_(planned, Hearing.opens_at < now + IDLE, Hearing.closes_at > now)
    is_open = Hearing.state.in_(("recording", "paused", "closed"))
    busy = set(session.scalars(select(Hearing.gateway).where(or_(is_open, near))))
    at_work = select(WishRow.gateway).where(WishRow.type == _TYPE, WishRow.state.in_(WAITING))
    in_vain = select(WishRow.gateway).where(
        WishRow.type == _TYPE, WishRow.state.in_(_ENDED_IN_VAIN), WishRow.asked_at > now - IDLE,
        WishRow.ended_at > now - REST,
    )  # fmt: skip
    busy |= {*session.scalars(at_work), *session.scalars(in_vain)}
    found = stations.stations(session, blobs, COURTROOM)
    return [box.name for box, told in found if told.get("recogniser") and box.is_there and box.name not in busy]


def _ask(session: Session, blobs: Blobs, room: str, now: datetime) -> int:
    """Ask that room for the words of one segment; gives 0 if none is to be had."""
    for found in _waiting(session, room):
        locked = select(Segment).where(Segment.id == found.id).with_for_update()
        segment = session.scalars(locked.execution_options(populate_existing=True)).one()
        row = session.get(WishRow, segment.wish) if segment.wish else None
        if row is not None and row.waiting:  # another central was faster
            continue
        wish = _wish(session, blobs, session.get_one(Hearing, segment.hearing_id), segment)
        if wish is not None:
            asked = wishes.ask(session, room, TRANSCRIBER, wish, SYSTEM.ref, _reason(segment), now)
            segment.wish, segment.wished_at = asked.jti, now
            return 1
    return 0


def _wish(session: Session, blobs: Blobs, hearing: Hearing, segment: Segment) -> TranscribeSegment | None:
    """The seats that have no words, as far as their sound is here; None if no seat is."""
    seats: dict[str, StoredSound] = {}
    for sound in segment.sounds:
        if sound.words is None and blobs.has(sound.sound):
            before = _beside(session, sound, Segment.to_sample == segment.from_sample)
            after = _beside(session, sound, Segment.from_sample == segment.to_sample)
            seats[sound.seat] = StoredSound(
                sound=sound.sound,
                before=before.sound if before and blobs.has(before.sound) else None,
                after=after.sound if after and blobs.has(after.sound) else None,
                told_to=_told_to(blobs, before) if before else None,
            )
    if not seats:
        return None
    return TranscribeSegment(
        hearing=hearing.ref, number=segment.number, from_sample=segment.from_sample, rate=segment.rate, seats=seats
    )


def _beside(session: Session, sound: Sound, joins: ColumnElement[bool]) -> Sound | None:
    """The same seat's sound in the segment that joins without a break."""
    found = select(Sound).join(Segment).where(
        Segment.hearing_id == sound.segment.hearing_id, joins, Sound.seat == sound.seat
    )  # fmt: skip
    return session.scalars(found.limit(1)).first()


def _told_to(blobs: Blobs, before: Sound) -> int | None:
    """Where the last word of that sound ends, or it begins if there is none; None if its words are not known."""
    if before.words is None:
        return None
    try:
        words = speech.Words.model_validate_json(blobs.get(before.words, MAX_TOLD))
    except (NoBlob, WrongBlob, ValidationError):
        return None
    return max([before.segment.from_sample, *(one.to_sample for one in words.utterances)])
