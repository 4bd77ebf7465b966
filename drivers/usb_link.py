"""A USB device as a Link. Its bytes go through a process of its own, because calls of libusb block."""

import asyncio
import contextlib
import sys

from devices.errors import DeviceOffline
from drivers import stuck

CHUNK = 4096
OPEN_S = 10.0
LAST_WORD_S = 2.0


async def open_usb(port: str) -> "UsbLink":
    """Open `usb://...`. Raises DeviceOffline."""
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "drivers.usb_pump", port),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # the terminal's Ctrl-C is for the gateway alone
        )
    except OSError as error:
        raise DeviceOffline(f"{port} cannot be opened: {error}") from error
    if process.stdin is None or process.stdout is None:
        raise DeviceOffline(f"{port} cannot be opened: no pipes")
    link = UsbLink(port, process, process.stdout, process.stdin)
    why = "libusb does not answer"
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(OPEN_S):
                why = (await process.stdout.readline()).decode().strip()
    except asyncio.CancelledError:
        await link.close()
        raise
    if why != "ready":
        await link.close()
        raise DeviceOffline(f"{port} cannot be opened: {why or 'the pump ended'}")
    return link


class UsbLink:
    """The near side of a `drivers.usb_pump`."""

    def __init__(
        self,
        name: str,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.name = name
        self._process = process
        self._reader = reader
        self._writer = writer
        self._closed = False

    @property
    def pid(self) -> int:
        """Number of the pump's process."""
        return self._process.pid

    async def read(self) -> bytes:
        """At least one byte. Raises DeviceOffline when the device is gone or closed."""
        data = await self._reader.read(CHUNK)
        if not data:
            raise DeviceOffline(f"{self.name} was closed" if self._closed else f"{self.name} is gone: unplugged")
        return data

    async def write(self, data: bytes) -> None:
        """Hand all of it to the pump. Raises DeviceOffline, also if the device is stuck."""
        if self._closed or self._process.returncode is not None:
            raise DeviceOffline(f"{self.name} is gone")
        try:
            await stuck.hand_on(self._writer, data)
        except TimeoutError as error:  # the rest of a job must not come out days later, when somebody puts in paper
            self._process.kill()
            raise stuck.takes_nothing(self.name) from error
        except OSError as error:
            raise DeviceOffline(f"{self.name} is gone: {error}") from error

    async def close(self) -> None:
        """End the pump: its input ends, and if that is not enough it is killed. May be called twice."""
        self._closed = True
        self._writer.close()
        try:
            async with asyncio.timeout(LAST_WORD_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()
