"""The transcript: words taken in from sealed blobs, corrected without overwriting, found again in Chinese."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import func, literal, select, tuple_
from sqlalchemy.orm import Session, selectinload

from central.blobs import MAX_TOLD, Blobs, NoBlob, WrongBlob
from central.clock import Clock
from central.grams import folded
from central.hearings.facts import HearingCopied, HearingListened, TranscriptCorrected, TranscriptRead
from central.hearings.spoken import SPOKEN, Access, Correction, Utterance
from central.hearings.tables import Hearing, Segment, Sound
from central.ledger.own import hash_of, record
from central.people.roles import Actor, must
from central.store import Store, newest, tell
from central.web.refused import Refused
from devices import speech
from devices.messages import Fact

PIECE = 200
"""Utterances of a piece of the transcript."""
BY_WORDS = "words"
"""The author of what the list of the case's words corrected."""
BY_SEARCH = "search"
"""The part of a transcript that was read where a search showed it."""
MIXED = "mixed"
"""Named as a seat is: all seats of a segment together."""
AGAIN = timedelta(minutes=10)
"""Listening to or reading the same again within this time is one access."""
LONGEST = 2000
_AT_ONCE = 200
_FAR = 2**62
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Hit:
    """An utterance in which something was found, the words around it, and the segment its sound begins in."""

    utterance: Utterance
    before: str
    found: str
    after: str
    segment: Segment | None


@dataclass(frozen=True)
class Mark:
    """How far a reader of transcripts has come: the last utterance that was taken in, the last correction."""

    taken: int
    corrected: int


def take_in(store: Store, blobs: Blobs, clock: Clock) -> int:
    """Take in the words whose blobs have come since; gives how many sounds. Blobs are read outside any transaction.

    Words that cannot be read are none: the sound is without words then, and is handed out to be heard again.
    """
    done = 0
    for number, sha256 in _waiting(store):
        try:
            words = speech.Words.model_validate_json(blobs.get(sha256, MAX_TOLD))
        except NoBlob:
            continue
        except (ValidationError, WrongBlob) as error:
            _LOG.error("words %s cannot be read, the sound is to be heard again: %s", sha256[:12], error)
            with store.write() as session:
                _wordless(session, number, sha256)
            continue
        with store.write() as session:
            done += _take(session, number, sha256, words, clock())
    return done


def piece(session: Session, hearing: int, after: int | None = None, limit: int = PIECE) -> Sequence[Utterance]:
    """Utterances in the order they began; `after`: the last one of the piece before. Raises Refused (404)."""
    found = select(Utterance).where(Utterance.hearing_id == hearing)
    if after is not None:
        begun, there = _begun(session, hearing, after)
        found = found.where(begun > there)
    found = found.options(selectinload(Utterance.corrections)).order_by(Utterance.from_sample, Utterance.id)
    return session.scalars(found.limit(limit)).unique().all()


def lead(session: Session, hearing: int, utterance: int, limit: int) -> Sequence[Utterance]:
    """The utterances that were begun before that one, in order. Raises Refused (404)."""
    begun, there = _begun(session, hearing, utterance)
    found = select(Utterance).where(Utterance.hearing_id == hearing, begun < there)
    found = found.options(selectinload(Utterance.corrections))
    found = found.order_by(Utterance.from_sample.desc(), Utterance.id.desc())
    return session.scalars(found.limit(limit)).unique().all()[::-1]


def said_at(session: Session, hearing: int, sample: int) -> int | None:
    """The utterance that is spoken at that sample, or the next one; None if nobody says anything from there on."""
    found = select(Utterance.id).where(Utterance.hearing_id == hearing, Utterance.to_sample > sample)
    return session.scalars(found.order_by(Utterance.from_sample, Utterance.id).limit(1)).first()


def come_so_far(session: Session) -> Mark:
    """How far what is taken in and corrected has come; to be asked before what is shown is read."""
    taken, corrected = select(func.max(Utterance.id)), select(func.max(Correction.id))
    return Mark(session.scalar(taken) or 0, session.scalar(corrected) or 0)


def since(session: Session, hearing: int, mark: Mark) -> tuple[Sequence[Utterance], Mark]:
    """Utterances of a hearing that were taken in or corrected after `mark`, a piece of them, and the mark behind it."""
    told = select(Utterance).where(Utterance.hearing_id == hearing).options(selectinload(Utterance.corrections))
    fresh = session.scalars(told.where(Utterance.id > mark.taken).order_by(Utterance.id).limit(PIECE)).unique().all()
    changed = select(Correction).join(Utterance).where(Utterance.hearing_id == hearing, Correction.id > mark.corrected)
    corrections = session.scalars(changed.order_by(Correction.id).limit(PIECE)).all()
    ids = {one.utterance_id for one in corrections} - {one.id for one in fresh}
    fixed = session.scalars(told.where(Utterance.id.in_(ids))).unique().all() if ids else []
    taken, corrected = (
        max([mark.taken, *(one.id for one in fresh)]),
        max([mark.corrected, *(c.id for c in corrections)]),
    )
    return [*fresh, *fixed], Mark(taken, corrected)


def whole(session: Session, hearing: int) -> Sequence[Utterance]:
    """Every utterance in the order they began."""
    found = select(Utterance).where(Utterance.hearing_id == hearing)
    return session.scalars(found.order_by(Utterance.from_sample, Utterance.id)).all()


def correct(session: Session, person: Actor, hearing: Hearing, utterance: int, text: str, now: datetime) -> Utterance:
    """Say what was really said; what was heard stays beside it. Raises Refused."""
    must(person, "hearing.correct")
    found = session.scalars(select(Utterance).where(Utterance.id == utterance).with_for_update()).unique().one_or_none()
    if found is None or found.hearing_id != hearing.id:
        raise Refused("没有这句话。", code="no_such_utterance", status=404)
    text = " ".join(text.split())
    if not text or len(text) > LONGEST:
        raise Refused("更正不能为空，最多 {most} 个字。", code="bad_correction", status=422, most=LONGEST)
    if text == found.text:
        return found
    _correct(session, found, hearing, text, person.ref, now)
    tell(session, hearing.topic)
    return found


def search(
    session: Session, person: Actor, words: str, limit: int = 30, below: int | None = None, hearing: int | None = None
) -> Sequence[Hit]:  # fmt: skip
    """What was said at all hearings, or at one, the newest first, as heard or as corrected."""
    must(person, "hearing.listen")
    first, below = _within(session, hearing, below or _FAR)
    wanted, hits = folded(words), list[Hit]()
    while wanted and len(hits) < limit and below > first:
        ids = SPOKEN.candidates(session, words, below, PIECE)
        if not ids:
            break
        below = min(ids)
        found = select(Utterance).where(Utterance.id.in_(ids)).order_by(Utterance.id.desc())
        here = found if hearing is None else found.where(Utterance.hearing_id == hearing)
        hits += [hit for said in session.scalars(here).unique() if (hit := _hit(session, said, wanted)) is not None]
    return hits[:limit]


def _within(session: Session, hearing: int | None, below: int) -> tuple[int, int]:
    """Between which utterances those of a hearing lie: the first of them, and one behind the last, or `below`."""
    if hearing is None:
        return 0, below
    ends = select(func.min(Utterance.id), func.max(Utterance.id)).where(Utterance.hearing_id == hearing)
    first, last = session.execute(ends).one()
    return (first, min(below, last + 1)) if first is not None else (0, 0)


def found(session: Session, person: Actor, hits: Sequence[Hit], now: datetime) -> None:
    """What a search showed was read: it is on record at each of the hearings."""
    for hearing in {hit.utterance.hearing_id: hit.utterance.hearing for hit in hits}.values():
        accessed(session, person, hearing, "read", BY_SEARCH, now)


def accesses(
    session: Session, person: Actor, hearing: Hearing, after: int | None = None, limit: int = PIECE
) -> Sequence[Access]:
    """Who listened, read or copied, the newest first; `after`: the last one of the piece before. Raises Refused."""
    must(person, "hearing.keep")
    some = select(Access).where(Access.hearing_id == hearing.id)
    return session.scalars(newest(some, Access.id, limit, after)).all()


def accessed(session: Session, person: Actor, hearing: Hearing, what: str, part: str, now: datetime) -> None:
    """It is on record that this person listened, read or copied; once within AGAIN for the same part."""
    must(person, "hearing.listen")
    same = (Access.hearing_id == hearing.id, Access.by == person.ref, Access.what == what, Access.part == part)
    if session.scalars(select(Access.id).where(*same, Access.at > now - AGAIN).limit(1)).first() is not None:
        return
    facts: dict[str, Fact] = {
        "listen": HearingListened(hearing=hearing.ref, part=part),
        "read": TranscriptRead(hearing=hearing.ref),
        "copy": HearingCopied(hearing=hearing.ref, form=part),
    }
    line = record(session, facts[what], actor=person.ref).id
    session.add(Access(hearing_id=hearing.id, by=person.ref, what=what, part=part, at=now, line=line))


def sound_of(session: Session, hearing: int, segment: int, seat: str) -> str:
    """SHA-256 of one seat's sound in a segment, or of all its seats' together (`MIXED`); raises Refused (404)."""
    here = (Segment.hearing_id == hearing, Segment.number == segment)
    found = select(Sound.sound).join(Segment).where(*here, Sound.seat == seat)
    sound = session.scalars(found).one_or_none()
    if sound is None and seat == MIXED:
        sound = session.scalars(select(Segment.mixed).where(*here)).one_or_none()
    if sound is None:
        raise Refused("这一段没有这个席位的录音。", code="no_such_sound", status=404)
    return sound


def _begun(session: Session, hearing: int, utterance: int) -> tuple[Any, Any]:
    """By what utterances are ordered, and where that one stands; several seats may begin at one sample."""
    one = session.get(Utterance, utterance)
    if one is None or one.hearing_id != hearing:
        raise Refused("没有这句话。", code="no_such_utterance", status=404)
    return tuple_(Utterance.from_sample, Utterance.id), tuple_(literal(one.from_sample), literal(one.id))


def _waiting(store: Store) -> Iterator[tuple[int, str]]:
    """Each sound whose words are not taken in: blobs that never come do not hold up those behind them."""
    last: int | None = 0
    while last is not None:
        with store.read() as session:
            waiting = select(Sound.id, Sound.words).where(Sound.words.is_not(None), Sound.taken.is_(None))
            rows = session.execute(waiting.where(Sound.id > last).order_by(Sound.id).limit(_AT_ONCE)).all()
        yield from ((number, words) for number, words in rows if words is not None)
        last = rows[-1].id if rows else None


def _wordless(session: Session, number: int, sha256: str) -> None:
    sound = session.scalars(select(Sound).where(Sound.id == number).with_for_update()).one()
    if sound.words == sha256 and sound.taken is None:
        sound.words = None


def _take(session: Session, number: int, sha256: str, words: speech.Words, now: datetime) -> int:
    sound = session.scalars(select(Sound).where(Sound.id == number).with_for_update()).one()
    if sound.taken is not None:
        return 0
    sound.taken = sha256
    hearing = session.get_one(Hearing, sound.segment.hearing_id)
    for one in words.utterances:
        if not one.words:
            continue
        said = Utterance(
            hearing_id=hearing.id, sound_id=sound.id, seat=sound.seat, from_sample=one.from_sample,
            to_sample=one.to_sample, heard=joined([word.word for word in one.words]),
            words=[[word.word, word.from_sample, word.to_sample, round(word.confidence, 3)] for word in one.words],
            confidence=min(word.confidence for word in one.words), corrections=[],
        )  # fmt: skip
        session.add(said)
        session.flush()
        SPOKEN.index(session, said.id, said.heard)
        _by_list(session, said, hearing, now)
    tell(session, hearing.topic)
    return 1


def _by_list(session: Session, said: Utterance, hearing: Hearing, now: datetime) -> None:
    text = said.heard
    for wrong, right in hearing.corrections.items():
        text = text.replace(wrong, right)
    if text != said.heard:
        _correct(session, said, hearing, text, BY_WORDS, now)


def _correct(session: Session, said: Utterance, hearing: Hearing, text: str, by: str, now: datetime) -> None:
    old = said.found_by
    told = TranscriptCorrected(hearing=hearing.ref, utterance=said.id, text=hash_of(text))
    line = record(session, told, actor=None if by == BY_WORDS else by).id
    said.corrections.append(Correction(text=text, by=by, at=now, line=line))
    said.fixed = text
    SPOKEN.index(session, said.id, said.found_by, old)


def joined(words: Sequence[str]) -> str:
    """Words as they are written: a blank stands only where neither neighbour is Chinese."""
    text = ""
    for word in words:
        apart = text and text[-1].isascii() and word[:1].isascii()
        text += f" {word}" if apart else word
    return text


def _hit(session: Session, said: Utterance, wanted: str) -> Hit | None:
    packed = next((p for t in (said.text, said.heard) if wanted in (p := folded(t))), None)
    if packed is None:
        return None
    at = packed.index(wanted)
    end = at + len(wanted)
    begins = select(Segment).join(Sound).where(
        Segment.hearing_id == said.hearing_id, Sound.seat == said.seat, Segment.from_sample <= said.from_sample,
        Segment.to_sample > said.from_sample,
    )  # fmt: skip
    segment = session.scalars(begins.limit(1)).first() or session.get_one(Sound, said.sound_id).segment
    return Hit(said, packed[max(0, at - 18) : at], packed[at:end], packed[end : end + 36], segment)
