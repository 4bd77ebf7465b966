"""Words of one seat as they are spoken: captions at once, and the record of a segment when it is finished."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress

from devices.errors import DeviceError
from devices.hearings import Caption
from devices.speech import Heard, Recogniser, Utterance, Words
from gateway.supervise import Up

QUEUE_S = 30
WORDS_WITHIN_S = 20.0
"""So long a finished segment waits for its last words; then it is recorded without, and heard again later."""

Reached = Callable[[], tuple[Recogniser, str]]
"""The recogniser and its model's hash. Raises DeviceOffline while there is none."""
Say = Callable[[Caption], None]


class Scribe:
    """Listens to one seat; samples are those of the hearing."""

    def __init__(self, seat: str, rate: int, reached: Reached, say: Say) -> None:
        self.seat = seat
        self.hearing = ""
        self.corrections: Mapping[str, str] = {}
        self._rate = rate
        self._reached = reached
        self._say = say
        self._queue: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue(QUEUE_S * 20)
        self._moved = asyncio.Condition()
        self._listening: tuple[Recogniser, str, str] | None = None
        """Who listens under which name, and its model."""
        self._base = 0
        """Where the listening began."""
        self._heard_to = 0
        self._whole_from: int | None = None
        """From here on nothing was missed."""
        self._utterances: list[Utterance] = []
        self._count = 0
        self._said = ""
        self._over_at = -1
        self._turn = asyncio.Lock()

    def hear(self, from_sample: int, pcm: bytes) -> None:
        """The next sound; dropped, and heard again from the disk later, if the recogniser is too far behind."""
        if not self._queue.full():
            self._queue.put_nowait((from_sample, pcm))

    async def run(self, up: Up) -> None:
        """Listen until cancelled."""
        await up()
        while True:
            from_sample, pcm = await self._queue.get()
            try:
                async with self._turn:
                    await self._take(from_sample, pcm)
            except DeviceError:
                self._listening, self._whole_from = None, None
            async with self._moved:
                self._heard_to = from_sample + len(pcm) // 2
                self._moved.notify_all()

    async def words(self, from_sample: int, to_sample: int) -> Words | None:
        """What was said in that span, once it is known; None if something in it was missed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(WORDS_WITHIN_S), self._moved:
                await self._moved.wait_for(lambda: self._heard_to >= to_sample or self._is_deaf)
        whole = self._listening is not None and self._whole_from is not None and self._whole_from <= from_sample
        if not whole or self._heard_to < to_sample or self._listening is None:
            return None
        async with self._turn:
            await self._finish_if_over(to_sample)
        said = [one for one in self._utterances if from_sample < one.to_sample <= to_sample]
        self._utterances = [one for one in self._utterances if one.to_sample > to_sample]
        model = self._listening[2]
        return Words(
            seat=self.seat,
            from_sample=from_sample,
            to_sample=to_sample,
            rate=self._rate,
            model=model,
            utterances=tuple(said),
        )

    @property
    def _is_deaf(self) -> bool:
        return self._listening is None and self._queue.empty()

    def is_over(self, to_sample: int) -> None:
        """No sound follows that sample for now: a pause, a gap, the end."""
        self._over_at = to_sample

    async def _finish_if_over(self, to_sample: int) -> None:
        """The last words before a break are finished by it."""
        if self._over_at != to_sample or self._listening is None or not self._queue.empty():
            return
        recogniser, name, _ = self._listening
        try:
            self._tell(await recogniser.end(name))
            await self._begin(to_sample)
        except DeviceError:
            self._whole_from = None

    async def _take(self, from_sample: int, pcm: bytes) -> None:
        if self._listening is None or from_sample != self._heard_to:
            await self._turn_to(from_sample)
        if self._listening is None:
            return
        recogniser, name, _ = self._listening
        self._tell(await recogniser.hear(name, pcm))

    async def _turn_to(self, from_sample: int) -> None:
        """Begin there; what was being said before a break is finished first, and is no later than the break."""
        if self._listening is not None:
            recogniser, name, _ = self._listening
            self._tell(await recogniser.end(name))
        else:
            self._whole_from = from_sample
        await self._begin(from_sample)

    async def _begin(self, from_sample: int) -> None:
        recogniser, model = self._reached()
        self._count += 1
        name = f"{self.seat}-{self._count}"
        await recogniser.begin(name, self._rate)
        self._listening, self._base, self._heard_to = (recogniser, name, model), from_sample, from_sample

    def _tell(self, heard: Heard) -> None:
        for one in heard.finished:
            utterance = moved(one, self._base)
            self._utterances.append(utterance)
            self._caption("final", utterance.text, utterance.from_sample, utterance.to_sample)
            self._said = ""
        if heard.partial and heard.partial != self._said:
            self._said = heard.partial
            self._caption("partial", heard.partial, self._base, self._heard_to)

    def _caption(self, spoken: str, text: str, from_sample: int, to_sample: int) -> None:
        for wrong, right in self.corrections.items():
            text = text.replace(wrong, right)
        told = {"hearing": self.hearing, "seat": self.seat, "spoken": spoken, "text": text}
        self._say(Caption.model_validate({**told, "from_sample": from_sample, "to_sample": to_sample}))


def moved(one: Utterance, by: int) -> Utterance:
    """The utterance on an axis that begins so many samples earlier."""
    words = tuple(
        word.model_copy(update={"from_sample": word.from_sample + by, "to_sample": word.to_sample + by})
        for word in one.words
    )
    return Utterance(from_sample=one.from_sample + by, to_sample=one.to_sample + by, words=words)
