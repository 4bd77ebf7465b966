"""The seats of a courtroom: which microphone each has, how it stands with them, and who writes down their words."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import cast

from devices.errors import DeviceOffline
from devices.hearings import CAPTIONS, COURTROOM, LEVELS, Caption, Levels, SeatVerified
from devices.messages import Fact
from devices.microphones import MicrophoneBack, MicrophoneClips, MicrophoneLost, Microphones, SoundCarried
from devices.speech import Recogniser, SpeechReady
from gateway.bench import Bench
from gateway.config import CourtroomSettings, DeviceConfig
from gateway.hearing.ears import FLOOR_DB, SILENCE_S, Ear, Sound
from gateway.hearing.scribe import Scribe
from gateway.hearing.track import Hands, Track
from gateway.stations.place import Live
from gateway.supervise import Up

VERIFY_S = 5.0
CLIPS_EVERY_S = 60.0


class Room:
    """Its tracks by device and scribes by seat; `hands` is what tracks do through the hearing."""

    def __init__(self, settings: CourtroomSettings, bench: Bench, live: Live, hands: Hands) -> None:
        self.settings = settings
        self.captions_may_leave = False
        self.model_came: Callable[[], None] = lambda: None
        self._bench = bench
        self._live = live
        self._model = ""
        by_device: dict[str, dict[str, int]] = {}
        for seat, at in settings.seats.items():
            by_device.setdefault(at.device, {})[seat] = at.channel
        self.rate = _setting(bench.devices[next(iter(by_device))], "rate")
        listens = settings.recogniser is not None
        names = settings.seats if listens else ()
        self.scribes = {seat: Scribe(seat, self.rate, self.recogniser, self._say) for seat in names}
        self.tracks = {name: self._track(name, seats, hands) for name, seats in by_device.items()}
        self._came = {name: asyncio.Event() for name in by_device}
        self._stands: dict[str, Sound] = {}
        self._clipped_at: dict[str, float] = {}
        self._loudest: dict[str, float] = {}

    async def takes(self, device: str, fact: Fact) -> bool:
        """All that our devices tell is journaled."""
        return False

    def heard(self, device: str, fact: Fact) -> None:
        """Sound came, or a model."""
        if isinstance(fact, SoundCarried) and device in self._came:
            self._came[device].set()
        if isinstance(fact, SpeechReady) and device == self.settings.recogniser:
            self._model = fact.model
            self.model_came()

    def recogniser(self) -> tuple[Recogniser, str]:
        """Who turns speech into words, and by which model. Raises DeviceOffline."""
        if self.settings.recogniser is None:
            raise DeviceOffline("no recogniser is configured")
        reached = self._bench.reached(self.settings.recogniser)
        if not self._model:
            raise DeviceOffline("the recogniser has not said yet which model it has")
        return cast(Recogniser, reached), self._model

    @property
    def has_model(self) -> bool | None:
        """Whether words can be written down; None where that is not asked for."""
        name = self.settings.recogniser
        return None if name is None else name in self._bench.reached_names

    @property
    def ears(self) -> Mapping[str, Ear | None]:
        """How each seat sounds; None where its device is not reached."""
        heard = self._bench.reached_names
        return {
            seat: self.tracks[at.device].ears[seat] if at.device in heard else None
            for seat, at in self.settings.seats.items()
        }

    @property
    def silent_s(self) -> float:
        """Seconds since anybody spoke at any seat, or since it was listened anew."""
        return min(ear.spoke for track in self.tracks.values() for ear in track.ears.values()) / self.rate

    def listen_anew(self) -> None:
        """An empty room before the opening or in a pause is no silence of the hearing."""
        for track in self.tracks.values():
            for ear in track.ears.values():
                ear.spoke = 0

    async def listen(self, name: str, up: Up) -> None:
        """Take the sound of one device, each time it comes, until cancelled."""
        track = self.tracks[name]
        await up()
        try:
            while True:
                await self._came[name].wait()
                self._came[name].clear()
                await self._hear(name, track)
        finally:
            track.put_down()

    async def verify(self, seat: str) -> None:
        """Listen which seat is the loudest while somebody taps one. Raises KeyError for a seat that is none."""
        self._loudest = dict.fromkeys(self.settings.seats, FLOOR_DB)
        await asyncio.sleep(VERIFY_S)
        heard, loudest = max(self._loudest.items(), key=lambda told: told[1])
        self._loudest = {}
        await self._bench.tell(COURTROOM, SeatVerified(seat=seat, heard=heard if loudest > FLOOR_DB / 2 else None))

    def tell_levels(self, hearing: str | None, at: int) -> None:
        """The level of each seat, for whoever watches."""
        seats = {seat: ear.peak_db for seat, ear in self.ears.items() if ear is not None}
        self._live(COURTROOM, LEVELS, Levels(hearing=hearing, at_sample=at, seats=seats).model_dump_json().encode())

    async def _hear(self, name: str, track: Track) -> None:
        try:
            device = cast(Microphones, self._bench.reached(name))
        except DeviceOffline:
            return
        async with aclosing(device.sound()) as sound:  # type: ignore[type-var]
            async for chunk in sound:
                await track.take(chunk)
                await self._tell_seats(track, chunk.mono)
        track.gone()
        for seat in track.seats:
            self._stands.pop(seat, None)
            await self._bench.tell(COURTROOM, MicrophoneLost(seat=seat, why="device_gone"))

    def _track(self, name: str, seats: Mapping[str, int], hands: Hands) -> Track:
        channels = _setting(self._bench.devices[name], "channels")
        length = round(self.settings.segment_s * self.rate)
        scribes = {seat: self.scribes[seat] for seat in seats if seat in self.scribes}
        return Track(name, seats, self.rate, channels, length, hands, scribes)

    async def _tell_seats(self, track: Track, mono: float) -> None:
        for seat, ear in track.ears.items():
            if seat in self._loudest:
                self._loudest[seat] = max(self._loudest[seat], ear.peak_db)
            if ear.clips and mono - self._clipped_at.get(seat, float("-inf")) > CLIPS_EVERY_S:
                self._clipped_at[seat] = mono
                await self._bench.tell(COURTROOM, MicrophoneClips(seat=seat, share=round(ear.clipped, 3)))
            stands: Sound = "no_signal" if ear.sound == "no_signal" else "heard"
            if self._stands.get(seat) != stands:
                self._stands[seat] = stands
                lost = MicrophoneLost(seat=seat, why="no_signal")
                await self._bench.tell(COURTROOM, lost if stands == "no_signal" else MicrophoneBack(seat=seat))

    def _say(self, caption: Caption) -> None:
        if self.captions_may_leave:
            self._live(COURTROOM, CAPTIONS, caption.model_dump_json().encode())

    @property
    def is_silent(self) -> bool:
        """Nobody spoke for minutes."""
        return self.silent_s >= SILENCE_S


def _setting(device: DeviceConfig, name: str) -> int:
    return int(device.settings.model_dump()[name])
