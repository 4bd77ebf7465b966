"""How a gateway is: the figures of its heartbeat on the live topic, which may be lost."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

LOG = "log"
"""The live stream of a gateway's own log while somebody is shown it: lines of JSON, each a `LogLine`."""
STREAM = "health"
"""Name of the live stream."""
HEARTBEAT_S = 60.0
"""Seconds between two heartbeats; one is told at once when the link is made."""

_Figure = Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]


class Heartbeat(BaseModel):
    """One heartbeat; what a box cannot measure is left out, what is unknown here is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: _Figure
    """Seconds since 1970 by the box's clock."""
    uptime_s: _Figure
    """Since the gateway was started."""
    queue: _Figure
    """Lines central has not committed."""
    disk_free_mb: _Figure
    disk_used: _Figure
    """Share of the disk that is full, 0 to 1."""
    memory_mb: _Figure
    """Resident memory of the gateway's process."""
    load: _Figure
    """Of one minute."""
    temperature_c: _Figure | None = None
    ack_ms: _Figure | None = None
    """From sending a batch to central's word that it is committed."""
    reconnects: _Figure = 0
    """Connections to the broker that were made anew since the start."""
    signal_dbm: _Figure | None = None
    """Of the wireless network, if there is one."""
    clock_error_ms: _Figure | None = None
    """True time is at most so far off, by chrony's word; none without chrony or while it is not synchronised."""
    devices_gone: _Figure = 0
    noise: _Figure = 0
    """Stray bytes on all lines since the start."""
    retries: _Figure = 0

    def figures(self) -> dict[str, float]:
        """Everything that is a figure over time."""
        return {name: value for name, value in self.model_dump(exclude_none=True, exclude={"at"}).items()}


class LogLine(BaseModel):
    """A line of a gateway's own log; no names, no codes that were read."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: float
    """Seconds since 1970, by the box's clock."""
    level: str = Field(max_length=10)
    source: str = Field(max_length=80)
    """Name of the part that said it."""
    text: str = Field(max_length=400)
