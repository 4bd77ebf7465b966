"""Every word of a hearing is told once: live, or made again from the sound; none is dropped and none is told twice."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from devices.hearings import HearingClosed, HearingOpened
from devices.journal import Line, read_line
from devices.microphones import Chunk
from devices.speech import Word, Words
from gateway.clock import Clock
from gateway.hearing.course import Course
from gateway.hearing.finisher import MOST_UNHEARD, UNHEARD, Finisher, Unfinished
from gateway.hearing.scribe import QUEUE_S, TOGETHER_S, Scribe
from gateway.hearing.sealing import Patience
from gateway.hearing.spool import Stored
from gateway.hearing.track import Hands, Missing, Track
from gateway.journal import Journal
from gateway.journal_writer import Committed
from gateway.supervise import Time, keep
from gateway.uploads import Uploads
from tests.kit.court import Court
from tests.kit.dictation import RATE, Dictation, sound

PIECE_S = 0.05
PIECE = round(RATE * PIECE_S) * 2
NINE = datetime(2026, 11, 25, 1, tzinfo=UTC)
SPEECH = sound((0, 0.3), (1, 0.3), (2, 0.4), (0, 0.7), (3, 1.3), (0, 0.2), (4, 0.2), (0, 0.9), (5, 0.4), (0, 0.3))
"""Said: 1 2, then 3 4, then 5, which is cut off by the end."""


@dataclass
class Seat:
    """One seat that is recorded, and what its journal says."""

    folder: Path
    journal: Journal
    uploads: Uploads
    recogniser: Dictation
    scribe: Scribe
    finisher: Finisher
    course: Course
    track: Track
    lines: list[Line] = field(default_factory=list)

    async def speak(self, pcm: bytes, *, at: int = 0) -> None:
        """Sound comes, in pieces, each heard before the next."""
        for start in range(0, len(pcm), PIECE):
            piece = pcm[start : start + PIECE]
            first = at + start // 2
            await self.track.take(Chunk(first, piece, (first + len(piece) // 2) / RATE))
            await asyncio.sleep(0)

    async def stop(self) -> None:
        """The hearing is over, and every segment a line."""
        await self.close()
        await self.until(lambda: self.finisher.is_idle and not self.finisher.owed("h-1"))

    async def close(self) -> None:
        """The hearing is over."""
        await self.track.stop(self.track.end)
        self.course.take(HearingClosed(hearing="h-1", at_sample=self.track.end, by="wish"))
        self.finisher.look_again()

    async def until(self, there: Callable[[], Any]) -> None:
        """Wait until that is true."""
        async with asyncio.timeout(60):
            while not there():  # noqa: ASYNC110  (the last step of a segment tells nobody)
                await asyncio.sleep(0.01)

    def of(self, type_: str) -> list[Line]:
        """Lines of that type."""
        return [line for line in self.lines if line.type == type_]

    def words_of(self, sha256: str) -> Words:
        """A blob of words."""
        return Words.model_validate_json(self.uploads.kept(sha256) or b"")

    @property
    def words(self) -> list[Word]:
        """The words of the sealed segments, one after another."""
        blobs = [segment.seats["judge"].words for segment in self.course.segments]
        return [w for sha256 in blobs if sha256 for one in self.words_of(sha256).utterances for w in one.words]

    @property
    def said(self) -> list[str]:
        """What they are."""
        return [word.word for word in self.words]


@asynccontextmanager
async def seat(folder: Path, *, segment_s: float, unheard: int = MOST_UNHEARD) -> AsyncIterator[Seat]:
    """A seat in a hearing that is open."""
    data = folder / "data"
    identity = Court(folder / "court").identity("courtroom-a", data, ("127.0.0.1", 9), "http://127.0.0.1:9")
    clock = Clock(rtc_healthy=True)
    recogniser = Dictation()
    async with Journal(data / "journal.db", identity.gateway, identity.kid, clock) as journal:
        uploads = Uploads(identity, clock, data)
        finisher = Finisher(journal, uploads, recogniser.reached, unheard)
        scribe = Scribe("judge", RATE, recogniser.reached, lambda caption: None)
        scribe.attend("h-1", {})
        course = Course("h-1")
        course.take(HearingOpened(hearing="h-1", by="agenda", opened_at=NINE, rate=RATE))

        async def gap(track: Track, from_sample: int, to_sample: int, why: Missing) -> None:
            """A test looks at words, not at gaps."""

        def finished(track: Track, stored: Stored) -> None:
            finisher.put(course, Unfinished(stored, track.seats, 1, track.scribes))

        hands = Hands(gap, finished, lambda: False)
        track = Track("mics", {"judge": 1}, RATE, 1, round(segment_s * RATE), hands, {"judge": scribe})
        track.begin(folder / "h-1", 0, lambda mono: round(mono * RATE))
        it = Seat(folder, journal, uploads, recogniser, scribe, finisher, course, track)

        def committed(told: Committed) -> None:
            it.lines.extend(read_line(raw) for raw in told.lines)

        journal.listeners.append(committed)
        finisher.transcribed = course.take
        async with asyncio.TaskGroup() as group:
            works = {"segments": finisher.run, "words": scribe.run, "again": finisher.hear_again}
            tasks = [group.create_task(keep(name, work, Time(clock.mono))) for name, work in works.items()]
            yield it
            for task in tasks:
                task.cancel()


async def up() -> None:
    """Nobody wants to know."""


@asynccontextmanager
async def listening(recogniser: Dictation) -> AsyncIterator[Scribe]:
    """A scribe by itself."""
    scribe = Scribe("judge", RATE, recogniser.reached, lambda caption: None)
    scribe.attend("h-1", {})
    task = asyncio.create_task(scribe.run(up))
    try:
        yield scribe
    finally:
        task.cancel()


def give(scribe: Scribe, pcm: bytes, at: int = 0) -> int:
    """Give it sound; gives where it ends."""
    for start in range(0, len(pcm), PIECE):
        scribe.hear(at + start // 2, pcm[start : start + PIECE])
    return at + len(pcm) // 2


def texts(words: Words | None) -> list[str]:
    assert words is not None
    return [one.text for one in words.utterances]


async def test_words_whose_end_is_seen_after_their_segment_was_full_are_told_all_the_same() -> None:
    recogniser = Dictation()
    async with listening(recogniser) as scribe:
        end = give(scribe, sound((0, 0.2), (7, 0.3), (0, 0.1)))
        asked = asyncio.create_task(scribe.words(0, end))
        await recogniser.has_heard(end)
        for _ in range(20):
            await asyncio.sleep(0)  # whoever does not wait has answered by now
        more = give(scribe, sound((0, 0.9), (8, 0.3)), end)
        scribe.is_over(more)
        first = await asked
        scribe.recorded(end, first)
        second = await scribe.words(end, more)
        assert texts(first) + texts(second) == ["7", "8"]


async def test_words_asked_for_twice_are_given_twice_until_they_are_recorded() -> None:
    async with listening(Dictation()) as scribe:
        end = give(scribe, sound((7, 0.3), (0, 1.5)))
        first = await scribe.words(0, end - RATE)
        assert texts(first) == texts(await scribe.words(0, end - RATE)) == ["7"]
        scribe.recorded(end - RATE, first)
        scribe.is_over(end)
        assert texts(await scribe.words(end - RATE, end)) == []


async def test_what_was_heard_beyond_the_cut_is_not_told_and_what_came_before_it_is() -> None:
    async with listening(Dictation()) as scribe:
        end = give(scribe, sound((7, 0.3), (0, 0.2), (8, 0.3)))
        scribe.is_over(end - 400)
        assert texts(await scribe.words(0, end - 400)) == ["7"]


async def test_another_hearing_begins_without_the_words_of_the_one_before() -> None:
    async with listening(Dictation()) as scribe:
        end = give(scribe, sound((7, 3.0)))
        scribe.is_over(end)
        assert texts(await scribe.words(0, end)) == ["7"]
        scribe.attend("h-2", {})
        end = give(scribe, sound((8, 0.3)))
        scribe.is_over(end)
        assert texts(await scribe.words(0, end)) == ["8"]


@pytest.mark.parametrize("segment_s", [0.7, 1.1, 2.3])
async def test_no_word_is_lost_wherever_a_segment_ends(tmp_path: Path, segment_s: float) -> None:
    async with seat(tmp_path, segment_s=segment_s) as it:
        await it.speak(SPEECH)
        await it.stop()
        assert it.said == ["1", "2", "3", "4", "5"]
        assert not it.of("segment_transcribed")


async def test_words_that_nobody_heard_are_made_from_the_sound_and_told_once(tmp_path: Path) -> None:
    async with seat(tmp_path, segment_s=1.5) as it:
        in_a_word = round(6 * TOGETHER_S * RATE)
        await it.speak(SPEECH[: 2 * in_a_word])
        await it.recogniser.has_heard(in_a_word)
        it.recogniser.crash()
        await it.speak(SPEECH[2 * in_a_word :], at=in_a_word)
        await it.stop()
        assert it.said == ["1", "2", "3", "4", "5"]
        assert {line.body["number"] for line in it.of("segment_transcribed")} == {1, 2}
        assert it.course.wordless == ()


@pytest.mark.parametrize("segment_s", [1.1, 1.5, 1.85])
async def test_a_word_across_a_border_is_told_once_and_whole_when_all_is_made_again(
    tmp_path: Path, segment_s: float
) -> None:
    async with seat(tmp_path, segment_s=segment_s) as it:
        it.recogniser.away = True
        await it.speak(SPEECH)
        await it.close()
        await it.until(lambda: it.finisher.is_idle)
        it.recogniser.away = False
        it.finisher.look_again()
        await it.stop()
        assert it.said == ["1", "2", "3", "4", "5"]
        spans = [w.to_sample - w.from_sample for w in it.words if w.word == "3"]
        assert spans == [1300]


@pytest.mark.parametrize("number", [1, 3])
async def test_a_segment_made_again_fits_between_those_heard_live(tmp_path: Path, number: int) -> None:
    async with seat(tmp_path, segment_s=1.5) as it:
        await it.speak(SPEECH)
        await it.stop()
        bare = it.course.segments[number - 1]
        seats = {name: one.model_copy(update={"words": None}) for name, one in bare.seats.items()}
        it.course.segments[number - 1] = bare.model_copy(update={"seats": seats})
        await it.finisher.recall(it.course)
        await it.until(lambda: not it.finisher.owed("h-1"))
        assert it.said == ["1", "2", "3", "4", "5"]


async def test_sound_the_recogniser_was_too_slow_for_is_heard_again(tmp_path: Path) -> None:
    async with seat(tmp_path, segment_s=10.0) as it:
        it.recogniser.open.clear()
        speech = sound(*((value, 0.5) for value in range(1, 2 * QUEUE_S)), (0, 1.0))
        await it.speak(speech + sound(*((value, 0.5) for value in range(2 * QUEUE_S, 3 * QUEUE_S))))
        it.recogniser.open.set()
        await it.stop()
        assert it.said == [str(value) for value in range(1, 3 * QUEUE_S)]


async def test_without_a_recogniser_words_stay_owed_until_one_comes(tmp_path: Path) -> None:
    async with seat(tmp_path, segment_s=60) as it:
        it.recogniser.away = True
        await it.speak(SPEECH)
        await it.close()
        await it.until(lambda: it.of("segment_recorded"))
        assert (it.course.wordless, it.finisher.owed("h-1"), it.finisher.hears) == ((1,), (1,), False)
        it.recogniser.away = False
        it.finisher.look_again()
        await it.until(lambda: not it.finisher.owed("h-1"))
        assert it.said == ["1", "2", "3", "4", "5"]


async def test_of_segments_without_words_only_so_many_are_remembered_the_newest(tmp_path: Path) -> None:
    async with seat(tmp_path, segment_s=1, unheard=2) as it:
        it.recogniser.away = True
        await it.speak(SPEECH)
        await it.close()
        await it.until(lambda: it.finisher.is_idle and len(it.of("segment_recorded")) > 3)
        numbers = [segment.number for segment in it.course.segments]
        assert it.finisher.owed("h-1") == tuple(numbers[-2:])
        remembered = json.loads(it.journal.recall(UNHEARD) or "")
        assert [entry["number"] for entry in remembered] == numbers[-2:]


async def test_a_segment_without_words_is_owed_after_a_crash_whatever_was_remembered(tmp_path: Path) -> None:
    async with seat(tmp_path, segment_s=60) as it:
        await it.speak(SPEECH)
        await it.stop()
        bare = {name: one.model_copy(update={"words": None}) for name, one in it.course.segments[0].seats.items()}
        it.course.segments[0] = it.course.segments[0].model_copy(update={"seats": bare})
        await it.finisher.recall(it.course)
        await it.until(lambda: not it.finisher.owed("h-1"))
        assert it.said == ["1", "2", "3", "4", "5"]


def test_patience_runs_out_only_while_no_words_come() -> None:
    patience = Patience(60)
    assert patience.waits(0, words_come=False)
    assert patience.waits(50, words_come=False)
    assert patience.waits(5000, words_come=True)
    assert not patience.waits(5010, words_come=False)
