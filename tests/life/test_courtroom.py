"""A courtroom records by itself: real microphones' path, real FLAC, nobody above it, and kills at any moment."""

import asyncio
import contextlib
import random
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from central.demo.signs import distance
from devices.agenda import Agenda, AgendaHearing, Role
from devices.hearings import (
    ButtonPressed,
    ButtonRefused,
    HearingClosed,
    HearingOpened,
    HearingPaused,
    HearingResumed,
    HearingSealed,
    RecordingRecovered,
    SegmentRecorded,
    SoundGap,
)
from devices.locks import DoorChanged
from devices.manifest import HearingManifest, unaccounted
from devices.messages import Fact, wire_name
from devices.speech import SpeechReady, Words
from drivers.speech.vosk import model as models
from tests.kit.courtroom import CourtroomSite, courtroom
from tests.kit.powercut import ForgetfulDisk

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
        for seat, name in zip(("judge", "plaintiff"), said.values(), strict=True):
            # A busy machine's source loses a little. That words are those of the sound, one for one, the demo proves.
            assert distance("".join(heard[seat]), texts[name]) <= len(texts[name]) // 4
        assert not heard["clerk"] and not heard["defendant"]


async def test_the_clerks_buttons_open_pause_and_close_a_hearing_with_nobody_above(tmp_path: Path) -> None:
    start, pause, stop = 1, 2, 3
    async with courtroom(tmp_path, buttons=True) as site:
        async with site.gateway() as gateway:
            assert await gateway.end() == 0
        await site.plan(agenda(600, 600))
        async with site.gateway():
            await until(
                lambda: [line for line in site.lines if (line.device, line.type) == ("buttons-a", "device_back")]
            )
            await site.press(stop)
            (refused,) = await until(told(site, ButtonRefused))
            assert (refused.button, refused.why) == ("black", "rejected")
            steps = [(start, HearingOpened), (pause, HearingPaused), (start, HearingResumed), (stop, HearingClosed)]
            for cell, kind in steps:
                await site.press(cell)
                (fact,) = await until(told(site, kind))
                assert fact.by == "button"
            assert [pause.reason for pause in (await sealed(site)).pauses] == ["mediation"]
            assert [fact.button for fact in site.facts(ButtonPressed)] == ["black", "red", "blue", "red", "black"]
            assert not site.facts(DoorChanged), "a button is no door"


async def killed(site: CourtroomSite, chance: random.Random, *, cut: bool, heard: bool) -> None:
    """Let the gateway go on with the hearing, and kill it at some moment; now and then while it still starts.

    With `heard` while there is sound of a segment that is not over.
    """
    known = len(site.facts(RecordingRecovered)) if site.stopped_at else -1
    in_haste = bool(site.stopped_at) and chance.random() < 0.2 and not heard
    async with site.gateway() as gateway:
        if not in_haste:
            await until(lambda: site.facts(HearingOpened) and len(site.facts(RecordingRecovered)) > known)
        await asyncio.sleep(chance.uniform(0.0, 2.5))  # any moment is as good as any other
        if heard:
            await until(lambda: any(sizes(site)))
        await site.kill(gateway, cut=cut)


def sizes(site: CourtroomSite) -> Iterator[int]:
    """Bytes of each file of sound that is not yet a segment."""
    for path in site.data.rglob("*.pcm"):
        with contextlib.suppress(FileNotFoundError):
            yield path.stat().st_size


async def survives(site: CourtroomSite, cuts: Sequence[bool], lasts_s: float, chance: random.Random) -> HearingManifest:
    """The manifest of a hearing during which the gateway was killed that often, the power cut where it says so."""
    await site.plan(agenda(-1, lasts_s))
    for number, cut in enumerate(cuts, 1):
        await killed(site, chance, cut=cut, heard=number == len(cuts))
    async with site.gateway() as gateway:
        manifest = await sealed(site, lasts_s + LONG_S)
        assert await gateway.end() == 0
    return manifest


def check_killed(site: CourtroomSite, manifest: HearingManifest, cuts: Sequence[bool]) -> None:
    """Nothing is undeclared, and what is missing was said while no process was there to hear it.

    A power cut may also tear off the end of a sound although the next one, after samples that were lost, had begun.
    """
    assert unaccounted(manifest) == []
    resumed = [fault.at_sample for fault in manifest.faults if fault.why == "recorder_stopped"]
    assert 0 < len(resumed) <= len(cuts)
    torn = [gap for gap in stops(manifest) if gap.from_sample not in resumed]
    assert not torn or any(cuts), torn
    # The microphones are heard a moment after the opening, and a busy machine's source may lose some.
    assert {gap.why for gap in manifest.gaps} <= {"recorder_stopped", "device_gone", "lost"}
    for segment in manifest.segments:
        for sound in segment.seats.values():
            assert samples_of(site.blob(sound.sound)) == segment.to_sample - segment.from_sample
    assert [segment.number for segment in manifest.segments] == list(range(1, len(manifest.segments) + 1))


async def test_a_gateway_killed_three_times_declares_what_is_missing_and_goes_on(
    tmp_path: Path, forgetful: Callable[[str], ForgetfulDisk]
) -> None:
    async with courtroom(tmp_path, segment_s=2, quiet_s=1, forgetful=forgetful) as site:
        cuts = [False, True, False]
        manifest = await survives(site, cuts, 25, random.Random(4))
        check_killed(site, manifest, cuts)
        assert any(segment.salvaged for segment in manifest.segments)


def unheard_s(manifest: HearingManifest, stopped_at: list[datetime]) -> list[float]:
    """Seconds of sound that were missing already when the gateway was killed, for each time it was recording.

    A gap belongs to the first kill after the gap before it ended: what was recorded between them, that kill stopped.
    Sound is placed by when it was here, some hundredths of a second after it was spoken: so it may seem to end after
    the kill, and a search for the first kill after that would find the next one.
    """
    missing, heard_from = [], manifest.opened_at
    for gap in stops(manifest):
        begins, ends = (manifest.opened_at + timedelta(seconds=at / RATE) for at in (gap.from_sample, gap.to_sample))
        missing.append((min(at for at in stopped_at if at > heard_from) - begins).total_seconds())
        heard_from = ends
    return missing


def resumed_s(manifest: HearingManifest, started_at: list[datetime]) -> list[float]:
    """Seconds from the start of the gateway to the first sound that is recorded again, for each time."""
    ends = [manifest.opened_at + timedelta(seconds=gap.to_sample / RATE) for gap in stops(manifest)]
    return [min((end - at).total_seconds() for at in started_at if at <= end) for end in ends]


def stops(manifest: HearingManifest) -> list[SoundGap]:
    """What is missing because the recorder was stopped."""
    return [gap for gap in manifest.gaps if gap.why == "recorder_stopped"]


@pytest.mark.long
@pytest.mark.parametrize("cut", [False, True], ids=["killed", "its power cut"])
async def test_a_gateway_stopped_fifty_times_loses_a_second_at_most_and_goes_on_by_itself(
    tmp_path: Path, forgetful: Callable[[str], ForgetfulDisk], cut: bool, counted: Callable[[str], None]
) -> None:
    async with courtroom(tmp_path, segment_s=5, quiet_s=1, forgetful=forgetful) as site:
        manifest = await survives(site, [cut] * 50, 420, random.Random(50))
        missing, resumed = unheard_s(manifest, site.stopped_at), resumed_s(manifest, site.started_at)
        counted(
            f"{len(site.stopped_at)} times {'power cut' if cut else 'killed'}, {len(manifest.segments)} segments, "
            f"{len(manifest.gaps)} gaps; missing {min(missing):.3f} to {max(missing):.3f} s, "
            f"median {median(missing):.3f} s; "
            f"recorded again at most {max(resumed):.3f} s after its start, median {median(resumed):.3f} s"
        )
        check_killed(site, manifest, [cut] * 50)
        assert max(missing) <= 1.0
        assert min(missing) > -1.0, "sound is placed when it was spoken"
