"""Displays: panels and projectors that are switched, screens that show notices, and what they say of themselves."""

from collections.abc import AsyncIterator, Mapping
from typing import ClassVar, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from devices.describe import Property
from devices.errors import WishRejected
from devices.messages import Fact, Fetch, Wish

Power = Literal["on", "off", "warming", "cooling", "unknown"]
Part = Literal["fan", "lamp", "temperature", "cover", "filter", "signal", "other"]
DAY_S = 86_400
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


class FilterAged(Fact):
    """So long the air filter has been in use."""

    hours: int = Field(ge=0)

    def state(self) -> tuple[str, str]:
        """Full steps of its age, as of a lamp's."""
        return "filter", str(self.hours // LAMP_STEP_H * LAMP_STEP_H)


class PictureChanged(Fact):
    """The picture moves on, or stands frozen whatever its source shows."""

    frozen: bool

    def state(self) -> tuple[str, str]:
        """Whether it stands."""
        return "picture", "frozen" if self.frozen else "live"


class PictureHeld(Fact):
    """How the picture, asked for afterwards, stands."""

    frozen: bool


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


class FreezePicture(Wish):
    """Let the picture stand as it is, or move on."""

    kind: ClassVar[str] = "displays"

    frozen: bool

    def answered_by(self, fact: Fact) -> bool:
        """The display says so itself."""
        return isinstance(fact, PictureHeld) and fact.frozen == self.frozen

    async def put_to(self, device: "Freezer", fetch: Fetch) -> Fact:
        """Freeze it or let it go. Raises WishRejected if it cannot be frozen."""
        if not isinstance(device, Freezer):
            raise WishRejected("this display cannot freeze its picture")
        return await device.freeze(on=self.frozen)


def is_as_wished(power: Power, source: str | None, wished: str | None, wished_source: str | None) -> bool:
    """Whether a display stands as it was asked to; on the way to on or off is enough, on the way to a source is not."""
    if wished_source is not None:
        return power == "on" and source == wished_source
    return wished is None or power in _ON_ITS_WAY[wished]


Told = PowerChanged | SourceChanged | DisplayTrouble | LampAged | FilterAged | PictureChanged


@runtime_checkable
class Display(Protocol):
    """A display that is switched and says how it stands."""

    async def switch(self, power: str | None, source: str | None) -> DisplaySwitched:
        """Switch it; safe to repeat. Raises WishRejected (no such source), DeviceBusy, DeviceFault, DeviceOffline."""

    def watch(self) -> AsyncIterator[Told]:
        """Its state once, then each change. Raises DeviceOffline when it is gone, DeviceFault (password)."""


@runtime_checkable
class Freezer(Protocol):
    """A display that can hold its picture."""

    async def freeze(self, *, on: bool) -> PictureHeld:
        """Freeze it; safe to repeat. Raises WishRejected (it cannot), DeviceBusy (it is off), DeviceOffline."""


class Notice(BaseModel):
    """What a screen shows: a title and rows. Whoever stands before it reads it: it is for everybody."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(max_length=60)
    rows: tuple[str, ...] = Field(default=(), max_length=12)


class ScreenChanged(Fact):
    """What stands on a screen by its own word; `away` if nothing of it can be heard."""

    shows: Literal["notice", "blank", "away"]

    def state(self) -> tuple[str, str]:
        """What stands there."""
        return "shows", self.shows


class NoticeShown(Fact):
    """The screen itself said that it shows the notice."""

    document: str | None = None


class ShowNotice(Wish):
    """Show the notice whose JSON is the blob of that hash for so many seconds, and then nothing."""

    kind: ClassVar[str] = "displays"
    patience_s: ClassVar[float] = 40.0

    document: str = Field(pattern=r"^[0-9a-f]{64}$")
    seconds: int = Field(ge=1)
    """At most a day."""

    def answered_by(self, fact: Fact) -> bool:
        """The screen says that it shows it."""
        return isinstance(fact, NoticeShown) and fact.document == self.document

    async def put_to(self, device: "Screen", fetch: Fetch) -> Fact:
        """Fetch the notice and show it. Raises WishRejected if it is none, for too long, or not for this display."""
        if not isinstance(device, Screen):
            raise WishRejected("this display shows no notices")
        if self.seconds > DAY_S:
            raise WishRejected(f"a notice stands for a day at most, not for {self.seconds} s")
        try:
            notice = Notice.model_validate_json(await fetch(self.document))
        except ValidationError:
            raise WishRejected(f"document {self.document[:12]} is no notice") from None
        shown = await device.show(notice, self.seconds)
        return shown.model_copy(update={"document": self.document})


@runtime_checkable
class Screen(Protocol):
    """A display that shows notices and goes blank when they expire."""

    async def show(self, notice: Notice, seconds: int) -> NoticeShown:
        """Show it for so long, then nothing. Raises DeviceFault (nobody shows it), DeviceOffline."""

    def watch(self) -> AsyncIterator[ScreenChanged]:
        """What it shows once, then each change. Raises DeviceOffline when it is gone."""


DISPLAY_PROPERTIES: Mapping[str, Property] = {
    "power": Property(name="Power", datatype="enum", format="on,off,warming,cooling,unknown"),
    "source": Property(name="Source", datatype="string"),
    "trouble": Property(name="Trouble", datatype="string"),
}
LAMP_PROPERTIES: Mapping[str, Property] = {
    **DISPLAY_PROPERTIES,
    "lamp": Property(name="Lamp", datatype="integer", unit="h"),
}
PROJECTOR_PROPERTIES: Mapping[str, Property] = {
    **LAMP_PROPERTIES,
    "filter": Property(name="Filter", datatype="integer", unit="h"),
    "picture": Property(name="Picture", datatype="enum", format="live,frozen"),
}
SCREEN_PROPERTIES: Mapping[str, Property] = {
    "shows": Property(name="Shows", datatype="enum", format="notice,blank,away"),
}
