"""Displays: panels and projectors that are switched, and what they say of themselves."""

from collections.abc import AsyncIterator, Mapping
from typing import ClassVar, Literal, Protocol, runtime_checkable

from pydantic import Field

from devices.describe import Property
from devices.errors import WishRejected
from devices.messages import Fact, Fetch, Wish

Power = Literal["on", "off", "warming", "cooling", "unknown"]
Part = Literal["fan", "lamp", "temperature", "cover", "filter", "signal", "other"]
LAMP_STEP_H = 100
"""A lamp's age is told again after so many hours."""

_ON_ITS_WAY: Mapping[str, tuple[Power, ...]] = {"on": ("on", "warming"), "off": ("off", "cooling")}


class PowerChanged(Fact):
    """The display is on, off, or on its way there."""

    power: Power

    def state(self) -> tuple[str, str]:
        """The lasting state of its power."""
        return "power", self.power


class SourceChanged(Fact):
    """What the display shows now, as its driver names inputs; None while it is not on."""

    source: str | None = None

    def state(self) -> tuple[str, str]:
        """The lasting state of its input."""
        return "source", self.source or "none"


class DisplayTrouble(Fact):
    """Parts the display warns of, and parts that failed; none of both if it is well."""

    warns: tuple[Part, ...] = ()
    fails: tuple[Part, ...] = ()

    def state(self) -> tuple[str, str]:
        """The parts that somebody has to look at."""
        return "trouble", ",".join(sorted({*self.warns, *self.fails})) or "none"


class LampAged(Fact):
    """So long the lamp has burnt; of several, the oldest."""

    hours: int = Field(ge=0)

    def state(self) -> tuple[str, str]:
        """Full steps of its age, or each hour would be a line."""
        return "lamp", str(self.hours // LAMP_STEP_H * LAMP_STEP_H)


class DisplaySwitched(Fact):
    """How the display, asked afterwards, says it stands."""

    power: Power
    source: str | None = None


class SwitchDisplay(Wish):
    """Switch a display on or off, or to an input, or both."""

    kind: ClassVar[str] = "displays"
    patience_s: ClassVar[float] = 150.0

    power: Literal["on", "off"] | None = None
    source: str | None = Field(default=None, pattern=r"^[a-z]+(-[0-9a-z])?$")

    def answered_by(self, fact: Fact) -> bool:
        """The display says so itself."""
        return isinstance(fact, DisplaySwitched) and is_as_wished(fact.power, fact.source, self.power, self.source)

    async def put_to(self, device: "Display", fetch: Fetch) -> Fact:
        """Switch it. Raises WishRejected if it cannot be switched, has no such input, or nothing sensible is asked."""
        if self.source is None and self.power is None:
            raise WishRejected("name `power`, `source` or both")
        if self.source is not None and self.power == "off":
            raise WishRejected("a display that is off has no `source`")
        if not isinstance(device, Display):
            raise WishRejected("this display cannot be switched")
        return await device.switch(self.power, self.source)


def is_as_wished(power: Power, source: str | None, wished: str | None, wished_source: str | None) -> bool:
    """Whether a display stands as it was asked to; on the way to on or off is enough, on the way to a source is not."""
    if wished_source is not None:
        return power == "on" and source == wished_source
    return wished is None or power in _ON_ITS_WAY[wished]


Told = PowerChanged | SourceChanged | DisplayTrouble | LampAged


@runtime_checkable
class Display(Protocol):
    """A display that is switched and says how it stands."""

    async def switch(self, power: str | None, source: str | None) -> DisplaySwitched:
        """Switch it; safe to repeat. Raises WishRejected (no such source), DeviceBusy, DeviceFault, DeviceOffline."""

    def watch(self) -> AsyncIterator[Told]:
        """Its state once, then each change. Raises DeviceOffline when it is gone, DeviceFault (password)."""


DISPLAY_PROPERTIES: Mapping[str, Property] = {
    "power": Property(name="Power", datatype="enum", format="on,off,warming,cooling,unknown"),
    "source": Property(name="Source", datatype="string"),
    "trouble": Property(name="Trouble", datatype="string"),
}
LAMP_PROPERTIES: Mapping[str, Property] = {
    **DISPLAY_PROPERTIES,
    "lamp": Property(name="Lamp", datatype="integer", unit="h"),
}
