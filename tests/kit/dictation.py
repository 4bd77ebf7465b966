"""A recogniser whose language is numbers: each run of equal samples is a word, half a second of zeros an end."""

import asyncio
import itertools
from array import array
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from devices.errors import DeviceOffline, WishRejected
from devices.speech import Heard, SpeechReady, Utterance, Word

RATE = 1000
END_S = 0.5


def sound(*runs: tuple[int, float]) -> bytes:
    """Samples of runs: (value, seconds)."""
    return array("h", [v for value, seconds in runs for v in [value] * round(seconds * RATE)]).tobytes()


def words_of(samples: "array[int]") -> list[Word]:
    """The words in these samples."""
    words, at = [], 0
    for value, run in itertools.groupby(samples):
        length = len(list(run))
        if value:
            words.append(Word(word=str(value), from_sample=at, to_sample=at + length))
        at += length
    return words


@dataclass
class Dictation:
    """Keeps `devices.speech.Recogniser`. `away`: it is not reached."""

    away: bool = False
    heard: int = 0
    """Samples so far."""
    open: asyncio.Event = field(default_factory=asyncio.Event)
    """Nothing is heard while it is not set."""
    _heard: "dict[str, array[int]]" = field(default_factory=dict)
    _from: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """It hears."""
        self.open.set()

    async def begin(self, listening: str, rate: int, phrases: Sequence[str] = ()) -> None:
        """Listen anew."""
        self._is_there()
        self._heard[listening], self._from[listening] = array("h"), 0

    async def hear(self, listening: str, pcm: bytes) -> Heard:
        """The next sound."""
        await self.open.wait()
        self._is_there()
        if listening not in self._heard:
            raise WishRejected(f"nobody began to listen as {listening}")
        heard = self._heard[listening]
        heard.frombytes(pcm)
        self.heard += len(pcm) // 2
        finished = []
        running = heard[self._from[listening] :]
        words = words_of(running)
        if words and len(running) - words[-1].to_sample >= END_S * RATE:
            finished, words = [self._utterance(listening, words)], []
        return Heard(" ".join(word.word for word in words), finished)

    async def end(self, listening: str) -> Heard:
        """What was being said is finished."""
        self._is_there()
        words = words_of(self._heard[listening][self._from[listening] :])
        return Heard("", [self._utterance(listening, words)] if words else [])

    async def watch(self) -> AsyncIterator[SpeechReady]:
        """It is ready."""
        yield SpeechReady(model="numbers", name="numbers")

    async def has_heard(self, samples: int) -> None:
        """Wait until it was given so many."""
        while self.heard < samples:  # noqa: ASYNC110  (it is a matter of turns, not of time)
            await asyncio.sleep(0)

    def crash(self) -> None:
        """Forget every listening."""
        self._heard.clear()

    def reached(self) -> "tuple[Dictation, str]":
        """It and its model. Raises DeviceOffline."""
        self._is_there()
        return self, "numbers"

    def _is_there(self) -> None:
        if self.away:
            raise DeviceOffline("the recogniser is away")

    def _utterance(self, listening: str, words: list[Word]) -> Utterance:
        base = self._from[listening]
        self._from[listening] = len(self._heard[listening])
        at = [
            w.model_copy(update={"from_sample": w.from_sample + base, "to_sample": w.to_sample + base}) for w in words
        ]
        return Utterance(from_sample=at[0].from_sample, to_sample=at[-1].to_sample, words=tuple(at))
