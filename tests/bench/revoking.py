"""Revoking a connected box: from the press of the button until its connection at the broker is at an end."""

import sys
import threading
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from central.demo.court import PASSWORD
from tests.bench.figures import Figure, below
from tests.kit.installation import Installation
from tests.kit.process import run

BOXES = 3
LIMIT_S = 1.0
_PATIENCE_S = 20.0
_GATEWAY = Path(sys.executable).with_name("courtside-gateway")


def measure(court: Installation, boxes: int = BOXES) -> list[Figure]:
    """Boxes of their own are enrolled, connected and revoked, one after another; the slowest counts.

    The court must be furnished: the IT desk presses the button.
    """
    took = [_one(court, f"room-{number}") for number in range(boxes)]
    return [below("revoked to disconnected", max(took), "s", LIMIT_S)]


def _one(court: Installation, name: str) -> float:
    data = court.folder / f"{name}-data"
    url, token = court.central("gateway invite", name).split()[-2:]
    run(_GATEWAY, "enrol", url, token, "--data", data)
    connected, ended = threading.Event(), threading.Event()
    at: list[float] = []

    def gone(*_: Any) -> None:
        at.append(time.perf_counter())
        ended.set()

    client = Client(CallbackAPIVersion.VERSION2, name, protocol=MQTTv5, reconnect_on_failure=False)
    client.tls_set(str(data / "ca.pem"), str(data / "certificate.pem"), str(data / "key.pem"))
    client.on_connect, client.on_disconnect = lambda *_: connected.set(), gone
    client.connect("127.0.0.1", court.broker_port)
    client.loop_start()
    if not connected.wait(_PATIENCE_S) or at:
        raise RuntimeError(f"{name} is not let in")
    begun = _press(court, f"/fleet/{name}/revoke")
    if not ended.wait(_PATIENCE_S):
        raise RuntimeError(f"{name} is still connected {_PATIENCE_S} s after it was revoked")
    client.loop_stop()
    return at[0] - begun


def _press(court: Installation, path: str) -> float:
    """Send a form of the IT desk; gives when."""
    desk = court.http
    known = {"login": "it", "password": PASSWORD}
    desk.post("/sign-in", data={"csrf": _word(desk.get("/sign-in").text), **known})
    word = _word(desk.get("/fleet").text)
    begun = time.perf_counter()
    answer = desk.post(path, data={"csrf": word})
    if answer.status_code != HTTPStatus.SEE_OTHER:
        raise RuntimeError(f"{path}: {answer.status_code}")
    return begun


def _word(page: str) -> str:
    """What a form of that page carries."""
    return page.partition('name="csrf" content="')[2].partition('"')[0]
