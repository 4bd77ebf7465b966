"""From raw sound on disk to a line: FLAC by seat, words beside it, blobs, then the line, then the raw file goes."""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from devices.hearings import COURTROOM, SeatSound, SegmentRecorded, SegmentTranscribed
from devices.speech import Recogniser, Utterance, Words
from gateway.hearing.course import Course
from gateway.hearing.flac import decode, encode
from gateway.hearing.scribe import Reached, Scribe, moved
from gateway.hearing.spool import Stored
from gateway.journal import Journal
from gateway.supervise import Up
from gateway.uploads import Uploads

log = logging.getLogger(__name__)

UNHEARD = "courtroom unheard"
"""Under this the journal remembers the segments that have no words yet."""
PIECE = 1 << 16


@dataclass(frozen=True)
class Unfinished:
    """A segment of one device whose line is still to be written."""

    stored: Stored
    seats: Mapping[str, int]
    channels: int
    scribes: Mapping[str, Scribe]
    salvaged: bool = False


class Finisher:
    """Finishes segments one after another, in the order they ended; a crash leaves the raw file, and it begins anew."""

    def __init__(self, journal: Journal, uploads: Uploads, reached: Reached) -> None:
        self._journal = journal
        self._uploads = uploads
        self._reached = reached
        self._waiting: list[tuple[Course, Unfinished]] = []
        self._came = asyncio.Event()
        self._idle = asyncio.Condition()
        self._unheard: list[dict[str, object]] = json.loads(journal.recall(UNHEARD) or "[]")
        self._heard_again = asyncio.Event()

    def put(self, course: Course, unfinished: Unfinished) -> None:
        """Finish this too."""
        self._waiting.append((course, unfinished))
        self._came.set()

    async def finished(self) -> None:
        """Wait until nothing is left to be finished."""
        async with self._idle:
            await self._idle.wait_for(lambda: not self._waiting)

    async def run(self, up: Up) -> None:
        """Finish what waits and what comes. Raises DeviceError, OSError, JournalError; what was not finished stays."""
        while True:
            while self._waiting:
                course, unfinished = self._waiting[0]
                await self._finish(course, unfinished)
                await up()
                async with self._idle:
                    self._waiting.pop(0)
                    self._idle.notify_all()
            await up()
            self._came.clear()
            if not self._waiting:
                await self._came.wait()

    async def hear_again(self, up: Up) -> None:
        """Make the words that are missing, from the sound on disk, whenever there is a recogniser."""
        while True:
            self._heard_again.clear()
            for entry in list(self._unheard):
                recogniser, model = self._reached()
                await self._transcribe(entry, recogniser, model)
                await up()
            await up()
            await self._heard_again.wait()

    def there_is_a_model(self) -> None:
        """A recogniser came: what waits for words can have them."""
        self._heard_again.set()

    async def _finish(self, course: Course, one: Unfinished) -> None:
        if course.opened is None:
            return
        stored, rate = one.stored, course.opened.rate
        sounds, mixed = await encode(stored.path, rate, one.channels, list(one.seats.values()))
        seats: dict[str, SeatSound] = {}
        for (seat, channel), sound in zip(one.seats.items(), sounds, strict=True):
            words = await self._words(one, seat)
            kept = await self._uploads.keep(sound)
            seats[seat] = SeatSound(sound=kept, words=words, device=stored.device, channel=channel)
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
        await self._note_unheard(fact)
        stored.path.unlink(missing_ok=True)

    async def _words(self, one: Unfinished, seat: str) -> str | None:
        scribe = one.scribes.get(seat)
        words = None
        if scribe is not None and not one.salvaged:
            words = await scribe.words(one.stored.from_sample, one.stored.to_sample)
        return await self._uploads.keep(words.model_dump_json().encode()) if words else None

    async def _note_unheard(self, fact: SegmentRecorded) -> None:
        seats = {seat: sound.sound for seat, sound in fact.seats.items() if sound.words is None}
        if seats:
            span = {"from_sample": fact.from_sample, "to_sample": fact.to_sample, "rate": fact.rate}
            self._unheard.append({"hearing": fact.hearing, "number": fact.number, "seats": seats, **span})
            await self._journal.remember(UNHEARD, json.dumps(self._unheard))
            self._heard_again.set()

    async def _transcribe(self, entry: dict[str, object], recogniser: Recogniser, model: str) -> None:
        told: dict[str, str] = {}
        seats = entry["seats"]
        for seat, sha256 in seats.items() if isinstance(seats, dict) else ():
            sound = self._uploads.kept(sha256)
            if sound is None:
                continue  # central has it, and may have it heard elsewhere
            words = await heard_again(recogniser, sound, Span(seat, int(str(entry["from_sample"])), entry, model))
            told[seat] = await self._uploads.keep(words.model_dump_json().encode())
        if told:
            hearing, number = str(entry["hearing"]), int(str(entry["number"]))
            await self._journal.append(COURTROOM, SegmentTranscribed(hearing=hearing, number=number, words=told))
        self._unheard.remove(entry)
        await self._journal.remember(UNHEARD, json.dumps(self._unheard))


@dataclass(frozen=True)
class Span:
    """What a piece of stored sound is."""

    seat: str
    from_sample: int
    entry: Mapping[str, object]
    model: str

    @property
    def rate(self) -> int:
        """Samples a second."""
        return int(str(self.entry["rate"]))


async def heard_again(recogniser: Recogniser, flac: bytes, span: Span) -> Words:
    """The words of a mono FLAC. Raises DeviceOffline, WishRejected."""
    pcm = await decode(flac, span.rate)
    name = f"again {span.seat} {span.from_sample}"
    utterances: list[Utterance] = []
    await recogniser.begin(name, span.rate)
    for at in range(0, len(pcm), PIECE):
        utterances += (await recogniser.hear(name, pcm[at : at + PIECE])).finished
    utterances += (await recogniser.end(name)).finished
    return Words(
        seat=span.seat,
        from_sample=span.from_sample,
        to_sample=span.from_sample + len(pcm) // 2,
        rate=span.rate,
        model=span.model,
        again=True,
        utterances=tuple(moved(one, span.from_sample) for one in utterances),
    )
