"""A court for tests: its CA and signing key, identities of its gateways, and a central that acks what it gets."""

import asyncio
import base64
import contextlib
import ipaddress
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiomqtt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from devices.claims import AckClaims, DesiredClaims, Document, SealClaims
from devices.grants import keys_of, read, sign
from devices.journal import ZERO, Line, line_hash, read_chain, split
from devices.topics import GatewayTopics, host
from gateway.identity import Identity, save
from tests.kit.mosquitto import Mosquitto

COURT = "huishan"


class Court:
    """CA and signing key of one court; `folder` holds what the broker needs for TLS."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.key = Ed25519PrivateKey.generate()
        self._ca_key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test court")])
        self.ca = self.certify("Test court", self._ca_key.public_key(), ca=True)
        server = ec.generate_private_key(ec.SECP256R1())
        self._write("ca.pem", self.ca.public_bytes(Encoding.PEM))
        self._write("server.pem", self.certify("localhost", server.public_key()).public_bytes(Encoding.PEM))
        self._write("server.key", _pem(server))

    def certify(self, name: str, key: Any, *, ca: bool = False, now: datetime | None = None) -> x509.Certificate:
        """A certificate of this court, valid for a day from an hour before `now`."""
        now = now or datetime.now(UTC)
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([loopback, x509.DNSName("localhost")]), critical=False)
            .sign(self._ca_key, hashes.SHA256())
        )

    def answer(self, gateway: str, key: Ed25519PublicKey, broker: tuple[str, int], url: str = "") -> dict[str, Any]:
        """What central answers to an enrolment."""
        ours = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        return {
            "court": COURT,
            "gateway": gateway,
            "certificate": self.certify(gateway, key).public_bytes(Encoding.PEM).decode(),
            "ca": self.ca.public_bytes(Encoding.PEM).decode(),
            "central_keys": [ours],
            "broker": {"host": broker[0], "port": broker[1]},
            "permit_secret": base64.b64encode(b"s" * 32).decode(),
            "central_url": url,
        }

    def identity(
        self, gateway: str, folder: Path, broker: tuple[str, int] = ("127.0.0.1", 1), url: str = ""
    ) -> Identity:
        """An enrolled gateway; again in the same folder: with a new key."""
        key = Ed25519PrivateKey.generate()
        return save(folder, key, self.answer(gateway, key.public_key(), broker, url))

    def broker(self, folder: Path, acl: str | None = None) -> Mosquitto:
        """A broker that admits this court's certificates."""
        return Mosquitto(folder, tls=self.folder, acl=acl)

    def _write(self, name: str, content: bytes) -> None:
        (self.folder / name).write_bytes(content)
        (self.folder / name).chmod(0o600)


@dataclass
class FakeCentral:
    """A consumer that verifies and keeps lines in memory, and acks. Not the product's: small, and it can misbehave."""

    court: Court
    identity: Identity
    client: aiomqtt.Client
    books: dict[str, list[Line]] = field(default_factory=dict)
    topics: GatewayTopics = field(init=False)
    batches: list[SealClaims] = field(default_factory=list)
    seen: list[tuple[str, bytes]] = field(default_factory=list)
    deaf: bool = False
    """Takes in nothing and acks nothing."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.topics = GatewayTopics(COURT, self.identity.gateway)

    @property
    def lines(self) -> list[Line]:
        """Everything committed, book after book."""
        return [line for book in self.books.values() for line in book]

    async def until(self, holds: Callable[["FakeCentral"], bool]) -> None:
        """Wait until that holds; looks whenever something came, and now and then at the other side."""
        async with asyncio.timeout(20):
            while not holds(self):
                self.changed.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.02):
                        await self.changed.wait()

    async def ack(self, book: str, **other: Any) -> None:
        """Acknowledge what is committed of that book, or what `other` says."""
        lines = self.books.get(book, [])
        claims = {"seq": len(lines), "head": lines[-1].hash if lines else ZERO, "window": 500, "state": "ok"} | other
        ack = AckClaims(
            iss=COURT, aud=self.identity.gateway, book=book, iat=int(datetime.now(UTC).timestamp()), **claims
        )
        await self.publish(self.topics.ack, sign("ack", ack.write(), self.court.key), retain=True)

    async def desire(self, **versions: int) -> None:
        """Say which documents are current, and keep saying it."""
        documents = {name: Document(sha256=f"{version:064x}", version=version) for name, version in versions.items()}
        claims = DesiredClaims(
            iss=COURT, aud=self.identity.gateway, iat=int(datetime.now(UTC).timestamp()), documents=documents
        )
        await self.publish(self.topics.desired, sign("desired", claims.write(), self.court.key), retain=True)

    async def publish(self, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
        """Anything, at QoS 1."""
        await self.client.publish(topic, payload, qos=1, retain=retain)
        if (task := asyncio.current_task()) and task.cancelling():
            raise asyncio.CancelledError  # aiomqtt may have lost it: it waits by asyncio.wait_for

    async def say_online(self, online: bool) -> None:
        """What stands at `host`."""
        await self.publish(host(COURT), json.dumps({"online": online}), retain=True)

    async def listen(self) -> None:
        """Take in whatever comes until cancelled."""
        async for message in self.client.messages:
            topic, payload = message.topic.value, bytes(message.payload)
            self.seen.append((topic, payload))
            if topic == self.topics.journal and not self.deaf:
                await self._take(payload, dict(message.properties.UserProperty)["seal"])
            self.changed.set()

    async def _take(self, payload: bytes, seal: str) -> None:
        keys = keys_of([self.identity.key.public_key(), *(k.public_key() for k in self.identity.old_keys.values())])
        claims = SealClaims.of(read("seal", seal, keys, issuer=self.identity.gateway, audience=COURT))
        self.batches.append(claims)
        book = self.books.setdefault(claims.book, [])
        raws = split(payload)
        assert line_hash(raws[-1]) == claims.head
        assert len(raws) == claims.seq - claims.first + 1
        if claims.first <= len(book) + 1:
            known = book[claims.first - 1 :]
            if any(line.raw != raw for line, raw in zip(known, raws, strict=False)):
                await self.ack(claims.book, state="fork")
                return
            prev = book[claims.first - 2].hash if claims.first > 1 else ZERO
            book += read_chain(raws, claims.first, prev)[len(known) :]
        await self.ack(claims.book)


@asynccontextmanager
async def fake_central(court: Court, identity: Identity, broker: Mosquitto) -> AsyncIterator[FakeCentral]:
    """Central's place at the broker, for one gateway."""
    key = Ed25519PrivateKey.generate()
    folder = court.folder / "central"
    folder.mkdir(exist_ok=True)
    (folder / "key.pem").write_bytes(_pem(key))
    (folder / "cert.pem").write_bytes(court.certify("central", key.public_key()).public_bytes(Encoding.PEM))
    tls = aiomqtt.TLSParameters(
        ca_certs=str(court.folder / "ca.pem"), certfile=str(folder / "cert.pem"), keyfile=str(folder / "key.pem")
    )
    async with aiomqtt.Client(
        broker.host,
        broker.port,
        identifier="central",
        protocol=aiomqtt.ProtocolVersion.V5,
        tls_params=tls,
        socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
    ) as client:
        central = FakeCentral(court, identity, client)
        await client.subscribe(f"courtside/1/{COURT}/{identity.gateway}/journal", qos=1)
        await client.subscribe(f"courtside/1/{COURT}/{identity.gateway}/live/#", qos=0)
        await client.subscribe("homie/5/#", qos=1)
        listening = asyncio.create_task(central.listen())
        try:
            yield central
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


def _pem(key: Any) -> bytes:
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
