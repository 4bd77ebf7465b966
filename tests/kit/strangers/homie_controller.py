"""A Homie 5 controller that knows nothing of this product: written from the published convention (5.0.0) alone.

`python homie_controller.py HOST PORT CA CERTIFICATE KEY SECONDS` listens until it has heard all that is retained of
every device it found, or so long, and prints as JSON what it found: devices with state, nodes and properties, values,
retained properties that have none yet, and every breach of the convention it noticed.
"""

import json
import re
import sys
import threading
import time
from typing import Any

import paho.mqtt.client as mqtt

ID = re.compile(r"[a-z0-9-]+")
STATES = {"init", "ready", "disconnected", "sleeping", "lost"}
DATATYPES = {"integer", "float", "boolean", "string", "enum", "color", "datetime", "duration", "json"}


class Controller:
    """Discovers by `+/5/+/$state`, then follows each device's description and values."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        self.descriptions: dict[str, dict[str, Any]] = {}
        self.values: dict[str, str] = {}
        self.heard_out: set[str] = set()
        self.breaches: list[str] = []
        self.changed = threading.Event()

    def heard(self, client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        """One message of the domain."""
        _domain, version, device, *below = message.topic.split("/")
        payload = message.payload.decode("utf-8")
        if version != "5" or device.startswith("$"):
            return
        if below == ["$state"]:
            self._state(client, message, device, payload)
        elif below == ["$description"]:
            self.descriptions[device] = json.loads(payload)
        elif len(below) == 2:
            self.values[f"{device}/{below[0]}/{below[1]}"] = payload
        self.changed.set()

    def _state(self, client: mqtt.Client, message: mqtt.MQTTMessage, device: str, payload: str) -> None:
        if payload not in STATES:
            self.breaches.append(f"{message.topic} is {payload!r}")
        if device not in self.states:  # what is retained comes in the order of these filters: $state again ends it
            root = message.topic.removesuffix("$state")
            client.subscribe([(f"{root}$description", 2), (f"{root}+/+", 2), (message.topic, 2)])
        elif message.retain:
            self.heard_out.add(device)
        self.states[device] = payload

    def complete(self) -> bool:
        """Some device was found, and of each all that is retained was heard."""
        return bool(self.states) and self.states.keys() <= self.heard_out

    def properties(self, *, retained: bool = False) -> list[tuple[str, dict[str, Any]]]:
        """(device/node/property, attributes) of all descriptions."""
        return [
            (f"{device}/{node}/{name}", told)
            for device, description in self.descriptions.items()
            for node, inside in description.get("nodes", {}).items()
            for name, told in inside.get("properties", {}).items()
            if not retained or told.get("retained", True)
        ]

    def judge(self) -> list[str]:
        """Every breach of the convention."""
        found = list(self.breaches)
        for device, told in self.descriptions.items():
            if not re.fullmatch(r"5\.\d+", str(told.get("homie"))) or not isinstance(told.get("version"), int):
                found.append(f"{device}: homie {told.get('homie')!r}, version {told.get('version')!r}")
        for topic, told in self.properties():
            if not all(ID.fullmatch(part) for part in topic.split("/")):
                found.append(f"{topic} is no id")
            if told.get("datatype") not in DATATYPES:
                found.append(f"{topic} has datatype {told.get('datatype')!r}")
            if topic in self.values and not fits(self.values[topic], told):
                found.append(f"{topic} is {self.values[topic]!r}, which is no {told['datatype']} {told.get('format')}")
        return found


def fits(value: str, told: dict[str, Any]) -> bool:
    """True if the payload is one of the property's datatype and format."""
    kind, form = told["datatype"], told.get("format")
    if kind == "enum":
        return value in str(form).split(",")
    if kind == "boolean":
        return value in ("true", "false")
    if kind == "integer":
        return re.fullmatch(r"-?\d+", value) is not None
    if kind == "float":
        return re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", value) is not None
    if kind == "json":
        return value[:1] in ("{", "[") and json.loads(value) is not None
    return value != ""


def main(host: str, port: str, ca: str, certificate: str, key: str, seconds: str) -> None:
    """See the module."""
    controller = Controller()
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
    client.tls_set(ca_certs=ca, certfile=certificate, keyfile=key)
    client.on_connect = lambda *_: client.subscribe("+/5/+/$state", 2)
    client.on_message = controller.heard
    client.connect(host, int(port))
    client.loop_start()
    end = time.monotonic() + float(seconds)
    while not controller.complete() and (left := end - time.monotonic()) > 0:
        controller.changed.wait(left)
        controller.changed.clear()
    client.disconnect()
    client.loop_stop()
    devices = {
        name: {"state": state, **controller.descriptions.get(name, {})} for name, state in controller.states.items()
    }
    silent = [topic for topic, _ in controller.properties(retained=True) if topic not in controller.values]
    found = {"devices": devices, "values": controller.values, "silent": silent, "breaches": controller.judge()}
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
