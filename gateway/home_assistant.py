"""The gateway for Home Assistant's device discovery over MQTT: a projection of its Homie description. Pure.

One device, one entity a property, each reading the Homie topic where the value stands anyway. Nothing can be set.
Contract: https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload
"""

import json
from typing import Any

from devices.describe import PRESENCE, Property
from devices.topics import GatewayTopics
from gateway import homie

_ORIGIN = "Courtside"
_IS_READY = "{{ 'online' if value == 'ready' else 'offline' }}"


def payload(topics: GatewayTopics, devices: homie.Devices, release: str) -> str:
    """What stands retained at `topics.discovery`; `release` is the version of this software."""
    told = {
        "device": {"identifiers": [_id(topics)], "name": topics.gateway, "sw_version": release},
        "origin": {"name": _ORIGIN, "sw_version": release},
        "availability": [{"topic": f"{topics.homie}/{homie.STATE}", "value_template": _IS_READY}],
        "components": {
            f"{device}-{id_}": _entity(topics, device, id_, property_)
            for device, properties in devices.items()
            for id_, property_ in {"presence": PRESENCE, **properties}.items()
            if property_.retained and property_.datatype != "json"
        },
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True)


def _entity(topics: GatewayTopics, device: str, id_: str, property_: Property) -> dict[str, Any]:
    entity: dict[str, Any] = {
        "platform": "sensor",
        "unique_id": f"{_id(topics)}-{device}-{id_}",
        "name": f"{device} {property_.name}",
        "state_topic": f"{topics.homie}/{device}/{id_}",
    }
    if property_.datatype == "boolean":
        return entity | {"platform": "binary_sensor", "payload_on": "true", "payload_off": "false"}
    if property_.datatype == "enum" and property_.format:
        return entity | {"device_class": "enum", "options": property_.format.split(",")}
    return entity | ({"unit_of_measurement": property_.unit} if property_.unit else {})


def _id(topics: GatewayTopics) -> str:
    return f"courtside-{topics.court}-{topics.gateway}"
