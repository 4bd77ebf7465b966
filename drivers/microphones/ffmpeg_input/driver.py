"""Up to eight microphones behind one input of ffmpeg: ALSA, PulseAudio, PipeWire, RTP, AES67, RTSP."""

import asyncio
from collections.abc import AsyncIterator

from pydantic import BaseModel, ConfigDict, Field

from devices.microphones import MICROPHONE_PROPERTIES, MOST_CHANNELS, Chunk, SoundCarried
from drivers.commissioning import Said
from drivers.microphones.ffmpeg_input.capture import CHUNKS_A_SECOND, Capture
from drivers.microphones.ffmpeg_input.source import PORT

ABOUT = "Microphones by ffmpeg: sound card, sound server, RTP/AES67, RTSP"
VERIFIED = False
TRANSPORTS = ("alsa", "pulse", "rtp", "rtsp", "file")
COMMISSIONING = Said(
    "几路、多少赫兹先问设备；哪一路是哪个席位，用指令 verify_seat 逐个核对。",
    "Channels and rate are asked of the device; which seat is which is found by the wish verify_seat.",
)
_HELD_S = 10
"""A listener that is so far behind loses sound, and is told so by the numbers."""


class Config(BaseModel):
    """Settings of one sound input."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: str = Field(
        pattern=PORT, description="alsa:hw:CARD=NAME, pulse:SOURCE, rtp:FILE.sdp, rtsp://HOST/PATH or file:FILE."
    )
    channels: int = Field(default=1, ge=1, le=MOST_CHANNELS, description="Channels the device has, a seat each.")
    rate: int = Field(default=16000, ge=8000, le=192000, multiple_of=100, description="Samples a second, its own.")


async def hold(config: Config) -> Capture:
    """A running ffmpeg. Raises DeviceOffline, DeviceFault."""
    return await Capture.start(config.port, config.rate, config.channels)


class Device:
    """One sound input."""

    properties = MICROPHONE_PROPERTIES

    def __init__(self, config: Config, capture: Capture) -> None:
        self.rate, self.channels = config.rate, config.channels
        self._capture = capture
        self._listeners: list[asyncio.Queue[Chunk | None]] = []
        self._is_gone = False

    async def watch(self) -> AsyncIterator[SoundCarried]:
        """Once when the first sound is here."""
        try:
            is_told = False
            async for chunk in self._capture.chunks():
                for queue in self._listeners:
                    if not queue.full():
                        queue.put_nowait(chunk)
                if not is_told:
                    is_told = True
                    yield SoundCarried(rate=self.rate, channels=self.channels)
        finally:
            self._is_gone = True
            for queue in self._listeners:
                if queue.full():
                    queue.get_nowait()
                queue.put_nowait(None)

    async def sound(self) -> AsyncIterator[Chunk]:
        """The sound from now on; ends when the device is gone."""
        queue: asyncio.Queue[Chunk | None] = asyncio.Queue(_HELD_S * CHUNKS_A_SECOND)
        self._listeners.append(queue)
        try:
            while not (self._is_gone and queue.empty()) and (chunk := await queue.get()) is not None:
                yield chunk
        finally:
            self._listeners.remove(queue)
