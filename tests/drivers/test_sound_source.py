"""What ffmpeg is asked for and what its words mean; samples that never came are found by counting."""

import asyncio
import random
from itertools import pairwise

import pytest

from devices.errors import DeviceBusy, DeviceFault, DeviceOffline
from drivers.ffmpeg import ended
from drivers.microphones.ffmpeg_input.arrivals import WINDOW_S, Arrivals
from drivers.microphones.ffmpeg_input.capture import CHUNKS_A_SECOND, Capture
from drivers.microphones.ffmpeg_input.source import Sound, command, sound_in, sound_listed, unlike

RATE = 16000
STEP_S = 0.05


def test_each_kind_of_port_is_asked_in_its_own_way() -> None:
    assert "hw:CARD=table" in command("alsa:hw:CARD=table", RATE, 4)
    pulse = command("pulse:seats.monitor@unix:/run/x", RATE, 4)
    assert pulse[pulse.index("-server") + 1] == "unix:/run/x"
    assert pulse[pulse.index("-i") + 1] == "seats.monitor"
    assert "-server" not in command("pulse:seats.monitor", RATE, 4)
    rtp = command("rtp:/etc/courtside/table.sdp", RATE, 8)
    assert rtp[rtp.index("-i") + 1] == "/etc/courtside/table.sdp"
    assert "tcp" in command("rtsp://192.0.2.9/main", RATE, 1)


@pytest.mark.parametrize(
    ("line", "sound"),
    [
        ("  Stream #0:0: Audio: pcm_s16le, 16000 Hz, 4.0, s16, 1024 kb/s", Sound(16000, 4)),
        ("  Stream #0:0: Audio: pcm_s24be, 48000 Hz, 8 channels, s32 (24 bit), 9216 kb/s", Sound(48000, 8)),
        ("  Stream #0:1[0x1]: Audio: aac (LC), 44100 Hz, stereo, fltp", Sound(44100, 2)),
        ("  Stream #0:0: Video: h264 (High), yuv420p, 1920x1080", None),
    ],
)
def test_ffmpeg_says_what_a_source_gives(line: str, sound: Sound | None) -> None:
    assert sound_in(line) == sound


def listed(channel_map: str) -> str:
    return (
        "Source #0\n\tState: IDLE\n\tName: seats.monitor\n\tDriver: module-null-sink.c\n"
        f"\tSample Specification: s16le 4ch 16000Hz\n\tChannel Map: {channel_map}\n"
    )


def test_a_sound_server_says_what_a_source_really_has() -> None:
    listing = listed("front-left,front-right,front-center,lfe")
    assert sound_listed(listing, "seats.monitor", 4) == Sound(16000, 4)
    assert sound_listed(listing, "other", 4) is None


def test_a_source_whose_seats_a_server_would_mix_is_refused() -> None:
    with pytest.raises(DeviceFault, match="channel_map=front-left,front-right,front-center,lfe"):
        sound_listed(listed("front-left,front-right,rear-left,rear-right"), "seats.monitor", 4)


def test_a_source_unlike_its_promise_is_told_with_what_to_write() -> None:
    assert unlike(Sound(RATE, 4), RATE, 4) is None
    assert "4 are promised" in str(unlike(Sound(RATE, 2), RATE, 4))
    assert "write `channels: 8`" in str(unlike(Sound(RATE, 8), RATE, 4))
    assert "write `rate: 48000`" in str(unlike(Sound(48000, 4), RATE, 4))


@pytest.mark.parametrize(
    ("report", "kind"),
    [
        (
            "[alsa @ 0x1] cannot open audio device hw:CARD=x (No such device)\nhw:CARD=x: Input/output error",
            DeviceOffline,
        ),
        ("[alsa @ 0x1] cannot open audio device hw:0 (Device or resource busy)\nhw:0: Input/output error", DeviceBusy),
        ("[alsa @ 0x1] cannot set sample rate (Invalid argument)\nhw:0: Input/output error", DeviceFault),
        ("rtsp://127.0.0.1:9/x: Connection refused", DeviceOffline),
        ("", DeviceOffline),
    ],
)
def test_ffmpegs_last_words_name_what_to_do(report: str, kind: type[Exception]) -> None:
    assert isinstance(ended("alsa:hw:0", report, "sound"), kind)


def arrivals(seconds: float, lost_at: float = -1.0, lost_s: float = 0.0, ppm: float = 0.0) -> int:
    """Samples declared lost in a run with late chunks, a crystal that is off, and perhaps a loss."""
    chance, found, counter, count = random.Random(7), 0, Arrivals(RATE), 0
    taken = 0.0
    for step in range(1, round(seconds / STEP_S)):
        taken = step * STEP_S
        came = round((taken - (lost_s if 0 <= lost_at < taken else 0.0)) * RATE * (1 + ppm / 1e6))
        late = chance.random() * 0.02 if chance.random() < 0.9 else chance.random() * 0.8
        count = came + found
        found += counter.lost(count, taken + late)
    return found


def test_late_chunks_and_crystals_that_are_off_lose_nothing() -> None:
    assert arrivals(600) == 0
    assert arrivals(3600, ppm=200) == 0
    assert arrivals(3600, ppm=-200) == 0


def test_what_is_lost_is_found_within_a_few_windows() -> None:
    assert arrivals(60, lost_at=30, lost_s=0.5) == pytest.approx(0.5 * RATE, abs=0.01 * RATE)
    assert arrivals(30 + 5 * WINDOW_S, lost_at=30, lost_s=0.1) == pytest.approx(0.1 * RATE, abs=0.01 * RATE)


async def test_sound_that_waited_was_here_before_what_came_behind_it() -> None:
    """A gateway that is busy while it starts reads half a second at once: its first sample is that old."""
    step, pipe = RATE // CHUNKS_A_SECOND, asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec("head", "-c", str(20 * step), "/dev/zero", stdout=pipe, stderr=pipe)
    await process.wait()
    heard = []
    with pytest.raises(DeviceOffline):
        async for chunk in Capture("file:zero", RATE, 1, process).chunks():
            heard.append(chunk)
    assert [chunk.from_sample for chunk in heard] == [n * step for n in range(10)]
    assert [late.mono - early.mono for early, late in pairwise(heard)] == pytest.approx([STEP_S] * 9)
