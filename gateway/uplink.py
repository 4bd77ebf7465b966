"""What gateway and central say to each other over the broker.

The broker is mere transport: its PUBACK proves nothing to us. What counts is central's signed ack, so batches are
published without waiting for the broker, and what a broken connection swallowed is sent again.

Whether another box uses our name (ledger rule 8) shows in two ways: the broker says so as it throws us out, or,
where it throws us out without a word as Mosquitto 2.0 does, at our return the retained Homie property `run` is
not the one we left there.
"""

import asyncio
import json
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from devices import topics
from devices.box import GATEWAY, IdentityContested
from devices.claims import AckClaims, DesiredClaims
from devices.grants import BadToken, Typ, read
from devices.journal import MAX_BATCH_LINES, join
from gateway import homie
from gateway.broker import TAKEOVERS, Broker, Connection, Contested, Message, Will
from gateway.identity import Identity
from gateway.inbox import Inbox, OnDesired, OnWish
from gateway.introduction import meet
from gateway.journal import Journal
from gateway.journal_writer import Committed, JournalError
from gateway.outbox import Outbox

State = Literal["offline", "online", "central_offline", "suspended", "contested"]

_FIRST_WORD_S = 0.5
"""How long after subscribing the retained ack is waited for before anything is sent."""
_LIVE_AT_ONCE = 100
_DISCOVERED = "discovered"
"""Under this the journal remembers that something of us stands there for Home Assistant."""

log = logging.getLogger(__name__)


class Uplink:
    """Keeps the gateway in touch with central: batches up, acks, wishes and documents down, Homie and live beside."""

    def __init__(
        self, identity: Identity, journal: Journal, devices: homie.Devices, on_wish: OnWish, on_desired: OnDesired
    ) -> None:
        self.outbox = Outbox(journal, identity.court, identity.seal, mono=journal.clock.mono)
        self._identity = identity
        self._journal = journal
        self._devices = devices
        self._inbox = Inbox(journal, on_wish, on_desired)
        self._topics = topics.GatewayTopics(identity.court, identity.gateway)
        self._broker = Broker(identity, Will(self._homie(homie.STATE), "lost"), journal.clock.mono)
        self._takes: dict[str, Callable[[Message], Awaitable[None]]] = {
            self._topics.ack: self._take_ack,
            self._topics.wish: self._take_wish,
            self._topics.desired: self._take_desired,
            topics.host(identity.court): self._take_host,
            self._homie(homie.RUN): self._take_run,
        }
        self._is_connected = self._is_contested = False
        self._connections = 0
        self._central_online = True
        self._changed = asyncio.Event()
        self._ack_seen = asyncio.Event()
        self._run = secrets.token_hex(8)
        self._run_is_told = False
        self._description_is_old = True
        self.discovery: Callable[[], str] = str
        """Gives what Home Assistant is to find of this gateway; empty for nothing, as by default."""
        self._values: dict[str, str] = {}
        self._values_changed = asyncio.Event()
        self._live: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(_LIVE_AT_ONCE)

    @property
    def state(self) -> State:
        """How things stand, for the screen."""
        if self._is_contested:
            return "contested"
        if not self._is_connected:
            return "offline"
        if self.outbox.suspended:
            return "suspended"
        return "online" if self._central_online else "central_offline"

    @property
    def reconnects(self) -> int:
        """How often the connection to the broker was made anew."""
        return max(self._connections - 1, 0)

    async def run(self) -> None:
        """Stay connected until cancelled; once the identity is contested, stand still and say so."""
        self._journal.listeners.append(self._written)
        try:
            await self._inbox.run(self._broker.stay_connected(self._talk))
        except* Contested:
            self._is_contested = True
        finally:
            self._journal.listeners.remove(self._written)
        await self._journal.append(GATEWAY, IdentityContested(takeovers=TAKEOVERS))
        await asyncio.Event().wait()

    async def prove(self, identity: Identity) -> None:
        """Connect anew as this identity; what is under way is sent again. Raises NotAdmitted."""
        await self._broker.prove(identity)

    def live(self, device: str, stream: str, payload: bytes) -> None:
        """Publish what may be lost; it is lost while there is no connection or too much is under way."""
        self._publish_live(self._topics.live(device, stream), payload)

    def described(self) -> None:
        """The devices say something else of themselves than before: announce them anew."""
        self._description_is_old = True
        self._values_changed.set()

    async def _talk(self, connection: Connection) -> None:
        try:
            self._ack_seen.clear()
            async with asyncio.TaskGroup() as tasks:
                await connection.subscribe(list(self._takes))
                self._is_connected = True
                self._connections += 1
                tasks.create_task(self._drain(connection, tasks))
                tasks.create_task(self._announce(connection))
                tasks.create_task(self._send_live(connection))
                async for message in connection.messages():
                    if take := self._takes.get(message.topic):  # a session may remember more than we asked for
                        await take(message)
        except asyncio.CancelledError:
            await connection.take_leave(self._homie(homie.STATE), "disconnected")
            raise
        finally:
            self._is_connected = False

    async def _drain(self, connection: Connection, tasks: asyncio.TaskGroup) -> None:
        """Publish batches whenever something changes: a line written, an ack, central back, patience at its end."""
        self.outbox.go_back()
        try:
            async with asyncio.timeout(_FIRST_WORD_S):
                await self._ack_seen.wait()
        except TimeoutError:
            pass  # central has never acknowledged anything of this gateway
        while True:
            while self._central_online and (batch := self.outbox.next_batch()):
                log.debug("a batch of %d lines goes out", batch.lines)
                sending = connection.publish(self._topics.journal, batch.payload, seal=batch.seal)
                tasks.create_task(sending)
            self._changed.clear()
            try:
                async with asyncio.timeout(self.outbox.resend_in()):
                    await self._changed.wait()
            except TimeoutError:
                self.outbox.time_is_up()

    async def _announce(self, connection: Connection) -> None:
        """Publish all of Homie anew, for the broker may have lost it (ledger rule 9), then what changes."""
        self._description_is_old = True
        while True:
            if self._description_is_old:
                self._description_is_old = False
                self._values.clear()
                told = homie.announcement(self._identity.gateway, self._devices, dict(self._journal.states), self._run)
                for topic, value in told:
                    await connection.publish(self._homie(topic), value, retain=True)
                await self._announce_to_home_assistant(connection)
                self._run_is_told = True
            while self._values:
                topic, value = self._values.popitem()
                await connection.publish(self._homie(topic), value, retain=True)
            await self._values_changed.wait()
            self._values_changed.clear()

    async def _announce_to_home_assistant(self, connection: Connection) -> None:
        """What was told once is taken back when it is not to be told any more: an empty payload deletes it."""
        told = self.discovery()
        if told:  # remembered first: who is killed between the two would never take it back
            await self._journal.remember(_DISCOVERED, "told")
            await connection.publish(self._topics.discovery, told, retain=True)
        elif self._journal.recall(_DISCOVERED):
            await connection.publish(self._topics.discovery, told, retain=True)
            await self._journal.remember(_DISCOVERED, "")

    def _written(self, committed: Committed) -> None:
        first = committed.head.n - len(committed.lines) + 1
        if committed.lines and self.outbox.keeps_waiting(first):
            self._publish_live(self._topics.live_journal, join(committed.lines[-MAX_BATCH_LINES:]))
        self._changed.set()
        self._values.update(homie.values(self._devices, committed.states))
        self._values_changed.set()

    def _publish_live(self, topic: str, payload: bytes) -> None:
        if self._is_connected and not self._live.full():
            self._live.put_nowait((topic, payload))

    async def _send_live(self, connection: Connection) -> None:
        while True:
            topic, payload = await self._live.get()
            await connection.publish_unsafe(topic, payload)

    async def _take_ack(self, message: Message) -> None:
        claims = self._believed("ack", message)
        if claims is None:
            return
        try:
            await self.outbox.heard(AckClaims.of(claims))
            log.debug("central has %d lines less to get", self.outbox.unacknowledged)
        except BadToken as error:
            log.warning("an ack cannot be read: %s", error)
        except JournalError as error:
            log.error("a new book is needed and cannot be opened: %s", error)
        self._ack_seen.set()
        self._changed.set()

    async def _take_wish(self, message: Message) -> None:
        self._inbox.wish(message.payload.decode(errors="replace"), message.retained)

    async def _take_desired(self, message: Message) -> None:
        claims = self._believed("desired", message)
        if claims is None:
            return
        try:
            self._inbox.desired(DesiredClaims.of(claims))
        except BadToken as error:
            log.warning("a list of documents cannot be read: %s", error)

    async def _take_host(self, message: Message) -> None:
        try:
            host = json.loads(message.payload)
        except (RecursionError, ValueError):
            return
        self._central_online = not (isinstance(host, dict) and host.get("online") is False)
        self._changed.set()

    async def _take_run(self, message: Message) -> None:
        if self._run_is_told and message.retained and message.payload.decode(errors="replace") != self._run:
            self._broker.taken_over()

    def _believed(self, typ: Typ, message: Message) -> dict[str, Any] | None:
        token = message.payload.decode(errors="replace")
        who = self._identity
        try:
            meet(who, token)
            return read(typ, token, who.central_keys, issuer=who.court, audience=who.gateway)
        except (BadToken, OSError) as error:
            log.warning("a token on %s is not to be believed: %s", message.topic, error)
            return None

    def _homie(self, topic: str) -> str:
        return f"{self._topics.homie}/{topic}"
