"""A light gateway: its own key and certificate, a real sealed book, Homie and heartbeats, over MQTT 5 by hand.

A few hundred bytes a box besides its TLS, so that thousands fit into one process.
"""

import asyncio
import json
import ssl
import struct
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from central import pki
from devices.box import GATEWAY, DeviceBack, Started
from devices.health import STREAM, Heartbeat
from devices.locks import DoorChanged
from devices.topics import GatewayTopics
from tests.central.box import Box
from tests.central.keys import request_for

DEVICES = 10


class Light:
    """One box of the fleet."""

    def __init__(self, name: str, court: str, key: Ed25519PrivateKey) -> None:
        self.name = name
        self.topics = GatewayTopics(court, name)
        self.box = Box(name, court, key)
        self.writer: asyncio.StreamWriter | None = None
        self.connected = asyncio.Event()
        self._sent = 0
        self._packets = 0

    def certificate(self, authority: pki.Authority, folder: Path) -> Path:
        """Key and certificate of the court in one file, as TLS wants them."""
        now = self.box.begun
        made = authority.certify_gateway(self.name, request_for(self.box.key), now)
        secret = self.box.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path = folder / f"{self.name}.pem"
        path.write_bytes(secret + pki.pem(made).encode())
        return path

    async def connect(self, port: int, ca: Path, pair: Path) -> None:
        """Connect with a will, as a gateway does; returns with CONNACK."""
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        tls.load_verify_locations(ca)
        tls.load_cert_chain(pair)
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=tls, server_hostname="127.0.0.1", ssl_handshake_timeout=600
        )
        state = _text(f"{self.topics.homie}/$state")
        flags = struct.pack(">BBH", 5, 0b00101110, 300)  # clean start, will at QoS 1, retained
        body = _text("MQTT") + flags + b"\x00" + _text(self.name) + b"\x00" + state + _text("lost")
        # property lengths: of CONNECT, and of the will
        writer.write(_packet(0x10, body))
        answer = await reader.readexactly(4)
        if answer[0] != 0x20 or answer[3] != 0:
            raise ConnectionError(f"{self.name}: the broker answered {answer!r}")
        self.writer = writer
        self.connected.set()

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False, seal: str = "") -> None:
        """Send one message; the broker's word on it is not waited for."""
        assert self.writer is not None
        self._packets = self._packets % 65535 + 1
        properties = b"\x26" + _text("seal") + _text(seal) if seal else b""
        head = _text(topic) + (struct.pack(">H", self._packets) if qos else b"")
        body = head + _length(len(properties)) + properties + payload
        self.writer.write(_packet(0x30 | qos << 1 | retain, body))

    def begin(self) -> None:
        """Say who it is and that all its devices are there."""
        devices = {f"door-{n}": "locks/kr_cu16" for n in range(DEVICES)}
        self.box.write(Started(version="1", catalogue="0" * 64, simulated=True, devices=devices), GATEWAY)
        for name in devices:
            self.box.write(DeviceBack(), name)
        self.send()
        self.ready()

    def ready(self) -> None:
        """It is there."""
        nodes = {f"door-{n}": {"name": f"door-{n}", "properties": {}} for n in range(DEVICES)}
        self.publish(
            f"{self.topics.homie}/$description", json.dumps({"homie": "5.0", "nodes": nodes}).encode(), retain=True
        )
        self.publish(f"{self.topics.homie}/$state", b"ready", retain=True)

    def beat(self, at: float, queue: int = 0) -> None:
        """One heartbeat."""
        told = Heartbeat(at=at, uptime_s=1, queue=queue, disk_free_mb=1, disk_used=0.1, memory_mb=50, load=0)
        self.publish(self.topics.live(GATEWAY, STREAM), told.model_dump_json().encode(), qos=0)

    def facts(self, count: int) -> None:
        """So many doors move."""
        for n in range(count):
            moved = DoorChanged(cell=n % 12 + 1, door="open" if n % 2 else "shut")
            self.box.write(moved, f"door-{n % DEVICES}")
        self.send()

    def send(self) -> None:
        """What was written and not sent, as one sealed batch."""
        lines: Sequence[bytes] = self.box.raws[self._sent :]
        if lines:
            payload, seal = self.box.batch(self._sent + 1)
            self.publish(self.topics.journal, payload, seal=seal)
            self._sent = len(self.box.raws)

    def drop(self) -> None:
        """The plug is pulled: no word of farewell."""
        if self.writer is not None:
            self.writer.transport.abort()
        self.connected.clear()

    async def close(self) -> None:
        """Leave."""
        self.drop()


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack(">H", len(raw)) + raw


def _length(number: int) -> bytes:
    made = bytearray()
    while True:
        number, low = divmod(number, 128)
        made.append(low | (128 if number else 0))
        if not number:
            return bytes(made)


def _packet(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + _length(len(body)) + body
