"""What paper is scanned with; apart from the scanners, for a gateway's file names it on boxes that have none."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Mode = Literal["lineart", "gray", "color"]
Source = Literal["flatbed", "feeder", "feeder_duplex"]


class ScanSettings(BaseModel):
    """What one batch of sheets is scanned with; `options` are the device's own, by the names it describes."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    source: Source = "feeder"
    mode: Mode = "gray"
    resolution: int = Field(default=300, ge=50, le=1200)
    """Dots per inch, both ways."""
    options: Mapping[str, str | int | float | bool] = {}
