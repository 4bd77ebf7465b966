"""What courtrooms report, read into hearings: their course, their segments, their gaps and faults."""

from datetime import timedelta
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.fleet.service import find
from central.hearings import backlog, watch
from central.hearings.schedule import ALL
from central.hearings.tables import Event, Hearing, Segment, Sound
from central.ledger.projection import LineView
from central.store import tell
from central.web.refused import Refused
from devices.hearings import (
    ArmingRefused,
    ButtonPressed,
    ButtonRefused,
    DriftMeasured,
    HearingArmed,
    HearingClosed,
    HearingOpened,
    HearingPaused,
    HearingResumed,
    HearingSealed,
    MomentMarked,
    RecordingFault,
    RecordingRecovered,
    SegmentRecorded,
    SegmentTranscribed,
    SoundGap,
)
from devices.messages import Fact, wire_name
from devices.microphones import MicrophoneBack, MicrophoneClips, MicrophoneLost
from devices.procedure import HearingState, after

_OF_A_HEARING: tuple[type[Fact], ...] = (
    *(HearingArmed, ArmingRefused, HearingOpened, HearingPaused, HearingResumed, HearingClosed, HearingSealed),
    *(MomentMarked, SoundGap, DriftMeasured, RecordingFault, RecordingRecovered, SegmentRecorded, SegmentTranscribed),
)
_OF_THE_ROOM: tuple[type[Fact], ...] = (MicrophoneLost, MicrophoneBack, MicrophoneClips, ButtonPressed, ButtonRefused)
_UNPLANNED = timedelta(hours=1)
"""So long is a hearing thought to last that was not planned here."""


class HearingProjector:
    """Carries each hearing on as its courtroom's lines arrive; one nobody planned here is taken in all the same."""

    types = frozenset(wire_name(fact) for fact in (*_OF_A_HEARING, *_OF_THE_ROOM))

    def project(self, session: Session, line: LineView) -> None:
        """Take in one line. Raises Refused: the hearing is another gateway's, or a segment is not known."""
        if isinstance(line.fact, _OF_THE_ROOM):
            hearing = _open_at(session, line.gateway)
            if hearing is not None:
                _note(session, hearing, line)
            return
        hearing = _hearing(session, line)
        match line.fact:
            case SegmentRecorded() as recorded:
                _segment(session, hearing, recorded, line)
            case SegmentTranscribed() as transcribed:
                _transcribed(session, hearing, transcribed)
            case fact:
                _carry_on(hearing, fact, line)
                _note(session, hearing, line)
                watch.told(session, hearing, fact, line.at)
        tell(session, ALL, hearing.topic)


def _hearing(session: Session, line: LineView) -> Hearing:
    ref = str(line.body.get("hearing", ""))[:40]
    hearing = session.scalars(select(Hearing).where(Hearing.ref == ref)).unique().one_or_none()
    if hearing is None:
        box = find(session, line.gateway)
        hearing = Hearing(
            ref=ref, gateway=line.gateway, room=box.room if box else "", opens_at=line.at,
            closes_at=line.at + _UNPLANNED, planned_at=line.at, state="scheduled", seats={}, corrections={},
            rate=0, samples=0,
        )  # fmt: skip
        session.add(hearing)
        session.flush()
    if hearing.gateway != line.gateway and not _by_another(session, line):
        raise Refused("庭审“{ref}”不在“{gateway}”的法庭。", code="other_room", ref=ref, gateway=line.gateway)
    return hearing


def _by_another(session: Session, line: LineView) -> bool:
    """Whether it is the words another room was asked for."""
    fact = line.fact
    return isinstance(fact, SegmentTranscribed) and backlog.was_asked(session, line.cause, line.gateway, fact)


def _open_at(session: Session, gateway: str) -> Hearing | None:
    found = select(Hearing).where(Hearing.gateway == gateway, Hearing.state.in_(("armed", "recording", "paused")))
    return session.scalars(found.order_by(Hearing.opened_at.desc().nulls_last()).limit(1)).unique().one_or_none()


def _carry_on(hearing: Hearing, fact: Fact, line: LineView) -> None:
    hearing.state = after(cast(HearingState, hearing.state), fact.type) or hearing.state
    match fact:
        case HearingOpened():
            hearing.opened_at, hearing.rate, hearing.closed = fact.opened_at, fact.rate, fact.closed
        case HearingClosed():
            hearing.closed_at = line.at
        case HearingSealed():
            hearing.manifest, hearing.seal, hearing.sealed_line = fact.manifest, fact.signature, line.id
        case _:
            pass
    _reach(hearing, line.body.get("to_sample", line.body.get("at_sample")))


def _note(session: Session, hearing: Hearing, line: LineView) -> None:
    begins = line.body.get("from_sample", line.body.get("at_sample"))
    session.add(
        Event(
            hearing_id=hearing.id, type=line.type, at=line.at, at_sample=begins,
            to_sample=line.body.get("to_sample"), what=dict(line.body), line=line.id,
        )
    )  # fmt: skip
    tell(session, hearing.topic)


def _segment(session: Session, hearing: Hearing, recorded: SegmentRecorded, line: LineView) -> None:
    found = select(Segment).where(Segment.hearing_id == hearing.id, Segment.number == recorded.number)
    if session.scalars(found).one_or_none() is not None:
        return
    segment = Segment(
        hearing_id=hearing.id, number=recorded.number, from_sample=recorded.from_sample, to_sample=recorded.to_sample,
        rate=recorded.rate, at=recorded.at, mixed=recorded.mixed, salvaged=recorded.salvaged, line=line.id,
    )  # fmt: skip
    segment.sounds = [
        Sound(seat=seat[:48], sound=heard.sound, words=heard.words, device=heard.device[:48], channel=heard.channel)
        for seat, heard in recorded.seats.items()
    ]
    session.add(segment)
    _reach(hearing, recorded.to_sample)


def _transcribed(session: Session, hearing: Hearing, told: SegmentTranscribed) -> None:
    found = select(Segment).where(Segment.hearing_id == hearing.id, Segment.number == told.number)
    segment = session.scalars(found).one_or_none()
    if segment is None:
        raise Refused("庭审“{ref}”没有第 {n} 段录音。", code="no_such_segment", ref=hearing.ref, n=told.number)
    for sound in segment.sounds:
        if sound.taken is None:  # what is in the transcript stays, whoever writes it down once more
            sound.words = told.words.get(sound.seat, sound.words)


def _reach(hearing: Hearing, sample: object) -> None:
    if isinstance(sample, int):
        hearing.samples = max(hearing.samples or 0, sample)
