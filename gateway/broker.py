"""The connection to the broker: MQTT 5 over TLS, made again whenever it breaks. The only module that knows aiomqtt.

Every connect says clean_start=False and asks for a day's session: what Mosquitto got with a clean start it does
not keep. TCP_NODELAY is set, for without it Nagle's delay is forty times the rest of the way.
"""

import asyncio
import contextlib
import logging
import random
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from gateway.identity import Identity

SESSION_S = 86400
"""The broker keeps our session, and the wishes in it, that long."""
TAKEOVERS = 3
TAKEOVERS_WITHIN_S = 60.0
_TAKEN_OVER = 0x8E
_BACKOFF_S = (0.5, 30.0)
_STEADY_S = 30.0
"""A connection that held this long was a good one: the next attempt comes soon."""
_LAST_WORD_S = 1.0
_PATIENCE_S = 10.0
_TRIAL_S = 5.0
"""So long the box is without a link at most while it proves a certificate to a broker that is silent."""
_KEEPALIVE_S = 15
_NODELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

log = logging.getLogger(__name__)


class Contested(Exception):
    """Another client takes over our name at the broker again and again (ledger rule 8)."""


class NotAdmitted(Exception):
    """The broker did not take the certificate that was to be proven; the text says why. The old one is used again."""


@dataclass(frozen=True, slots=True)
class Message:
    """What came in; `retained` if the broker had kept it and it is not news."""

    topic: str
    payload: bytes
    retained: bool


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says of us, retained, when we are gone."""

    topic: str
    payload: str


class _Client(aiomqtt.Client):
    """aiomqtt, and the broker's reason for ending the connection."""

    was_taken_over = False

    def _on_disconnect(self, client: Any, userdata: Any, flags: Any, reason_code: Any, properties: Any = None) -> None:
        self.was_taken_over = getattr(reason_code, "value", None) == _TAKEN_OVER
        super()._on_disconnect(client, userdata, flags, reason_code, properties)
        if self._disconnected.done():
            self._disconnected.exception()  # looked at here, for nobody else does when something else ended the talk
        if not self._connected.done():  # a certificate that is refused shows by this alone, and aiomqtt would wait on
            why = f"it hung up before it answered ({reason_code}); it may not take our certificate"
            self._connected.set_exception(aiomqtt.MqttError(why))
            self._connected.exception()


class Connection:
    """One connection while it lasts. What it cannot send any more raises, and the broker connects anew."""

    def __init__(self, client: _Client) -> None:
        self._client = client

    async def publish(self, topic: str, payload: str | bytes, *, retain: bool = False, seal: str | None = None) -> None:
        """Publish at QoS 1; returns with the broker's PUBACK, which is no promise of anything."""
        properties = None
        if seal is not None:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.UserProperty = ("seal", seal)
        await self._client.publish(topic, payload, 1, retain, properties, timeout=float("inf"))
        _end_if_cancelled()

    async def publish_unsafe(self, topic: str, payload: str | bytes) -> None:
        """Publish at QoS 0: it may be lost."""
        await self._client.publish(topic, payload, 0)
        _end_if_cancelled()

    async def take_leave(self, topic: str, payload: str) -> None:
        """Say a retained last word if that still can be said."""
        with contextlib.suppress(aiomqtt.MqttError):
            await self._client.publish(topic, payload, 1, retain=True, timeout=_LAST_WORD_S)

    async def subscribe(self, topics: Sequence[str]) -> None:
        """Hear of these topics; what is retained there comes at once."""
        await self._client.subscribe([(topic, SubscribeOptions(qos=1)) for topic in topics])
        _end_if_cancelled()

    async def messages(self) -> AsyncIterator[Message]:
        """What comes in, until the connection breaks. To be read on without delay: its queue has no bound."""
        async for message in self._client.messages:
            yield Message(message.topic.value, bytes(message.payload), bool(message.retain))


class Broker:
    """The broker of this gateway; `mono` tells seconds."""

    def __init__(self, identity: Identity, will: Will, mono: Callable[[], float]) -> None:
        self._identity = identity
        self._will = will
        self._mono = mono
        self._tls = identity.tls()
        self._trial: tuple[ssl.SSLContext, asyncio.Future[None]] | None = None
        self._anew = asyncio.Event()
        self._takeovers: deque[float] = deque(maxlen=TAKEOVERS)
        self._is_gone = False
        self._tries = 0

    async def stay_connected(self, talk: Callable[[Connection], Awaitable[None]]) -> None:
        """Connect, `talk` until the connection breaks, and so on until cancelled. Raises Contested."""
        while True:
            since = self._mono()
            trial, self._trial = self._trial, None
            self._anew.clear()
            client = self._client(trial[0], _TRIAL_S) if trial else self._client(self._tls)
            try:
                async with client:
                    _end_if_cancelled()
                    self._is_back()
                    if trial:
                        self._admitted(*trial)
                    await self._talk_until_anew(talk, Connection(client))
            except* (aiomqtt.MqttError, OSError) as errors:
                self._tell_gone(errors)
                if trial and not trial[1].done():
                    trial[1].set_exception(NotAdmitted(str(next(_leaves(errors)))))
            _end_if_cancelled()  # an error on the way out must not stand in its place
            if client.was_taken_over:
                self.taken_over()
            self._tries = 0 if self._mono() - since > _STEADY_S else self._tries + 1
            if self._trial is None:
                await asyncio.sleep(_backoff(self._tries))

    async def prove(self, identity: Identity) -> None:
        """Connect anew as this identity, and stay with its certificate once the broker took it. Raises NotAdmitted."""
        taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._trial = (identity.tls(), taken)
        self._anew.set()
        await taken

    def taken_over(self) -> None:
        """Another client used our name; raises Contested at the third time within a minute."""
        now = self._mono()
        self._takeovers.append(now)
        self._tries = 0  # soon again: it must come out whether it goes on
        log.warning("another client took over the name of this gateway at the broker")
        if len(self._takeovers) == TAKEOVERS and now - self._takeovers[0] <= TAKEOVERS_WITHIN_S:
            raise Contested

    def _admitted(self, tls: ssl.SSLContext, taken: "asyncio.Future[None]") -> None:
        self._tls = tls
        if not taken.done():
            taken.set_result(None)

    async def _talk_until_anew(self, talk: Callable[[Connection], Awaitable[None]], connection: Connection) -> None:
        """Talk until the connection breaks, or another certificate is to be proven."""
        talking = asyncio.ensure_future(talk(connection))
        anew = asyncio.create_task(self._anew.wait())
        try:
            await asyncio.wait((talking, anew), return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended = talking.done()
            for task in (talking, anew):
                task.cancel()
            await asyncio.gather(talking, anew, return_exceptions=True)
        if ended:
            talking.result()

    def _client(self, tls: ssl.SSLContext, patience_s: float = _PATIENCE_S) -> _Client:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = SESSION_S
        host, port = self._identity.broker
        client = _Client(
            host,
            port,
            identifier=self._identity.gateway,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            keepalive=_KEEPALIVE_S,
            properties=properties,
            will=aiomqtt.Will(self._will.topic, self._will.payload, qos=1, retain=True),
            tls_context=tls,
            timeout=patience_s,
            socket_options=[_NODELAY],
        )
        client.pending_calls_threshold = 1000  # four batches and a few states wait for their PUBACK, which is no news
        return client

    def _tell_gone(self, errors: BaseExceptionGroup[aiomqtt.MqttError | OSError]) -> None:
        if not self._is_gone:
            self._is_gone = True
            log.warning("no connection to the broker: %s", next(_leaves(errors)))

    def _is_back(self) -> None:
        if self._is_gone:
            self._is_gone = False
            log.warning("connected to the broker again")


def _end_if_cancelled() -> None:
    """aiomqtt waits by asyncio.wait_for, which before Python 3.12 loses a cancellation that meets its result."""
    if (task := asyncio.current_task()) and task.cancelling():
        raise asyncio.CancelledError


def _backoff(tries: int) -> float:
    least, most = _BACKOFF_S
    return random.uniform(0.5, 1.0) * min(least * 2.0 ** max(tries - 1, 0), most)  # noqa: S311 - a delay, no secret


def _leaves(errors: BaseExceptionGroup[Any]) -> Any:
    for error in errors.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
