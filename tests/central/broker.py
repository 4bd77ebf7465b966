"""The court's own broker, as central configures it, and clients with certificates of the court."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import aiomqtt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from central import pki
from central.fleet.broker_conf import BrokerPlace, start_broker, write_conf
from tests.kit.mosquitto import free_port

from .box import NOON
from .conftest import COURT
from .keys import request_for

ADDRESS = "127.0.0.1"


class CourtBroker:
    """Mosquitto with a court's configuration, to be started, killed and wiped."""

    def __init__(self, folder: Path, *gateways: str) -> None:
        self.authority = pki.create(folder / "pki", COURT, [ADDRESS], NOON)
        self.place = BrokerPlace(folder / "broker", folder / "pki", free_port(), ADDRESS)
        write_conf(self.place, COURT, gateways)

    @contextlib.contextmanager
    def up(self) -> Iterator[None]:
        """It runs while the context lasts."""
        with start_broker(self.place):
            yield

    def wipe(self) -> None:
        """Lose everything it kept."""
        (self.place.folder / "mosquitto.db").unlink(missing_ok=True)

    def tls(self, name: str) -> ssl.SSLContext:
        """TLS with a certificate of the court for this name."""
        key = Ed25519PrivateKey.generate()
        certificate = self.authority.certify_gateway(name, request_for(key), NOON)
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        pair = self.place.folder / f"{name}.pem"
        pair.write_bytes(secret + pki.pem(certificate).encode())
        context = ssl.create_default_context(cafile=str(self.authority.path("root.pem")))
        context.load_cert_chain(pair)
        return context

    @contextlib.asynccontextmanager
    async def client(self, name: str, *topics: str) -> AsyncIterator["Heard"]:
        """A client of this name that hears these topics."""
        tls = self.tls(name)
        v5 = aiomqtt.ProtocolVersion.V5
        async with aiomqtt.Client(ADDRESS, self.place.port, tls_context=tls, protocol=v5, identifier=name) as client:
            heard = Heard(client)
            listening = asyncio.create_task(heard.listen())
            for topic in topics:
                await client.subscribe(topic, 1)
            try:
                yield heard
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)


class Heard:
    """What a client hears."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self.client = client
        self.messages: list[aiomqtt.Message] = []
        self._came = asyncio.Event()

    async def listen(self) -> None:
        """Take in what comes until cancelled."""
        async for message in self.client.messages:
            self.messages.append(message)
            self._came.set()

    async def until(self, wanted: Callable[[aiomqtt.Message], bool]) -> aiomqtt.Message:
        """The first message that is wanted."""
        async with asyncio.timeout(20):
            while True:
                for message in self.messages:
                    if wanted(message):
                        return message
                self._came.clear()
                await self._came.wait()
