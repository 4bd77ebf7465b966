"""A supply behind a NUT server as a PowerSupply: its status is asked for again and again."""

from collections.abc import AsyncIterator, Mapping

from pydantic import BaseModel, ConfigDict, Field

from devices.describe import Property
from devices.errors import DeviceFault, DeviceOffline
from devices.power import POWER_PROPERTIES, Fault, Supply, SupplyChanged
from drivers.line import Line
from drivers.link import Link, Port
from drivers.power.nut import wire
from drivers.supply import MAINS_PULLED, watch_supply

ABOUT = "UPS behind a NUT server (TCP port 3493)"
VERIFIED = False
TRANSPORTS = ("tcp",)
COMMISSIONING = (MAINS_PULLED,)
FAULTS: Mapping[str, Fault] = {
    "ALARM": "alarm",
    "BYPASS": "bypass",
    "LB": "low_battery",
    "OVER": "overload",
    "RB": "replace_battery",
}


class Config(BaseModel):
    """One supply. Reading needs no password; it is never switched."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: Port
    ups: str = Field(default="ups", pattern=r"^[\w.-]{1,64}$", description="Name of the supply on the server.")
    timeout_s: float = Field(default=2.0, gt=0, le=10, description="Seconds to wait for an answer.")
    tries: int = Field(default=3, ge=1, le=10, description="How often a question is tried.")
    poll_s: float = Field(default=2.0, gt=0, le=60, description="Seconds between two questions.")


def line(link: Link, config: Config) -> Line[wire.Frame]:
    """The line to the server."""
    return Line(link, wire.answer_framer(), timeout_s=config.timeout_s)


class Device:
    """One supply."""

    properties: Mapping[str, Property] = POWER_PROPERTIES

    def __init__(self, config: Config, line: Line[wire.Frame]) -> None:
        self._config = config
        self._line = line
        self._on_battery = False

    async def watch(self) -> AsyncIterator[SupplyChanged]:
        """How it stands, then each change. Raises DeviceOffline (also while the server has no news), DeviceFault."""
        async for change in watch_supply(self._line, self._read, self._config.poll_s):
            yield change

    async def _read(self) -> SupplyChanged:
        ups = self._config.ups
        said = await self._line.ask(wire.get(ups, wire.STATUS).to_bytes(), self._fits, tries=self._config.tries)
        status = wire.value_of(said, ups, wire.STATUS)
        if status is not None:
            change = _told(set(status.split()))
            self._on_battery = change.supply in ("battery", "ending")
            return change
        if said.error == wire.STALE and self._on_battery:
            # By the protocol's own rule, a supply that falls silent on battery is at its end.
            return SupplyChanged(supply="ending")
        if said.error == wire.UNKNOWN_UPS:
            raise DeviceFault(f"{self._line.link.name} knows no supply {ups!r}; write its name there as `ups`")
        raise DeviceOffline(f"{self._line.link.name}: the server has no news of {ups!r}: {said.error}")

    def _fits(self, said: wire.Frame) -> bool:
        return said.error is not None or wire.value_of(said, self._config.ups, wire.STATUS) is not None


def _told(words: set[str]) -> SupplyChanged:
    supply: Supply = "unknown"
    if "FSD" in words or {"OB", "LB"} <= words:
        supply = "ending"
    elif "OB" in words:
        supply = "battery"
    elif "OFF" in words:
        supply = "off"
    elif "OL" in words:
        supply = "mains"
    return SupplyChanged(supply=supply, faults=tuple(fault for word, fault in FAULTS.items() if word in words))
