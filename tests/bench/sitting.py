"""Figures of a hearing that sits: when a word is on the page, and what recording costs.

Ours and a bare program beside it take the same sound from the same sound server at the same time.
"""

import asyncio
import json
import re
import resource
import statistics
import subprocess
import tempfile
import threading
import time
from array import array
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from difflib import SequenceMatcher
from pathlib import Path

import psutil
from vosk import KaldiRecognizer, Model, SetLogLevel

from central.demo.court import PASSWORD
from central.web.session import FORM_HEADER
from devices.agenda import Agenda, AgendaHearing
from devices.hearings import CAPTIONS, SegmentRecorded
from drivers.microphones.ffmpeg_input.source import command
from drivers.speech.vosk import model as models
from gateway.simulator.told import running
from tests.bench.figures import Figure, below, told
from tests.browser.hall import ROOM, hall, say
from tests.kit.children import Running
from tests.kit.courtroom import courtroom
from tests.kit.installation import Box, Installation
from tests.kit.process import until

RATE, SEATS, CHANNELS = 16000, 4, 8
CHUNK = RATE // 20
LATE_MS = 300.0
COST = 5.0
RECORD_S = 60
"""A whole segment, as a courtroom cuts them by itself: its packing is counted, and no other."""
_DEVICE = "alsa:hw:CARD=table"
_ROLES = {"judge": "presiding_judge", "clerk": "clerk", "plaintiff": "plaintiff", "defendant": "defendant"}


def measure() -> list[Figure]:
    """All of them."""
    with tempfile.TemporaryDirectory(prefix="courtside-bench-") as folder:
        ours, bare = asyncio.run(_recorded(Path(folder) / "recording"))
        with hall(Path(folder) / "words") as (court, box):
            late = _late_ms(court, box)
    seen = f"{len(late)} words on the page, after bare Vosk has them"
    return [
        below("recording 8 channels, above a bare ffmpeg on the same source", ours - bare, "% of a core", COST),
        told("recording 8 channels: gateway and its ffmpeg, packing and all", ours, "% of a core"),
        told("recording 8 channels: a bare ffmpeg that packs them as one FLAC", bare, "% of a core"),
        below(f"{seen}: median", statistics.median(late), "ms", LATE_MS),
        told(f"{seen}: 9 of 10 within", sorted(late)[len(late) * 9 // 10], "ms"),
    ]


class Seen:
    """The words of one seat, each with the moment at which it was there first."""

    def __init__(self) -> None:
        self.words: list[tuple[str, float]] = []
        self._known = 0

    def take(self, text: str, *, is_final: bool) -> None:
        """What is being said reads so now."""
        now, words = time.monotonic(), text.split()
        self.words += [(word, now) for word in words[self._known :]]
        self._known = 0 if is_final else max(self._known, len(words))


def _late_ms(court: Installation, box: Box) -> list[float]:
    """For each word: milliseconds from a bare loop that has it to the page that has it."""
    page, bare, over = Seen(), Seen(), threading.Event()
    number = _opened(court)
    watching = threading.Thread(target=_watch, args=(court, number, page, over))
    listening = threading.Thread(target=_listen, args=(running(box.ports).ports[_DEVICE], bare, over))
    for thread in (watching, listening):
        thread.start()
    for path in sorted(models.spoken()):
        say(court, box, 1, path.stem)
    until("all is said", lambda: not any(court.look(box, "table-a")["speaking_s"].values()), 120)
    until("the last word is there", lambda: _is_over(page, bare), 30)
    over.set()
    for thread in (watching, listening):
        thread.join()
    return list(_pairs(page.words, bare.words))


def _opened(court: Installation) -> int:
    """The number of a hearing that was opened by the agenda; whoever asks next is signed in."""
    court.http.post("/api/v1/session", json={"login": "clerk", "password": PASSWORD}).raise_for_status()
    word = re.search(r'<meta name="csrf" content="([^"]+)"', court.http.get("/me").text)
    assert word is not None
    court.http.headers[FORM_HEADER] = word[1]
    until("the courtroom is known", lambda: court.http.get("/api/v1/courtrooms").json(), 60)
    now = datetime.now(UTC)
    times = {"opens_at": now.isoformat(), "closes_at": (now + timedelta(minutes=10)).isoformat()}
    planned = court.http.post("/api/v1/hearings", json={"case": 1, "gateway": ROOM, "seats": _ROLES, **times})
    path = f"/api/v1/hearings/{planned.raise_for_status().json()['id']}"
    until("it is opened", lambda: court.http.get(path).json()["hearing"]["state"] == "recording", 60)
    return int(planned.json()["id"])


def _watch(court: Installation, number: int, page: Seen, over: threading.Event) -> None:
    """The live page of a browser: captions of the judge's seat as they come."""
    with court.http.stream("GET", f"/hearings/{number}/stream") as stream:
        stream.raise_for_status()
        event = ""
        for line in stream.iter_lines():
            name, _, told = line.partition(": ")
            if name == "event":
                event = told
            elif name == "data" and event == CAPTIONS and (caption := json.loads(told))["seat"] == "judge":
                page.take(caption["text"], is_final=caption["spoken"] == "final")
            if over.is_set():
                return


def _listen(port: str, bare: Seen, over: threading.Event) -> None:
    """A bare loop: ffmpeg on the same source, Vosk on its first channel, asked after each chunk."""
    SetLogLevel(-1)
    recogniser = KaldiRecognizer(Model(str(models.TINY)), RATE)
    with subprocess.Popen(command(port, RATE, SEATS), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as ffmpeg:
        assert ffmpeg.stdout is not None
        while not over.is_set() and (pcm := ffmpeg.stdout.read(CHUNK * SEATS * 2)):
            if recogniser.AcceptWaveform(array("h", pcm)[::SEATS].tobytes()):
                bare.take(json.loads(recogniser.Result())["text"], is_final=True)
            else:
                bare.take(json.loads(recogniser.PartialResult())["partial"], is_final=False)
        ffmpeg.terminate()


def _is_over(page: Seen, bare: Seen) -> bool:
    """Whether both have the last words that were said."""
    last = list(models.spoken().values())[-1]
    return all("".join(word for word, _ in seen.words[-8:]).endswith(last) for seen in (page, bare))


def _pairs(page: Sequence[tuple[str, float]], bare: Sequence[tuple[str, float]]) -> Iterator[float]:
    """Milliseconds between the two, for each word that both have."""
    words = [[word for word, _ in seen] for seen in (page, bare)]
    for at, other, length in SequenceMatcher(None, *words, autojunk=False).get_matching_blocks():
        yield from (1000 * (page[at + n][1] - bare[other + n][1]) for n in range(length))


async def _recorded(folder: Path) -> tuple[float, float]:
    """Percent of one core while eight channels are recorded without words: the gateway and its ffmpeg, a bare one."""
    folder.mkdir()
    now = datetime.now(UTC)
    hearing = AgendaHearing(hearing="h-1", room="court-3", opens_at=now, closes_at=now + timedelta(hours=1))
    async with courtroom(folder, segment_s=RECORD_S, channels=CHANNELS) as site:
        async with site.gateway() as gateway:
            await gateway.end()
        await site.plan(Agenda(hearings=(hearing,)))
        async with site.gateway() as gateway:
            while not list(site.data.glob("hearings/h-1/*.pcm")):  # noqa: ASYNC110  (it happens in another process)
                await asyncio.sleep(0.1)
            port = running(site.folder / "ports").ports[_DEVICE]
            before = _spent(gateway)
            bare = await _bare(port, folder / "bare.flac")
            while not site.facts(SegmentRecorded):  # noqa: ASYNC110  (as above)
                await asyncio.sleep(0.1)
            spent = _spent(gateway) - before
            await gateway.end()
    return 100 * spent / RECORD_S, 100 * bare / RECORD_S


async def _bare(port: str, into: Path) -> float:
    """Processor seconds of an ffmpeg that records that source for RECORD_S seconds."""
    *source, _ = command(port, RATE, CHANNELS)
    source = source[: source.index("-map")]
    flac = ["-t", str(RECORD_S), "-c:a", "flac", "-loglevel", "error", "-y", str(into)]
    ffmpeg = await asyncio.create_subprocess_exec(*source, *flac)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert await ffmpeg.wait() == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _spent(gateway: Running) -> float:
    """Processor seconds of a gateway and of all its processes, those that ended too."""
    process = psutil.Process(gateway.process.pid)
    ours = process.cpu_times()
    ended = ours.children_user + ours.children_system
    living = [each.cpu_times() for each in process.children(recursive=True)]
    return float(ours.user + ours.system + ended + sum(each.user + each.system for each in living))
