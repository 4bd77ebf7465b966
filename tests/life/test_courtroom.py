"""A courtroom records by itself: real microphones' path, real FLAC, nobody above it, and kills at any moment."""

import asyncio
import random
import signal
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from devices.agenda import Agenda, AgendaHearing, Role
from devices.hearings import (
    HearingOpened,
    HearingSealed,
    RecordingRecovered,
    SegmentRecorded,
)
from devices.manifest import HearingManifest, unaccounted
from devices.messages import Fact, wire_name
from devices.speech import SpeechReady, Words
from drivers.speech.vosk import model as models
from tests.kit.courtroom import CourtroomSite, courtroom

SEATS: dict[str, Role] = {
    "judge": "presiding_judge",
    "clerk": "clerk",
    "plaintiff": "plaintiff",
    "defendant": "defendant",
}
RATE = 16000
LONG_S = 60.0


def agenda(opens_in_s: float, lasts_s: float, **more: Any) -> Agenda:
    opens = datetime.now(UTC) + timedelta(seconds=opens_in_s)
    closes = opens + timedelta(seconds=lasts_s)
    hearing = AgendaHearing(hearing="h-1", room="court-3", opens_at=opens, closes_at=closes, seats=SEATS, **more)
    return Agenda(hearings=(hearing,))


async def until(what: Callable[[], Any], within_s: float = LONG_S) -> Any:
    """Wait until that is true, and give it."""
    async with asyncio.timeout(within_s):
        while not (found := what()):  # noqa: ASYNC110  (what is awaited happens in other processes)
            await asyncio.sleep(0.05)
    return found


def told(site: CourtroomSite, kind: type[Fact]) -> Callable[[], list[Any]]:
    return lambda: site.facts(kind)


async def sealed(site: CourtroomSite, within_s: float = LONG_S) -> HearingManifest:
    (seal,) = await until(told(site, HearingSealed), within_s)
    return site.manifest(seal.manifest)


def is_listening(site: CourtroomSite) -> bool:
    """A segment ended after the model was there: what is said from now on is heard as it is spoken."""
    ready = [line.at for line in site.lines if line.type == wire_name(SpeechReady)]
    ends = [s.at + timedelta(seconds=(s.to_sample - s.from_sample) / s.rate) for s in site.facts(SegmentRecorded)]
    return bool(ready) and any(end > ready[0] for end in ends)


def samples_of(flac: bytes) -> int:
    probe = ["ffmpeg", "-v", "error", "-f", "flac", "-i", "pipe:0", "-f", "s16le", "pipe:1"]
    return len(subprocess.run(probe, input=flac, capture_output=True, check=True).stdout) // 2


async def test_a_hearing_is_opened_by_the_agenda_written_down_and_sealed_with_nobody_above(tmp_path: Path) -> None:
    said = {1: "court-01-base", 3: "court-03-f5"}
    async with courtroom(tmp_path, segment_s=3, quiet_s=2, recogniser=True) as site:
        begun = time.monotonic()
        async with site.gateway() as gateway:
            assert await gateway.end() == 0
        lasts_s = 15 + 3 * (time.monotonic() - begun)  # a machine that is slow to start needs a longer hearing
        await site.plan(agenda(-1, lasts_s))
        async with site.gateway() as gateway:
            await until(lambda: is_listening(site))
            for channel, recording in said.items():
                await site.say(channel, recording)
            manifest = await sealed(site, lasts_s + LONG_S)
            await until(lambda: not list((site.data / "hearings").iterdir()))
            assert await gateway.end() == 0
        assert unaccounted(manifest) == []
        assert manifest.words_owed is None
        assert manifest.seats == SEATS
        assert [segment.number for segment in manifest.segments] == list(range(1, len(manifest.segments) + 1))
        assert len(manifest.segments) > 1
        heard: dict[str, list[str]] = {seat: [] for seat in SEATS}
        for segment in manifest.segments:
            for seat, sound in segment.seats.items():
                assert samples_of(site.blob(sound.sound)) == segment.to_sample - segment.from_sample
                assert sound.words is not None, "words from before the model was loaded are made before the seal"
                words = Words.model_validate_json(site.blob(sound.words))
                heard[seat] += [word.word for utterance in words.utterances for word in utterance.words]
        texts = {path.stem: text for path, text in models.spoken().items()}
        assert ["".join(heard[seat]) for seat in ("judge", "plaintiff")] == [texts[name] for name in said.values()]
        assert not heard["clerk"] and not heard["defendant"]


async def killed(site: CourtroomSite, moment_s: float) -> None:
    """Let the gateway go on with the hearing, and kill it a moment later."""
    stops = len(site.stopped_at)
    async with site.gateway() as gateway:
        await until(lambda: site.facts(HearingOpened) and len(site.facts(RecordingRecovered)) >= stops)
        await asyncio.sleep(moment_s)  # any moment is as good as any other
        await gateway.end(signal.SIGKILL)
    site.stopped_at.append(datetime.now(UTC))


async def survives(site: CourtroomSite, kills: int, lasts_s: float, chance: random.Random) -> HearingManifest:
    """The manifest of a hearing during which the gateway was killed so often."""
    await site.plan(agenda(-1, lasts_s))
    for _ in range(kills):
        await killed(site, chance.uniform(0.2, 2.5))
    async with site.gateway() as gateway:
        manifest = await sealed(site, lasts_s + LONG_S)
        assert await gateway.end() == 0
    return manifest


def check_killed(site: CourtroomSite, manifest: HearingManifest, kills: int) -> None:
    """Nothing is undeclared, and what is missing was said while no process was there to hear it."""
    assert unaccounted(manifest) == []
    assert [fault.why for fault in manifest.faults].count("recorder_stopped") == kills
    stopped = [gap for gap in manifest.gaps if gap.why == "recorder_stopped"]
    assert len(stopped) <= kills
    assert {gap.why for gap in manifest.gaps} <= {"recorder_stopped", "lost"}, "a busy machine's source may lose some"
    for segment in manifest.segments:
        for sound in segment.seats.values():
            assert samples_of(site.blob(sound.sound)) == segment.to_sample - segment.from_sample
    assert [segment.number for segment in manifest.segments] == list(range(1, len(manifest.segments) + 1))


async def test_a_gateway_killed_three_times_declares_what_is_missing_and_goes_on(tmp_path: Path) -> None:
    async with courtroom(tmp_path, segment_s=2, quiet_s=1) as site:
        manifest = await survives(site, 3, 25, random.Random(4))
        check_killed(site, manifest, 3)
        assert any(segment.salvaged for segment in manifest.segments)


def unheard_s(manifest: HearingManifest, stopped_at: list[datetime]) -> list[float]:
    """Seconds of sound that were missing already when the gateway was killed, for each gap."""
    starts = [manifest.opened_at + timedelta(seconds=gap.from_sample / RATE) for gap in manifest.gaps]
    return [min((at - start).total_seconds() for at in stopped_at if at >= start) for start in starts]


@pytest.mark.long
async def test_a_gateway_killed_fifty_times_declares_what_is_missing_and_goes_on(tmp_path: Path) -> None:
    async with courtroom(tmp_path, segment_s=5, quiet_s=1) as site:
        manifest = await survives(site, 50, 420, random.Random(50))
        check_killed(site, manifest, 50)
        assert max(unheard_s(manifest, site.stopped_at)) < 1.0
