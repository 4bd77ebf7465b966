"""A courtroom in one process: who may open and pause what, two hearings at once, a clock that is set."""

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from devices.agenda import Agenda, AgendaHearing
from devices.errors import DeviceBusy, WishRejected
from devices.hearings import COURTROOM, CloseHearing, MarkMoment, OpenHearing, PauseHearing, ResumeHearing
from devices.manifest import HearingManifest, WordsOwed, unaccounted
from drivers.speech.vosk import model as models
from tests.kit.hall import Hall, hall


def planned(it: Hall, hearing: str, from_s: float, to_s: float, *, closed: bool = False) -> AgendaHearing:
    opens, closes = (it.now() + timedelta(seconds=seconds) for seconds in (from_s, to_s))
    return AgendaHearing(hearing=hearing, room="court-3", opens_at=opens, closes_at=closes, closed=closed)


def plan(it: Hall, *hearings: AgendaHearing) -> None:
    it.courtroom.arming.agenda = Agenda(hearings=hearings)


async def manifest_of(it: Hall, hearing: str, folder: Path) -> HearingManifest:
    (line,) = await it.until(lambda: it.of("hearing_sealed", hearing=hearing))
    return HearingManifest.model_validate_json((folder / "data" / "blobs" / line.body["manifest"]).read_bytes())


async def test_each_wish_is_answered_by_its_fact_and_pauses_lie_on_the_axis(tmp_path: Path) -> None:
    async with hall(tmp_path) as it:
        plan(it, planned(it, "h-1", 600, 1200))
        await it.until(lambda: it.of("sound_carried"))
        await it.bench.obey(COURTROOM, "wish-1", OpenHearing(hearing="h-1"))
        await it.until(lambda: it.of("segment_recorded"))
        await it.bench.obey(COURTROOM, "wish-2", MarkMoment(hearing="h-1", mark="evidence-1"))
        await it.bench.obey(COURTROOM, "wish-3", PauseHearing(hearing="h-1", reason="closed_evidence"))
        await it.bench.obey(COURTROOM, "wish-4", ResumeHearing(hearing="h-1"))
        await it.bench.obey(COURTROOM, "wish-5", CloseHearing(hearing="h-1"))
        manifest = await manifest_of(it, "h-1", tmp_path)
        answers = ("hearing_opened", "moment_marked", "hearing_paused", "hearing_resumed", "hearing_closed")
        assert [it.of(type_)[0].cause for type_ in answers] == [f"wish-{n}" for n in range(1, 6)]
        assert unaccounted(manifest) == []
        assert [pause.reason for pause in manifest.pauses] == ["closed_evidence"]
        with pytest.raises(WishRejected, match="is closed"):
            await it.courtroom.open("h-1")


async def test_the_stillness_of_the_room_before_the_opening_and_in_a_pause_is_no_fault_of_the_recording(
    tmp_path: Path,
) -> None:
    async with hall(tmp_path) as it:

        def nobody_spoke() -> None:
            for track in it.courtroom.room.tracks.values():
                for ear in track.ears.values():
                    ear.spoke = 10**9

        plan(it, planned(it, "h-1", 600, 1200))
        await it.until(lambda: it.of("sound_carried"))
        nobody_spoke()
        await it.courtroom.open("h-1")
        await it.until(lambda: it.of("segment_recorded"))
        await it.courtroom.pause("h-1", "adjournment")
        nobody_spoke()
        before = len(it.of("segment_recorded"))
        await it.courtroom.resume("h-1")
        await it.until(lambda: len(it.of("segment_recorded")) > before)
        assert not it.of("recording_fault", why="long_silence")


async def test_a_courtroom_that_is_stopped_in_the_middle_of_a_hearing_leaves_no_file_open(tmp_path: Path) -> None:
    def growing() -> list[str]:
        files = [str(file.readlink()) for file in Path("/proc/self/fd").iterdir() if file.is_symlink()]
        return [file for file in files if file.startswith(f"{tmp_path}/") and file.endswith(".pcm")]

    async with hall(tmp_path) as it:
        plan(it, planned(it, "h-1", 600, 1200))
        await it.until(lambda: it.of("sound_carried"))
        await it.courtroom.open("h-1")
        await it.until(growing)
    assert growing() == []


async def test_a_second_hearing_waits_for_the_room_and_both_are_told_of_each_other(tmp_path: Path) -> None:
    async with hall(tmp_path) as it:
        plan(it, planned(it, "h-1", -5, 600), planned(it, "h-2", -1, 600))
        await it.until(lambda: it.of("hearing_opened", hearing="h-1"))
        await it.until(lambda: "room_taken" in str(it.of("hearing_armed", hearing="h-2")))
        with pytest.raises(DeviceBusy, match="h-1 is open"):
            await it.courtroom.open("h-2")
        await it.courtroom.close("h-1")
        assert "agenda_clash" in str(it.of("hearing_armed", hearing="h-1")[0].body)
        await it.until(lambda: it.of("hearing_opened", hearing="h-2"))


async def test_a_room_with_an_open_severe_ticket_is_not_armed_and_records_all_the_same(tmp_path: Path) -> None:
    async with hall(tmp_path) as it:
        it.courtroom.arming.agenda = Agenda(hearings=(planned(it, "h-1", 1, 600),), tickets=(7,))
        (refused,) = await it.until(lambda: it.of("arming_refused", hearing="h-1"))
        assert refused.body["tickets"] == [7]
        await it.until(lambda: it.of("hearing_opened", hearing="h-1", by="agenda"))
        assert not it.of("hearing_armed")
        await it.courtroom.close("h-1")
        plan(it, planned(it, "h-2", 500, 600))
        await it.until(lambda: it.of("hearing_armed", hearing="h-2") and it.of("hearing_sealed", hearing="h-1"))


async def test_no_configuration_and_no_update_disturbs_a_hearing_before_it_is_sealed(tmp_path: Path) -> None:
    async with hall(tmp_path) as it:
        plan(it, planned(it, "h-1", 600, 1200))
        await it.bench.undisturbed()
        await it.courtroom.open("h-1")
        waits = asyncio.create_task(it.bench.undisturbed())
        await it.until(lambda: it.of("segment_recorded"))
        await it.courtroom.pause("h-1", "adjournment")
        assert not waits.done()
        await it.courtroom.close("h-1")
        assert not waits.done()
        await it.until(lambda: it.of("hearing_sealed"))
        async with asyncio.timeout(20):
            await waits


async def test_the_next_hearing_does_not_wait_for_words_and_the_seal_says_which_are_owed(tmp_path: Path) -> None:
    async with hall(tmp_path, model=tmp_path / "not-there") as it:
        plan(it, planned(it, "h-1", -5, 600))
        await it.until(lambda: it.of("segment_recorded"))
        await it.courtroom.close("h-1")
        await it.until(lambda: it.courtroom.finisher.is_idle)
        assert not it.of("hearing_sealed"), "a recogniser that comes soon still writes it down"
        plan(it, planned(it, "h-2", -1, 600))
        manifest = await manifest_of(it, "h-1", tmp_path)
        await it.until(lambda: it.of("hearing_opened", hearing="h-2"))
        numbers = [segment.number for segment in manifest.segments]
        assert manifest.words_owed == WordsOwed(why="room_needed", segments=tuple(numbers))
        assert it.of("hearing_sealed")[0].body["words_owed"] == numbers
        assert list(it.courtroom.finisher.owed("h-1")) == numbers


async def test_a_room_without_a_recogniser_remembers_no_segment_and_the_seal_says_why_words_are_owed(
    tmp_path: Path,
) -> None:
    async with hall(tmp_path) as it:
        plan(it, planned(it, "h-1", -5, 600))
        await it.until(lambda: it.of("segment_recorded"))
        await it.courtroom.close("h-1")
        manifest = await manifest_of(it, "h-1", tmp_path)
        numbers = tuple(segment.number for segment in manifest.segments)
        assert manifest.words_owed == WordsOwed(why="no_recogniser", segments=numbers)
        assert it.courtroom.finisher.owed("h-1") == ()


async def test_words_that_are_missing_at_the_end_are_made_before_the_seal(tmp_path: Path) -> None:
    model = tmp_path / "model"
    async with hall(tmp_path, model=model) as it:
        plan(it, planned(it, "h-1", -5, 600))
        await it.until(lambda: it.of("segment_recorded"))
        await it.courtroom.close("h-1")
        await it.until(lambda: it.courtroom.finisher.is_idle)
        shutil.copytree(models.TINY, model)  # the model is put in place while the hearing waits for it
        manifest = await manifest_of(it, "h-1", tmp_path)
        assert manifest.words_owed is None
        assert all(sound.words for segment in manifest.segments for sound in segment.seats.values())
        assert len(it.of("segment_transcribed")) == len(manifest.segments)


async def test_a_hearing_that_is_not_public_has_no_evidence_in_camera_and_no_caption(tmp_path: Path) -> None:
    async with hall(tmp_path) as it:
        plan(it, planned(it, "h-1", -1, 600, closed=True))
        await it.until(lambda: it.of("hearing_opened", closed=True))
        with pytest.raises(WishRejected, match="not public"):
            await it.courtroom.pause("h-1", "closed_evidence")
        assert it.courtroom.room.captions_may_leave is False


async def test_what_is_not_on_the_agenda_or_not_open_is_refused(tmp_path: Path) -> None:
    async with hall(tmp_path) as it:
        for asked in (it.courtroom.open("h-9"), it.courtroom.close("h-9"), it.courtroom.resume("h-9")):
            with pytest.raises(WishRejected):
                await asked
        with pytest.raises(WishRejected, match="there are judge, clerk"):
            await it.courtroom.verify("bench")


async def test_a_clock_set_by_an_hour_neither_ends_a_hearing_nor_moves_its_sound(tmp_path: Path) -> None:
    async with hall(tmp_path) as it:
        await it.until(lambda: it.of("sound_carried"))
        plan(it, planned(it, "h-1", -1, 600))
        await it.until(lambda: it.of("segment_recorded"))
        it.wall.set_by = 3600.0
        it.clock.look()
        count = len(it.of("segment_recorded"))
        await it.until(lambda: len(it.of("segment_recorded")) > count + 1)
        assert not it.of("hearing_closed") and not it.of("sound_gap")
        times = [line.body["at"] for line in it.of("segment_recorded")]
        await it.courtroom.close("h-1")
        assert unaccounted(await manifest_of(it, "h-1", tmp_path)) == []
        assert times == sorted(times) and times[-1] < it.now().isoformat()[:13]
