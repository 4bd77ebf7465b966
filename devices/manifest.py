"""The manifest of a sealed hearing: what was recorded, what is missing and why; with nothing left out."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from devices.hearings import DriftMeasured, MomentMarked, RecordingFault, SegmentRecorded, SoundGap
from devices.procedure import PauseReason


class Pause(BaseModel):
    """No sound was to be taken from `from_sample` up to before `to_sample`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    reason: PauseReason
    from_sample: int
    to_sample: int


Why = Literal["no_recogniser", "room_needed", "sound_unreadable"]


class WordsOwed(BaseModel):
    """What a hearing was sealed without: the words of these segments, for at least one seat."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    why: Why
    """`room_needed`: the next hearing was due. The first two are made later and told as SegmentTranscribed."""
    segments: tuple[int, ...]


class HearingManifest(BaseModel):
    """The blob a HearingSealed names."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Literal[1] = 1
    hearing: str
    court: str
    gateway: str
    room: str
    closed: bool = False
    opened_at: AwareDatetime
    closed_at: AwareDatetime
    rate: int
    samples: int
    """Length of the axis, pauses and gaps included."""
    seats: dict[str, str]
    """Seat -> role."""
    segments: tuple[SegmentRecorded, ...] = ()
    """With the words that were made from the sound before the seal."""
    gaps: tuple[SoundGap, ...] = ()
    pauses: tuple[Pause, ...] = ()
    marks: tuple[MomentMarked, ...] = ()
    faults: tuple[RecordingFault, ...] = ()
    drift: tuple[DriftMeasured, ...] = ()
    words_owed: WordsOwed | None = None
    """None if every segment has the words of every seat."""


def parts(segment: SegmentRecorded) -> Iterator[tuple[str, str]]:
    """Each blob of a segment: (a seat, a seat and `words`, or `mixed`; its SHA-256)."""
    for seat, heard in sorted(segment.seats.items()):
        yield seat, heard.sound
        if heard.words is not None:
            yield f"{seat} words", heard.words
    if segment.mixed is not None:
        yield "mixed", segment.mixed


def unaccounted(manifest: HearingManifest) -> Sequence[tuple[str, int, int]]:
    """(seat, from, to) of what is neither recorded, nor declared missing, nor paused, and of what is there twice."""
    return [hole for seat in manifest.seats for hole in _holes_of(manifest, seat)]


def _holes_of(manifest: HearingManifest, seat: str) -> list[tuple[str, int, int]]:
    spans = [(s.from_sample, s.to_sample) for s in manifest.segments if seat in s.seats]
    spans += [(g.from_sample, g.to_sample) for g in manifest.gaps if not g.seats or seat in g.seats]
    spans += [(p.from_sample, p.to_sample) for p in manifest.pauses]
    return [(seat, min(hole), max(hole)) for hole in holes(spans, manifest.samples)]


def holes(spans: Iterable[tuple[int, int]], to_sample: int) -> Sequence[tuple[int, int]]:
    """(from, to) of what no span covers up to that sample; turned round, (to, from), what two spans cover."""
    found, at = [], 0
    for start, end in [*sorted(spans), (to_sample, to_sample)]:
        if start != at:
            found.append((at, start))
        at = max(at, end)
    return found
