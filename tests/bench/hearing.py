"""Figures of a courtroom: eight channels recorded without words, and transcripts searched.

Cost is counted in seconds of a processor, ours and our processes', so that a busy machine alters little.
"""

import asyncio
import resource
import tempfile
import time
from array import array
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.hearings import transcript
from central.hearings.spoken import SPOKEN, Utterance
from central.hearings.tables import Hearing, Segment, Sound
from central.ledger.own import Pen, take_pen
from central.people.roles import Actor
from central.store import Store
from devices.microphones import Chunk
from drivers.speech.vosk import model as models
from gateway.hearing.flac import encode
from gateway.hearing.spool import Stored
from gateway.hearing.track import Hands, Missing, Track
from tests.bench.figures import Figure, below, told
from tests.kit.databases import bring_up_to_date

RATE = 16000
PIECE = RATE // 20
CHANNELS = 8
SECONDS = 60
UTTERANCES = 4000
_UTTERANCE_S = 4.0
_SEARCHES = 50


def measure() -> list[Figure]:
    """All of them."""
    with tempfile.TemporaryDirectory(prefix="courtside-bench-") as folder:
        kept, packed = asyncio.run(_recorded(Path(folder)))
        half, full = _searched(Path(folder))
    return [
        below("recording 8 channels without words, beyond what takes the sound in", 100 * kept, "% of a core", 5.0),
        told("recording 8 channels: packing it as FLAC, by ffmpeg", 100 * packed, "% of a core"),
        told(f"transcripts: {UTTERANCES * _UTTERANCE_S / 3600:.1f} h searched", full, "hours/s"),
        told(f"transcripts: {UTTERANCES * _UTTERANCE_S / 7200:.1f} h searched", half, "hours/s"),
    ]


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
