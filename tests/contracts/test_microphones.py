"""What every microphone promises, shown with real sound through a real sound server, without a sound card."""

import asyncio
from array import array
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from devices.errors import DeviceFault, DeviceOffline
from devices.microphones import Chunk, SoundCarried
from drivers.microphones.ffmpeg_input.driver import Config, Device, hold
from drivers.microphones.ffmpeg_input.stage import SAMPLES, Stage
from tests.kit import rtp_source
from tests.kit.children import running
from tests.kit.mosquitto import free_port
from tests.kit.rtsp_server import rtsp_server

CHANNELS, RATE = 4, 16000
LOUD = 2000
SAID = SAMPLES / "court-01-base.wav"


@asynccontextmanager
async def staged(folder: Path, channels: int = CHANNELS) -> AsyncIterator[tuple[Stage, str]]:
    stage = Stage({"rate": RATE, "channels": channels}, folder / "table")
    try:
        yield stage, await stage.plug()
    finally:
        await stage.unplug()


@asynccontextmanager
async def heard(port: str, channels: int = CHANNELS) -> AsyncIterator[AsyncIterator[Chunk]]:
    """The sound of that port, as a station takes it while the bench watches the device."""
    config = Config(port=port, channels=channels, rate=RATE)
    held = await hold(config)
    device = Device(config, held)
    up = asyncio.Event()

    async def watch() -> None:
        async with aclosing(device.watch()) as watched:
            async for fact in watched:
                assert fact == SoundCarried(rate=RATE, channels=channels)
                up.set()

    watching = asyncio.create_task(watch())
    try:
        await asyncio.wait([watching, asyncio.create_task(up.wait())], return_when=asyncio.FIRST_COMPLETED)
        async with aclosing(device.sound()) as sound:
            yield sound
    finally:
        up.set()
        watching.cancel()
        ended = (await asyncio.gather(watching, return_exceptions=True))[0]
        await held.close()
    if isinstance(ended, Exception):
        raise ended


def peaks(chunk: Chunk, channels: int = CHANNELS) -> list[int]:
    """The loudest sample of each channel."""
    samples = array("h", chunk.pcm)
    return [max(max(one), -min(one)) for one in (samples[channel::channels] for channel in range(channels))]


def loud(chunks: list[Chunk], channels: int = CHANNELS) -> set[int]:
    """The channels on which somebody spoke, counted from 1."""
    return {channel + 1 for chunk in chunks for channel, peak in enumerate(peaks(chunk, channels)) if peak > LOUD}


async def test_each_seat_is_heard_on_its_own_channel_and_every_sample_has_its_number(tmp_path: Path) -> None:
    async with staged(tmp_path) as (stage, port), heard(port) as sound:
        stage.say(3, SAID.stem)
        chunks: list[Chunk] = []
        while not loud(chunks[-20:]) or len(chunks) < 40:
            chunks.append(await anext(sound))
    for before, after in pairwise(chunks):
        assert after.from_sample == before.from_sample + before.samples(CHANNELS)
    assert loud(chunks) == {3}


@pytest.mark.parametrize("channels", [5, 8])
async def test_a_server_mixes_no_seat_into_another(tmp_path: Path, channels: int) -> None:
    async with staged(tmp_path, channels) as (stage, port), heard(port, channels) as sound:
        while not all(peaks(await anext(sound), channels)):
            pass
        stage.hands()["cut"](channel=channels)
        while (told := peaks(await anext(sound), channels))[-1]:
            pass
        assert all(told[:-1])


async def test_a_pulled_microphone_gives_zeros_and_the_others_go_on(tmp_path: Path) -> None:
    async with staged(tmp_path) as (stage, port), heard(port) as sound:
        while not all(peaks(await anext(sound))):
            pass
        stage.hands()["cut"](channel=2)
        while (told := peaks(await anext(sound)))[1]:
            pass
        assert stage.look()["dead"] == [2]
        assert all(told[channel] for channel in (0, 2, 3))


async def test_a_sound_server_that_ends_takes_its_microphones_with_it(tmp_path: Path) -> None:
    async with staged(tmp_path) as (stage, port):
        with pytest.raises(DeviceOffline):
            async with heard(port) as sound:
                await anext(sound)
                await stage.unplug()
                async for _ in sound:
                    pass
        with pytest.raises(DeviceOffline, match="no sound server answers"):
            await hold(Config(port=port, channels=CHANNELS))


async def test_what_a_sound_server_would_make_up_is_refused(tmp_path: Path) -> None:
    async with staged(tmp_path) as (_, port):
        with pytest.raises(DeviceFault, match="it has 4 channels, 8 are promised"):
            await hold(Config(port=port, channels=8))
        with pytest.raises(DeviceFault, match="write `rate: 16000`"):
            await hold(Config(port=port, channels=CHANNELS, rate=48000))
        with pytest.raises(DeviceOffline, match="has no source 'benches'"):
            await hold(Config(port=port.replace("seats", "benches").replace(".monitor", ""), channels=CHANNELS))


async def test_a_recording_is_heard_to_its_end_and_no_further() -> None:
    samples = 0
    with pytest.raises(DeviceOffline):
        async with heard(f"file:{SAID}", channels=1) as sound:
            async for chunk in sound:
                samples += chunk.samples(1)
    assert samples > RATE


async def heard_exactly(port: str) -> None:
    """A second and a half of that source is what was sent, sample for sample."""
    async with heard(port, rtp_source.CHANNELS) as sound:
        chunks = [await anext(sound) for _ in range(30)]
    samples = array("h", b"".join(chunk.pcm for chunk in chunks))
    first = samples[0] - 1
    assert list(samples) == [rtp_source.value(first + n, c) for n in range(len(samples) // 2) for c in range(2)]
    for before, after in pairwise(chunks):
        assert after.from_sample == before.from_sample + before.samples(rtp_source.CHANNELS)


async def test_sound_over_rtp_is_heard_sample_for_sample_by_the_same_line(tmp_path: Path) -> None:
    async with running("tests.kit.rtp_source", free_port(), 0, tmp_path / "table.sdp") as table:
        await heard_exactly(f"rtp:{table.told['sdp']}")


async def test_sound_over_rtsp_is_heard_sample_for_sample_by_the_same_line() -> None:
    async with rtsp_server() as url:
        await heard_exactly(url)


async def test_a_sound_card_is_heard_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with staged(tmp_path, 2) as (stage, port):  # the card is ALSA's way to the server, which maps two alike
        name, _, server = port.removeprefix("pulse:").partition("@")
        (tmp_path / "asound.conf").write_text(f'pcm.table {{ type pulse server "{server}" device "{name}" }}\n')
        monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "asound.conf"))
        async with heard("alsa:table", 2) as sound:
            stage.say(2, SAID.stem)
            chunks: list[Chunk] = []
            while not loud(chunks[-20:], 2) or len(chunks) < 40:
                chunks.append(await anext(sound))
    assert loud(chunks, 2) == {2}


@pytest.mark.parametrize("port", ["alsa:hw:CARD=nowhere", "rtsp://127.0.0.1:9/x", "rtp:/nowhere.sdp"])
async def test_a_device_that_is_not_there_is_offline(port: str) -> None:
    with pytest.raises(DeviceOffline, match="gives no sound"):
        async with heard(port) as sound:
            async for _ in sound:
                pass


async def test_a_recording_with_fewer_channels_than_promised_is_a_fault() -> None:
    with pytest.raises(DeviceFault, match="it has 1 channels, 4 are promised"):
        async with heard(f"file:{SAID}") as sound:
            async for _ in sound:
                pass


def test_a_port_that_is_none_is_refused_by_its_form() -> None:
    with pytest.raises(ValueError, match="pattern"):
        Config(port="hw:0")


@pytest.fixture(autouse=True)
def _no_server_left(tmp_path: Path) -> Iterator[None]:
    yield
    assert not list(tmp_path.rglob("native"))
