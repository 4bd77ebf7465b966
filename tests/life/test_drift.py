"""A table on the network whose crystal is 100 ppm fast: measured against the clock, declared, and never stretched."""

import asyncio
from array import array
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from devices.agenda import Agenda, AgendaHearing
from devices.hearings import DriftMeasured, SegmentRecorded
from devices.manifest import HearingManifest, unaccounted
from gateway.hearing.drift import LEAST_S
from gateway.hearing.flac import decode
from tests.kit import rtp_source
from tests.kit.children import running
from tests.kit.hall import hall
from tests.kit.mosquitto import free_port

PPM, NEAR = 100.0, 40.0
"""What is measured in little more than a minute on a busy machine comes so near."""
SPARE_S = 15


@pytest.mark.long
async def test_a_source_100_ppm_fast_is_measured_declared_and_recorded_sample_for_sample(
    tmp_path: Path, counted: Callable[[str], None]
) -> None:
    sdp, port = tmp_path / "table.sdp", free_port()
    async with running("tests.kit.rtp_source", port, PPM, sdp), hall(tmp_path, port=f"rtp:{sdp}") as it:
        await it.until(lambda: it.of("sound_carried"))
        opens, rate = it.now(), rtp_source.RATE
        plan = AgendaHearing(hearing="h-1", room="court-3", opens_at=opens, closes_at=opens + timedelta(hours=1))
        it.courtroom.arming.agenda = Agenda(hearings=(plan,))
        for line in range(round(LEAST_S + SPARE_S) // 2):  # a segment of two seconds after another
            await it.until(lambda line=line: len(it.of("segment_recorded")) > line)
        await it.courtroom.close("h-1")
        (sealed,) = await it.until(lambda: it.of("hearing_sealed"))
        blobs = tmp_path / "data" / "blobs"
        manifest = HearingManifest.model_validate_json((blobs / sealed.body["manifest"]).read_bytes())
        (drift,) = it.of("drift_measured")
        told = DriftMeasured.model_validate(drift.body)
        counted(f"{PPM} ppm fast, {told.ppm} measured over {told.seconds:.0f} s, {len(manifest.segments)} segments")
        assert told.ppm == pytest.approx(PPM, abs=NEAR)
        assert manifest.drift == (told,)
        assert unaccounted(manifest) == [] and manifest.gaps == ()
        sounds = [await _sound(blobs, segment, "judge", rate) for segment in manifest.segments]
        heard = array("h", b"".join(sounds))
        first = heard[0] - 1
        assert all(sample == rtp_source.value(first + n, 0) for n, sample in enumerate(heard))


async def _sound(blobs: Path, segment: SegmentRecorded, seat: str, rate: int) -> bytes:
    return await decode(await asyncio.to_thread((blobs / segment.seats[seat].sound).read_bytes), rate)
