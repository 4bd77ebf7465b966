"""From raw sound on disk to a line: FLAC by seat, words beside it, blobs, then the line, then the raw file goes."""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from devices.errors import DeviceOffline, WishRejected
from devices.hearings import COURTROOM, SeatSound, SegmentRecorded, SegmentTranscribed
from devices.microphones import WIDTH
from devices.speech import Words
from gateway.hearing.again import Span, heard_again
from gateway.hearing.course import Course
from gateway.hearing.flac import decode, encode
from gateway.hearing.scribe import Reached, Scribe
from gateway.hearing.spool import Stored
from gateway.journal import Journal
from gateway.supervise import Up
from gateway.uploads import Uploads

log = logging.getLogger(__name__)

UNHEARD = "courtroom unheard"
"""Under this the journal remembers the segments that have no words yet."""
MOST_UNHEARD = 600
"""So many of them, some ten hours; older ones are left to central, which hands out what it has without words."""


@dataclass(frozen=True)
class Unfinished:
    """A segment of one device whose line is still to be written."""

    stored: Stored
    seats: Mapping[str, int]
    channels: int
    scribes: Mapping[str, Scribe]
    salvaged: bool = False


class Finisher:
    """Finishes segments one after another, in the order they ended; a crash leaves the raw file, and it begins anew.

    `unheard`: how many segments without words are remembered, 0 in a room that has no recogniser.
    """

    def __init__(self, journal: Journal, uploads: Uploads, reached: Reached, unheard: int = MOST_UNHEARD) -> None:
        self._journal = journal
        self._uploads = uploads
        self._reached = reached
        self.transcribed: Callable[[SegmentTranscribed], None] = lambda fact: None
        """Called when words of a segment were made from its sound."""
        self.hears = False
        """Whether words that are missing are being made, or could be."""
        self._waiting: list[tuple[Course, Unfinished]] = []
        self._courses: dict[str, Course] = {}
        self._came = asyncio.Event()
        remembered: list[dict[str, object]] = json.loads(journal.recall(UNHEARD) or "[]")
        self._unheard = deque(remembered, unheard)
        self._heard_again = asyncio.Event()

    def put(self, course: Course, unfinished: Unfinished) -> None:
        """Finish this too."""
        owed = {str(entry["hearing"]) for entry in self._unheard}
        self._courses = {name: one for name, one in self._courses.items() if name in owed} | {course.hearing: course}
        self._waiting.append((course, unfinished))
        self._came.set()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to be finished."""
        return not self._waiting

    @property
    def listens(self) -> bool:
        """Whether this room writes words down at all."""
        return self._unheard.maxlen != 0

    def owed(self, hearing: str) -> tuple[int, ...]:
        """The segments of that hearing whose words are still to be made from the sound."""
        return tuple(int(str(entry["number"])) for entry in self._unheard if entry["hearing"] == hearing)

    async def recall(self, course: Course) -> None:
        """After a crash: what of this hearing has no words yet is to be heard again, whatever was remembered."""
        known = self.owed(course.hearing)
        self._courses[course.hearing] = course
        for segment in course.segments:
            if segment.number not in known:
                await self._note_unheard(segment)

    async def run(self, up: Up) -> None:
        """Finish what waits and what comes. Raises DeviceError, OSError, JournalError; what was not finished stays."""
        while True:
            while self._waiting:
                course, unfinished = self._waiting[0]
                await self._finish(course, unfinished)
                await up()
                self._waiting.pop(0)
            await up()
            self._came.clear()
            if not self._waiting:
                await self._came.wait()

    async def hear_again(self, up: Up) -> None:
        """Make the words that are missing, from the sound on disk, whenever there is a recogniser."""
        try:
            while True:
                self._heard_again.clear()
                self.hears = self._is_there_a_model()
                for entry in list(self._unheard) if self.hears else ():
                    if self._is_whole(entry):
                        await self._transcribe(entry)
                    await up()
                await up()
                await self._heard_again.wait()
        finally:
            self.hears = False

    def look_again(self) -> None:
        """A recogniser came, or the hearing went on: what waits for words may have them."""
        self._heard_again.set()

    def _is_whole(self, entry: Mapping[str, object]) -> bool:
        """Whether what follows its sound without a break is known, for a word may reach into it."""
        course, seats = self._courses.get(str(entry["hearing"])), entry["seats"]
        return (
            course is None
            or not isinstance(seats, dict)
            or not course.goes_on(set(seats), int(str(entry["to_sample"])))
        )

    def _is_there_a_model(self) -> bool:
        try:
            self._reached()
        except DeviceOffline:
            return False
        return True

    async def _finish(self, course: Course, one: Unfinished) -> None:
        if course.opened is None:
            return
        if not course.has(one.stored.from_sample, set(one.seats)):
            await self._record(course, one, course.opened.rate)
        one.stored.path.unlink(missing_ok=True)

    async def _record(self, course: Course, one: Unfinished, rate: int) -> None:
        stored = one.stored
        sounds, mixed = await encode(stored.path, rate, one.channels, list(one.seats.values()))
        said = await asyncio.gather(*(self._words(one, seat) for seat in one.seats))
        seats: dict[str, SeatSound] = {}
        for (seat, channel), sound, words in zip(one.seats.items(), sounds, said, strict=True):
            kept = await self._uploads.keep(sound)
            written = await self._uploads.keep(words.model_dump_json().encode()) if words else None
            seats[seat] = SeatSound(sound=kept, words=written, device=stored.device, channel=channel)
        fact = SegmentRecorded(
            hearing=course.hearing,
            number=len(course.segments) + 1,
            from_sample=stored.from_sample,
            to_sample=stored.to_sample,
            rate=rate,
            at=course.time_of(stored.from_sample),
            seats=seats,
            mixed=await self._uploads.keep(mixed),
            salvaged=one.salvaged,
        )
        await self._journal.append(COURTROOM, fact)
        course.take(fact)
        for seat, words in zip(one.seats, said, strict=True):
            if seat in one.scribes:
                one.scribes[seat].recorded(stored.to_sample, words)
        await self._note_unheard(fact)
        self.look_again()

    async def _words(self, one: Unfinished, seat: str) -> Words | None:
        scribe = one.scribes.get(seat)
        if scribe is None or one.salvaged:
            return None
        return await scribe.words(one.stored.from_sample, one.stored.to_sample)

    async def _note_unheard(self, fact: SegmentRecorded) -> None:
        seats = {seat: sound.sound for seat, sound in fact.seats.items() if sound.words is None}
        if seats and self.listens:
            span = {"from_sample": fact.from_sample, "to_sample": fact.to_sample, "rate": fact.rate}
            self._unheard.append({"hearing": fact.hearing, "number": fact.number, "seats": seats, **span})
            await self._remember()
            self._heard_again.set()

    async def _transcribe(self, entry: dict[str, object]) -> None:
        told: dict[str, str] = {}
        seats = entry["seats"]
        recogniser, model = self._reached()
        for seat, sha256 in seats.items() if isinstance(seats, dict) else ():
            try:
                span = await self._span(entry, seat, sha256)
            except WishRejected as error:
                log.error("the sound of %s in segment %s has no words: %s", seat, entry["number"], error)
                continue
            if span is not None:  # else central has it, and may have it heard elsewhere
                words = await heard_again(recogniser, model, span)
                told[seat] = await self._uploads.keep(words.model_dump_json().encode())
        if told:
            hearing, number = str(entry["hearing"]), int(str(entry["number"]))
            fact = SegmentTranscribed(hearing=hearing, number=number, words=told)
            await self._journal.append(COURTROOM, fact)
            self.transcribed(fact)
        if entry in self._unheard:  # else so many came meanwhile that it was left to central
            self._unheard.remove(entry)
            await self._remember()

    async def _remember(self) -> None:
        await self._journal.remember(UNHEARD, json.dumps(list(self._unheard)))

    async def _span(self, entry: Mapping[str, object], seat: str, sha256: str) -> Span | None:
        """A seat's sound with that of its neighbours; None if it is not kept any more."""
        begins, ends, rate = (int(str(entry[name])) for name in ("from_sample", "to_sample", "rate"))
        pcm = await self._sound(sha256, rate)
        if pcm is None:
            return None
        course = self._courses.get(str(entry["hearing"]))
        left, right = course.beside(seat, begins, ends) if course else (None, None)
        before = await self._sound(left.sound, rate) if left else None
        after = await self._sound(right.sound, rate) if right else None
        told_to = self._told_to(left.words, begins - len(before) // WIDTH) if left and before else None
        return Span(seat, begins, rate, pcm, before or b"", after or b"", told_to)

    async def _sound(self, sha256: str, rate: int) -> bytes | None:
        kept = self._uploads.kept(sha256)
        return await decode(kept, rate) if kept is not None else None

    def _told_to(self, words: str | None, begins: int) -> int | None:
        """Where the last word in that blob ends; `begins` if it holds none, None if there is no blob to be read."""
        kept = self._uploads.kept(words) if words else None
        if kept is None:
            return None
        told = Words.model_validate_json(kept)
        return max([begins, *(one.to_sample for one in told.utterances)])
