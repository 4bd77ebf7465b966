"""Which drivers there are: the folders below `drivers/` and the court's own, found by walking and imported by name."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol, Self, cast, get_type_hints, runtime_checkable

from pydantic import BaseModel

import drivers
from devices.describe import Property
from devices.messages import Fact, Wish, wire_name
from drivers.hands import Hand
from drivers.held import Held
from drivers.line import Line
from drivers.link import Link, open_link
from gateway.hint import hint

_BROKEN = (ImportError, SyntaxError, NameError, AttributeError, TypeError, ValueError, RuntimeError)
"""What loading a driver's code can raise; pydantic's own complaints are RuntimeErrors."""


class UnknownDriver(LookupError):
    """No driver that works has that name; the text says which one may be meant, or what is wrong with it."""


class Emulator(Protocol):
    """A device in software that speaks the device's bytes."""

    def feed(self, data: bytes) -> bytes:
        """What the device answers at once."""

    def poll(self) -> bytes:
        """What the device sends by itself now."""

    def look(self) -> dict[str, Any]:
        """How it stands, as JSON."""

    def hands(self) -> Mapping[str, Hand]:
        """What a person standing before it could do."""


@runtime_checkable
class Greeter(Protocol):
    """An emulator of a device that speaks first to whoever connects."""

    def greet(self) -> bytes:
        """What it says then; whatever it knew of the connection before is over."""


@runtime_checkable
class Findable(Protocol):
    """An emulator of a device that is found by asking everybody by UDP, at the port where it is spoken to by TCP."""

    def sought(self, data: bytes) -> bytes:
        """What it answers to such a datagram; empty if it is not meant."""

    def found_at(self, number: int) -> str:
        """The port as a gateway's file writes it, with the device at that number on the loopback."""


class Settings(Protocol):
    """What every driver's `Config` has, whatever its product adds."""

    port: str

    def model_copy(self, *, update: Mapping[str, Any]) -> Self:
        """The same settings but for these."""

    def model_dump(self) -> dict[str, Any]:
        """The settings as plain values."""


class Device(Protocol):
    """What every driver's device has, whatever its kind adds."""

    properties: Mapping[str, Property]

    def watch(self) -> AsyncIterator[Fact]:
        """Its state once, then every change. Raises DeviceOffline when it is gone."""


class Stage(Protocol):
    """A device in software behind a real library instead of a wire: what it needs is started and ended with it."""

    async def plug(self) -> str:
        """Appear; gives the port as a gateway's file would name it. Once known it stays the same."""

    async def unplug(self) -> None:
        """Vanish, as when somebody pulls it."""

    def look(self) -> dict[str, Any]:
        """How it stands, as JSON."""

    def hands(self) -> Mapping[str, Hand]:
        """What a person standing before it could do."""


class DriverModule(Protocol):
    """What a `driver.py` offers. One over a library has, instead of `line`, `async def hold(config) -> Held`.

    What sources disagree about it declares as `COMMISSIONING` (`drivers/commissioning.py`).
    """

    ABOUT: str
    VERIFIED: bool
    TRANSPORTS: tuple[str, ...]
    Config: type[BaseModel]

    def line(self, link: Link, config: Any) -> Line[Any]:
        """The line of one port."""

    def Device(self, config: Any, line: Any) -> Device:
        """One device on that line."""


@dataclass(frozen=True, slots=True)
class Product:
    """One driver: `name` is `kind/product`, as files write it."""

    name: str
    driver: DriverModule

    @property
    def kind(self) -> str:
        """What kind of device it drives."""
        return self.name.partition("/")[0]

    async def hold(self, settings: Any) -> Held:
        """What reaches such a device: a line on its port, or what the driver holds. Raises DeviceOffline."""
        if hasattr(self.driver, "hold"):
            return cast(Held, await self.driver.hold(settings))
        return self.driver.line(await open_link(settings.port, getattr(settings, "baud", 0)), settings)

    def describe(self) -> dict[str, Any]:
        """Its entry in the catalogue, from which central draws a form."""
        return {
            "about": self.driver.ABOUT,
            "verified": self.driver.VERIFIED,
            "transports": list(self.driver.TRANSPORTS),
            "settings": self.driver.Config.model_json_schema(),
            "obeys": self.obeys(),
        }

    def obeys(self) -> list[str]:
        """The wire names of the wishes such a device can obey: it has what they ask of it."""
        of_kind = (wish for wish in Wish.registry.values() if getattr(wish, "kind", "") == self.kind)
        return sorted(wire_name(wish) for wish in of_kind if _asked_by(wish) <= set(dir(self.driver.Device)))


def _asked_by(wish: type[Wish]) -> set[str]:
    """The methods that a wish's Protocol wants of a device."""
    return {name for name in vars(get_type_hints(wish.put_to)["device"]) if not name.startswith("_")}


def names() -> list[str]:
    """Every driver's name, without importing one."""
    found = (path for root in drivers.__path__ for path in Path(root).glob("*/*/driver.py"))
    return sorted({"/".join(path.parts[-3:-1]) for path in found})


def place(name: str) -> Path:
    """The folder of that driver, which must be there; the package's own comes before a court's."""
    return next(folder for root in drivers.__path__ if (folder := Path(root) / name).is_dir())


def product(name: str) -> Product:
    """The driver of that name; raises UnknownDriver."""
    known = names()
    if name not in known:
        of_that_product = [k for k in known if k.partition("/")[2] == name]
        told = f"{name!r} is no driver here; {hint(name, of_that_product or known)}"
        raise UnknownDriver("; ".join([told, *drivers.REFUSED]))
    return Product(name, cast(DriverModule, _loaded(name)))


def working() -> tuple[list[Product], list[str]]:
    """Every driver that can be loaded, and sentences about folders and drivers that cannot."""
    products, broken = [], [*drivers.REFUSED]
    for name in names():
        try:
            products.append(product(name))
        except UnknownDriver as error:
            broken.append(str(error))
    return products, broken


def _loaded(name: str) -> object:
    """The driver's module; raises UnknownDriver if its code is broken, as a court's own may be."""
    try:
        module = import_module(f"drivers.{name.replace('/', '.')}.driver")
    except _BROKEN as error:
        raise UnknownDriver(f"{name!r} in {place(name)} cannot be loaded: {type(error).__name__}: {error}") from error
    lacking = [what for what in ("ABOUT", "VERIFIED", "TRANSPORTS", "Config", "Device") if not hasattr(module, what)]
    if lacking:
        raise UnknownDriver(f"{name!r} in {place(name)} cannot be used: its driver.py has no {', '.join(lacking)}")
    return module


def emulator(name: str, settings: Mapping[str, Any]) -> Emulator:
    """The driver's device in software, with the same settings."""
    return cast(Emulator, import_module(f"drivers.{name.replace('/', '.')}.emulator").Emulator(settings))


def stage(name: str, settings: Mapping[str, Any], folder: Path) -> Stage | None:
    """The device in software behind its library, if that is how the driver is emulated; files go to `folder`."""
    if not (place(name) / "stage.py").exists():
        return None
    return cast(Stage, import_module(f"drivers.{name.replace('/', '.')}.stage").Stage(settings, folder))


def gateway_version() -> str:
    """The version of this package."""
    return version("courtside")
