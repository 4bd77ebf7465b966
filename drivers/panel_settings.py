"""The settings that panels on a serial line have alike, and the number of an input by its name."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from devices.errors import WishRejected
from drivers.link import Port


class PanelSettings(BaseModel):
    """One panel of several that may hang on a line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: Port
    baud: int = Field(default=9600, description="Line speed, if serial.")
    gap_s: float = Field(default=0.1, ge=0, le=2, description="Seconds of rest between two questions.")
    timeout_s: float = Field(default=2.0, gt=0, le=30, description="Seconds to wait for an answer.")
    tries: int = Field(default=3, ge=1, le=10, description="How often a question or an order is said.")
    settle_s: float = Field(default=1.0, ge=0, le=30, description="Seconds between looks while it switches.")
    switch_s: float = Field(default=30.0, gt=0, le=140, description="Seconds it may take to switch.")
    poll_s: float = Field(default=5.0, gt=0, le=600, description="Seconds between looks.")


def number_of(source: str, sources: Mapping[int, str]) -> int:
    """The maker's number of that input. Raises WishRejected: there is none of that name."""
    number = next((number for number, name in sources.items() if name == source), None)
    if number is None:
        raise WishRejected(f"no source {source}: there are {', '.join(sources.values())}")
    return number
