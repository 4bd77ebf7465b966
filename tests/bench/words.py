"""Figures of words as they are spoken: channels a core writes down in real time, beside a bare Vosk loop.

Cost is counted in seconds of a processor, ours and our recogniser's, so that a busy machine alters little.
"""

import asyncio
import json
import math
import time
import wave
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psutil
from vosk import KaldiRecognizer, Model, SetLogLevel

from drivers.speech.vosk import model as models
from drivers.speech.vosk.driver import Config, Device, hold
from drivers.speech.vosk.work import PIECE_S
from gateway.hearing.scribe import TOGETHER_S, Scribe
from tests.bench.figures import Figure, beside, least, told

RATE = 16000
SEATS = 8
LATER_S = 2.05
"""Who speaks one after another begins so much later than the one before, which is no multiple of TOGETHER_S."""
ROUNDS = 3
_CHUNK, _PIECE, _TOGETHER = (2 * round(seconds * RATE) for seconds in (0.05, PIECE_S, TOGETHER_S))
"""Bytes of sound: as it comes, as Vosk gets it, as it is asked about."""
_TURN = 4 * _TOGETHER
Channels = tuple[float, str, float]
"""Ours, the unit, and those of the bare loop."""


def measure() -> list[Figure]:
    """All of them."""
    at_once, in_turn, alone, seat_mb = asyncio.run(_written())
    return [
        least(f"words: real-time channels a core, {SEATS} seats at once", *at_once, 0.95),
        least(f"words: real-time channels a core, {SEATS} seats one after another", *in_turn, 0.95),
        beside("words: real-time channels a core, one seat alone", *alone),
        told("words: memory of another seat", seat_mb, "MB"),
    ]


class Asked:
    """Our recogniser as scribes ask it; whoever gives them sound can wait until all is answered."""

    def __init__(self, device: Device) -> None:
        self.begin, self.hear, self.end = map(self._counted, (device.begin, device.hear, device.end))
        self._open, self._none_open = 0, asyncio.Event()

    async def answered(self) -> None:
        """Wait for that."""
        await asyncio.sleep(0)  # who has something to ask asks now
        while self._open:
            self._none_open.clear()
            await self._none_open.wait()

    def _counted(self, ask: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def asked(*about: Any) -> Any:
            self._open += 1
            answer = await ask(*about)
            self._open -= 1
            if not self._open:
                self._none_open.set()
            return answer

        return asked


class Sound(NamedTuple):
    """What one seat says, from its start on; both in bytes."""

    pcm: bytes
    start: int

    def between(self, begin: int, end: int) -> bytes:
        """What is heard of it then."""
        return self.pcm[max(begin - self.start, 0) : max(end - self.start, 0)]


class Bare:
    """A loop a seat: as much sound as a scribe asks about, in pieces as ours, then the words so far."""

    def __init__(self, model: Model, seats: Sequence[Sound]) -> None:
        self.spent = 0.0
        with self._counted():
            self._loops = [(sound, KaldiRecognizer(model, RATE)) for sound in seats]
        for _, recogniser in self._loops:
            recogniser.SetWords(True)

    def hear(self, at: int) -> None:
        """The next sound of each."""
        with self._counted():
            for sound, recogniser in self._loops:
                pcm = sound.between(at, at + _TOGETHER)
                for begin in range(0, len(pcm), _PIECE):
                    if recogniser.AcceptWaveform(pcm[begin : begin + _PIECE]):
                        json.loads(recogniser.Result())
                if pcm:
                    json.loads(recogniser.PartialResult())

    def end(self) -> None:
        """The last words of each."""
        with self._counted():
            for _, recogniser in self._loops:
                json.loads(recogniser.FinalResult())

    @contextmanager
    def _counted(self) -> Iterator[None]:
        begun = time.process_time()
        yield
        self.spent += time.process_time() - begun


@asynccontextmanager
async def _recogniser() -> AsyncIterator[tuple[Device, psutil.Process]]:
    before = set(psutil.Process().children())
    worker = await hold(Config())
    device = Device(Config(), worker)
    try:
        async with aclosing(device.watch()) as watched:
            await anext(watched)
            (process,) = set(psutil.Process().children()) - before
            yield device, process
    finally:
        await worker.close()


async def _written() -> tuple[Channels, Channels, Channels, float]:
    """Channels of all seats at once, of all one after another, of one alone; MB of each further seat."""
    SetLogLevel(-1)
    model, pcm = Model(str(models.TINY)), b"".join(_sound(path) for path in sorted(models.spoken()))
    later = [Sound(pcm, 2 * round(seat * LATER_S * RATE)) for seat in range(SEATS)]
    async with _recogniser() as (device, process):
        await _beside(device, process, model, [Sound(pcm, 0)])
        before = process.memory_info().rss
        for number in range(SEATS):
            await device.begin(f"another-{number}", RATE)
            await device.hear(f"another-{number}", pcm[: 2 * RATE * 10])
        grown = process.memory_info().rss - before
        at_once = await _beside(device, process, model, [Sound(pcm, 0)] * SEATS)
        in_turn = await _beside(device, process, model, later)
        alone = await _beside(device, process, model, [Sound(ROUNDS * pcm, 0)])
    return at_once, in_turn, alone, grown / SEATS / 1e6


def _sound(path: Path) -> bytes:
    with wave.open(str(path)) as wav:
        return wav.readframes(wav.getnframes())


async def _beside(device: Device, process: psutil.Process, model: Model, seats: Sequence[Sound]) -> Channels:
    """The same sound through a scribe a seat and through a bare loop a seat, a second in turns.

    So a busy machine disturbs both alike.
    """
    asked, begun, bare = Asked(device), _spent(process), Bare(model, seats)
    scribes = [Scribe(f"seat-{n}", RATE, lambda: (asked, "tiny"), lambda caption: None) for n in range(len(seats))]
    length = max(sound.start + len(sound.pcm) for sound in seats)
    step = math.gcd(_TOGETHER, *(sound.start for sound in seats))
    async with asyncio.TaskGroup() as group:
        works = [group.create_task(scribe.run(_up)) for scribe in scribes]
        for scribe in scribes:
            scribe.attend("h-1", {})
        for turn in range(0, length, _TURN):
            for at in range(turn, turn + _TURN, _TOGETHER):
                bare.hear(at)
            for at in range(turn, turn + _TURN, step):
                for chunk in range(at, at + step, _CHUNK):
                    for scribe, sound in zip(scribes, seats, strict=True):
                        if pcm := sound.between(chunk, chunk + _CHUNK):
                            scribe.hear(chunk // 2, pcm)
                await asked.answered()
        bare.end()
        for scribe in scribes:
            scribe.is_over(length // 2)
        await asked.answered()
        ours = _spent(process) - begun - bare.spent
        for work in works:
            work.cancel()
    heard = sum(len(sound.pcm) for sound in seats) / 2 / RATE
    return heard / ours, "channels", heard / bare.spent


def _spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    return time.process_time() + float(times.user) + float(times.system)


async def _up() -> None:
    """Nobody wants to know."""
