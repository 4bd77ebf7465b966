"""Central at the broker: what arrives, what must stand there, what is sent once, and who may do what."""

import asyncio
import contextlib
import json
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import aiomqtt
import pytest
from cryptography import x509
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from sqlalchemy.exc import OperationalError

from central.clock import utc_now
from central.fleet import broker_conf
from central.link import Arrival, Link, Place, Post
from devices.topics import GatewayTopics, host
from tests.kit.process import until

from .broker import ADDRESS, CourtBroker
from .conftest import COURT

A, B = GatewayTopics(COURT, "locker-a"), GatewayTopics(COURT, "locker-b")


class Wishes:
    """An outbox in memory."""

    def __init__(self) -> None:
        self.waiting: list[Post] = []
        self.gone: list[Post] = []
        self.told = threading.Event()

    def due(self) -> Sequence[Post]:
        """What waits."""
        return list(self.waiting)

    def sent(self, posts: Sequence[Post]) -> None:
        """These went out."""
        self.gone += posts
        self.told.set()
        self.waiting = [post for post in self.waiting if post not in posts]


class Desk:
    """A link at work, and what it heard."""

    def __init__(self, broker: CourtBroker, retained: Sequence[Post] = ()) -> None:
        place = Place(ADDRESS, broker.place.port, "central", broker.authority.client_context())
        self.heard: list[Arrival] = []
        self.came = asyncio.Event()
        self.link = Link(place, COURT, self._take, lambda: retained)
        self.wishes = Wishes()
        self.link.carry(self.wishes)

    def _take(self, arrival: Arrival) -> None:
        self.heard.append(arrival)
        self.came.set()

    async def first(self, topic: str) -> Arrival:
        """The first arrival on a topic."""
        async with asyncio.timeout(20):
            while True:
                for arrival in self.heard:
                    if arrival.topic == topic:
                        return arrival
                self.came.clear()
                await self.came.wait()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Link]:
        """Runs and is connected."""
        running = asyncio.create_task(self.link.run())
        try:
            await asyncio.wait_for(self.link.connected.wait(), 20)
            yield self.link
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
def broker(tmp_path: Path) -> CourtBroker:
    """A broker that knows two gateways."""
    return CourtBroker(tmp_path, "locker-a", "locker-b")


def sealed(seal: str) -> Properties:
    """The user property of a batch."""
    properties = Properties(PacketTypes.PUBLISH)
    properties.UserProperty = [("seal", seal)]
    return properties


async def test_a_batch_arrives_with_its_seal_and_a_post_stands_at_the_broker(broker: CourtBroker) -> None:
    desk = Desk(broker)
    with broker.up():
        async with desk.open() as link, broker.client("locker-a", A.ack) as box:
            await box.client.publish(A.journal, b"lines", qos=1, properties=sealed("token"))
            assert await desk.first(A.journal) == Arrival(A.journal, b"lines", "token")
            link.post(Post(A.ack, "ack 1", retain=True))
            await box.until(lambda message: message.payload == b"ack 1")
        async with broker.client("locker-a", A.ack) as later:
            assert (await later.until(lambda message: message.payload == b"ack 1")).retain


async def test_a_wish_is_sent_once_with_the_life_it_has_left_and_never_retained(broker: CourtBroker) -> None:
    desk = Desk(broker)
    with broker.up():
        async with desk.open() as link, broker.client("locker-a", A.wish) as box:
            now = utc_now()
            late = Post(A.wish, "too late", expires=now - timedelta(seconds=1))
            desk.wishes.waiting = [late, Post(A.wish, "open", expires=now + timedelta(seconds=30))]
            link.wake()
            message = await box.until(lambda message: message.payload == b"open")
            assert not message.retain
            assert 0 < message.properties.MessageExpiryInterval <= 30
            assert await asyncio.to_thread(desk.wishes.told.wait, 20)  # the box may have it before we are told so
        assert [message.payload for message in box.messages] == [b"open"]
        assert [post.payload for post in desk.wishes.gone] == ["open"]


async def test_a_wish_handed_over_at_its_commit_is_not_asked_for_nor_sent_again(broker: CourtBroker) -> None:
    desk = Desk(broker)
    soon = utc_now() + timedelta(seconds=30)
    handed, waited = Post(A.wish, "handed", expires=soon, ref="1"), Post(A.wish, "waited", expires=soon, ref="2")
    with broker.up():
        async with desk.open() as link, broker.client("locker-a", A.wish) as box:
            link.wake(handed)
            await box.until(lambda message: message.payload == b"handed")
            desk.wishes.waiting = [handed, waited]
            link.wake()
            await box.until(lambda message: message.payload == b"waited")
        assert [message.payload for message in box.messages] == [b"handed", b"waited"]


async def test_a_wish_handed_over_waits_for_no_database_and_goes_once_however_often_it_is_named(
    broker: CourtBroker,
) -> None:
    desk = Desk(broker)
    handed = Post(A.wish, "handed", expires=utc_now() + timedelta(seconds=30), ref="1")
    asked, goes_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def due() -> Sequence[Post]:
        loop.call_soon_threadsafe(asked.set)
        assert goes_on.wait(20)
        return [handed]

    desk.wishes.due = due
    with broker.up():
        async with desk.open() as link, broker.client("locker-a", A.wish) as box:
            await asyncio.wait_for(asked.wait(), 20)
            try:
                link.wake(handed)
                await box.until(lambda message: message.payload == b"handed")
            finally:
                goes_on.set()
            assert await asyncio.to_thread(desk.wishes.told.wait, 20)
        assert [message.payload for message in box.messages] == [b"handed"]
        assert handed in desk.wishes.gone


async def test_after_a_broker_lost_its_memory_everything_stands_there_again(broker: CourtBroker) -> None:
    desk = Desk(broker, [Post(A.ack, "ack 7", retain=True)])
    with broker.up():
        running = asyncio.create_task(desk.link.run())
        await asyncio.wait_for(desk.link.connected.wait(), 20)
        async with broker.client("locker-a", A.ack) as box:
            await box.until(lambda message: message.payload == b"ack 7")
    broker.wipe()
    desk.wishes.waiting = [Post(A.wish, "meanwhile", expires=utc_now() + timedelta(seconds=60))]
    with broker.up():
        async with broker.client("locker-a", A.ack, A.wish, host(COURT)) as box:
            await box.until(lambda message: message.payload == b"ack 7")
            await box.until(lambda message: message.payload == b"meanwhile")
            await box.until(lambda message: str(message.topic) == host(COURT))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_gateways_see_whether_central_itself_is_there(broker: CourtBroker) -> None:
    with broker.up():
        async with broker.client("locker-a", host(COURT)) as box:
            async with Desk(broker).open():
                await box.until(lambda message: json.loads(message.payload)["online"] is True)
            await box.until(lambda message: json.loads(message.payload)["online"] is False)


async def test_a_gateway_can_neither_speak_nor_listen_for_another(broker: CourtBroker) -> None:
    desk = Desk(broker)
    with broker.up():
        async with (
            desk.open() as link,
            broker.client("locker-a", A.wish, A.ack) as victim,
            broker.client("locker-b", A.wish, "courtside/#", "homie/#") as thief,
        ):
            for topic in (A.wish, A.journal, A.ack, B.wish, B.ack, host(COURT), f"{A.homie}/$state"):
                await thief.client.publish(topic, b"forged", qos=1, retain=True)
            await thief.client.publish(B.journal, b"own", qos=1)
            await desk.first(B.journal)
            link.post(Post(A.ack, "for a alone", retain=True))
            await victim.until(lambda message: message.payload == b"for a alone")
            link.post(Post(B.ack, "for b", retain=True))
            await thief.until(lambda message: message.payload == b"for b")
        assert b"forged" not in {arrival.payload for arrival in desk.heard}
        assert [message.payload for message in victim.messages] == [b"for a alone"]
        assert {str(message.topic) for message in thief.messages} <= {B.ack, host(COURT)}


async def test_a_certificate_cannot_take_over_the_session_of_another_name(broker: CourtBroker) -> None:
    desk = Desk(broker)
    will = aiomqtt.Will(A.journal, b"forged", qos=1)
    with broker.up():
        async with desk.open(), broker.client("locker-a", A.ack) as victim:
            for name in ("locker-a", "central"):
                thief = aiomqtt.Client(
                    ADDRESS,
                    broker.place.port,
                    tls_context=broker.tls("locker-b"),
                    protocol=aiomqtt.ProtocolVersion.V5,
                    identifier=name,
                    clean_start=False,
                    will=will if name == "central" else None,
                )
                with contextlib.suppress(aiomqtt.MqttError):  # a will on another's topic may not even be made
                    async with thief:
                        await thief.publish(B.journal, name.encode(), qos=1)
                        await desk.first(B.journal)
            desk.link.post(Post(A.ack, "still here", retain=True))
            await victim.until(lambda message: message.payload == b"still here")
            await victim.client.publish(A.journal, b"still heard", qos=1)
            await desk.first(A.journal)
    assert b"forged" not in {arrival.payload for arrival in desk.heard}


async def test_each_central_connects_under_its_own_certificate(broker: CourtBroker) -> None:
    broker_conf.write_acl(broker.place.folder, COURT, ["locker-a"], ["central-2"])
    broker.authority.certify_central("central-2", utc_now())
    desk = Desk(broker)
    with broker.up():
        tls = broker.authority.client_context("central-2")
        v5 = aiomqtt.ProtocolVersion.V5
        second = aiomqtt.Client(ADDRESS, broker.place.port, tls_context=tls, protocol=v5, identifier="central-2")
        async with desk.open(), second, broker.client("locker-a", A.ack) as box:
            await second.publish(A.ack, b"by the second", qos=1)
            await box.until(lambda message: message.payload == b"by the second")
            await box.client.publish(A.journal, b"heard by the first", qos=1)
            await desk.first(A.journal)


async def test_a_revoked_gateway_is_refused_even_on_a_standing_connection(broker: CourtBroker) -> None:
    desk = Desk(broker)
    with broker.up():
        async with desk.open(), broker.client("locker-a") as a, broker.client("locker-b") as b:
            await a.client.publish(A.journal, b"before", qos=1)
            await desk.first(A.journal)
            broker_conf.write_acl(broker.place.folder, COURT, ["locker-b"])
            assert broker_conf.reload(broker.place.folder)
            refused = 0
            while not refused:  # the broker reads its list when the signal reaches it
                desk.heard.clear()
                await a.client.publish(A.journal, b"after", qos=1)
                await b.client.publish(B.journal, b"marker", qos=1)
                await desk.first(B.journal)
                refused = all(arrival.topic != A.journal for arrival in desk.heard)


def test_the_old_box_of_a_name_given_to_a_new_one_is_kept_out(broker: CourtBroker) -> None:
    old = broker.tls("locker-a")
    serial = x509.load_pem_x509_certificate((broker.place.folder / "locker-a.pem").read_bytes()).serial_number
    new = broker.tls("locker-a")
    with broker.up():
        assert is_let_in(broker, old) and is_let_in(broker, new)
        broker_conf.write_crl(broker.place.folder, broker.authority, [serial])
        assert broker_conf.reload(broker.place.folder)
        until("the broker took the list up", lambda: not is_let_in(broker, old))
        assert is_let_in(broker, new)


def is_let_in(broker: CourtBroker, tls: ssl.SSLContext) -> bool:
    """Whether the broker answers a PINGREQ before CONNECT by ending the connection, not by an alert of TLS."""
    with (
        socket.create_connection(("127.0.0.1", broker.place.port)) as bare,
        tls.wrap_socket(bare, server_hostname="127.0.0.1") as talk,
    ):
        try:
            talk.sendall(b"\xc0\x00")
            talk.recv(1)
        except ssl.SSLEOFError:
            return True
        except ssl.SSLError as error:
            assert error.reason == "SSLV3_ALERT_CERTIFICATE_REVOKED"
            return False
        except ConnectionError:
            return True
    return True


def test_a_busy_port_is_said_to_be_busy(broker: CourtBroker) -> None:
    with (
        broker.up(),
        pytest.raises(broker_conf.BrokerFailed, match=f"cannot listen on port {broker.place.port}"),
        broker.up(),
    ):
        pass


def test_a_broker_that_forgot_it_was_asked_to_end_is_asked_again() -> None:
    forgetful = (
        "import signal, sys\n"
        "def forget(*_):\n"
        "    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
        "signal.signal(signal.SIGTERM, forget)\n"
        "print('begun', flush=True)\n"
        "while True: signal.pause()"
    )
    with subprocess.Popen([sys.executable, "-c", forgetful], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        broker_conf.end(child)
        assert child.returncode == 0


def test_without_a_certificate_of_the_court_nobody_gets_in(broker: CourtBroker) -> None:
    text = broker_conf.conf(broker.place)
    assert "require_certificate true" in text
    assert "allow_anonymous false" in text
    assert not broker_conf.reload(broker.place.folder)


async def test_a_database_that_is_away_for_a_moment_does_not_end_the_link(broker: CourtBroker) -> None:
    desk = Desk(broker)
    failures = [OperationalError("SELECT 1", {}, OSError("server closed the connection"))]

    def due() -> Sequence[Post]:
        if failures:
            raise failures.pop()
        return [] if desk.wishes.gone else [Post(A.wish, "open", expires=utc_now() + timedelta(seconds=60))]

    desk.wishes.due = due
    with broker.up():
        running = asyncio.create_task(desk.link.run())
        async with broker.client("locker-a", A.wish) as box:
            await box.until(lambda message: message.payload == b"open")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert failures == []
