"""ffmpeg as a process that gives sound: held while a microphone is watched."""

import asyncio
import os
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress

from devices.errors import DeviceFault, DeviceOffline
from devices.microphones import WIDTH, Chunk
from drivers.ffmpeg import ended, without_secret
from drivers.line import Counts
from drivers.microphones.ffmpeg_input.arrivals import Arrivals
from drivers.microphones.ffmpeg_input.source import (
    FRAGMENT_S,
    Sound,
    command,
    server_of,
    sound_in,
    sound_listed,
    unlike,
)

CHUNKS_A_SECOND = round(1 / FRAGMENT_S)
SILENT_S = 10.0
"""A source that gives nothing for so long is gone."""
_LAST_WORD_S = 2.0
_REPORT_LINES = 40
_LONGEST_LINE = 1 << 16
_AT_ONCE = 1 << 20


def _monotonic() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Capture:
    """One running ffmpeg. `counts.noise` are samples known to be lost."""

    def __init__(self, port: str, rate: int, channels: int, process: asyncio.subprocess.Process) -> None:
        self.counts = Counts()
        self._port = without_secret(port)
        self._promised = (rate, channels)
        self._process = process
        self._said: deque[str] = deque(maxlen=_REPORT_LINES)
        self._sound: Sound | None = None
        self._listening = asyncio.create_task(self._listen(), name=f"report of ffmpeg for {self._port}")

    @classmethod
    async def start(cls, port: str, rate: int, channels: int) -> "Capture":
        """Begin to take the sound of that port. Raises DeviceOffline, DeviceFault."""
        if (of_server := server_of(port)) is not None:
            await _ask_server(*of_server, rate, channels)
        try:
            process = await asyncio.create_subprocess_exec(
                *command(port, rate, channels),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=_LONGEST_LINE,
                start_new_session=True,  # the terminal's Ctrl-C is for the gateway alone
            )
        except OSError as error:
            raise DeviceOffline(f"ffmpeg cannot be started, install it: {error}") from error
        return cls(port, rate, channels, process)

    async def chunks(self) -> AsyncIterator[Chunk]:
        """The sound as it comes. Raises DeviceOffline when it ends, DeviceBusy, DeviceFault."""
        rate, channels = self._promised
        arrivals, at = Arrivals(rate), 0
        frame = WIDTH * channels
        size, held = rate // CHUNKS_A_SECOND * frame, b""
        while pcm := await self._read():
            self._check()
            now, held = _monotonic(), held + pcm
            while len(held) >= size:
                pcm, held = held[:size], held[size:]
                # What waits behind it was taken after it: a busy machine hands over late what it heard in time.
                mono = now - len(held) / frame / rate
                lost = arrivals.lost(at + size // frame, mono)
                self.counts.noise += lost
                at += lost
                yield Chunk(at, pcm, mono)
                at += size // frame
        if rest := len(held) // frame:
            yield Chunk(at, held[: rest * frame], _monotonic())
        await self._process.wait()
        await self._listening
        raise ended(self._port, "\n".join(self._said), "sound")

    async def pause(self, seconds: float) -> None:
        """Wait. Raises DeviceOffline as soon as ffmpeg has ended."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._process.wait()
        if self._process.returncode is not None:
            raise DeviceOffline(f"{self._port}: ffmpeg has ended")

    async def close(self) -> None:
        """End it."""
        if self._process.returncode is None:
            self._process.terminate()
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORD_S):
                await self._drain()
        if self._process.returncode is None:
            self._process.kill()
        await self._drain()

    async def _drain(self) -> None:
        """Read to the end, so that it is not held up by words nobody takes."""
        if self._process.stdout:
            while await self._process.stdout.read(_LONGEST_LINE):
                pass
        await self._process.wait()
        await self._listening

    async def _read(self) -> bytes:
        """All that waits; nothing when ffmpeg has ended."""
        if self._process.stdout is None:
            return b""
        try:
            async with asyncio.timeout(SILENT_S):
                return await self._process.stdout.read(_AT_ONCE)
        except TimeoutError:
            self.counts.timeouts += 1
            raise DeviceOffline(f"{self._port} gives nothing for {SILENT_S:g} s") from None

    def _check(self) -> None:
        if self._sound is not None and (wrong := unlike(self._sound, *self._promised)):
            raise DeviceFault(f"{self._port}: {wrong}")

    async def _listen(self) -> None:
        while self._process.stderr and (line := await self._process.stderr.readline()):
            text = line.decode(errors="replace").rstrip()
            self._said.append(text)
            self._sound = self._sound or sound_in(text)


async def _ask_server(name: str, server: str, rate: int, channels: int) -> None:
    """A sound server gives whatever is asked for, made up: so it is asked first what the source really has."""
    asked = ["pactl", *(["--server", server] if server else []), "list", "sources"]
    try:
        process = await asyncio.create_subprocess_exec(
            *asked,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "LC_ALL": "C"},
        )
    except FileNotFoundError:
        return  # nothing to ask with: then what it gives has to be believed
    listing, words = await process.communicate()
    if process.returncode:
        raise DeviceOffline(f"no sound server answers: {words.decode(errors='replace').strip()[:200]}")
    sound = sound_listed(listing.decode(errors="replace"), name, channels)
    if sound is None:
        raise DeviceOffline(f"the sound server has no source {name!r}; see `pactl list short sources`")
    if wrong := unlike(sound, rate, channels):
        raise DeviceFault(f"{name}: {wrong}")
