"""An agenda reads or says why not; a manifest has no hole; a hearing pauses only as the rule allows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from devices.agenda import ROLE_NAMES, Agenda, AgendaHearing
from devices.hearings import SeatSound, SegmentRecorded, SegmentTranscribed, SoundGap
from devices.journal import MAX_LINE
from devices.manifest import HearingManifest, Pause, unaccounted
from devices.messages import Fact, write_body
from devices.procedure import PAUSE_REASONS, STEPS, after, may_pause

NINE = datetime(2026, 11, 25, 1, tzinfo=UTC)
HASH = "ab" * 32


def planned(hearing: str, from_minute: int, to_minute: int, room: str = "court-3") -> AgendaHearing:
    return AgendaHearing(
        hearing=hearing,
        room=room,
        opens_at=NINE + timedelta(minutes=from_minute),
        closes_at=NINE + timedelta(minutes=to_minute),
    )


def segment(number: int, from_sample: int, to_sample: int, seats: str = "ab") -> SegmentRecorded:
    sounds = {seat: SeatSound(sound=HASH, device="mics", channel=1) for seat in seats}
    return SegmentRecorded(
        hearing="h-1", number=number, from_sample=from_sample, to_sample=to_sample, rate=16000, at=NINE, seats=sounds
    )


def manifest(samples: int, **lists: Any) -> HearingManifest:
    return HearingManifest(
        hearing="h-1",
        court="huishan",
        gateway="court-3",
        room="court-3",
        opened_at=NINE,
        closed_at=NINE,
        rate=16000,
        samples=samples,
        seats={"a": "judge", "b": "clerk"},
        **lists,
    )


def test_a_hearing_that_closes_before_it_opens_is_no_hearing() -> None:
    with pytest.raises(ValidationError, match="closes before it opens"):
        planned("h-1", 60, 60)


def test_a_hearing_stands_on_an_agenda_once() -> None:
    with pytest.raises(ValidationError, match="on the agenda twice: h-1"):
        Agenda(hearings=(planned("h-1", 0, 60), planned("h-1", 90, 120)))


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        AgendaHearing(hearing="h-1", room="r", opens_at=datetime(2026, 11, 25), closes_at=NINE)


def test_two_hearings_clash_only_in_one_room_at_one_time() -> None:
    first, second, later = planned("h-1", 0, 60), planned("h-2", 30, 90), planned("h-3", 90, 120)
    elsewhere = planned("h-4", 0, 120, room="court-4")
    assert Agenda(hearings=(later, elsewhere, second, first)).clashes() == [(first, second)]


def test_an_agenda_survives_being_written_and_read() -> None:
    agenda = Agenda(hearings=(planned("h-1", 0, 60), planned("h-2", 90, 120)))
    assert Agenda.model_validate_json(agenda.model_dump_json()) == agenda


def test_what_is_recorded_declared_missing_or_paused_leaves_nothing_unaccounted() -> None:
    told = manifest(
        500,
        segments=(segment(1, 0, 100), segment(2, 100, 150, "a"), segment(3, 300, 500)),
        gaps=(
            SoundGap(hearing="h-1", from_sample=100, to_sample=150, why="device_gone", seats=("b",)),
            SoundGap(hearing="h-1", from_sample=150, to_sample=200, why="lost"),
        ),
        pauses=(Pause(reason="adjournment", from_sample=200, to_sample=300),),
    )
    assert unaccounted(told) == []


def test_a_hole_an_overlap_and_a_missing_end_are_each_named() -> None:
    told = manifest(300, segments=(segment(1, 0, 100, "a"), segment(2, 110, 200, "a"), segment(3, 0, 300, "b")))
    assert unaccounted(told) == [("a", 100, 110), ("a", 200, 300)]
    twice = manifest(100, segments=(segment(1, 0, 60), segment(2, 50, 100)))
    assert unaccounted(twice) == [("a", 50, 60), ("b", 50, 60)]


def test_a_hearing_goes_from_the_agenda_to_its_seal_and_skips_no_step() -> None:
    state = "scheduled"
    for fact in ("hearing_armed", "hearing_opened", "hearing_paused", "hearing_resumed", "hearing_closed"):
        assert after(state, "hearing_sealed") is None  # type: ignore[arg-type]
        state = after(state, fact)  # type: ignore[arg-type,assignment]
    assert after(state, "hearing_sealed") == "sealed"  # type: ignore[arg-type]


def test_every_step_is_made_by_a_fact_that_exists() -> None:
    assert {step.fact for step in STEPS} <= set(Fact.registry)


def test_evidence_is_shown_in_camera_only_in_a_public_hearing() -> None:
    assert [reason for reason in PAUSE_REASONS if not may_pause(reason, closed=True)] == ["closed_evidence"]
    assert all(may_pause(reason, closed=False) for reason in PAUSE_REASONS)


def test_a_segment_of_eight_seats_fits_a_line() -> None:
    sound = SeatSound(sound=HASH, words=HASH, device="d" * 48, channel=8)
    full = segment(1, 0, 1).model_copy(update={"seats": {f"{n}" * 40: sound for n in range(8)}, "mixed": HASH})
    assert len(str(write_body(full)).encode()) < MAX_LINE / 2


def test_every_role_has_the_name_the_law_gives_it() -> None:
    assert len(set(ROLE_NAMES.values())) == len(ROLE_NAMES)


@pytest.mark.parametrize("seat", ["../../etc/cron.d/x", "a b", "", "/x", "judge\n"])
def test_a_seat_is_called_as_a_file_may_be(seat: str) -> None:
    with pytest.raises(ValidationError, match="pattern"):
        SegmentTranscribed(hearing="h-1", number=1, words={seat: "ab" * 32})
