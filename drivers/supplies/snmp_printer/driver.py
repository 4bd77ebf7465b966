"""A network printer as a KeptMachine: asked by SNMP what it wants and what is left of its supplies."""

from collections.abc import AsyncIterator, Mapping
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from devices.describe import Property
from devices.errors import DeviceFault
from devices.supplies import SUPPLY_PROPERTIES, Band, SuppliesChanged, WantsChanged
from drivers.commissioning import Said
from drivers.supplies.snmp_printer import printer
from drivers.supplies.snmp_printer.agent import Agent

ABOUT = "Network printers by SNMP: paper, jam, cover, toner and pages (UDP port 161)"
VERIFIED = False
TRANSPORTS = ("udp",)
COMMISSIONING = Said(
    "只读标准的状态项；打印机不知道的，不作报告。",
    "Only standard objects are read; what the printer does not know is not told of.",
)


class Config(BaseModel):
    """One printer. It is only asked, never set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: str = Field(
        pattern=r"^udp://[!-.0-9;-~]+:[0-9]{1,5}$", description="udp://HOST:161, the printer's SNMP agent."
    )
    community: str = Field(default="public", min_length=1, max_length=64, description="As set for reading in it.")
    index: int = Field(default=1, ge=1, le=255, description="Number of the printer in its own agent, nearly always 1.")
    low_percent: float = Field(default=15.0, ge=0, le=90, description="A supply with so much left is low.")
    back_percent: float = Field(default=5.0, ge=0, le=50, description="So far above the limit it is enough again.")
    timeout_s: float = Field(default=2.0, gt=0, le=30, description="Seconds to wait for an answer.")
    tries: int = Field(default=3, ge=1, le=10, description="How often a question is asked.")
    poll_s: float = Field(default=30.0, gt=0, le=3600, description="Seconds between two looks.")


async def hold(config: Config) -> Agent:
    """The way to its agent."""
    where = urlsplit(config.port)
    return Agent((str(where.hostname), where.port or 161), config.community, config.timeout_s, config.tries)


class Device:
    """One printer."""

    properties: Mapping[str, Property] = SUPPLY_PROPERTIES

    def __init__(self, config: Config, agent: Agent) -> None:
        self.readings: Mapping[str, float] = {}
        self._config = config
        self._agent = agent

    async def watch(self) -> AsyncIterator[WantsChanged | SuppliesChanged]:
        """How it stands, then each change. Raises DeviceOffline, DeviceFault."""
        known: dict[str, str] = {}
        before: dict[int, Band] = {}
        while True:
            wants, pages = await self._machine()
            left = await self._left()
            self.readings = {**pages, **{f"supply-{number}": percent for number, percent in left.items()}}
            before = printer.bands(left, self._config.low_percent, self._config.back_percent, before)
            for fact in (wants, _told(before)):
                property_, value = fact.state()
                if known.get(property_) != value:
                    known[property_] = value
                    yield fact
            await self._agent.pause(self._config.poll_s)

    async def _machine(self) -> tuple[WantsChanged, dict[str, float]]:
        index = self._config.index
        names = [f"{printer.STATUS}.{index}", f"{printer.ERRORS}.{index}", f"{printer.PAGES}.{index}.1"]
        status, errors, pages = await self._agent.get(names)
        if status is None and errors is None:
            raise DeviceFault(f"{self._config.port} has no printer number {index}; see to `index`")
        wants = printer.wants_of(errors) if isinstance(errors, bytes) else ()
        return WantsChanged(wants=wants), {"pages": float(pages)} if isinstance(pages, int) else {}

    async def _left(self) -> dict[int, float]:
        """Percent left by supply, of those whose printer knows."""
        of = self._config.index
        levels = await self._agent.column(f"{printer.LEVEL}.{of}", printer.MOST_SUPPLIES)
        most = await self._agent.column(f"{printer.MOST}.{of}", printer.MOST_SUPPLIES)
        told = {number: printer.percent_of(level, most.get(number)) for number, level in levels.items()}
        return {number: percent for number, percent in told.items() if percent is not None}


def _told(bands: Mapping[int, Band]) -> SuppliesChanged:
    numbers = sorted(bands)
    return SuppliesChanged(
        low=tuple(number for number in numbers if bands[number] == "low"),
        empty=tuple(number for number in numbers if bands[number] == "empty"),
    )
