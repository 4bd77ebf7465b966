"""Microphones: steady sound with a number on every sample. What is missing is told, never stretched over."""

from collections.abc import AsyncIterator
from typing import Literal, NamedTuple, Protocol

from pydantic import Field

from devices.describe import Property
from devices.messages import Fact

WIDTH = 2
"""Bytes of a sample: s16le, interleaved by channel."""
MOST_CHANNELS = 8


class Chunk(NamedTuple):
    """A piece of sound. Samples are counted over all channels at once, from 0 when the device was opened."""

    from_sample: int
    """Number of its first sample; more than the end of the chunk before it if some were lost."""
    pcm: bytes
    mono: float
    """Seconds since boot at which its last sample was here."""

    def samples(self, channels: int) -> int:
        """How many samples it holds."""
        return len(self.pcm) // (WIDTH * channels)


class SoundCarried(Fact):
    """Sound comes, at that rate and with so many channels."""

    rate: int = Field(ge=1)
    channels: int = Field(ge=1)

    def state(self) -> tuple[str, str]:
        """What comes."""
        return "sound", f"{self.rate} Hz, {self.channels}"


class MicrophoneLost(Fact):
    """A seat cannot be heard any more: its device is gone, or its channel gives nothing (zeros), or only silence."""

    seat: str
    why: Literal["device_gone", "no_signal", "silence"]

    def state(self) -> tuple[str, str]:
        """The lasting state of the seat's microphone."""
        return f"seat-{self.seat}", self.why


class MicrophoneBack(Fact):
    """A seat is heard (again)."""

    seat: str

    def state(self) -> tuple[str, str]:
        """The lasting state of the seat's microphone."""
        return f"seat-{self.seat}", "heard"


class MicrophoneClips(Fact):
    """A seat is too loud: its samples stood at the limit so often that words suffer. Told once a minute at most."""

    seat: str
    share: float
    """Of the last second's samples, from 0 to 1."""


class Microphones(Protocol):
    """One sound device of up to eight channels; a seat is a channel of one."""

    rate: int
    channels: int

    def sound(self) -> AsyncIterator[Chunk]:
        """The sound from now on, for one listener, while it is watched. Raises DeviceOffline when it is gone."""

    def watch(self) -> AsyncIterator[SoundCarried]:
        """Once when sound comes. Raises DeviceOffline, DeviceBusy, DeviceFault (wrong rate, too few channels)."""


MICROPHONE_PROPERTIES = {
    "sound": Property(name="Sound", datatype="string"),
}
