"""What every recogniser promises, shown with a real model and real sound."""

import asyncio
import json
import shutil
import wave
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest
from vosk import KaldiRecognizer, Model, SetLogLevel

from devices.errors import DeviceFault, DeviceOffline, WishRejected
from devices.speech import SpeechReady, Utterance
from drivers.speech.vosk import model as models
from drivers.speech.vosk.driver import Config, Device, hold

RATE = 16000
BARE_PIECE = 4000
"""Samples a piece, as Vosk's own examples have it."""


@asynccontextmanager
async def recogniser() -> AsyncIterator[Device]:
    config = Config()
    worker = await hold(config)
    device = Device(config, worker)
    try:
        async with aclosing(device.watch()) as watched:
            assert await anext(watched) == SpeechReady(model=models.sha256(models.TINY), name="court-zh-tiny")
            yield device
    finally:
        await worker.close()


def sound_of(path: Path) -> bytes:
    with wave.open(str(path)) as wav:
        return wav.readframes(wav.getnframes())


def bare(model: Model, sound: bytes) -> list[str]:
    """A bare Vosk loop: word, start and end."""
    recogniser = KaldiRecognizer(model, RATE)
    recogniser.SetWords(True)
    results = []
    for at in range(0, len(sound), 2 * BARE_PIECE):
        if recogniser.AcceptWaveform(sound[at : at + 2 * BARE_PIECE]):
            results.append(recogniser.Result())
    results.append(recogniser.FinalResult())
    return [word["word"] for result in results for word in json.loads(result).get("result", [])]


async def said(device: Device, name: str, sound: bytes, piece: int, phrases: Sequence[str] = ()) -> list[Utterance]:
    await device.begin(name, RATE, phrases)
    utterances: list[Utterance] = []
    for at in range(0, len(sound), piece):
        utterances += (await device.hear(name, sound[at : at + piece])).finished
    return [*utterances, *(await device.end(name)).finished]


def words(utterances: list[Utterance]) -> list[str]:
    return [word.word for utterance in utterances for word in utterance.words]


async def test_the_words_are_those_of_a_bare_loop_word_for_word_for_every_seat_at_once() -> None:
    SetLogLevel(-1)
    model = Model(str(models.TINY))
    said_in = list(models.spoken().items())[:4]
    sounds = {path.stem: sound_of(path) for path, _ in said_in}
    async with recogniser() as device:
        heard = await asyncio.gather(*(said(device, seat, sound, 1600) for seat, sound in sounds.items()))
    assert [words(utterances) for utterances in heard] == [bare(model, sound) for sound in sounds.values()]
    assert ["".join(words(utterances)) for utterances in heard] == [reference for _, reference in said_in]


async def test_the_same_sound_gives_the_same_words_and_samples_in_whatever_pieces_it_comes() -> None:
    sound = b"".join(sound_of(path) for path in sorted(models.spoken())[:2])
    async with recogniser() as device:
        heard = [await said(device, f"in-{piece}", sound, piece) for piece in (1000, 64000)]
    assert heard[0] == heard[1]
    for utterance in heard[0]:
        assert 0 <= utterance.from_sample < utterance.to_sample <= len(sound) // 2


async def test_words_grow_while_they_are_spoken() -> None:
    sound = sound_of(models.SAMPLES / "court-05-base.wav")
    async with recogniser() as device:
        await device.begin("judge", RATE)
        partials = [(await device.hear("judge", sound[at : at + 3200])).partial for at in range(0, len(sound), 3200)]
    lengths = [len(partial) for partial in partials if partial]
    assert len(set(lengths)) > 5


async def test_only_the_phrases_of_the_case_are_heard_when_some_are_given() -> None:
    sound = sound_of(models.SAMPLES / "court-06-linda.wav")
    async with recogniser() as device:
        heard = words(await said(device, "judge", sound, 3200, ["没有 异议"]))
    assert "异议" in heard and set(heard) <= {"没有", "异议", "[unk]"}


async def test_nobody_is_heard_who_did_not_begin() -> None:
    async with recogniser() as device:
        with pytest.raises(WishRejected, match="nobody began"):
            await device.hear("judge", b"")


async def test_what_is_wrong_with_one_seat_is_nothing_to_those_asked_at_the_same_time() -> None:
    sound = sound_of(models.SAMPLES / "court-01-base.wav")
    async with recogniser() as device:
        await asyncio.gather(device.begin("judge", RATE), device.begin("clerk", RATE))
        asked = [device.hear("judge", sound), device.hear("nobody", sound), device.hear("clerk", sound)]
        heard = await asyncio.gather(*asked, return_exceptions=True)
        assert heard[0] == heard[2] and isinstance(heard[1], WishRejected)


async def test_all_that_ask_when_the_recogniser_ends_are_told_so() -> None:
    async with recogniser() as device:
        await asyncio.gather(device.begin("judge", RATE), device.begin("clerk", RATE))
        asked = [asyncio.create_task(device.hear(seat, bytes(2 * RATE * 600))) for seat in ("judge", "clerk")]
        await asyncio.sleep(0)
        await device._worker.close()
        heard = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(error) for error in heard] == [DeviceOffline, DeviceOffline]


async def test_a_folder_without_a_model_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(DeviceFault, match="courtside-gateway model install"):
        await hold(Config(port=str(tmp_path)))


async def test_a_corrupt_model_is_no_device_and_says_so(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(models.TINY, broken)
    (broken / "am" / "final.mdl").write_bytes(b"no model")
    config = Config(port=str(broken))
    worker = await hold(config)
    with pytest.raises(DeviceOffline):
        await anext(Device(config, worker).watch())
    await worker.close()
