"""How a device describes itself: the properties of a Homie 5 node (convention 5.0.0)."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Datatype = Literal["integer", "float", "boolean", "string", "enum", "datetime", "duration", "json"]


class Property(BaseModel):
    """One property: its datatype, its Homie format and unit. Nothing here is settable: wishes are signed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    datatype: Datatype
    format: str | None = None
    unit: str | None = None
    retained: bool = True


PRESENCE = Property(name="Presence", datatype="enum", format="back,gone")
"""Every device has it: is it there."""
