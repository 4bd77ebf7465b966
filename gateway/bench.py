"""The devices of this box: obeys a wish, watches what happens, and journals it with the wish behind it."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Set
from typing import Any, Protocol

from devices.box import GATEWAY, Care
from devices.describe import Property
from devices.errors import DeviceError, DeviceOffline, WishRejected
from devices.messages import Fact, Fetch, Wish
from drivers.line import Counts
from gateway.blame import Blame
from gateway.catalogue import Device
from gateway.config import DeviceConfig
from gateway.deadlines import Deadlines
from gateway.journal import Journal
from gateway.journal_writer import JournalFull
from gateway.ports import Port
from gateway.supervise import Up

log = logging.getLogger(__name__)

_SILENT = frozenset({"readers"})
"""Kinds that say nothing until something is shown to them: an open port is all one can know."""


class Station(Protocol):
    """Behaviour across devices; it hears what they tell."""

    async def takes(self, device: str, fact: Fact) -> bool:
        """Before it is journaled: True if the fact is the station's own business and goes no further."""
        ...

    def heard(self, device: str, fact: Fact) -> None:
        """What a device tells, news or not."""
        ...


class Bench:
    """The configured devices. One that is reached can be asked; each is watched by its own supervised task."""

    def __init__(
        self, devices: Mapping[str, DeviceConfig], journal: Journal, deadlines: Deadlines, fetch: Fetch
    ) -> None:
        self.devices = devices
        self.properties: dict[str, Mapping[str, Property]] = {name: {} for name in devices}
        """What each device says of itself, as far as it has been reached."""
        self.stations: list[Station] = []
        self.obeying: dict[str, Any] = {}
        """Stations that take wishes, by the name that is also the kind of their wishes."""
        self.described: Callable[[], None] = lambda: None
        """Called when `properties` changed."""
        self._journal = journal
        self._deadlines = deadlines
        self._fetch = fetch
        self._blame = Blame(deadlines.mono)
        self._reached: dict[str, Device] = {}
        self.care: Care | None = None
        """Obeys wishes that are for the box itself."""
        self._stirred = asyncio.Condition()
        self._undisturbed = asyncio.Event()
        self._undisturbed.set()
        self._busy: set[str] = set()
        self._ports: dict[str, Port] = {}
        self._lay(devices)

    def reached(self, name: str) -> Device:
        """The device, to be asked. Raises DeviceOffline while it cannot be reached."""
        try:
            return self._reached[name]
        except KeyError:
            raise DeviceOffline(f"{name} is not reached") from None

    @property
    def reached_names(self) -> Set[str]:
        """The devices that can be asked."""
        return self._reached.keys()

    async def missing(self, names: Iterable[str], within_s: float) -> set[str]:
        """Those of the devices that cannot be asked within that time; empty as soon as all can."""
        wanted = set(names)
        try:
            async with asyncio.timeout(within_s), self._stirred:
                await self._stirred.wait_for(lambda: wanted <= self._reached.keys())
        except TimeoutError:
            pass
        return wanted - self._reached.keys()

    def busy(self, what: str, *, is_so: bool) -> None:
        """A station says that something goes on which must not be disturbed (a hearing), or is over."""
        (self._busy.add if is_so else self._busy.discard)(what)
        (self._undisturbed.clear if self._busy else self._undisturbed.set)()

    @property
    def is_engaged(self) -> bool:
        """Something goes on that must not be disturbed."""
        return not self._undisturbed.is_set()

    async def undisturbed(self) -> None:
        """Wait until nothing goes on that must not be disturbed."""
        await self._undisturbed.wait()

    def become(self, devices: Mapping[str, DeviceConfig], changed: Set[str]) -> None:
        """These are the devices from now on; those that `changed` are not being watched now."""
        self.devices = devices
        for name in changed:
            self._ports.pop(name, None)
            self.properties.pop(name, None)
        self.properties.update({name: {} for name in devices if name in changed})
        self._lay({name: device for name, device in devices.items() if name in changed})
        self.described()

    def counts(self) -> dict[str, Counts]:
        """What went wrong on each device's line since it was opened."""
        return {name: port.counts for name, port in self._ports.items()}

    def readings(self) -> dict[str, Mapping[str, float]]:
        """What the reached devices that measure something measured last, for the live topic."""
        return {name: told for name, device in self._reached.items() if (told := getattr(device, "readings", None))}

    def behind(self, device: str, property_: str) -> str | None:
        """The wish that brought about the present value of a state, None if nobody's."""
        return self._blame.behind(device, property_)

    async def watch(self, name: str, up: Up) -> None:
        """Reach the device and journal what it tells, until it is gone. Raises DeviceOffline, DeviceFault."""
        config = self.devices[name]
        async with self._ports[name].line() as line:
            device = config.product.driver.Device(config.settings, line)
            self._describe(name, device)
            if config.product.kind in _SILENT:
                await self._is_reached(name, device)
                await up()
            try:
                async for fact in device.watch():
                    await self._is_reached(name, device)
                    await up()
                    await self.tell(name, fact)
            finally:
                self._reached.pop(name, None)

    def knows(self, name: str) -> bool:
        """Whether a wish can be meant for somebody of that name here."""
        return name == GATEWAY or name in self.devices or name in self.obeying

    async def obey(self, name: str, jti: str, wish: Wish) -> None:
        """Ask it of the device, which answers by what happens. Raises DeviceError; the wish is then refused."""
        if name == GATEWAY:
            await self._care_for(jti, wish)
            return
        device = self.obeying[name] if name in self.obeying else self.reached(name)
        kind = name if name in self.obeying else self.devices[name].product.kind
        if wish.kind != kind:
            raise WishRejected(f"{name} is of {kind}, {wish.type} is for {wish.kind}")
        self._blame.asked(name, jti, wish)
        self._deadlines.put(("patience", jti), wish.patience_s, lambda: self._unanswered(name, jti))
        try:
            answer = await wish.put_to(device, self._fetch)
        except DeviceError as error:
            self._blame.refused(jti, reached=isinstance(error, DeviceOffline))
            raise
        if answer is not None:
            await self.tell(name, answer)

    async def _care_for(self, jti: str, wish: Wish) -> None:
        if self.care is None or wish.kind != GATEWAY:
            raise WishRejected(f"{wish.type} is not for the box itself")
        answer = await wish.put_to(self.care, self._fetch)
        if answer is not None:
            await self.record(GATEWAY, answer, jti)

    async def tell(self, name: str, fact: Fact) -> None:
        """Journal a fact of a device with the wish behind it, unless it only repeats the last stored state."""
        for station in self.stations:
            if await station.takes(name, fact):
                return
        told = fact.state()
        before = self._journal.state_of(name, told[0]) if told else None
        if told is None or told[1] != before:
            await self.record(name, fact, self._blame.cause_of(name, fact, before))
        for station in self.stations:
            station.heard(name, fact)

    async def record(self, name: str, fact: Fact, cause: str | None = None) -> None:
        """Put a fact on disk. On a full disk it is counted instead and told when there is room (LinesDropped)."""
        log.debug("%s: %s becomes a line", name, fact.type)
        try:
            await self._journal.append(name, fact, cause)
        except JournalFull:
            log.error("the disk is full: a fact of %s was not kept", name)

    async def _unanswered(self, name: str, jti: str) -> None:
        wish = self._blame.forget(jti)
        states = {p: value for (device, p), value in self._journal.states.items() if device == name}
        fact = wish.unanswered(states) if wish else None
        if fact is not None:
            await self.record(name, fact, jti)

    def _lay(self, devices: Mapping[str, DeviceConfig]) -> None:
        ports: dict[str, Port] = {}
        self._ports |= {name: ports.setdefault(d.settings.port, Port(d)) for name, d in devices.items()}

    async def _is_reached(self, name: str, device: Device) -> None:
        if name not in self._reached:
            self._reached[name] = device
            async with self._stirred:
                self._stirred.notify_all()

    def _describe(self, name: str, device: Device) -> None:
        if self.properties[name] != device.properties:
            self.properties[name] = dict(device.properties)
            self.described()
