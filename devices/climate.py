"""Climate of a room where records are kept: temperature and humidity, told when one crosses into another band."""

from collections.abc import AsyncIterator, Mapping
from typing import Literal, Protocol

from devices.describe import Property
from devices.messages import Fact

Band = Literal["low", "normal", "high"]


class ClimateChanged(Fact):
    """In which band temperature and humidity are now, and what was measured then."""

    temperature: Band
    humidity: Band
    celsius: float
    percent: float
    """Relative humidity."""

    def state(self) -> tuple[str, str]:
        """The two bands: what is measured within them is telemetry, and no line."""
        return "climate", f"{self.temperature},{self.humidity}"


class ClimateSensor(Protocol):
    """A sensor of temperature and humidity."""

    @property
    def readings(self) -> Mapping[str, float]:
        """What was measured last (`celsius`, `percent`), empty before the first; for the live topic."""

    def watch(self) -> AsyncIterator[ClimateChanged]:
        """How it stands, then each crossing. Raises DeviceOffline, DeviceFault (no such value can be)."""


CLIMATE_PROPERTIES: Mapping[str, Property] = {
    "climate": Property(name="Bands of temperature and humidity", datatype="string"),
}
