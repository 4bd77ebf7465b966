"""The MQTT of central, and the only module that knows aiomqtt.

Arrivals are handed on in the event loop as they come and never kept here. What goes out is of two kinds: posts
(acks, documents: newest of a topic wins, repeated whole at each connection) and the outbox (wishes: each once,
never retained, worthless after its time).
"""

import asyncio
import contextlib
import json
import logging
import random
import socket
import ssl
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import aiomqtt
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from sqlalchemy.exc import DBAPIError

from central.clock import Clock, utc_now
from devices import topics

_LOG = logging.getLogger(__name__)
logging.getLogger("mqtt").setLevel(logging.ERROR)  # aiomqtt warns of every tenth publish under way

SESSION_S = 300
"""Seconds the broker keeps what came while central was away; gateways send again anyway."""
KEEPALIVE_S = 15
_LOOK_S = 1.0
"""How often the outbox is asked what is due; it needs no asking for what it hands over as it is committed."""
_REMEMBERED = 1000
_BACKOFF_S = (0.2, 10.0)
_PATIENCE_S = 3.0
_NODELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@dataclass(frozen=True)
class Place:
    """Where the broker is and who we are there; `tls` holds our client certificate, None only for tests."""

    host: str
    port: int
    identifier: str
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True)
class Post:
    """Something to publish at QoS 1. After `expires` it is worth nothing and is not sent."""

    topic: str
    payload: str
    retain: bool = False
    expires: datetime | None = None
    ref: str = ""
    """Whatever the sender knows it by."""


@dataclass(frozen=True)
class Arrival:
    """Something published to us, with the user property `seal` if it has one."""

    topic: str
    payload: bytes
    seal: str | None = None


class Outbox(Protocol):
    """Wishes that wait to be sent; both methods are called in a thread."""

    def due(self) -> Sequence[Post]:
        """What has not been sent, oldest first."""

    def sent(self, posts: Sequence[Post]) -> None:
        """The broker has taken these."""


class Link:
    """One connection that comes back by itself. `retained` gives everything that must stand at the broker."""

    def __init__(
        self,
        place: Place,
        court: str,
        on_arrival: Callable[[Arrival], None],
        retained: Callable[[], Iterable[Post]] = tuple,
        clock: Clock = utc_now,
    ) -> None:
        self.connected = asyncio.Event()
        self._place = place
        self._court = court
        self._on_arrival = on_arrival
        self._retained = retained
        self._clock = clock
        self._outbox: Outbox | None = None
        self._posts: dict[str, Post] = {}
        self._posted = asyncio.Event()
        self._due = asyncio.Event()
        self._fresh: list[Post] = []
        self._handed = asyncio.Event()
        self._went: list[Post] = []
        self._under_way: set[str] = set()
        self._gone: deque[str] = deque(maxlen=_REMEMBERED)
        self._loop = asyncio.get_running_loop()

    def carry(self, outbox: Outbox) -> None:
        """Send what waits in this outbox; call `wake` when something new does."""
        self._outbox = outbox

    def post(self, post: Post) -> None:
        """Publish soon; a newer post of the same topic replaces one not yet sent. Callable from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._take, post)

    def wake(self, *fresh: Post) -> None:
        """The outbox has something new; what is given here need not be asked for. Callable from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake, fresh)

    async def run(self) -> None:
        """Stay connected until cancelled; says "lost" once and "connected" once."""
        said, pause = False, _BACKOFF_S[0]
        while True:
            try:
                async with self._client() as client:
                    _LOG.info("broker %s:%d: connected", self._place.host, self._place.port)
                    said, pause = False, _BACKOFF_S[0]
                    await self._serve(client)
            except (aiomqtt.MqttError, OSError, DBAPIError) as error:  # the database may be away for a moment too
                if not said:
                    _LOG.warning("broker %s:%d: lost: %s", self._place.host, self._place.port, error)
                    said = True
            finally:
                self.connected.clear()
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  (jitter, not a secret)
            pause = min(pause * 2, _BACKOFF_S[1])

    def _take(self, post: Post) -> None:
        self._posts[post.topic] = post
        self._posted.set()

    def _wake(self, fresh: Sequence[Post]) -> None:
        if fresh and self.connected.is_set():  # else the outbox is asked for all there is
            self._fresh += fresh
            self._handed.set()
        else:
            self._due.set()

    def _client(self) -> aiomqtt.Client:
        connect = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        connect.SessionExpiryInterval = SESSION_S
        will = aiomqtt.Will(topics.host(self._court), self._host(online=False), qos=1, retain=True)
        return aiomqtt.Client(
            self._place.host,
            self._place.port,
            identifier=self._place.identifier,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            properties=connect,
            keepalive=KEEPALIVE_S,
            tls_context=self._place.tls,
            will=will,
            socket_options=[_NODELAY],
        )

    async def _serve(self, client: aiomqtt.Client) -> None:
        base = f"{topics.ROOT}/{self._court}/+"
        await client.subscribe([(f"{base}/journal", 1), (f"{base}/live/#", 0), ("homie/5/+/#", 1)])
        for post in await asyncio.to_thread(lambda: list(self._retained())):
            self._posts.setdefault(post.topic, post)
        await client.publish(topics.host(self._court), self._host(online=True), qos=1, retain=True)
        _end_if_cancelled()
        self._posted.set()
        self._fresh.clear()
        self.connected.set()
        works = [self._hear(client), self._send_posts(client), self._send_fresh(client)]
        if self._outbox is not None:
            works.append(self._send_due(client, self._outbox))
        try:
            await _together(*works)
        except asyncio.CancelledError:
            with contextlib.suppress(aiomqtt.MqttError):
                await client.publish(topics.host(self._court), self._host(online=False), qos=1, retain=True)
            raise

    async def _hear(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            payload = message.payload if isinstance(message.payload, bytes) else b""
            properties = dict(getattr(message.properties, "UserProperty", ()))
            self._on_arrival(Arrival(str(message.topic), payload, properties.get("seal")))

    async def _send_posts(self, client: aiomqtt.Client) -> None:
        while True:
            await self._posted.wait()
            self._posted.clear()
            while self._posts:
                topic = next(iter(self._posts))
                post = self._posts.pop(topic)
                try:
                    await self._publish(client, post)
                except aiomqtt.MqttError:
                    self._posts.setdefault(topic, post)
                    raise

    async def _send_fresh(self, client: aiomqtt.Client) -> None:
        """What is handed over goes at once, whatever the database is being asked or told meanwhile."""
        while True:
            await self._handed.wait()
            self._handed.clear()
            fresh, self._fresh = self._fresh, []
            for post in fresh:
                if await self._publish_once(client, post):
                    self._went.append(post)

    async def _send_due(self, client: aiomqtt.Client, outbox: Outbox) -> None:
        """Tell the outbox what went, and send what else is due."""
        while True:
            self._due.clear()
            went, self._went = self._went, []
            if went:
                await asyncio.to_thread(outbox.sent, went)
            due = await asyncio.to_thread(outbox.due)
            sent = [post for post in due if await self._publish_once(client, post)]
            if sent:
                await asyncio.to_thread(outbox.sent, sent)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self._due.wait()

    async def _publish_once(self, client: aiomqtt.Client, post: Post) -> bool:
        """True if the broker has it. The outbox may name one that was handed over, and the other way round."""
        if post.ref in self._gone:
            return True
        if post.ref in self._under_way:
            return False
        self._under_way.add(post.ref)
        try:
            if not await self._publish(client, post):
                return False
            if post.ref:
                self._gone.append(post.ref)
            return True
        finally:
            self._under_way.discard(post.ref)

    async def _publish(self, client: aiomqtt.Client, post: Post) -> bool:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if post.expires is not None:
            left = (post.expires - self._clock()).total_seconds()
            if left <= 0:
                return False
            properties.MessageExpiryInterval = max(1, int(left))
        await client.publish(post.topic, post.payload, qos=1, retain=post.retain, properties=properties)
        _end_if_cancelled()
        return True

    def _host(self, *, online: bool) -> str:
        return json.dumps({"online": online, "at": int(self._clock().timestamp())})


def take_over(place: Place) -> None:
    """Connect in that place for a moment: whoever is there loses connection and session. Blocks; raises OSError."""
    client = Client(CallbackAPIVersion.VERSION2, place.identifier, protocol=MQTTv5, reconnect_on_failure=False)
    client.connect_timeout = _PATIENCE_S
    client.on_connect = lambda there, *_: there.disconnect()
    client.tls_set_context(place.tls)
    client.connect(place.host, place.port, keepalive=int(_PATIENCE_S), clean_start=True)
    client.loop_forever()


def _end_if_cancelled() -> None:
    """aiomqtt waits by asyncio.wait_for, which before Python 3.12 loses a cancellation that meets its result."""
    if (task := asyncio.current_task()) and task.cancelling():
        raise asyncio.CancelledError


async def _together(*works: Coroutine[Any, Any, None]) -> None:
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
