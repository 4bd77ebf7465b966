"""What has happened in a hearing, folded from its lines: the journal is the only memory of it. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from devices.agenda import AgendaHearing
from devices.hearings import (
    DriftMeasured,
    HearingClosed,
    HearingOpened,
    HearingPaused,
    HearingResumed,
    MomentMarked,
    RecordingFault,
    SeatSound,
    SegmentRecorded,
    SegmentTranscribed,
    SoundGap,
)
from devices.manifest import HearingManifest, Pause, WordsOwed, holes
from devices.messages import Fact
from devices.procedure import HearingState, after


class Course:
    """One hearing's course."""

    def __init__(self, hearing: str) -> None:
        self.hearing = hearing
        self.state: HearingState = "scheduled"
        self.opened: HearingOpened | None = None
        self.closed: HearingClosed | None = None
        self.paused: HearingPaused | None = None
        self.segments: list[SegmentRecorded] = []
        self.gaps: list[SoundGap] = []
        self.pauses: list[Pause] = []
        self.marks: list[MomentMarked] = []
        self.faults: list[RecordingFault] = []
        self.drift: list[DriftMeasured] = []
        self._lists: Mapping[type[Fact], list[Any]] = {
            SegmentRecorded: self.segments,
            SoundGap: self.gaps,
            MomentMarked: self.marks,
            RecordingFault: self.faults,
            DriftMeasured: self.drift,
        }

    def take(self, fact: Fact) -> None:
        """Let it have happened; what is of another hearing did not happen in this one."""
        if getattr(fact, "hearing", None) != self.hearing:
            return
        self.state = after(self.state, fact.type) or self.state
        if (kept := self._lists.get(type(fact))) is not None:
            kept.append(fact)
        match fact:
            case HearingOpened():
                self.opened = fact
            case HearingPaused():
                self.paused = fact
            case HearingResumed(at_sample=at):
                self._end_pause(at)
            case HearingClosed(at_sample=at):
                self._end_pause(at)
                self.closed = fact
            case SegmentTranscribed(number=number, words=words):
                self.segments[:] = [written(s, words) if s.number == number else s for s in self.segments]

    def has(self, from_sample: int, seats: set[str]) -> bool:
        """Whether the segment of these seats that begins there is a line."""
        return any(s.from_sample == from_sample and seats & set(s.seats) for s in self.segments)

    @property
    def wordless(self) -> tuple[int, ...]:
        """The segments in which a seat has no words."""
        bare = (s.number for s in self.segments if any(sound.words is None for sound in s.seats.values()))
        return tuple(sorted(bare))

    def end_of(self, seats: set[str]) -> int:
        """Up to where these seats are accounted for: recorded, declared missing or paused."""
        ends = [s.to_sample for s in self.segments if seats & set(s.seats)]
        ends += [g.to_sample for g in self.gaps if not g.seats or seats & set(g.seats)]
        ends += [p.to_sample for p in self.pauses]
        return max([*ends, self.paused.at_sample if self.paused else 0])

    def goes_on(self, seats: set[str], at: int) -> bool:
        """Whether sound of these seats may still follow that sample without a break."""
        return self.state == "recording" and self.end_of(seats) <= at

    def beside(self, seat: str, begins: int, ends: int) -> tuple[SeatSound | None, SeatSound | None]:
        """A seat's sound in the segments that join that span without a break, before it and after it."""
        before = (s.seats[seat] for s in self.segments if s.to_sample == begins and seat in s.seats)
        after = (s.seats[seat] for s in self.segments if s.from_sample == ends and seat in s.seats)
        return next(before, None), next(after, None)

    def holes(self, seats: set[str], to_sample: int, kept: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """What before that sample is in no line and not in `kept` either."""
        spans = [(s.from_sample, s.to_sample) for s in self.segments if seats & set(s.seats)]
        spans += [(g.from_sample, g.to_sample) for g in self.gaps if not g.seats or seats & set(g.seats)]
        spans += [(p.from_sample, p.to_sample) for p in self.pauses]
        return [(start, end) for start, end in holes([*spans, *kept], to_sample) if start < end]

    def time_of(self, sample: int) -> datetime:
        """When a sample was taken, by the box's time at the opening and the steady rate since."""
        if self.opened is None:
            raise ValueError(f"hearing {self.hearing} was not opened")
        return self.opened.opened_at + timedelta(seconds=sample / self.opened.rate)

    def manifest(
        self, plan: AgendaHearing, seats: Mapping[str, str], court: str, gateway: str, owed: WordsOwed | None = None
    ) -> HearingManifest:
        """The manifest of a hearing that was closed; `seats` by role. Raises ValueError if it was not."""
        if self.opened is None or self.closed is None:
            raise ValueError(f"hearing {self.hearing} was not closed")
        return HearingManifest(
            hearing=self.hearing,
            court=court,
            gateway=gateway,
            room=plan.room,
            closed=self.opened.closed,
            opened_at=self.opened.opened_at,
            closed_at=self.time_of(self.closed.at_sample),
            rate=self.opened.rate,
            samples=self.closed.at_sample,
            seats=dict(seats),
            segments=tuple(sorted(self.segments, key=lambda segment: segment.number)),
            gaps=tuple(self.gaps),
            pauses=tuple(self.pauses),
            marks=tuple(self.marks),
            faults=tuple(self.faults),
            drift=tuple(self.drift),
            words_owed=owed,
        )

    def _end_pause(self, at: int) -> None:
        if self.paused is not None:
            self.pauses.append(Pause(reason=self.paused.reason, from_sample=self.paused.at_sample, to_sample=at))
            self.paused = None


def written(segment: SegmentRecorded, words: Mapping[str, str]) -> SegmentRecorded:
    """The segment with words where it had none."""
    seats = {
        seat: sound.model_copy(update={"words": sound.words or words.get(seat)})
        for seat, sound in segment.seats.items()
    }
    return segment.model_copy(update={"seats": seats})
