"""Figures of a courtroom: words beside a bare Vosk loop, eight channels recorded without words, memory, search.

Cost is counted in seconds of a processor, ours and our processes', so that a busy machine alters little.
"""

import asyncio
import json
import resource
import tempfile
import time
import wave
from array import array
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import psutil
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from vosk import KaldiRecognizer, Model, SetLogLevel

from central.hearings import transcript
from central.hearings.spoken import SPOKEN, Utterance
from central.hearings.tables import Hearing, Segment, Sound
from central.ledger.own import Pen, take_pen
from central.people.roles import Actor
from central.store import Store
from devices.microphones import Chunk
from drivers.speech.vosk import model as models
from drivers.speech.vosk.driver import Config, Device, hold
from drivers.speech.vosk.work import PIECE_S
from gateway.hearing.flac import encode
from gateway.hearing.scribe import TOGETHER_S
from gateway.hearing.spool import Stored
from gateway.hearing.track import Hands, Missing, Track
from tests.bench.figures import Figure, below, beside, least, told
from tests.kit.databases import bring_up_to_date

RATE = 16000
PIECE = RATE // 20
CHANNELS = 8
SECONDS = 60
SEATS = 4
ROUNDS = 3
UTTERANCES = 4000
_UTTERANCE_S = 4.0
_SEARCHES = 50
Channels = tuple[float, str, float]
"""Ours, the unit, and those of the bare loop."""


def measure() -> list[Figure]:
    """All of them."""
    spoken = b"".join(_sound(path) for path in sorted(models.spoken()))
    alone, together, per_seat_mb = asyncio.run(_words(spoken))
    with tempfile.TemporaryDirectory(prefix="courtside-bench-") as folder:
        kept, packed = asyncio.run(_recorded(Path(folder)))
        half, full = _searched(Path(folder))
    return [
        least(f"words: real-time channels a core, {SEATS} seats at once", *together, 0.95),
        beside("words: real-time channels a core, one seat alone", *alone),
        told("words: memory of another seat", per_seat_mb, "MB"),
        below("recording 8 channels without words, beyond what takes the sound in", 100 * kept, "% of a core", 5.0),
        told("recording 8 channels: packing it as FLAC, by ffmpeg", 100 * packed, "% of a core"),
        told(f"transcripts: {UTTERANCES * _UTTERANCE_S / 3600:.1f} h searched", full, "hours/s"),
        told(f"transcripts: {UTTERANCES * _UTTERANCE_S / 7200:.1f} h searched", half, "hours/s"),
    ]


def _sound(path: Path) -> bytes:
    with wave.open(str(path)) as wav:
        return wav.readframes(wav.getnframes())


def _bare(recognisers: Sequence[KaldiRecognizer], pcm: bytes) -> None:
    """A loop that gives as much sound at once as we do, and asks for words as often."""
    together, piece = 2 * round(TOGETHER_S * RATE), 2 * round(PIECE_S * RATE)
    for at in range(0, len(pcm), together):
        for recogniser in recognisers:
            for start in range(at, min(at + together, len(pcm)), piece):
                if recogniser.AcceptWaveform(pcm[start : start + piece]):
                    json.loads(recogniser.Result())
            json.loads(recogniser.PartialResult())


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


async def _words(pcm: bytes) -> tuple[Channels, Channels, float]:
    """Channels of one seat alone and of several at once, ours and bare; MB of each further seat."""
    SetLogLevel(-1)
    model = Model(str(models.TINY))
    async with _recogniser() as (device, process):
        await _beside(device, process, model, pcm, 1)
        before = process.memory_info().rss
        for number in range(CHANNELS):
            await device.begin(f"another-{number}", RATE)
            await device.hear(f"another-{number}", pcm[: 2 * RATE * 10])
        grown = process.memory_info().rss - before
        alone = await _beside(device, process, model, ROUNDS * pcm, 1)
        together = await _beside(device, process, model, ROUNDS * pcm, SEATS)
    return alone, together, grown / CHANNELS / 1e6


async def _beside(device: Device, process: psutil.Process, model: Model, pcm: bytes, seats: int) -> Channels:
    """The same sound through our driver and its process and through a bare loop, a second in turns.

    So a busy machine disturbs both alike. It comes to all seats at one time.
    """
    recognisers = [KaldiRecognizer(model, RATE) for _ in range(seats)]
    names = [f"seat-{number}" for number in range(seats)]
    for recogniser, name in zip(recognisers, names, strict=True):
        recogniser.SetWords(True)
        await device.begin(name, RATE)
    together = 2 * round(TOGETHER_S * RATE)
    bare, begun = 0.0, _spent(process)
    for turn in range(0, len(pcm), 4 * together):
        now = time.process_time()
        _bare(recognisers, pcm[turn : turn + 4 * together])
        bare += time.process_time() - now
        for at in range(turn, min(turn + 4 * together, len(pcm)), together):
            await asyncio.gather(*(device.hear(name, pcm[at : at + together]) for name in names))
    ours = _spent(process) - begun - bare
    for name in names:
        await device.end(name)
    heard = seats * len(pcm) / 2 / RATE
    return heard / ours, "channels", heard / bare


def _spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    return time.process_time() + float(times.user) + float(times.system)


async def _recorded(folder: Path) -> tuple[float, float]:
    """Processor seconds a second of eight channels costs: (laid on the axis, heard and kept; packed by ffmpeg)."""
    ended: list[Stored] = []

    async def gap(track: Track, from_sample: int, to_sample: int, why: Missing) -> None:
        raise AssertionError("nothing is missing")

    hands = Hands(gap, lambda track, stored: ended.append(stored), lambda: False)
    seats = {f"seat-{channel}": channel for channel in range(1, CHANNELS + 1)}
    track = Track("table", seats, RATE, CHANNELS, SECONDS * RATE, hands, {})
    track.begin(folder / "h", 0, lambda mono: round(mono * RATE))
    noise = array("h", ((n * 7919 >> 3) % 997 - 498 for n in range(PIECE * CHANNELS))).tobytes()
    begun = time.process_time()
    for number in range(SECONDS * RATE // PIECE):
        await track.take(Chunk(number * PIECE, noise, (number + 1) * PIECE / RATE))
        if number % 10 == 0:
            await track.sync()
    kept = time.process_time() - begun
    before = _children()
    await encode(ended[0].path, RATE, CHANNELS, list(seats.values()))
    return kept / SECONDS, (_children() - before) / SECONDS


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _searched(folder: Path) -> tuple[float, float]:
    """Hours of speech searched a second, with half of it there and with all of it."""
    url = f"sqlite:///{folder / 'central.db'}"
    bring_up_to_date(url)
    store = Store(url)
    take_pen(store, Pen("bench", Ed25519PrivateKey.generate()))
    rates = []
    for part in range(2):
        _speak(store, part, UTTERANCES // 2)
        rates.append((part + 1) * UTTERANCES // 2 * _UTTERANCE_S / 3600 / _search_s(store))
    store.close()
    return rates[0], rates[1]


def _speak(store: Store, part: int, count: int) -> None:
    texts, now = [text for _, text in sorted(models.spoken().items())], datetime(2026, 3, 2, tzinfo=UTC)
    with store.write() as session:
        hearing = Hearing(ref=f"h-{part}", gateway="g", room="r", opens_at=now, closes_at=now, planned_at=now,
                          state="sealed", rate=RATE, samples=0, seats={}, corrections={})  # fmt: skip
        session.add(hearing)
        session.flush()
        segment = Segment(hearing_id=hearing.id, number=1, from_sample=0, to_sample=10**12, rate=RATE, at=now, line=1)
        segment.sounds = [Sound(seat="judge", sound="a" * 64, device="t", channel=1)]
        session.add(segment)
        session.flush()
        for number in range(count):
            text = f"{texts[number % len(texts)]}第{part * count + number}句"
            begins = round(number * _UTTERANCE_S * RATE)
            said = Utterance(hearing_id=hearing.id, sound_id=segment.sounds[0].id, seat="judge", from_sample=begins,
                             to_sample=begins + RATE, heard=text, words=[], confidence=1.0, corrections=[])  # fmt: skip
            session.add(said)
            session.flush()
            SPOKEN.index(session, said.id, text)


def _search_s(store: Store) -> float:
    """Seconds of a search for one sentence among all."""
    judge = Actor(1, "judge", frozenset({"judge"}))
    with store.read() as session:
        begun = time.perf_counter()
        for number in range(_SEARCHES):
            assert transcript.search(session, judge, f"第{number * 7}句")
        return (time.perf_counter() - begun) / _SEARCHES
