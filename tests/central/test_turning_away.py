"""A connected box that is revoked or replaced is off the broker by the time the court says so, and does not return."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from pathlib import Path

import aiomqtt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from central import pki
from central.clock import utc_now
from central.fleet import service
from central.fleet.turning_away import turn_away
from central.running import admit
from central.settings import Settings
from central.store import Store
from devices.topics import GatewayTopics
from tests.kit.mqtt import Heedful

from .broker import ADDRESS, CourtBroker
from .conftest import COURT
from .keys import request_for

NAME = "locker-a"
TOPICS = GatewayTopics(COURT, NAME)


class Fleet:
    """Central's fleet at a running broker, woken as the running court wakes it."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.broker = CourtBroker(folder)
        self.authority = self.broker.authority
        settings = Settings(court=COURT, home=folder, broker={"host": ADDRESS, "port": self.broker.place.port})
        store.on_wake(service.BROKER, lambda: admit(store, settings, self.authority))
        store.on_wake(service.TURNED_AWAY, lambda *names: turn_away(settings, self.authority, [*names], utc_now()))

    def enrol(self, folder: Path, *, replaces: bool = False) -> ssl.SSLContext:
        """Let a box in; gives what it shows at the broker."""
        key, now = Ed25519PrivateKey.generate(), utc_now()
        with self.store.write() as session:
            token = service.invite(session, NAME, self.authority, now, actor="person:1", replaces=replaces)
        with self.store.write() as session:
            box = service.enrol(session, token, request_for(key).decode(), "1.0", self.authority, now)
        pair = folder / f"box-{box.certificate.serial_number}.pem"
        pair.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + pki.pem(box.certificate).encode()
        )
        context = ssl.create_default_context(cafile=str(self.authority.path("root.pem")))
        context.load_cert_chain(pair)
        return context

    def revoke(self) -> None:
        """What the button does."""
        with self.store.write() as session:
            gateway = service.find(session, NAME)
            assert gateway is not None
            service.set_state(session, gateway, "revoked", utc_now(), actor="person:1")

    def client(self, tls: ssl.SSLContext) -> aiomqtt.Client:
        """A box at the broker, that keeps a session as gateways do."""
        v5 = aiomqtt.ProtocolVersion.V5
        return Heedful(
            ADDRESS, self.broker.place.port, identifier=NAME, protocol=v5, tls_context=tls, clean_start=False
        )


@pytest.fixture
def fleet(store: Store, tmp_path: Path) -> Fleet:
    return Fleet(store, tmp_path)


async def thrown_out(fleet: Fleet, tls: ssl.SSLContext, act: Callable[[], object]) -> None:
    """Central acts while the box is connected and heard; returns once the other side has ended its connection."""
    async with fleet.broker.client("central", TOPICS.journal) as central:
        with contextlib.suppress(aiomqtt.MqttError):  # it cannot take its leave any more
            async with fleet.client(tls) as box:
                await box.publish(TOPICS.journal, b"before", qos=1)
                await central.until(lambda message: message.payload == b"before")
                acting = asyncio.create_task(asyncio.to_thread(act))
                with pytest.raises(aiomqtt.MqttError):
                    async with asyncio.timeout(20):
                        await anext(aiter(box.messages))
                await acting


async def comes_back(fleet: Fleet, tls: ssl.SSLContext) -> bool:
    """Whether the broker lets it in, and takes what it publishes."""
    try:
        async with fleet.client(tls) as box:
            await box.publish(TOPICS.journal, b"after", qos=1)
    except aiomqtt.MqttError:
        return False
    return True


async def test_a_revoked_box_is_thrown_out_and_its_certificate_is_good_for_nothing(
    fleet: Fleet, tmp_path: Path
) -> None:
    with fleet.broker.up():
        tls = fleet.enrol(tmp_path)
        assert await comes_back(fleet, tls)
        await thrown_out(fleet, tls, fleet.revoke)
        assert not await comes_back(fleet, tls)


async def test_of_two_boxes_the_replaced_one_is_thrown_out_and_the_new_one_is_let_in(
    fleet: Fleet, tmp_path: Path
) -> None:
    with fleet.broker.up():
        old, new = fleet.enrol(tmp_path), list[ssl.SSLContext]()
        await thrown_out(fleet, old, lambda: new.append(fleet.enrol(tmp_path, replaces=True)))
        assert await comes_back(fleet, new[0])
        assert not await comes_back(fleet, old)


async def test_a_broker_that_is_away_hinders_no_revoking(fleet: Fleet, tmp_path: Path) -> None:
    fleet.enrol(tmp_path)
    await asyncio.to_thread(fleet.revoke)
    with fleet.store.read() as session:
        gateway = service.find(session, NAME)
        assert gateway is not None and gateway.state == "revoked"
