"""A PJLink projector or panel as a Display; its connection is held, for it says nothing by itself."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field

from devices.describe import Property
from devices.displays import PROJECTOR_PROPERTIES, DisplaySwitched, PictureHeld, Told
from devices.errors import DeviceBusy, DeviceFault, DeviceOffline, WishRejected
from drivers.displaying import OFF_BY_REMOTE, Displaying, Shown
from drivers.displays.pjlink import wire
from drivers.displays.pjlink.found import address_of
from drivers.line import Line
from drivers.link import Link, open_link

ABOUT = "PJLink projectors and panels, class 1 and 2 (TCP port 4352), class 2 also by hardware address"
VERIFIED = False
TRANSPORTS = ("tcp",)
COMMISSIONING = (OFF_BY_REMOTE,)


class Config(BaseModel):
    """One display."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: str = Field(
        pattern=r"^(/[ -~]+|tcp://[!-.0-9;-~]+:[0-9]{1,5}|"
        r"pjlink:[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}(@[0-9.]+(:[0-9]{1,5})?)?)$",
        description="tcp://HOST:4352; or pjlink:MAC, of class 2, looked for by UDP; pjlink:MAC@192.0.2.255 only in the "
        "network of that broadcast address.",
    )
    baud: int = Field(default=9600, description="Not used on TCP.")
    password: str = Field(default="", max_length=32, description="As set on the display; empty without one.")
    timeout_s: float = Field(default=2.0, gt=0, le=30, description="Seconds to wait for greeting and answers.")
    tries: int = Field(default=2, ge=1, le=10, description="How often a question is asked.")
    settle_s: float = Field(default=1.0, ge=0, le=30, description="Seconds between looks while it switches.")
    switch_s: float = Field(default=120.0, gt=0, le=140, description="Seconds it may take to warm up and switch.")
    find_s: float = Field(
        default=5.0, gt=0, le=60, description="Seconds within which a hardware address has to answer."
    )
    poll_s: float = Field(
        default=3.0, gt=0, le=25, description="Seconds between looks; displays drop a connection idle for 4 s or 30 s."
    )


class Session(Line[wire.Heard]):
    """The line of one connection; it keeps the greeting, from which the first command is made."""

    def __init__(self, link: Link, config: Config) -> None:
        super().__init__(link, wire.answer_framer(), timeout_s=config.timeout_s)
        self._password = config.password
        self._greeting: wire.Greeting | None = None
        self._greeted = asyncio.Event()
        self._beginning = asyncio.Lock()
        self._begun = False
        self.class_two = False
        """It knows the commands of class 2; by its own word, once begun."""
        self._ears = ExitStack()
        self._ears.enter_context(self.listening(lambda heard: isinstance(heard, wire.Greeting), self._took_greeting))

    async def begin(self) -> None:
        """Say the password if one is asked for; once a connection. Raises DeviceFault (password), DeviceOffline."""
        async with self._beginning:
            if self._begun:
                return
            first = wire.Question(b"CLSS", digest=await self._digest())
            answer = await self.ask(first.to_bytes(), lambda heard: _fits(heard, b"CLSS") or _is_refusal(heard))
            if _is_refusal(answer):
                raise DeviceFault("the display refuses the password; set `password` as it stands on the display")
            self.class_two = isinstance(answer, wire.Answer) and answer.value == b"2"
            self._begun = True

    async def _digest(self) -> bytes:
        if self._greeting is None:
            await self.pause(self.timeout_s, self._greeted)
        if self._greeting is None:
            raise DeviceOffline(f"{self.link.name}: no greeting; is this PJLink, and nobody else connected?")
        if not self._greeting.seed:
            return b""
        if not self._password:
            raise DeviceFault("the display asks for a password; set `password`")
        return self._greeting.digest(self._password)

    def _took_greeting(self, greeting: wire.Heard) -> None:
        if isinstance(greeting, wire.Greeting) and not greeting.refused:
            self._greeting = self._greeting or greeting
            self._greeted.set()


def line(link: Link, config: Config) -> Session:
    """The line of a connection."""
    return Session(link, config)


async def hold(config: Config) -> Session:
    """The line of a connection to it, wherever it is now. Raises DeviceOffline."""
    is_address = config.port.startswith("tcp://")
    port = config.port if is_address else await address_of(config.port, config.find_s)
    return Session(await open_link(port, config.baud), config)


class Device:
    """One display."""

    properties: Mapping[str, Property] = PROJECTOR_PROPERTIES

    def __init__(self, config: Config, line: Session) -> None:
        self._config = config
        self._line = line
        self._displaying = Displaying(config, line, self)

    async def switch(self, power: str | None, source: str | None) -> DisplaySwitched:
        """Switch it; safe to repeat. Raises WishRejected (no such source), DeviceBusy, DeviceFault, DeviceOffline."""
        return await self._displaying.switch(power, source)

    def watch(self) -> AsyncIterator[Told]:
        """Its state once, then each change. Raises DeviceOffline when it is gone, DeviceFault (password)."""
        return self._displaying.watch()

    async def look(self) -> Shown:
        """Ask it how it stands."""
        power = wire.POWERS.get(await self._ask(b"POWR"), "unknown")
        source = wire.source_of(await self._ask(b"INPT")) if power == "on" else None
        warns, fails = wire.troubles_of(await self._ask(b"ERST"))
        shown = Shown(power, source, warns, fails, wire.lamp_hours(await self._ask(b"LAMP")))
        if not self._line.class_two:
            return shown
        picture = await self._ask(b"FREZ") if power == "on" else wire.LIVE
        frozen = None if picture == wire.UNDEFINED else picture == wire.FROZEN
        return replace(shown, filter_h=wire.filter_hours(await self._ask(b"FILT")), frozen=frozen)

    async def freeze(self, *, on: bool) -> PictureHeld:
        """Freeze it; safe to repeat. Raises WishRejected (it cannot), DeviceBusy (it is off), DeviceOffline."""
        await self._line.begin()
        if not self._line.class_two:
            raise WishRejected("this display is of PJLink class 1 and cannot freeze its picture")
        await self._set(b"FREZ", wire.FROZEN if on else wire.LIVE)
        self._displaying.stir()
        return PictureHeld(frozen=await self._ask(b"FREZ") == wire.FROZEN)

    async def turn(self, *, on: bool) -> None:
        """Switch it on or off. Raises DeviceBusy, DeviceFault, DeviceOffline."""
        await self._set(b"POWR", b"1" if on else b"0")

    async def choose(self, source: str) -> None:
        """Switch to an input. Raises WishRejected, DeviceBusy, DeviceFault, DeviceOffline."""
        parameter = wire.input_of(source)
        if parameter is None:
            kinds = ", ".join(wire.INPUTS.values())
            raise WishRejected(f"no source {source}: PJLink has {kinds}, each with a number (digital-1)")
        await self._set(b"INPT", parameter)

    async def _set(self, command: bytes, parameter: bytes) -> None:
        value = await self._ask(command, parameter)
        what = f"{command.decode()} {parameter.decode()}"
        if value == wire.NOT_NOW:
            raise DeviceBusy(f"the display does not take {what} now")
        if value in (wire.UNDEFINED, wire.BAD_PARAMETER):
            raise WishRejected(f"the display does not know {what}")
        if value == wire.FAILURE:
            raise DeviceFault(f"the display says that it failed, at {what}")

    async def _ask(self, command: bytes, parameter: bytes = b"?") -> bytes:
        await self._line.begin()
        question = wire.Question(command, parameter, b"2" if command in wire.CLASS_TWO else b"1")
        answer = await self._line.ask(
            question.to_bytes(), lambda heard: _fits(heard, command, parameter), tries=self._config.tries
        )
        return answer.value if isinstance(answer, wire.Answer) else b""


def _fits(heard: wire.Heard, command: bytes, parameter: bytes = b"?") -> bool:
    """OK answers no question, and a value answers no order."""
    if not isinstance(heard, wire.Answer) or heard.command != command:
        return False
    return heard.value.startswith(b"ERR") or (heard.value == b"OK") != (parameter == b"?")


def _is_refusal(heard: wire.Heard) -> bool:
    return isinstance(heard, wire.Greeting) and heard.refused
