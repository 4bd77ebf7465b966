"""A Samsung panel by MDC as a Display; several hang on one line, each with its own ID."""

from collections.abc import AsyncIterator, Mapping
from typing import Self

from pydantic import Field, model_validator

from devices.describe import Property
from devices.displays import DISPLAY_PROPERTIES, DisplaySwitched, Power, Told
from devices.errors import DeviceBusy
from drivers.commissioning import Said, answers
from drivers.displaying import OFF_BY_REMOTE, Displaying, Shown
from drivers.displays.samsung_mdc import wire
from drivers.line import Line
from drivers.link import Link, open_link
from drivers.panel_settings import PanelSettings, number_of
from drivers.pinned import Fingerprint

ABOUT = "Samsung panels by MDC (serial, or TCP port 1515; with TLS if a PIN is set)"
VERIFIED = False
TRANSPORTS = ("serial", "tcp")
COMMISSIONING = (
    answers(Said("屏幕编号（display）", "the panel's ID (display)"), [{"display": number} for number in range(9)]),
    OFF_BY_REMOTE,
)


class Config(PanelSettings):
    """One panel."""

    display: int = Field(default=1, ge=0, le=253, description="ID of the panel, as in its menu.")
    pin: str = Field(
        default="", pattern=r"^[0-9]{0,8}$", description="PIN of the secured protocol (TLS); empty while that is off."
    )

    fingerprint: Fingerprint = ""

    @model_validator(mode="after")
    def _pin_is_for_tcp(self) -> Self:
        if self.fingerprint and not self.pin:
            raise ValueError("a `fingerprint` is for the secured protocol only; write its `pin` too")
        if self.pin and not self.port.startswith("tcp://"):
            raise ValueError("a `pin` is for tcp:// only; on a serial line there is none")
        return self


async def hold(config: Config) -> Line[wire.Answer]:
    """The line of a port, opened with TLS if there is a PIN. Raises DeviceOffline, DeviceFault (the PIN is wrong)."""
    if not config.pin:
        return line(await open_link(config.port, config.baud), config)
    from drivers.displays.samsung_mdc.secured import open_secured  # not at the head: few have it

    return line(await open_secured(config.port, config.pin, config.fingerprint), config)


def line(link: Link, config: Config) -> Line[wire.Answer]:
    """The line of the panels on a port."""
    return Line(link, wire.answer_framer(), timeout_s=config.timeout_s, gap_s=config.gap_s)


class Device:
    """One panel."""

    properties: Mapping[str, Property] = DISPLAY_PROPERTIES

    def __init__(self, config: Config, line: Line[wire.Answer]) -> None:
        self._config = config
        self._line = line
        self._displaying = Displaying(config, line, self)

    async def switch(self, power: str | None, source: str | None) -> DisplaySwitched:
        """Switch it; safe to repeat. Raises WishRejected (no such source), DeviceBusy, DeviceFault, DeviceOffline."""
        return await self._displaying.switch(power, source)

    def watch(self) -> AsyncIterator[Told]:
        """Its state once, then each change. Raises DeviceOffline when it is gone."""
        return self._displaying.watch()

    async def look(self) -> Shown:
        """Ask it how it stands; of a panel that is off only the power is asked."""
        answer = await self._ask(wire.POWER)
        power: Power = "unknown" if answer.result == wire.NAK else "on" if answer.data[0] else "off"
        if power != "on":
            return Shown(power)
        source, faults = await self._ask(wire.SOURCE), await self._ask(wire.FAULTS)
        told = source.result == wire.ACK
        warns, fails = wire.troubles_of(faults.data) if faults.result == wire.ACK else ((), ())
        return Shown(power, wire.SOURCES.get(source.data[0], "other") if told else None, warns, fails)

    async def turn(self, *, on: bool) -> None:
        """Switch it on or off. Raises DeviceBusy, DeviceOffline."""
        await self._set(wire.POWER, int(on))

    async def choose(self, source: str) -> None:
        """Switch to an input. Raises WishRejected, DeviceBusy, DeviceOffline."""
        await self._set(wire.SOURCE, number_of(source, wire.SOURCES))

    async def _set(self, command: int, value: int) -> None:
        answer = await self._ask(command, bytes((value,)))
        if answer.result == wire.NAK:
            raise DeviceBusy(f"the panel does not take {command:02X} {value:02X} now (code {answer.data.hex()})")

    async def _ask(self, command: int, data: bytes = b"") -> wire.Answer:
        question = wire.Question(command, self._config.display, data)
        return await self._line.ask(
            question.to_bytes(),
            lambda answer: (answer.display, answer.command) == (self._config.display, command),
            tries=self._config.tries,
        )
