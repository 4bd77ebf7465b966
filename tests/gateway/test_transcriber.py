"""A courtroom takes sound of other rooms as work while it is idle; each word is told once, wherever it was cut."""

import wave
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from devices.agenda import Agenda, AgendaHearing
from devices.errors import DeviceBusy, DeviceOffline, WishRejected
from devices.hearings import SegmentTranscribed
from devices.speech import Words
from devices.transcribing import TRANSCRIBER, StoredSound, TranscribeSegment
from drivers.speech.vosk import model as models
from gateway.clock import Clock
from gateway.hearing.flac import encode
from gateway.hearing.transcriber import Transcriber
from gateway.uploads import Uploads
from tests.kit.court import Court
from tests.kit.dictation import RATE, Dictation, sound
from tests.kit.hall import Hall, hall

SPEECH = sound((0, 0.3), (1, 0.3), (2, 0.4), (0, 0.7), (3, 1.3), (0, 0.2), (4, 0.2), (0, 0.9), (5, 0.4), (0, 0.3))
"""Said: 1 2, then 3 4, then 5."""


async def flac(folder: Path, pcm: bytes, rate: int) -> bytes:
    path = folder / "sound.pcm"
    path.write_bytes(pcm)
    (packed,), _ = await encode(path, rate, 1, [1])
    return packed


class Box:
    """A transcriber over sound that central has."""

    def __init__(self, folder: Path, recogniser: Dictation) -> None:
        identity = Court(folder / "court").identity(
            "courtroom-b", folder / "data", ("127.0.0.1", 9), "http://127.0.0.1:9"
        )
        self.uploads = Uploads(identity, Clock(rtc_healthy=True), folder / "data")
        self.has: dict[str, bytes] = {}
        self.is_idle = True
        self.transcriber = Transcriber(recogniser.reached, self.uploads, lambda: self.is_idle)

    async def fetch(self, sha256: str) -> bytes:
        try:
            return self.has[sha256]
        except KeyError:
            raise DeviceOffline(f"no {sha256}") from None

    async def ask(self, seats: Mapping[str, StoredSound], from_sample: int = 0) -> list[str]:
        """The words of the seats, one after another."""
        wish = TranscribeSegment(hearing="h-1", number=1, from_sample=from_sample, rate=RATE, seats=dict(seats))
        told = await self.transcriber.transcribe(wish, self.fetch)
        assert wish.answered_by(told)
        heard = [Words.model_validate_json(self.uploads.kept(sha256) or b"") for sha256 in told.words.values()]
        assert {(words.from_sample, words.again) for words in heard} == {(from_sample, True)}
        return [word.word for words in heard for one in words.utterances for word in one.words]


def name(number: int) -> str:
    return f"{number:064x}"


@pytest.mark.parametrize("cut_s", [0.45, 1.0, 2.0, 2.9, 3.15, 3.9])
async def test_a_word_across_a_border_is_told_once_by_two_boxes_that_know_nothing_of_each_other(
    tmp_path: Path, cut_s: float
) -> None:
    at = round(cut_s * RATE)
    box = Box(tmp_path, Dictation())
    box.has = {name(n): await flac(tmp_path, pcm, RATE) for n, pcm in enumerate((SPEECH[: 2 * at], SPEECH[2 * at :]))}
    first = await box.ask({"judge": StoredSound(sound=name(0), after=name(1))})
    second = await box.ask({"judge": StoredSound(sound=name(1), before=name(0))}, at)
    assert first + second == ["1", "2", "3", "4", "5"]


async def test_a_seat_whose_sound_is_none_does_not_hold_up_the_others(tmp_path: Path) -> None:
    box = Box(tmp_path, Dictation())
    box.has = {name(1): b"no sound", name(2): await flac(tmp_path, SPEECH, RATE)}
    broken, good = StoredSound(sound=name(1)), StoredSound(sound=name(2))
    assert await box.ask({"clerk": broken, "judge": good}) == ["1", "2", "3", "4", "5"]
    with pytest.raises(WishRejected, match="no sound of segment 1 can be read"):
        await box.ask({"clerk": broken})


async def test_what_cannot_be_now_is_left_to_another_box(tmp_path: Path) -> None:
    recogniser = Dictation()
    box = Box(tmp_path, recogniser)
    box.has = {name(2): await flac(tmp_path, SPEECH, RATE)}
    with pytest.raises(DeviceOffline, match="no 0"):
        await box.ask({"judge": StoredSound(sound=name(7))})
    box.is_idle = False
    with pytest.raises(DeviceBusy, match="a hearing needs this room"):
        await box.ask({"judge": StoredSound(sound=name(2))})
    box.is_idle, recogniser.away = True, True
    with pytest.raises(DeviceOffline, match="away"):
        await box.ask({"judge": StoredSound(sound=name(2))})


def near(it: Hall, from_s: float) -> Agenda:
    opens = it.now() + timedelta(seconds=from_s)
    closes = opens + timedelta(minutes=5)
    return Agenda(hearings=(AgendaHearing(hearing="h-1", room="court-3", opens_at=opens, closes_at=closes),))


async def test_a_courtroom_writes_down_real_speech_by_wish_unless_a_hearing_is_near(tmp_path: Path) -> None:
    path, text = next(iter(models.spoken().items()))
    with wave.open(str(path)) as wav:
        spoken = await flac(tmp_path, wav.readframes(wav.getnframes()), 16000)
    async with hall(tmp_path, model=models.TINY) as it:
        it.at_central[name(1)] = spoken
        wish = TranscribeSegment(
            hearing="h-9", number=4, from_sample=160000, rate=16000, seats={"judge": StoredSound(sound=name(1))}
        )
        await it.until(lambda: it.courtroom.finisher.hears)
        it.courtroom.arming.agenda = near(it, 3000)
        with pytest.raises(DeviceBusy):
            await it.bench.obey(TRANSCRIBER, "wish-1", wish)
        it.courtroom.arming.agenda = near(it, 4000)
        await it.bench.obey(TRANSCRIBER, "wish-2", wish)
        (line,) = it.of("segment_transcribed")
        assert (line.device, line.cause) == (TRANSCRIBER, "wish-2")
        fact = SegmentTranscribed.model_validate(line.body)
        words = Words.model_validate_json((tmp_path / "data" / "blobs" / fact.words["judge"]).read_bytes())
        assert "".join(word.word for one in words.utterances for word in one.words) == text
        assert words.utterances[0].from_sample > 160000
