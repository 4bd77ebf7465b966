"""Ports in software: emulators behind a real pty or TCP socket, with weather on the way and every byte counted."""

import asyncio
import os
import pty
import time
import tty
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from drivers.kept_port import LOOPBACK, KeptPort
from drivers.weather import Passage, Weather
from gateway.catalogue import Emulator, Findable, Greeter

TICK_S = 0.02
"""How often an emulator is asked what it sends by itself."""
_PIECE_S = 0.004
"""Pieces of split bytes come so far apart, or the kernel would join them again."""
_KEPT = 300


@dataclass
class Wire:
    """What went over a port: `in` is towards the device. Tests prove by it that nothing did.

    `at_ns` tells for each of `last` when it was seen, by CLOCK_MONOTONIC, which all processes of a machine share.
    """

    bytes_in: int = 0
    bytes_out: int = 0
    last: deque[tuple[Literal["in", "out"], str]] = field(default_factory=lambda: deque(maxlen=_KEPT))
    at_ns: deque[int] = field(default_factory=lambda: deque(maxlen=_KEPT))

    def saw(self, way: Literal["in", "out"], data: bytes) -> None:
        """Note bytes that went this way."""
        self.at_ns.append(time.monotonic_ns())
        if way == "in":
            self.bytes_in += len(data)
        else:
            self.bytes_out += len(data)
        self.last.append((way, data.hex(" ")))

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "bytes_in": self.bytes_in,
            "bytes_out": self.bytes_out,
            "last": list(self.last),
            "at_ns": list(self.at_ns),
        }


class Plug(Protocol):
    """The end of a cable at which the gateway finds it."""

    async def plug(self) -> str:
        """Appear; gives the port as a gateway's file would name it. Once known it stays the same."""
        ...

    async def unplug(self) -> None:
        """Vanish, as when somebody pulls it."""
        ...

    def send(self, data: bytes) -> None:
        """Send to whoever has the port open; nobody, nothing."""
        ...


class Cable:
    """All emulators on one port. What is heard goes to each of them; what they say goes through the weather."""

    def __init__(self, emulators: Mapping[str, Emulator], plug: Callable[[Callable[[bytes], None]], Plug]) -> None:
        self.emulators = emulators
        self.weather = Weather()
        self.wire = Wire()
        self.plugged = False
        self._plug = plug(self._heard)
        if isinstance(self._plug, Tcp):
            self._plug.met = self._met
        self._inbound, self._outbound = Passage(self.weather), Passage(self.weather)

    async def plug(self) -> str:
        """Put the cable in; gives its port."""
        self.plugged = True
        return await self._plug.plug()

    async def unplug(self) -> None:
        """Pull the cable."""
        self.plugged = False
        await self._plug.unplug()

    def tick(self) -> None:
        """Let the emulators send what they have to say by themselves."""
        for emulator in self.emulators.values():
            self._say(emulator.poll())

    def _met(self) -> None:
        for emulator in self.emulators.values():
            if isinstance(emulator, Greeter):
                self._say(emulator.greet())

    def _heard(self, data: bytes) -> None:
        self.wire.saw("in", data)
        if self.weather.echo:
            self._say(data)
        self._pass(self._inbound.over(data), self._take)

    def _take(self, data: bytes) -> None:
        for emulator in self.emulators.values():
            self._say(emulator.feed(data))

    def _say(self, data: bytes) -> None:
        if data:
            self._pass(self._outbound.over(data), self._send)

    def _send(self, data: bytes) -> None:
        if self.plugged:
            self.wire.saw("out", data)
            self._plug.send(data)

    def _pass(self, pieces: list[bytes], arrive: Callable[[bytes], None]) -> None:
        for index, piece in enumerate(pieces):
            later = self.weather.delay_s + index * _PIECE_S
            if later > 0:
                asyncio.get_running_loop().call_later(later, arrive, piece)
            else:
                arrive(piece)


class Pty:
    """A serial port: a pty under a stable name. Our own hold on its far end keeps it raw while nobody has it open."""

    def __init__(self, name: Path, heard: Callable[[bytes], None]) -> None:
        self._name = name
        self._heard = heard
        self._ends: tuple[int, int] | None = None

    async def plug(self) -> str:
        """Open a new pty and let the name point to it."""
        if self._ends is None:
            near, far = pty.openpty()
            tty.setraw(near)
            tty.setraw(far)
            os.set_blocking(near, False)
            self._name.unlink(missing_ok=True)
            self._name.symlink_to(os.ttyname(far))
            self._ends = near, far
            asyncio.get_running_loop().add_reader(near, self._readable, near)
        return str(self._name)

    async def unplug(self) -> None:
        """Close it: whoever has it open sees it hang up."""
        if self._ends is not None:
            ends, self._ends = self._ends, None
            asyncio.get_running_loop().remove_reader(ends[0])
            self._name.unlink(missing_ok=True)
            for end in ends:
                os.close(end)

    def send(self, data: bytes) -> None:
        """What does not fit because nobody reads is lost, as on a real line."""
        if self._ends is not None:
            try:
                os.write(self._ends[0], data)
            except BlockingIOError:
                return

    def _readable(self, near: int) -> None:
        data = os.read(near, 4096)
        if data:
            self._heard(data)


class Tcp:
    """A TCP port on the loopback; every connection hears what the device says."""

    def __init__(self, heard: Callable[[bytes], None]) -> None:
        self.met: Callable[[], None] = lambda: None
        """Called when somebody has connected."""
        self._heard = heard
        self._port = KeptPort()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()

    async def plug(self) -> str:
        """Listen; the first time on a free port, then on the same."""
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, LOOPBACK, self.number)
        return f"tcp://{LOOPBACK}:{self.number}"

    async def unplug(self) -> None:
        """Cut every connection and listen no more."""
        if self._server is not None:
            server, self._server = self._server, None
            server.close()
            for connection in self._connections:
                connection.transport.abort()

    def send(self, data: bytes) -> None:
        """Send to every connection."""
        for connection in self._connections:
            connection.write(data)

    @property
    def number(self) -> int:
        """Where it listens."""
        return self._port.number

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        self.met()
        try:
            while data := await reader.read(4096):
                self._heard(data)
        except OSError:
            return
        finally:
            self._connections.discard(writer)
            writer.close()


class Found(Tcp):
    """A TCP port whose device is found by asking everybody: it answers by UDP at the same number."""

    def __init__(self, device: Findable, heard: Callable[[bytes], None]) -> None:
        super().__init__(heard)
        self._device = device
        self._ears: asyncio.DatagramTransport | None = None

    async def plug(self) -> str:
        """Listen by both; gives the port by which it is looked for."""
        await super().plug()
        if self._ears is None:
            loop, at = asyncio.get_running_loop(), (LOOPBACK, self.number)
            self._ears, _ = await loop.create_datagram_endpoint(lambda: _Ears(self._device), local_addr=at)
        return self._device.found_at(self.number)

    async def unplug(self) -> None:
        """Be deaf to both."""
        if self._ears is not None:
            self._ears.close()
            self._ears = None
        await super().unplug()


class _Ears(asyncio.DatagramProtocol):
    def __init__(self, device: Findable) -> None:
        self._device = device
        self._voice: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._voice = transport

    def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
        if self._voice is not None and (answer := self._device.sought(data)):
            self._voice.sendto(answer, addr)
