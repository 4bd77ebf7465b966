"""A light gateway: its own key and certificate, a real sealed book, Homie and heartbeats, over MQTT 5 by hand.

A few hundred bytes a box besides its TLS, so that thousands fit into one process.
"""

import asyncio
import base64
import contextlib
import json
import ssl
import struct
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from devices.box import GATEWAY, DeviceBack, Started
from devices.health import STREAM, Heartbeat
from devices.locks import DoorChanged
from devices.topics import GatewayTopics
from tests.central.box import Box

DEVICES = 10


class Light:
    """One box of the fleet."""

    def __init__(self, name: str, court: str, key: Ed25519PrivateKey) -> None:
        self.name = name
        self.topics = GatewayTopics(court, name)
        self.box = Box(name, court, key)
        self.writer: asyncio.StreamWriter | None = None
        self.connected = asyncio.Event()
        self.acked = 0
        """Lines central has committed."""
        self._sent = self._overdue = 0
        self._packets = 0
        self._hearing: asyncio.Task[None] | None = None

    def keep(self, certificate: str, folder: Path) -> Path:
        """Key and certificate of the court in one file, as TLS wants them."""
        secret = self.box.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path = folder / f"{self.name}.pem"
        path.write_bytes(secret + certificate.encode())
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
        await reader.readexactly(answer[1] - 2)
        # For acks at QoS 0: the next one says the same again.
        writer.write(_packet(0x82, struct.pack(">HB", 1, 0) + _text(self.topics.ack) + b"\x00"))
        self.writer = writer
        self.connected.set()
        self._hearing = asyncio.create_task(self._hear(reader))

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                kind = (await reader.readexactly(1))[0]
                body = await reader.readexactly(await _read_length(reader))
                if kind & 0xF0 == 0x30:
                    self._acked(body)
        self.connected.clear()

    def _acked(self, body: bytes) -> None:
        """Central's word on the journal; a light box believes it unread, what seals are worth others have tested."""
        token = body[2 + int.from_bytes(body[:2]) :]
        claims = token[1 + token[0] :].split(b".")[1]
        told = json.loads(base64.urlsafe_b64decode(claims + b"=" * (-len(claims) % 4)))
        if told["book"] == self.box.book:
            self.acked = max(self.acked, told["seq"])

    def send_again(self) -> None:
        """Once a heartbeat: what was sent before the last and is not acknowledged goes again, as one batch."""
        if self.acked < self._overdue:
            self._sent = self.acked
            self.send()
        self._overdue = self._sent

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
        """So many doors are shut: an opened one that nobody asked for would be an alarm each, and then a ticket."""
        for n in range(count):
            self.box.write(DoorChanged(cell=n % 12 + 1, door="shut"), f"door-{n % DEVICES}")
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
        if self._hearing is not None:
            self._hearing.cancel()
        self.connected.clear()


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


async def _read_length(reader: asyncio.StreamReader) -> int:
    number = shift = 0
    while True:
        (byte,) = await reader.readexactly(1)
        number |= (byte & 127) << shift
        if byte < 128:
            return number
        shift += 7


def _packet(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + _length(len(body)) + body
