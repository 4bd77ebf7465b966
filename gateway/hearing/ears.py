"""What can be heard of a microphone without understanding it: level, silence, a dead channel, clipping. Pure."""

import math
from array import array
from dataclasses import dataclass, field
from typing import Literal

Sound = Literal["heard", "no_signal", "silence"]

FULL = 32767
NO_SIGNAL_S = 2.0
"""Zeros for so long: muted or dead, for a living microphone has noise."""
SILENCE_S = 180.0
SPEECH_DB = -40.0
CLIPS_SHARE = 0.01
FLOOR_DB = -96.0


def channels_of(pcm: bytes, channels: int) -> "list[array[int]]":
    """The samples of each channel."""
    samples = array("h", pcm)
    return [samples[channel::channels] for channel in range(channels)]


def peak_db(peak: int) -> float:
    """A peak in dB below full scale."""
    return round(20 * math.log10(peak / FULL), 1) if peak else FLOOR_DB


@dataclass
class Ear:
    """Listens to one seat."""

    rate: int
    peak_db: float = FLOOR_DB
    clipped: float = 0.0
    """Share of the last piece that stood at the limit."""
    spoke: int = 0
    """Samples since somebody spoke."""
    _zeros: int = field(default=0, repr=False)

    def hear(self, samples: "array[int]") -> None:
        """The next piece."""
        if not samples:
            return
        peak = max(max(samples), -min(samples), 0)
        self.peak_db = peak_db(min(peak, FULL))
        self._zeros = 0 if peak else self._zeros + len(samples)
        self.spoke = 0 if self.peak_db > SPEECH_DB else self.spoke + len(samples)
        at_limit = samples.count(FULL) + samples.count(-FULL - 1) if peak >= FULL else 0
        self.clipped = at_limit / len(samples)

    @property
    def sound(self) -> Sound:
        """How it stands with this seat."""
        if self._zeros >= NO_SIGNAL_S * self.rate:
            return "no_signal"
        return "silence" if self.spoke >= SILENCE_S * self.rate else "heard"

    @property
    def clips(self) -> bool:
        """Too loud to be understood."""
        return self.clipped > CLIPS_SHARE
