"""The hearing that is open: its course, its tracks, and what a restart finds of it."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from devices.agenda import AgendaHearing
from devices.hearings import COURTROOM, DriftMeasured, HearingOpened, SoundGap
from devices.journal import Line, read_line
from devices.messages import UnreadableMessage, read_fact
from devices.microphones import WIDTH
from gateway.clock import Clock
from gateway.hearing.course import Course
from gateway.hearing.finisher import Finisher, Unfinished
from gateway.hearing.spool import found
from gateway.hearing.track import Missing, Track
from gateway.journal import Journal
from gateway.journal_store import raws

OPEN = "courtroom open"
"""Under this the journal remembers which hearing is open, since which line, and where its axis begins."""


@dataclass(frozen=True)
class Beginning:
    """What is remembered of an open hearing; `mono`: second of boot `boot` in which its sample 0 was taken."""

    plan: str
    since: int
    boot: str
    mono: float

    def write(self) -> str:
        """As it is remembered."""
        return json.dumps(asdict(self))


class Recording:
    """One hearing from its opening to its seal; `folder` has its raw sound."""

    def __init__(self, plan: AgendaHearing, folder: Path, mono: float, tracks: Mapping[str, Track]) -> None:
        self.plan = plan
        self.folder = folder / plan.hearing
        self.course = Course(plan.hearing)
        self.mono = mono
        self._tracks = tracks

    @property
    def rate(self) -> int:
        """Samples a second."""
        return self.course.opened.rate if self.course.opened else 1

    def axis(self, mono: float) -> int:
        """What the axis should show at that second."""
        return max(round((mono - self.mono) * self.rate), 0)

    def now(self, mono: float) -> int:
        """What the axis shows: as far as every live device has come; by the clock where none is alive."""
        recording = [track for track in self._tracks.values() if track.recording]
        live = [track.end for track in recording if track.is_live(mono)]
        ends = [track.end for track in self._tracks.values()]
        return min(live) if live else max([*ends, self.axis(mono)])

    def record(self, at: int, after: Missing | None = None) -> None:
        """Every device records from that sample on, or from its own end if it has come further."""
        for track in self._tracks.values():
            track.begin(self.folder, max(at, track.end) if after else at, self.axis, after=after)

    async def stop(self, at: int) -> None:
        """Nothing is recorded from that sample on."""
        for track in self._tracks.values():
            if track.recording:
                await track.stop(at)

    def drift(self) -> Iterator[DriftMeasured]:
        """How fast each device's samples came; nothing of one that was heard for too short a time to tell."""
        for name, track in self._tracks.items():
            if track.drift is not None and (ppm := track.drift.ppm) is not None:
                seconds = round(track.drift.seconds, 1)
                yield DriftMeasured(hearing=self.plan.hearing, device=name, ppm=ppm, seconds=seconds)

    def recall(self, lines: Iterable[Line]) -> None:
        """Take in what the journal has of it."""
        for line in lines:
            try:
                self.course.take(read_fact(line.type, line.body))
            except UnreadableMessage:
                continue  # a line of an older or newer version, which says nothing about this

    def salvage(self, finisher: Finisher) -> Sequence[SoundGap]:
        """Give to be finished what an earlier run left unfinished; sets how far each track has come.

        Gives what a power cut took from the end of a file although the next one had been begun.
        """
        frames = {name: WIDTH * track.channels for name, track in self._tracks.items()}
        torn: list[SoundGap] = []
        for name, track in self._tracks.items():
            seats, kept = set(track.seats), list[tuple[int, int]]()
            track.end = self.course.end_of(seats)
            for stored in found(self.folder, {name: frames[name]}):
                if self.course.has(stored.from_sample, set(track.seats)) or not stored.samples:
                    stored.path.unlink()
                    continue
                unfinished = Unfinished(stored, track.seats, track.channels, track.scribes, salvaged=True)
                finisher.put(self.course, unfinished)
                track.end = max(track.end, stored.to_sample)
                kept.append((stored.from_sample, stored.to_sample))
            told = {"hearing": self.plan.hearing, "why": "recorder_stopped", "seats": tuple(track.seats)}
            for begins, ends in self.course.holes(seats, track.end, kept):
                torn.append(SoundGap.model_validate({**told, "from_sample": begins, "to_sample": ends}))
        return torn


def lines_since(journal: Journal, n: int) -> Iterator[Line]:
    """The courtroom's lines with running numbers above `n`."""
    for raw in raws(journal.reader, n + 1, journal.head.n + 1):
        line = read_line(raw)
        if line.device == COURTROOM:
            yield line


def began(journal: Journal, tracks: Mapping[str, Track], folder: Path, clock: Clock) -> Recording | None:
    """The hearing that was open, or not yet sealed, when this box stopped; None if there was none."""
    remembered = journal.recall(OPEN)
    if not remembered:
        return None
    beginning = Beginning(**json.loads(remembered))
    plan = AgendaHearing.model_validate_json(beginning.plan)
    recording = Recording(plan, folder, beginning.mono, tracks)
    recording.recall(lines_since(journal, beginning.since))
    opened = recording.course.opened
    if opened is None:
        return None
    if beginning.boot != clock.boot:
        recording.mono = _mono_of(opened, clock.now, clock.mono)
    return recording


def _mono_of(opened: HearingOpened, now: Callable[[], datetime], mono: Callable[[], float]) -> float:
    """When sample 0 would have been taken, by the steady clock of this boot."""
    return mono() - max((now() - opened.opened_at).total_seconds(), 0.0)
