"""Microphones without a sound card: a sound server of our own, with a sink of as many channels to speak into."""

import asyncio
import shutil
import tempfile
import wave
from array import array
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from devices.errors import DeviceOffline
from drivers.hands import ArgumentKind, Hand
from drivers.microphones.ffmpeg_input.source import places

SAMPLES = Path(__file__).parents[3] / "firmware_configs" / "speech" / "samples"
"""What can be said: recordings of one speaker each, mono s16le at the rate of the microphones."""
TICK_S = 0.05
SINK = "seats"
_SAY: Mapping[str, ArgumentKind] = {"channel": "int", "recording": "str"}
_CHANNEL: Mapping[str, ArgumentKind] = {"channel": "int"}
_ALONE_S = 5
"""The server ends by itself when nobody is there any more, whatever ended us."""
_STARTED = b"Daemon startup complete"
_NOISE = array("h", ((n * 7919 >> 3) % 9 - 4 for n in range(48000)))


class Stage:
    """The microphones of one table. Each has a little noise of its own, as a real one has, unless it is dead."""

    def __init__(self, settings: Mapping[str, Any], folder: Path) -> None:
        self._rate, self._channels = int(settings["rate"]), int(settings["channels"])
        self._folder = folder.with_suffix(".pulse")
        self._to_say: list[deque[array[int]]] = [deque() for _ in range(self._channels)]
        self._dead: set[int] = set()
        self._runtime: Path | None = None
        self._processes: list[asyncio.subprocess.Process] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def plug(self) -> str:
        """Start the server; gives its source. Raises DeviceOffline."""
        self._runtime = self._runtime or Path(tempfile.mkdtemp(prefix="courtside-sound-"))
        socket = self._runtime / "native"
        await self._start_server(socket)
        await self._start_feeding(socket)
        return f"pulse:{SINK}.monitor@unix:{socket}"

    async def unplug(self) -> None:
        """End it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        for process in reversed(self._processes):
            if process.returncode is None:
                process.terminate()
            await process.wait()
        self._processes.clear()
        if self._runtime:
            shutil.rmtree(self._runtime, ignore_errors=True)
            self._runtime.mkdir(mode=0o700)

    def look(self) -> dict[str, Any]:
        """Who has so much left to say, and whose microphone is dead."""
        left = {n + 1: round(sum(map(len, queue)) / self._rate, 1) for n, queue in enumerate(self._to_say)}
        recordings = sorted(path.stem for path in SAMPLES.glob("*.wav"))
        return {"speaking_s": left, "dead": sorted(self._dead), "recordings": recordings}

    def hands(self) -> Mapping[str, Hand]:
        """Speak at a seat, be silent, cut a cable."""
        return {
            "say": Hand("说话", self.say, _SAY),
            "hush": Hand("停止说话", self._hush, _CHANNEL),
            "cut": Hand("拔掉话筒", lambda channel: self._dead.add(self._known(channel)), _CHANNEL),
            "mend": Hand("插回话筒", lambda channel: self._dead.discard(self._known(channel)), _CHANNEL),
        }

    def say(self, channel: int, recording: str) -> None:
        """Speak a recording at a seat, after what is being said there. Raises ValueError."""
        path = SAMPLES / f"{Path(recording).name}.wav"
        if not path.exists():
            raise ValueError(f"no recording is called {recording!r}")
        with wave.open(str(path)) as wav:
            if (wav.getframerate(), wav.getnchannels(), wav.getsampwidth()) != (self._rate, 1, 2):
                raise ValueError(f"{recording} is not mono at {self._rate} Hz with 16 bits")
            self._to_say[self._known(channel) - 1].append(array("h", wav.readframes(wav.getnframes())))

    def _hush(self, channel: int) -> None:
        self._to_say[self._known(channel) - 1].clear()

    def _known(self, channel: int) -> int:
        if not 1 <= channel <= self._channels:
            raise ValueError(f"channels are 1 to {self._channels}")
        return channel

    async def _start_server(self, socket: Path) -> None:
        sink = f"module-null-sink sink_name={SINK} rate={self._rate} channels={self._channels} format=s16le"
        # The door comes last: who comes in by it finds the seats there.
        modules = [
            f"{sink} channel_map={places(self._channels)}",
            f"module-native-protocol-unix auth-anonymous=1 socket={socket}",
        ]
        alone = ["--daemonize=no", "-n", f"--exit-idle-time={_ALONE_S}", "--use-pid-file=no"]
        modest = ["--realtime=no", "--high-priority=no", "--log-level=info", "--log-target=stderr"]
        loaded = [word for module in modules for word in ("-L", module)]
        server = await self._start("pulseaudio", *alone, *modest, *loaded)
        while server.stderr and (line := await server.stderr.readline()):
            if _STARTED in line:
                self._tasks.append(asyncio.create_task(_drain(server)))
                return
        raise DeviceOffline("the sound server did not start; is another one in the way?")

    async def _start_feeding(self, socket: Path) -> None:
        form = [f"--rate={self._rate}", "--format=s16le", f"--channels={self._channels}", "--latency-msec=100"]
        form.append(f"--channel-map={places(self._channels)}")
        player = await self._start("pacat", "--raw", "-s", f"unix:{socket}", "-d", SINK, *form)
        self._tasks += [asyncio.create_task(_drain(player)), asyncio.create_task(self._speak(player))]

    async def _start(self, *command: str) -> asyncio.subprocess.Process:
        home = str(self._runtime)
        env = {"HOME": home, "XDG_RUNTIME_DIR": home, "PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"}
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                env=env,
                start_new_session=True,
            )
        except OSError as error:
            raise DeviceOffline(f"{command[0]} cannot be started, install it: {error}") from error
        self._processes.append(process)
        return process

    async def _speak(self, player: asyncio.subprocess.Process) -> None:
        """Keep the player fed; it takes no more than it plays."""
        with suppress(OSError):
            while player.stdin and player.returncode is None:
                player.stdin.write(self._next(round(self._rate * TICK_S)))
                await player.stdin.drain()

    def _next(self, samples: int) -> bytes:
        mixed = array("h", bytes(2 * samples * self._channels))
        for index, queue in enumerate(self._to_say):
            if index + 1 not in self._dead:
                mixed[index :: self._channels] = self._of_seat(queue, samples)
        return mixed.tobytes()

    def _of_seat(self, queue: "deque[array[int]]", samples: int) -> "array[int]":
        sound = array("h")
        while queue and len(sound) < samples:
            head, wanted = queue.popleft(), samples - len(sound)
            sound += head[:wanted]
            if len(head) > wanted:
                queue.appendleft(head[wanted:])
        return sound + _NOISE[: samples - len(sound)]


async def _drain(process: asyncio.subprocess.Process) -> None:
    """Take its words, so that it is not held up by them."""
    while process.stderr and await process.stderr.readline():
        pass
