"""An LG panel as a Display; several hang on one line, each with its own set ID."""

from collections.abc import AsyncIterator, Mapping

from pydantic import Field

from devices.describe import Property
from devices.displays import DISPLAY_PROPERTIES, DisplaySwitched, Power, Told
from devices.errors import DeviceBusy
from drivers.commissioning import Said, answers
from drivers.displaying import OFF_BY_REMOTE, Displaying, Shown
from drivers.displays.lg_serial import wire
from drivers.line import Line
from drivers.link import Link
from drivers.panel_settings import PanelSettings, number_of

ABOUT = "LG panels on a serial line (or TCP port 9761)"
VERIFIED = False
TRANSPORTS = ("serial", "tcp")
COMMISSIONING = (
    answers(Said("屏幕编号（panel）", "the set ID (panel)"), [{"panel": number} for number in range(1, 9)]),
    OFF_BY_REMOTE,
)


class Config(PanelSettings):
    """One panel."""

    panel: int = Field(default=1, ge=1, le=99, description="Set ID of the panel, as in its menu; 0 would mean all.")


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
        power: Power = {0: "off", 1: "on"}.get(answer.value, "unknown") if answer.ok else "unknown"  # type: ignore[assignment]
        if power != "on":
            return Shown(power)
        source = await self._ask(wire.SOURCE)
        return Shown(power, wire.SOURCES.get(source.value, "other") if source.ok else None)

    async def turn(self, *, on: bool) -> None:
        """Switch it on or off. Raises DeviceBusy, DeviceOffline."""
        await self._set(wire.POWER, int(on))

    async def choose(self, source: str) -> None:
        """Switch to an input. Raises WishRejected, DeviceBusy, DeviceOffline."""
        await self._set(wire.SOURCE, number_of(source, wire.SOURCES))

    async def _set(self, command: str, value: int) -> None:
        if not (await self._ask(command, value)).ok:
            raise DeviceBusy(f"the panel does not take {command} {value:02X} now")

    async def _ask(self, command: str, value: int = wire.READ) -> wire.Answer:
        question = wire.Question(command, self._config.panel, value)
        return await self._line.ask(
            question.to_bytes(),
            lambda answer: (answer.panel, answer.letter) == (self._config.panel, command[1]),
            tries=self._config.tries,
        )
