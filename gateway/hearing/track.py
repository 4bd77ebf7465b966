"""One sound device of a hearing: its samples laid on the axis, segment by segment; what is missing is a gap."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from devices.microphones import WIDTH, Chunk
from gateway.hearing.drift import Drift
from gateway.hearing.ears import Ear, channels_of
from gateway.hearing.scribe import Scribe
from gateway.hearing.spool import Spool, Stored

NEAR_S = 0.5
"""The first sound after an opening or a pause, of a device that was heard before, belongs to it if it comes so soon."""
LIVE_S = 1.0

Missing = Literal["lost", "device_gone", "recorder_stopped", "disk_full"]


@dataclass(frozen=True)
class Hands:
    """What a track does through others: a gap to be told, a segment to be finished, room to be made on the disk."""

    gap: Callable[["Track", int, int, Missing], Awaitable[None]]
    finished: Callable[["Track", Stored], None]
    make_room: Callable[[], bool]


@dataclass
class Track:
    """One device; `seats` by channel from 1. `axis`: what the axis should show at a second of the steady clock."""

    device: str
    seats: Mapping[str, int]
    rate: int
    channels: int
    segment_samples: int
    hands: Hands
    scribes: Mapping[str, Scribe]
    ears: dict[str, Ear] = field(default_factory=dict)
    folder: Path | None = None
    axis: Callable[[float], int] = lambda mono: 0
    end: int = 0
    """Up to here the axis is accounted for."""
    recording: bool = False
    drift: Drift | None = None
    heard_at: float = float("-inf")
    """When the last sound came."""
    _offset: int | None = None
    _fresh: bool = False
    _why: Missing = "lost"
    _spool: Spool | None = None
    _ended: list[Spool] = field(default_factory=list)
    """Finished, but not on disk to their last sample yet."""

    def __post_init__(self) -> None:
        """Each seat has an ear."""
        self.ears = {seat: Ear(self.rate) for seat in self.seats}

    def begin(self, folder: Path, at: int, axis: Callable[[float], int], *, after: Missing | None = None) -> None:
        """Record from that sample on; `after`: why sound is missing up to the first that comes, if it does."""
        self.folder, self.end, self.axis = folder, at, axis
        is_heard = self.heard_at > float("-inf")
        self.recording, self._offset, self._fresh = True, None, is_heard and after is None
        self._why = after or ("lost" if is_heard else "device_gone")
        self.drift = self.drift or Drift(self.rate)

    async def take(self, chunk: Chunk) -> None:
        """The next sound."""
        self.heard_at = chunk.mono
        sounds = channels_of(chunk.pcm, self.channels)
        for seat, channel in self.seats.items():
            self.ears[seat].hear(sounds[channel - 1])
        if not self.recording:
            return
        samples = chunk.samples(self.channels)
        if self.drift:
            self.drift.arrived(chunk.from_sample + samples, chunk.mono)
        at = self._place(chunk, samples)
        if at > self.end:
            await self._miss(at)
        if not self.recording or not self._write(chunk.pcm):
            return
        self.end, self._why = at + samples, "lost"
        for seat, channel in self.seats.items():
            if scribe := self.scribes.get(seat):
                scribe.hear(at, sounds[channel - 1].tobytes())
        if self._spool and self._spool.samples >= self.segment_samples:
            self._cut()

    def gone(self) -> None:
        """The device is gone; its sound so far is a segment."""
        self._break(self.end)
        self._offset, self._fresh, self._why = None, False, "device_gone"
        self.heard_at = float("-inf")
        self.drift = None

    def put_down(self) -> None:
        """Nobody listens any more: its sound so far is a segment, and no file stays open."""
        self._break(self.end)

    async def stop(self, at: int) -> None:
        """Record no further than that sample."""
        self.recording = False
        if self._spool and self._spool.end > at:
            self._spool.cut(at)
            self.end = at
        self._break(self.end)
        if self.end < at:
            await self.hands.gap(self, self.end, at, self._why)
            self.end = at

    @property
    def is_full(self) -> bool:
        """Whether sound is being lost because the disk is full."""
        return self.recording and self._why == "disk_full"

    async def sync(self) -> None:
        """Have on disk what came. Raises OSError."""
        for spool in list(self._ended):
            await spool.sync()
            self._ended.remove(spool)
        if self._spool:
            await self._spool.sync()

    def is_live(self, mono: float) -> bool:
        """Whether sound came just now."""
        return mono - self.heard_at < LIVE_S

    def _place(self, chunk: Chunk, samples: int) -> int:
        if self._offset is None:
            expected = self.axis(chunk.mono) - samples
            is_near = self._fresh and expected - self.end < NEAR_S * self.rate
            self._offset = (self.end if is_near else max(self.end, expected)) - chunk.from_sample
        return chunk.from_sample + self._offset

    async def _miss(self, at: int) -> None:
        self._break(self.end)
        await self.hands.gap(self, self.end, at, self._why)
        self.end = at

    def _write(self, pcm: bytes) -> bool:
        for _ in range(2):
            try:
                if self._spool is None and self.folder is not None:
                    self._spool = Spool(self.folder, self.device, self.end, WIDTH * self.channels)
                if self._spool is not None:
                    self._spool.write(pcm)
                return True
            except OSError:
                if not self.hands.make_room():
                    break
        self._why = "disk_full"
        return False

    def _break(self, at: int) -> None:
        """Sound ends there for now, and with it what was being said."""
        for seat in self.seats:
            if scribe := self.scribes.get(seat):
                scribe.is_over(at)
        self._cut()

    def _cut(self) -> None:
        if self._spool is not None:
            stored = self._spool.finish()
            self._ended.append(self._spool)
            self._spool = None
            if stored.samples:
                self.hands.finished(self, stored)
