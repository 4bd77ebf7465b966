"""A driver on its emulator through weather, for every product of a kind, found by walking."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, get_args, get_type_hints

from devices.errors import DeviceOffline
from devices.messages import Fact
from drivers.line import Line
from drivers.link import open_link
from drivers.weather import Weather, WeatheredLink
from gateway import catalogue
from gateway.simulator.usb import Usb

QUICK: Mapping[str, float] = {
    "timeout_s": 0.2,
    "gap_s": 0.0,
    "settle_s": 0.0,
    "hush_s": 0.05,
    "trigger_s": 0.2,
    "print_s": 2.0,
    "switch_s": 20.0,
}
"""Settings in seconds that tests shorten by name; every other one is made this short:"""
SHORT_S = 0.02
POLL_S = 0.005
LONGEST_QUESTION = 16
"""What is longer is a job for a printer."""


USB = "usb://04b8:0202"
PORTS = {("usb",): USB, ("input",): "input:usb-reader-event-kbd"}
"""By the transports of a driver that has no port to dial; of every other:"""
TCP = "tcp://127.0.0.1:9"
BY_USB = " by usb"
"""Ends the name of a product that is to hang on USB."""


def products(kind: str, does: str = "watch") -> list[str]:
    """The names of every driver of that kind whose device has that method."""
    every = [name for name in catalogue.names() if name.startswith(f"{kind}/")]
    return [name for name in every if hasattr(catalogue.product(name).driver.Device, does)]


def by_usb_too(names: list[str]) -> list[str]:
    """Those, and each once more on USB if it can hang there."""
    return names + [f"{name}{BY_USB}" for name in names if "usb" in catalogue.product(name).driver.TRANSPORTS]


def telling(kind: str, fact: type[Fact]) -> list[str]:
    """The names of every driver of that kind whose `watch` promises such facts."""
    return [name for name in products(kind) if fact in _told_by(catalogue.product(name).driver.Device)]


def _told_by(device: Any) -> tuple[Any, ...]:
    (told,) = get_args(get_type_hints(device.watch)["return"])
    return get_args(told) or (told,)


class EmulatorLink:
    """An emulator at the end of a cable in memory, which keeps what was written."""

    def __init__(self, emulator: catalogue.Emulator) -> None:
        self.name = "emulator"
        self.written: list[bytes] = []
        self.job_written = asyncio.Event()
        self._emulator = emulator
        self._out: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._closed = False
        self._poller = asyncio.get_running_loop().create_task(self._poll())
        if isinstance(emulator, catalogue.Greeter):
            self._send(emulator.greet())

    async def read(self) -> bytes:
        data = await self._out.get()
        if data is None:
            self._out.put_nowait(None)
            raise DeviceOffline("emulator is gone")
        return data

    async def write(self, data: bytes) -> None:
        if self._closed:
            raise DeviceOffline("emulator is gone")
        self.written.append(data)
        self._send(self._emulator.feed(data))
        if len(data) > LONGEST_QUESTION:
            self.job_written.set()

    async def close(self) -> None:
        self._closed = True
        self._out.put_nowait(None)
        self._poller.cancel()
        await asyncio.wait({self._poller})

    def _send(self, data: bytes) -> None:
        if data:
            self._out.put_nowait(data)

    async def _poll(self) -> None:
        while True:
            self._send(self._emulator.poll())
            await asyncio.sleep(POLL_S)


class UsbCable:
    """An emulator as an emulated USB device, reached by the true link: pyusb in a process of its own."""

    def __init__(self, emulator: catalogue.Emulator, port: str, kind: str) -> None:
        self.name = "emulator"
        self.written: list[bytes] = []
        self.job_written = asyncio.Event()
        self._emulator = emulator
        self._plug = Usb(port, kind, self._heard)
        self._poller = asyncio.get_running_loop().create_task(self._poll())

    @classmethod
    async def plugged(cls, emulator: catalogue.Emulator, port: str, kind: str) -> "UsbCable":
        cable = cls(emulator, port, kind)
        cable._link = await open_link(await cable._plug.plug(), 0)
        return cable

    async def read(self) -> bytes:
        return await self._link.read()

    async def write(self, data: bytes) -> None:
        await self._link.write(data)

    async def close(self) -> None:
        await self._link.close()
        await self._plug.unplug()
        self._poller.cancel()
        await asyncio.wait({self._poller})

    def _heard(self, data: bytes) -> None:
        self.written.append(data)
        self._plug.send(self._emulator.feed(data))
        if len(data) > LONGEST_QUESTION:
            self.job_written.set()

    async def _poll(self) -> None:
        while True:
            self._plug.send(self._emulator.poll())
            await asyncio.sleep(POLL_S)


@dataclass
class Rig:
    """A device under test: its driver above, its emulator and cable below."""

    device: Any
    emulator: catalogue.Emulator
    cable: "EmulatorLink | UsbCable"
    link: WeatheredLink
    line: Line[Any]
    facts: asyncio.Queue[Any] = field(default_factory=asyncio.Queue)

    def hand(self, name: str, **args: Any) -> None:
        """Push a button of the emulator."""
        self.emulator.hands()[name](**args)

    async def watch(self) -> None:
        """Put what the device tells into `facts`, over and over if it goes off line."""
        while True:
            with suppress(DeviceOffline):
                async for fact in self.device.watch():
                    self.facts.put_nowait(fact)


@asynccontextmanager
async def rig(
    name: str, inbound: Weather | None = None, outbound: Weather | None = None, **settings: Any
) -> AsyncIterator[Rig]:
    """A device of that product with quick settings, and its emulator."""
    by_usb, name = name.endswith(BY_USB), name.removesuffix(BY_USB)
    driver = catalogue.product(name).driver
    fields = driver.Config.model_fields
    quick = {key: QUICK.get(key, SHORT_S) for key in fields if key.endswith("_s")}
    known = {key: value for key, value in settings.items() if key in fields}
    port = USB if by_usb else PORTS.get(driver.TRANSPORTS, TCP)
    config = driver.Config(port=port, **{**quick, **known})
    emulator = catalogue.emulator(name, {**config.model_dump(), **settings})
    cable = await UsbCable.plugged(emulator, port, name.partition("/")[0]) if by_usb else EmulatorLink(emulator)
    link = WeatheredLink(cable, inbound or Weather(), outbound)
    async with driver.line(link, config) as line:
        yield Rig(driver.Device(config, line), emulator, cable, link, line)


@asynccontextmanager
async def watching(rig: Rig) -> AsyncIterator[asyncio.Queue[Any]]:
    """The facts of a device while the block runs."""
    task = asyncio.get_running_loop().create_task(rig.watch())
    try:
        yield rig.facts
    finally:
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            task.result()


async def until(facts: asyncio.Queue[Any], **wanted: Any) -> list[Any]:
    """Every fact up to and with the first whose fields are as wanted."""
    heard = []
    async with asyncio.timeout(30):
        while True:
            heard.append(await facts.get())
            if all(getattr(heard[-1], key, ...) == value for key, value in wanted.items()):
                return heard
