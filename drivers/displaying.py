"""Switching a display and watching it: looked at until it stands as asked, and told of when two looks agree."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from devices.displays import (
    DisplaySwitched,
    DisplayTrouble,
    FilterAged,
    LampAged,
    Part,
    PictureChanged,
    Power,
    PowerChanged,
    SourceChanged,
    Told,
    is_as_wished,
)
from devices.errors import DeviceBusy, DeviceFault
from drivers.commissioning import Said, Step
from drivers.line import Line

LOOKS = 3
"""A state is believed when two of so many looks agree, one after the other."""
OFF_BY_REMOTE = Step(
    about=Said("待机时还能不能联系上（网络待机、RS-232 控制）", "whether it can still be reached in standby"),
    before=Said("请用遥控器开机，等画面出来。", "Switch it on by its remote control and wait for the picture."),
    do=Said("请用遥控器关机。", "Switch it off by its remote control."),
    learn=lambda tried, fact: {} if isinstance(fact, PowerChanged) and fact.power in ("off", "cooling") else None,
    only_changes=True,
)
"""Proves that it is the one meant, and that it listens while it is off; many need a setting in their menu for that."""


@dataclass(frozen=True)
class Shown:
    """How a display says it stands."""

    power: Power
    source: str | None = None
    warns: tuple[Part, ...] = ()
    fails: tuple[Part, ...] = ()
    lamp_h: int | None = None
    """None if it has no lamp."""
    filter_h: int | None = None
    """None if it has no filter, or does not say."""
    frozen: bool | None = None
    """None if it cannot freeze its picture."""

    def facts(self) -> list[Told]:
        """The same as facts."""
        told: list[Told | None] = [
            PowerChanged(power=self.power),
            SourceChanged(source=self.source),
            DisplayTrouble(warns=self.warns, fails=self.fails),
            None if self.lamp_h is None else LampAged(hours=self.lamp_h),
            None if self.filter_h is None else FilterAged(hours=self.filter_h),
            None if self.frozen is None else PictureChanged(frozen=self.frozen),
        ]
        return [fact for fact in told if fact is not None]


class Settings(Protocol):
    """What the settings of every such display have."""

    @property
    def poll_s(self) -> float:
        """Seconds between looks at rest."""

    @property
    def settle_s(self) -> float:
        """Seconds between looks while it switches."""

    @property
    def switch_s(self) -> float:
        """Seconds it may take to stand as asked."""


class Controls(Protocol):
    """What a driver does with one display; each raises DeviceOffline."""

    async def look(self) -> Shown:
        """Ask it how it stands."""

    async def turn(self, *, on: bool) -> None:
        """Switch it on or off. Raises DeviceBusy (not now), DeviceFault."""

    async def choose(self, source: str) -> None:
        """Switch to an input. Raises WishRejected (it has none of that name), DeviceBusy (not now), DeviceFault."""


class Displaying:
    """One display."""

    def __init__(self, settings: Settings, line: Line[Any], controls: Controls) -> None:
        self._settings = settings
        self._line = line
        self._controls = controls
        self._turn = asyncio.Lock()
        self._stirred = asyncio.Event()

    async def switch(self, power: str | None, source: str | None) -> DisplaySwitched:
        """Switch it. Raises WishRejected, DeviceBusy, DeviceFault (it does not come to stand so), DeviceOffline."""
        async with self._turn:
            if power is not None:
                await self._controls.turn(on=power == "on")
            if source is not None:
                await self._is_on(patiently=power == "on")
                await self._controls.choose(source)
            shown = await self._until(lambda shown: is_as_wished(shown.power, shown.source, power, source))
            self._stirred.set()
            return DisplaySwitched(power=shown.power, source=shown.source)

    async def watch(self) -> AsyncIterator[Told]:
        """Its state once, then each change. Raises DeviceOffline when it is gone."""
        known: dict[str, str] = {}
        while True:
            self._stirred.clear()
            told = (await self._controls.look()).facts()
            if _news(told, known):
                told = (await self._believed()).facts()
            for fact in _news(told, known):
                property_, value = fact.state()
                known[property_] = value
                yield fact
            await self._line.pause(self._settings.poll_s, self._stirred)

    def stir(self) -> None:
        """Look at once, for something was changed."""
        self._stirred.set()

    async def _is_on(self, *, patiently: bool) -> None:
        """Return once a source can be chosen. Raises DeviceBusy if it is off and nobody asked it to be on."""
        if patiently:
            await self._until(lambda shown: shown.power == "on")
            return
        power = (await self._believed()).power
        if power != "on":
            raise DeviceBusy(f"the display is {power}: switch it on to choose a source")

    async def _until(self, stands: Callable[[Shown], bool]) -> Shown:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._settings.switch_s
        while True:
            shown = await self._believed()
            if stands(shown):
                return shown
            if loop.time() > until:
                raise DeviceFault(f"the display does not switch: it says {shown.power}, {shown.source or 'no source'}")
            await self._line.pause(self._settings.settle_s)

    async def _believed(self) -> Shown:
        """Read until two looks agree, for a flipped bit in a reply need not show; the last if none do."""
        before = await self._controls.look()
        for _ in range(LOOKS - 1):
            shown = await self._controls.look()
            if shown == before:
                break
            before = shown
        return before


def _news(told: list[Told], known: dict[str, str]) -> list[Told]:
    return [fact for fact in told if known.get(fact.state()[0]) != fact.state()[1]]
