"""The devices and stations of the configuration in force; another one ends and starts only what differs."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from types import TracebackType
from typing import Any, Self

from devices.box import DeviceBack, DeviceGone
from gateway.bench import Bench
from gateway.config import DeviceConfig, GatewayConfig
from gateway.supervise import Time, Voice, keep

Stations = Callable[[GatewayConfig], list[Coroutine[Any, Any, None]]]
"""Puts the stations of a configuration on the bench; gives what runs beside them."""


class Floor:
    """As a context it has all of it at work; what ends one of its works ends the context."""

    def __init__(self, config: GatewayConfig, bench: Bench, stations: Stations, time: Time) -> None:
        self.config = config
        self._bench = bench
        self._stations = stations
        self._time = time
        self._group = asyncio.TaskGroup()
        self._devices: dict[str, asyncio.Task[None]] = {}
        self._beside: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Start it."""
        await self._group.__aenter__()
        self._start(self.config.devices)
        self._beside = [self._group.create_task(work) for work in self._stations(self.config)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        for task in (*self._devices.values(), *self._beside):
            task.cancel()
        await self._group.__aexit__(kind, error, trace)

    async def become(self, config: GatewayConfig) -> None:
        """Let that configuration be in force: devices that differ, and those on a port with them, start anew."""
        changed = differing(self.config.devices, config.devices)
        anew = bool(changed) or config.top.stations != self.config.top.stations
        await _end([self._devices.pop(name) for name in changed if name in self._devices])
        if anew:
            await _end(self._beside)
            self._bench.stations.clear()
            self._bench.obeying.clear()
        self.config = config
        self._bench.become(config.devices, changed)
        self._start({name: device for name, device in config.devices.items() if name in changed})
        if anew:
            self._beside = [self._group.create_task(work) for work in self._stations(config)]

    async def restart(self, name: str) -> None:
        """Let one device go and reach it anew. Raises KeyError."""
        await _end([self._devices.pop(name)])
        self._start({name: self.config.devices[name]})

    def _start(self, devices: Mapping[str, DeviceConfig]) -> None:
        for name in devices:
            work = keep(name, partial(self._bench.watch, name), self._time, _voice(self._bench, name))
            self._devices[name] = self._group.create_task(work)


def differing(before: Mapping[str, DeviceConfig], after: Mapping[str, DeviceConfig]) -> set[str]:
    """The devices that are not in both as they were, and all that share a port with one of them."""
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    ports = {devices[name].settings.port for devices in (before, after) for name in changed if name in devices}
    return {name for devices in (before, after) for name, d in devices.items() if d.settings.port in ports}


def _voice(bench: Bench, name: str) -> Voice:
    verified = bench.devices[name].product.driver.VERIFIED
    return Voice(
        gone=lambda why: bench.tell(name, DeviceGone(why=why[:300])),
        back=lambda: bench.tell(name, DeviceBack(verified=verified)),
    )


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
