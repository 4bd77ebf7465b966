"""A Megatec supply as a PowerSupply: asked for its status (Q1) again and again."""

from collections.abc import AsyncIterator, Mapping

from pydantic import BaseModel, ConfigDict, Field

from devices.describe import Property
from devices.power import POWER_PROPERTIES, Fault, Supply, SupplyChanged
from drivers.line import Line
from drivers.link import Link, Port
from drivers.power.megatec import wire
from drivers.supply import MAINS_PULLED, watch_supply

ABOUT = "UPS that speaks Megatec's Q1 (serial)"
VERIFIED = False
TRANSPORTS = ("serial", "tcp")
COMMISSIONING = (MAINS_PULLED,)


class Config(BaseModel):
    """One supply on its own port. It is only asked, never switched."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: Port
    baud: int = Field(default=2400, description="Line speed.")
    timeout_s: float = Field(default=1.0, gt=0, le=10, description="Seconds to wait for an answer.")
    tries: int = Field(default=3, ge=1, le=10, description="How often a question is tried.")
    poll_s: float = Field(default=2.0, gt=0, le=60, description="Seconds between two questions.")


def line(link: Link, config: Config) -> Line[wire.Frame]:
    """The line of the supply's port."""
    return Line(link, wire.answer_framer(), timeout_s=config.timeout_s)


class Device:
    """One supply."""

    properties: Mapping[str, Property] = POWER_PROPERTIES

    def __init__(self, config: Config, line: Line[wire.Frame]) -> None:
        self._config = config
        self._line = line

    async def watch(self) -> AsyncIterator[SupplyChanged]:
        """How it stands, then each change. Raises DeviceOffline."""
        async for change in watch_supply(self._line, self._read, self._config.poll_s):
            yield change

    async def _read(self) -> SupplyChanged:
        return _told(await self._line.ask(wire.Q1, lambda _: True, tries=self._config.tries))


def _told(status: wire.Frame) -> SupplyChanged:
    low = status.bit(wire.BATTERY_LOW)
    supply: Supply = "mains" if not status.bit(wire.MAINS_FAILED) else "ending" if low else "battery"
    wrong: Mapping[Fault, bool] = {
        # A line-interactive supply sets the same bit when it merely lifts or lowers the voltage.
        "bypass": status.bit(wire.BYPASS) and not status.bit(wire.INTERACTIVE),
        "failed": status.bit(wire.FAILED),
        "low_battery": low,
    }
    return SupplyChanged(supply=supply, faults=tuple(fault for fault, so in wrong.items() if so))
