"""Sound on the axis of a hearing: nothing is stretched or left undeclared, whatever device, disk or clock does."""

import random
from array import array
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devices.agenda import Agenda, AgendaHearing
from devices.hearings import (
    HearingClosed,
    HearingOpened,
    HearingPaused,
    HearingResumed,
    Problem,
    SeatSound,
    SegmentRecorded,
    SoundGap,
)
from devices.manifest import unaccounted
from devices.microphones import Chunk
from gateway.hearing.course import Course
from gateway.hearing.drift import Drift
from gateway.hearing.ears import NO_SIGNAL_S, Ear
from gateway.hearing.recording import Recording
from gateway.hearing.selftest import Seen, needed_bytes, problems
from gateway.hearing.spool import Spool, Stored, found
from gateway.hearing.track import Hands, Missing, Track

RATE, PIECE = 16000, 800
NINE = datetime(2026, 11, 25, 1, tzinfo=UTC)


@dataclass
class Told:
    """What a track told."""

    gaps: list[tuple[int, int, Missing]] = field(default_factory=list)
    finished: list[Stored] = field(default_factory=list)
    room_to_make: int = 0

    async def gap(self, _: Track, from_sample: int, to_sample: int, why: Missing) -> None:
        self.gaps.append((from_sample, to_sample, why))

    def make_room(self) -> bool:
        self.room_to_make -= 1
        return self.room_to_make >= 0

    @property
    def spans(self) -> list[tuple[int, int]]:
        return [(stored.from_sample, stored.to_sample) for stored in self.finished]


def track_of(told: Told, folder: Path, segment_samples: int = 10 * PIECE) -> Track:
    hands = Hands(told.gap, lambda _, stored: told.finished.append(stored), told.make_room)
    track = Track("mics", {"judge": 1, "clerk": 2}, RATE, 2, segment_samples, hands, {})
    track.begin(folder, 0, lambda mono: round(mono * RATE))
    return track


def chunk(number: int, lost: int = 0, late_s: float = 0.0) -> Chunk:
    """The so-and-so-many-th piece of a device that was opened at second 0; so many samples were lost before it."""
    pcm = array("h", [number % 100 + 1, -5] * PIECE).tobytes()
    return Chunk(number * PIECE + lost, pcm, ((number + 1) * PIECE + lost) / RATE + late_s)


async def test_sound_becomes_segments_end_to_end(tmp_path: Path) -> None:
    told = Told()
    track = track_of(told, tmp_path)
    for number in range(25):
        await track.take(chunk(number, late_s=0.3 * (number % 3)))
    await track.stop(track.end)
    assert told.spans == [(0, 8000), (8000, 16000), (16000, 20000)]
    assert told.gaps == []
    assert all(stored.path.stat().st_size == stored.samples * 4 for stored in told.finished)


async def test_what_the_source_lost_is_a_gap_to_the_sample_between_two_segments(tmp_path: Path) -> None:
    told = Told()
    track = track_of(told, tmp_path)
    await track.take(chunk(0))
    await track.take(chunk(1, lost=123))
    await track.stop(track.end)
    assert told.spans == [(0, 800), (923, 1723)]
    assert told.gaps == [(800, 923, "lost")]


async def test_a_device_that_is_gone_and_back_leaves_a_gap_as_long_as_it_was_gone(tmp_path: Path) -> None:
    told = Told()
    track = track_of(told, tmp_path)
    await track.take(chunk(0))
    track.gone()
    await track.take(Chunk(0, chunk(0).pcm, 2.0))
    await track.stop(track.end)
    assert told.spans == [(0, 800), (2 * RATE - 800, 2 * RATE)]
    assert told.gaps == [(800, 2 * RATE - 800, "device_gone")]


async def test_a_device_that_stays_away_is_declared_up_to_the_end(tmp_path: Path) -> None:
    told = Told()
    track = track_of(told, tmp_path)
    await track.take(chunk(0))
    track.gone()
    await track.stop(RATE)
    assert told.gaps == [(800, RATE, "device_gone")]


async def test_a_device_that_is_heard_only_after_the_opening_is_declared_up_to_its_first_sample(tmp_path: Path) -> None:
    told = Told()
    track = track_of(told, tmp_path)
    await track.take(Chunk(0, chunk(0).pcm, 0.45))
    await track.stop(track.end)
    assert told.gaps == [(0, round(0.4 * RATE), "device_gone")]


async def test_sound_that_ran_on_through_the_opening_belongs_to_it_though_it_comes_late(tmp_path: Path) -> None:
    told = Told()
    track = track_of(told, tmp_path)
    await track.stop(0)
    await track.take(chunk(0))
    track.begin(tmp_path, 0, lambda mono: round((mono - 0.1) * RATE))
    await track.take(chunk(2, late_s=0.4))
    await track.stop(track.end)
    assert (told.gaps, told.spans) == ([], [(0, PIECE)])


async def test_the_end_of_a_hearing_is_cut_to_the_sample(tmp_path: Path) -> None:
    told = Told()
    track = track_of(told, tmp_path)
    await track.take(chunk(0))
    await track.stop(500)
    assert told.spans == [(0, 500)]
    assert told.finished[0].path.stat().st_size == 500 * 4


async def test_a_disk_that_is_full_is_a_declared_gap_and_sound_goes_on_when_there_is_room(tmp_path: Path) -> None:
    told = Told()
    track = track_of(told, tmp_path / "gone" / "hearing")
    (tmp_path / "gone").write_bytes(b"")  # where the folder should be no folder can be
    await track.take(chunk(0))
    assert track.is_full
    (tmp_path / "gone").unlink()
    (tmp_path / "gone").mkdir()
    await track.take(chunk(1))
    await track.stop(track.end)
    assert told.gaps == [(0, 800, "disk_full")]
    assert told.spans == [(800, 1600)]
    assert not track.is_full


def test_what_a_power_cut_leaves_is_found_up_to_the_last_whole_sample(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "h-1", "mics", 4000, 4)
    spool.write(bytes(4 * 100))
    path = spool.finish().path
    path.write_bytes(path.read_bytes()[:-3])
    assert list(found(tmp_path / "h-1", {"mics": 4})) == [Stored(path, "mics", 4000, 99)]


def test_a_source_a_hundred_ppm_fast_is_measured() -> None:
    chance, drift = random.Random(3), Drift(RATE)
    for number in range(20 * 600):
        due = (number + 1) * 0.05
        drift.arrived(round(due * RATE * (1 + 100e-6)), due + chance.random() ** 3 * 0.3)
    assert drift.ppm == pytest.approx(100, abs=3)
    assert drift.seconds > 500


async def test_a_source_that_runs_fast_is_recorded_as_it_comes_and_its_drift_stands_in_the_manifest(
    tmp_path: Path,
) -> None:
    told, chance, count = Told(), random.Random(5), 0
    track = track_of(told, tmp_path, 30 * RATE)
    recording = Recording(plan(), tmp_path, 0.0, {"mics": track})
    recording.course.take(HearingOpened(hearing="h-1", by="agenda", opened_at=NINE, rate=RATE))
    for number in range(20 * 120):
        due = (number + 1) * 0.05
        samples = round(due * RATE * (1 + 100e-6)) - count
        late_s = chance.random() ** 3 * 0.3 if number else 0.0
        await track.take(Chunk(count, bytes(4 * samples), due + late_s))
        count += samples
    await recording.stop(track.end)
    assert (told.gaps, told.spans[0][0], told.spans[-1][1]) == ([], 0, count)
    assert sum(end - start for start, end in told.spans) == count == round(120 * RATE * (1 + 100e-6))
    for fact in (*recording.drift(), HearingClosed(hearing="h-1", at_sample=count, by="wish")):
        recording.course.take(fact)
    (drift,) = recording.course.manifest(plan(), {"judge": "judge"}, "huishan", "courtroom-a").drift
    assert (drift.device, drift.ppm) == ("mics", pytest.approx(100, abs=5))


def test_a_minute_is_needed_to_tell_drift() -> None:
    drift = Drift(RATE)
    for number in range(20 * 30):
        drift.arrived(number * PIECE, number * 0.05)
    assert drift.ppm is None


def test_a_dead_microphone_is_told_from_a_silent_one_and_a_loud_one_from_a_clipping_one() -> None:
    ear = Ear(RATE)
    for _ in range(round(NO_SIGNAL_S * RATE / PIECE)):
        ear.hear(array("h", [0] * PIECE))
    assert ear.sound == "no_signal"
    ear.hear(array("h", [3, -3] * (PIECE // 2)))
    assert (ear.sound, ear.clips) == ("heard", False)
    ear.hear(array("h", [32767] * 20 + [100] * (PIECE - 20)))
    assert ear.clips


def plan(hearing: str = "h-1", minutes: int = 0) -> AgendaHearing:
    opens = NINE + timedelta(minutes=minutes)
    closes = opens + timedelta(hours=1)
    return AgendaHearing(hearing=hearing, room="r", opens_at=opens, closes_at=closes, seats={"bench": "judge"})


def test_the_self_test_names_everything_that_is_not_as_it_should_be() -> None:
    agenda = Agenda(hearings=(plan(), plan("h-2", 30)))
    silent = Ear(RATE, spoke=10**9)
    seen = Seen({"judge": None, "clerk": silent}, RATE, False, 10**6, False, False, "h-0")
    found_ = {(problem.what, problem.seat or problem.hearing) for problem in problems(plan(), agenda, seen)}
    assert found_ == {
        ("device_gone", "judge"),
        ("seat_silent", "clerk"),
        ("unknown_seat", "bench"),
        ("clock_not_trusted", None),
        ("disk_short", None),
        ("no_model", None),
        ("no_words", None),
        ("room_taken", "h-0"),
        ("agenda_clash", "h-2"),
    }


def test_a_room_in_order_has_no_problem() -> None:
    seats = {"bench": Ear(RATE)}
    seen = Seen(seats, RATE, True, needed_bytes(plan(), 1, RATE), None, True, None)
    assert list[Problem](problems(plan(), Agenda(hearings=(plan(),)), seen)) == []


def segment(number: int, from_sample: int, to_sample: int) -> SegmentRecorded:
    sounds = {"judge": SeatSound(sound="ab" * 32, device="mics", channel=1)}
    span = {"from_sample": from_sample, "to_sample": to_sample, "rate": RATE, "at": NINE}
    return SegmentRecorded.model_validate({"hearing": "h-1", "number": number, "seats": sounds, **span})


def test_the_lines_of_a_hearing_give_its_manifest_without_a_hole_and_its_times_by_the_steady_rate() -> None:
    course = Course("h-1")
    for fact in (
        HearingOpened(hearing="h-1", by="agenda", opened_at=NINE, rate=RATE),
        HearingOpened(hearing="h-2", by="agenda", opened_at=NINE, rate=8000),
        segment(1, 0, 100),
        SoundGap(hearing="h-1", from_sample=100, to_sample=150, why="lost", seats=("judge",)),
        segment(2, 150, 200),
        HearingPaused(hearing="h-1", reason="adjournment", at_sample=200, by="wish"),
        HearingResumed(hearing="h-1", at_sample=300, by="button"),
        segment(3, 300, 400),
    ):
        course.take(fact)
    assert course.end_of({"judge"}) == 400
    assert course.time_of(RATE * 60) == NINE + timedelta(minutes=1)
    with pytest.raises(ValueError, match="was not closed"):
        course.manifest(plan(), {"judge": "judge"}, "huishan", "courtroom-a")
    course.take(HearingClosed(hearing="h-1", at_sample=400, by="wish"))
    assert unaccounted(course.manifest(plan(), {"judge": "judge"}, "huishan", "courtroom-a")) == []


def test_what_a_power_cut_took_from_the_end_of_a_file_is_a_hole_until_it_is_declared() -> None:
    course = Course("h-1")
    course.take(HearingOpened(hearing="h-1", by="agenda", opened_at=NINE, rate=RATE))
    course.take(segment(1, 0, 100))
    kept = [(100, 180), (200, 260)]
    assert course.holes({"judge"}, 260, kept) == [(180, 200)]
    course.take(SoundGap(hearing="h-1", from_sample=180, to_sample=200, why="recorder_stopped", seats=("judge",)))
    assert course.holes({"judge"}, 260, kept) == []
