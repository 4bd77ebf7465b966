"""Words of one seat as they are spoken: captions at once, and the record of a segment when it is finished."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from devices.errors import DeviceError
from devices.hearings import Caption
from devices.speech import Heard, Recogniser, Words
from gateway.hearing.record import Record, moved
from gateway.supervise import Up

TOGETHER_S = 0.3
"""So much sound is asked about at once: each question costs, and a caption may come so much later."""
QUEUE_S = 30
LATE_S = 0.5
"""A word shows within that time after it was spoken; only then silence was silence."""
WORDS_WITHIN_S = 40.0
"""So long a finished segment waits for its last words, which is longer than a recogniser lets an utterance grow."""

Reached = Callable[[], tuple[Recogniser, str]]
"""The recogniser and its model's hash. Raises DeviceOffline while there is none."""
Say = Callable[[Caption], None]


@dataclass(frozen=True)
class Listening:
    """A recogniser that listens under a name, since sample `base`, for a record."""

    record: Record
    recogniser: Recogniser
    name: str
    base: int


class Scribe:
    """Listens to one seat; samples are those of the hearing."""

    def __init__(self, seat: str, rate: int, reached: Reached, say: Say) -> None:
        self.seat = seat
        self.hearing = ""
        self._corrections: Mapping[str, str] = {}
        self._rate = rate
        self._reached = reached
        self._say = say
        self._record = Record(seat, rate)
        self._queue: asyncio.Queue[tuple[Record, int, bytes]] = asyncio.Queue()
        """Sound; a piece without any is a break."""
        self._gathered, self._gathered_from = bytearray(), 0
        self._moved = asyncio.Condition()
        self._listening: Listening | None = None
        self._count = 0
        self._said = ""

    def attend(self, hearing: str, corrections: Mapping[str, str]) -> None:
        """Listen in that hearing; `corrections`: as it is heard -> as it is to be shown."""
        self._pass_on()
        self.hearing, self._corrections = hearing, corrections
        self._record = Record(self.seat, self._rate)

    def hear(self, from_sample: int, pcm: bytes) -> None:
        """The next sound; if the recogniser is too far behind it is heard again from the disk later."""
        if from_sample != self._gathered_from + len(self._gathered) // 2:
            self._pass_on()
        if not self._gathered:
            self._gathered_from = from_sample
        self._gathered += pcm
        together, to_sample = round(TOGETHER_S * self._rate), from_sample + len(pcm) // 2
        if from_sample // together != to_sample // together:  # at one time for all seats, whenever each began
            self._pass_on()

    def is_over(self, at: int) -> None:
        """No sound follows that sample for now: a pause, a gap, the end."""
        self._pass_on()
        self._queue.put_nowait((self._record, at, b""))

    def _pass_on(self) -> None:
        """What was gathered is to be listened to."""
        from_sample, pcm = self._gathered_from, bytes(self._gathered)
        self._gathered.clear()
        if pcm and self._queue.qsize() < QUEUE_S / TOGETHER_S:
            self._queue.put_nowait((self._record, from_sample, pcm))
        elif pcm:
            self._record.miss(from_sample, from_sample + len(pcm) // 2)

    async def run(self, up: Up) -> None:
        """Listen until cancelled."""
        await up()
        while True:
            record, at, pcm = await self._queue.get()
            to_sample, is_heard = at + len(pcm) // 2, False
            try:
                await (self._take(record, at, pcm) if pcm else self._break(record, at))
                is_heard = True
            except DeviceError:
                self._listening = None
            finally:
                if not is_heard:
                    record.lose(to_sample)
            async with self._moved:
                self._moved.notify_all()

    async def words(self, from_sample: int, to_sample: int) -> Words | None:
        """What was said in that span, once it is known; None if something in it was missed, or the recogniser hangs."""
        record = self._record
        with suppress(TimeoutError):
            async with asyncio.timeout(WORDS_WITHIN_S), self._moved:
                await self._moved.wait_for(
                    lambda: record.settled_to >= to_sample or record.is_missed(from_sample, to_sample)
                )
        if record.heard_to < to_sample:
            record.miss(from_sample, to_sample)
        return record.words(from_sample, to_sample)

    def recorded(self, to_sample: int, words: Words | None) -> None:
        """The segment up to there is a line with these words, which are not told again."""
        self._record.recorded(to_sample, words)

    async def _take(self, record: Record, from_sample: int, pcm: bytes) -> None:
        listening = self._listening
        if listening is not None and (listening.record is not record or from_sample != record.heard_to):
            await self._end()
        listening = self._listening or await self._begin(record, from_sample)
        heard = await listening.recogniser.hear(listening.name, pcm)
        record.heard_to = from_sample + len(pcm) // 2
        self._tell(listening, heard)
        if not heard.partial:
            record.settled_to = max(record.settled_to, record.heard_to - round(LATE_S * self._rate))

    async def _break(self, record: Record, at: int) -> None:
        if self._listening is not None:
            await self._end()
        record.break_at(at)

    async def _begin(self, record: Record, from_sample: int) -> Listening:
        recogniser, record.model = self._reached()
        self._count += 1
        name = f"{self.seat}-{self._count}"
        await recogniser.begin(name, self._rate)
        record.settled_to = max(record.settled_to, from_sample)
        self._listening = Listening(record, recogniser, name, from_sample)
        return self._listening

    async def _end(self) -> None:
        """What was being said is finished, and is no later than what was heard."""
        if (listening := self._listening) is not None:
            heard = await listening.recogniser.end(listening.name)
            self._listening = None
            self._tell(listening, heard)

    def _tell(self, listening: Listening, heard: Heard) -> None:
        record, is_now = listening.record, listening.record is self._record
        for one in heard.finished:
            utterance = moved(one, listening.base)
            record.tell(utterance)
            self._said = ""
            if is_now:
                self._caption("final", utterance.text, utterance.from_sample, utterance.to_sample)
        if is_now and heard.partial and heard.partial != self._said:
            self._said = heard.partial
            self._caption("partial", heard.partial, listening.base, record.heard_to)

    def _caption(self, spoken: str, text: str, from_sample: int, to_sample: int) -> None:
        for wrong, right in self._corrections.items():
            text = text.replace(wrong, right)
        told = {"hearing": self.hearing, "seat": self.seat, "spoken": spoken, "text": text}
        self._say(Caption.model_validate({**told, "from_sample": from_sample, "to_sample": to_sample}))
