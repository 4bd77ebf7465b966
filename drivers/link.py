"""Links: a serial port, a TCP connection or a USB device as bytes both ways; whatever goes wrong is DeviceOffline."""

import asyncio
import contextlib
import os
import termios
from collections.abc import Callable
from io import FileIO
from typing import Annotated, Protocol
from urllib.parse import urlsplit

import serial
from pydantic import Field

from devices.errors import DeviceOffline
from drivers import stuck
from drivers.usb_port import is_usb

Port = Annotated[
    str,
    Field(  # ASCII classes: `.` and `\s` over all of Unicode cost a megabyte of automata
        pattern=r"^(/[ -~]+|tcp://[!-.0-9;-~]+:[0-9]{1,5})$",
        description="Where the device hangs: /dev/serial/by-id/... (8N1), or tcp://host:port.",
    ),
]
"""The setting `port` of every driver."""

CHUNK = 4096
CONNECT_S = 5.0
LAST_WORD_S = 2.0
"""What was handed over still leaves within this time when a connection is closed."""
_GONE = (OSError, serial.SerialException, termios.error)
"""All that pyserial and the kernel say when a port vanishes; termios.error is no OSError."""


class Link(Protocol):
    """A byte channel to a port. One reader and one writer at a time."""

    name: str
    """The port, for messages to people."""

    async def read(self) -> bytes:
        """At least one byte. Raises DeviceOffline when the port is gone or closed."""
        ...

    async def write(self, data: bytes) -> None:
        """Hand all of it to the port. Raises DeviceOffline, also if it is stuck."""
        ...

    async def close(self) -> None:
        """Let go of the port; a waiting read ends with DeviceOffline. May be called twice."""
        ...


async def open_link(port: str, baud: int) -> Link:
    """Open `/dev/...` as serial 8N1 at that speed (exclusively), `tcp://...` and `usb://...`. Raises DeviceOffline."""
    if is_usb(port):
        from drivers.usb_link import open_usb  # not at the head: few boxes have such a device

        return await open_usb(port)
    if port.startswith("tcp://"):
        return await _open_tcp(port)
    try:
        device = serial.Serial(port, baud, timeout=0, write_timeout=0, exclusive=True)
    except _GONE as error:
        raise DeviceOffline(f"{port} cannot be opened: {error}") from error
    return SerialLink(port, device)


async def _open_tcp(port: str) -> Link:
    where = urlsplit(port)
    try:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(where.hostname, where.port)
    except (OSError, TimeoutError) as error:
        raise DeviceOffline(f"{port} cannot be reached: {error or 'no answer'}") from error
    return TcpLink(port, reader, writer)


class SerialLink:
    """A port opened by pyserial, or an input device, read and written through the event loop without a thread."""

    def __init__(self, name: str, device: serial.Serial | FileIO) -> None:
        self.name = name
        self._device = device
        self._fd = device.fileno()
        self._waiting: set[asyncio.Future[None]] = set()
        self._closed = False

    async def read(self) -> bytes:
        """At least one byte. Raises DeviceOffline when the port is gone or closed."""
        loop = asyncio.get_running_loop()
        while True:
            # Readiness first: with VMIN=0 an idle port reads as empty too, so only empty *after* readiness means gone.
            await self._ready(loop.add_reader, loop.remove_reader)
            try:
                data = os.read(self._fd, CHUNK)
            except BlockingIOError:
                continue
            except _GONE as error:
                raise DeviceOffline(f"{self.name} is gone: {error}") from error
            if not data:
                raise DeviceOffline(f"{self.name} is gone: it hung up")
            return data

    async def write(self, data: bytes) -> None:
        """Hand all of it to the kernel. Raises DeviceOffline, also if it is stuck."""
        loop = asyncio.get_running_loop()
        while data:
            self._check_open()
            try:
                data = data[os.write(self._fd, data) :]
            except BlockingIOError:
                await self._takes_more(loop)
            except _GONE as error:
                raise DeviceOffline(f"{self.name} is gone: {error}") from error

    async def close(self) -> None:
        """Let go of the port; a waiting read ends with DeviceOffline."""
        if self._closed:
            return
        self._closed = True
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._fd)
        loop.remove_writer(self._fd)
        for future in self._waiting:
            if not future.done():
                future.set_exception(DeviceOffline(f"{self.name} was closed"))
        with contextlib.suppress(*_GONE):
            self._device.close()

    async def _takes_more(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            async with asyncio.timeout(stuck.STUCK_S):
                await self._ready(loop.add_writer, loop.remove_writer)
        except TimeoutError as error:
            if isinstance(self._device, serial.Serial):
                self._device.reset_output_buffer()  # else the kernel's close waits for it, and all of us with it
            raise stuck.takes_nothing(self.name) from error

    def _check_open(self) -> None:
        if self._closed:
            raise DeviceOffline(f"{self.name} was closed")

    async def _ready(self, add: Callable[..., None], remove: Callable[[int], bool]) -> None:
        self._check_open()
        future = asyncio.get_running_loop().create_future()
        add(self._fd, _settle, future)
        self._waiting.add(future)
        try:
            await future
        finally:
            self._waiting.discard(future)
            if not self._closed:
                remove(self._fd)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class TcpLink:
    """A TCP connection; asyncio switches Nagle's delay off by itself."""

    def __init__(self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.name = name
        self._reader = reader
        self._writer = writer

    async def read(self) -> bytes:
        """At least one byte. Raises DeviceOffline when the connection is gone or closed."""
        try:
            data = await self._reader.read(CHUNK)
        except OSError as error:
            raise DeviceOffline(f"{self.name} is gone: {error}") from error
        if not data:
            raise DeviceOffline(f"{self.name} is gone: the connection was closed")
        return data

    async def write(self, data: bytes) -> None:
        """Hand all of it to the kernel. Raises DeviceOffline, also if it is stuck."""
        if self._writer.is_closing():
            raise DeviceOffline(f"{self.name} is gone: the connection was closed")
        try:
            await stuck.hand_on(self._writer, data)
        except TimeoutError as error:  # what waits to be sent must not come out when it goes on, with the next in front
            self._writer.transport.abort()
            raise stuck.takes_nothing(self.name) from error
        except OSError as error:
            raise DeviceOffline(f"{self.name} is gone: {error}") from error

    async def close(self) -> None:
        """Close the connection; a waiting read ends with DeviceOffline."""
        self._writer.close()
        with contextlib.suppress(OSError):
            try:
                async with asyncio.timeout(LAST_WORD_S):
                    await self._writer.wait_closed()
            except TimeoutError:
                self._writer.transport.abort()
