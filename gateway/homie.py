"""The gateway as a Homie 5.0.0 device: what is published, retained, for any controller to read. Pure.

Root device is the gateway, one node a device, one property each of what the device says of itself, plus
presence. Nothing is settable, and no value holds a name or a case number: every subscriber can read it.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from devices.box import GATEWAY
from devices.describe import PRESENCE, Property

Devices = Mapping[str, Mapping[str, Property]]
"""Device name -> its properties."""

STATE = "$state"
DESCRIPTION = "$description"
RUN = f"{GATEWAY}/run"
"""Which run of which box speaks: a value that is not ours means another box has our identity (ledger rule 8)."""

_OWN_NODE: Mapping[str, Property] = {
    "clock": Property(name="Clock", datatype="enum", format="trusted,not_trusted"),
    "run": Property(name="Run", datatype="string"),
}
_EMPTY = "\x00"
"""The convention's empty string: an empty payload would delete the topic."""


def description(gateway: str, devices: Devices) -> dict[str, Any]:
    """`$description` of the root device; its version differs whenever its content does."""
    nodes = {GATEWAY: _node("Gateway", _OWN_NODE)}
    for name, properties in devices.items():
        nodes[name] = _node(name, {"presence": PRESENCE, **properties})
    content = {"homie": "5.0", "name": gateway, "nodes": nodes}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).digest()
    return content | {"version": int.from_bytes(digest[:6])}


def announcement(
    gateway: str, devices: Devices, states: Mapping[tuple[str, str], str], run: str
) -> Iterator[tuple[str, str]]:
    """(topic below the device, payload) in the order the convention asks for: init, description, values, ready."""
    yield STATE, "init"
    yield DESCRIPTION, json.dumps(description(gateway, devices), ensure_ascii=False, sort_keys=True)
    yield RUN, run
    yield from values(devices, states)
    yield STATE, "ready"


def values(devices: Devices, states: Mapping[tuple[str, str], str]) -> Iterator[tuple[str, str]]:
    """(topic below the device, payload) of the states that the description speaks of."""
    for (device, property_), value in states.items():
        known = _OWN_NODE if device == GATEWAY else devices.get(device, {})
        if property_ in known or (property_ == "presence" and device in devices):
            yield f"{device}/{property_}", value or _EMPTY


def _node(name: str, properties: Mapping[str, Property]) -> dict[str, Any]:
    return {"name": name, "properties": {id_: _property(property_) for id_, property_ in properties.items()}}


def _property(property_: Property) -> dict[str, Any]:
    told = property_.model_dump(exclude_none=True)
    if property_.retained:
        del told["retained"]
    return told
