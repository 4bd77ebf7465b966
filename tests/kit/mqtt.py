"""Somebody at the broker with a certificate of the court: publishes one message and is told what the broker said."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiomqtt
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

_PATIENCE_S = 20.0


class Heedful(aiomqtt.Client):
    """Hears at once that the broker hangs up on its certificate; aiomqtt would wait for its whole patience."""

    def _on_disconnect(self, client: Any, userdata: Any, flags: Any, reason_code: Any, properties: Any = None) -> None:
        super()._on_disconnect(client, userdata, flags, reason_code, properties)
        if not self._connected.done():
            self._connected.set_exception(aiomqtt.MqttError("it hung up"))


@dataclass(frozen=True)
class Badge:
    """Whose certificate is shown to the broker."""

    name: str
    root: Path
    certificate: Path
    key: Path


def publish(port: int, badge: Badge, topic: str, payload: str) -> str:
    """Publish at QoS 1; gives the broker's answer in words, `Success` or why not. Raises TimeoutError."""
    answered, answer = threading.Event(), []

    def connected(client: Client, _: Any, _flags: Any, why: ReasonCode, _properties: Any) -> None:
        assert not why.is_failure, f"{badge.name} is not let in: {why}"
        client.publish(topic, payload, qos=1)

    def published(_: Client, _data: Any, _mid: int, why: ReasonCode, _properties: Any) -> None:
        answer.append(str(why))
        answered.set()

    client = Client(CallbackAPIVersion.VERSION2, client_id=f"{badge.name}-stranger", protocol=MQTTv5)
    client.tls_set(str(badge.root), str(badge.certificate), str(badge.key))
    client.on_connect, client.on_publish = connected, published
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        if not answered.wait(_PATIENCE_S):
            raise TimeoutError(f"the broker did not answer {badge.name}")
    finally:
        client.disconnect()
        client.loop_stop()
    return answer[0]
