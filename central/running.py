"""What runs in central besides answering requests: the link to the broker, the ingest, and who is there."""

import asyncio
import contextlib
import gc
import logging
import threading
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from central.blobs import Blobs
from central.clock import Clock
from central.fleet import broker_conf, documents, notify, readers, service
from central.fleet.messages import Messages
from central.fleet.presence import Presence
from central.fleet.turning_away import turn_away
from central.ledger.accept import Accepted, Ledger, Result, newest_books
from central.ledger.ingest import Ingest, ack_token
from central.ledger.lease import Lease
from central.ledger.own import Pen
from central.ledger.tables import Book
from central.link import Arrival, Link, Outbox, Place, Post
from central.pki import Authority, RootAway
from central.settings import Settings
from central.store import Store
from central.sweeping import Sweep, sweeping
from central.wishes.service import OUTBOX
from devices.box import GATEWAY
from devices.health import STREAM
from devices.journal import MAX_BATCH_LINES
from devices.topics import GatewayTopics, of_gateway

_LOG = logging.getLogger(__name__)
_HOMIE = "homie/5/"
_COUNTS = "counts"
_HEALTH = f"live/{GATEWAY}/{STREAM}"
_LIVE = "live/"
Heard = Callable[[str, str, bytes], None]
"""(gateway, stream, payload) of what a station says live; called in the event loop."""
_CROWDED = 100
_OWED_S = 5.0
_GC = (20_000, 20, 20)
"""Lines come by the hundred thousand and hold no cycles; looking for cycles among them costs a fifth of the rate."""


@dataclass(frozen=True)
class Court:
    """The parts one installation is made of."""

    settings: Settings
    clock: Clock
    authority: Authority
    store: Store
    blobs: Blobs
    pen: Pen
    ledger: Ledger
    outbox: Outbox
    sweeps: tuple[Sweep, ...]
    heard: Mapping[str, Heard] = field(default_factory=dict)
    """Kind of station, or the box itself -> who takes what such say live."""


@dataclass(frozen=True)
class Running:
    """The parts that run while central serves."""

    link: Link
    ingest: Ingest
    tasks: tuple[asyncio.Task[None], ...]

    @property
    def ailing(self) -> list[str]:
        """What ended that should not have, by name."""
        ended = [task.get_name() for task in self.tasks if task.done()]
        return ended if self.ingest.is_alive else ["ingest", *ended]


@contextlib.asynccontextmanager
async def running(court: Court, messages: Messages) -> AsyncIterator[Running]:
    """Everything at work while the context lasts; `messages` says what people are told who are called."""
    settings, store = court.settings, court.store
    link: Link | None = None

    def acked(answer: Accepted) -> None:
        post = ack_post(court.pen, answer, _window(ingest.waiting))
        if link is not None and post is not None:
            link.post(post)

    lease = Lease(store, "ingest", settings.instance, court.clock)
    ingest = Ingest(store, court.ledger, service.sender, acked, lease, court.clock)
    presence = Presence(store, court.clock)
    court.authority.certify_central(settings.instance, court.clock())
    tls = court.authority.client_context(settings.instance)
    place = Place(settings.broker.host, settings.broker.port, settings.instance, tls)
    dispatch = dispatcher(settings.court, ingest, presence, court.heard)
    link = Link(place, settings.court, dispatch, lambda: retained(store, court.pen), court.clock)
    link.carry(court.outbox)
    store.on_wake(OUTBOX, link.wake)
    store.on_wake(documents.DESIRED, documents.Announcer(store, court.pen, link).announce)
    admission = Admission(partial(admit, store, settings, court.authority))
    store.on_wake(service.BROKER, admission.renew)
    store.on_wake(service.ACKED_ANEW, partial(ack_anew, store, court.pen, link))
    store.on_wake(service.TURNED_AWAY, lambda *names: turn_away(settings, court.authority, [*names], court.clock()))
    await asyncio.to_thread(admit, store, settings, court.authority)
    gc.freeze()
    gc.set_threshold(*_GC)
    gc.enable()  # `serve` loads without it
    ingest.start()
    works = {
        "link": link.run(),
        "presence": presence.run(),
        "sweep": sweeping(store, court.clock, court.sweeps),
        "admission": admission.run(),
        "notices": notify.notifying(store, court.clock, messages),
    }
    tasks = tuple(asyncio.create_task(work, name=name) for name, work in works.items())
    for task in tasks:
        task.add_done_callback(_say_why)
    try:
        yield Running(link, ingest, tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(ingest.stop)


def _say_why(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        _LOG.error("%s ended unexpectedly", task.get_name(), exc_info=task.exception())


def dispatcher(court: str, ingest: Ingest, presence: Presence, heard: Mapping[str, Heard]) -> Callable[[Arrival], None]:
    """Hands what arrives to whom it concerns; called in the event loop, blocks nowhere."""

    def dispatch(arrival: Arrival) -> None:
        if arrival.topic.startswith(_HOMIE):
            gateway, _, below = arrival.topic[len(_HOMIE) :].partition("/")
            presence.homie(gateway, below, arrival.payload)
            return
        found = of_gateway(court, arrival.topic)
        if found is None:
            return
        gateway, below = found
        presence.saw(gateway)
        if below == "journal":
            ingest.put(gateway, arrival.payload, arrival.seal)
        elif below == "live/journal":
            ingest.news(gateway, arrival.payload)
        elif below == _HEALTH:
            presence.beat(gateway, arrival.payload)
        elif below.startswith(_LIVE):
            device, _, stream = below.removeprefix(_LIVE).partition("/")
            if device in heard:
                heard[device](gateway, stream, arrival.payload)
            elif stream == _COUNTS:
                presence.counts(gateway, device, arrival.payload)

    return dispatch


def retained(store: Store, pen: Pen) -> Iterable[Post]:
    """What must stand at the broker: each gateway's ack and list of documents, signed anew (ledger rules 4 and 9)."""
    with store.read() as session:
        lists = documents.posts(session, pen)
    return [*lists, *acks(store, pen)]


def acks(store: Store, pen: Pen, names: Collection[str] | None = None) -> list[Post]:
    """The acks of these gateways, or of all, as they stand now; none of one that is revoked or was never heard."""
    with store.read() as session:
        states = service.states(session)
        books = [book for book in newest_books(session) if states.get(book.gateway, "revoked") != "revoked"]
    told = [book for book in books if names is None or book.gateway in names]
    posts = (ack_post(pen, _standing(book, states[book.gateway])) for book in told)
    return [post for post in posts if post is not None]


def ack_anew(store: Store, pen: Pen, link: Link, *names: str) -> None:
    """Have these gateways hear how they stand."""
    for post in acks(store, pen, names):
        link.post(post)


def ack_post(pen: Pen, answer: Accepted, window: int = MAX_BATCH_LINES) -> Post | None:
    """The retained ack of an answer; None if there is no book to speak of."""
    token = ack_token(pen, answer, window)
    return Post(GatewayTopics(pen.court, answer.gateway).ack, token, retain=True) if token else None


def admit(store: Store, settings: Settings, authority: Authority) -> None:
    """Write the broker's list anew and have it read, if the broker's configuration is ours."""
    folder = settings.home / "broker"
    if (folder / broker_conf.CONF).exists():
        with store.read() as session:
            serials = [*broker_conf.withdrawn(session), *readers.withdrawn(authority.folder)]
            try:
                broker_conf.write_crl(folder, authority, serials)
            except RootAway as away:
                _LOG.warning("the broker's list of withdrawn certificates stays as it is: %s", away)
            admitted, reading = broker_conf.admitted(session), readers.names(authority.folder)
            broker_conf.write_acl(folder, settings.court, admitted, settings.broker.centrals, reading)
        broker_conf.reload(folder)


class Admission:
    """Has the broker's list written whenever it changed: one after another, for an older one must not be the last."""

    def __init__(self, write: Callable[[], None]) -> None:
        self._write = write
        self._turn = threading.Lock()
        self._owed = False

    def renew(self) -> None:
        """Write it as it is now; what cannot be written (a full disk) is owed. Callable from any thread."""
        with self._turn:
            self._owed = True
            try:
                self._write()
            except OSError as error:
                _LOG.error("the broker's list could not be written, it is tried again: %s", error)
            else:
                self._owed = False

    async def run(self) -> None:
        """Write what is owed, until cancelled."""
        while True:
            await asyncio.sleep(_OWED_S)
            if self._owed:
                await asyncio.to_thread(self.renew)


def put_out(court: Court, name: str) -> None:
    """Have the broker turn away at once whoever has that name there; for programs in which nothing is running."""
    admit(court.store, court.settings, court.authority)
    turn_away(court.settings, court.authority, [name], court.clock())


def _standing(book: Book, state: str) -> Accepted:
    result: Result = "suspended" if state == "suspended" else "fork" if book.state == "fork" else "again"
    return Accepted(book.gateway, result, book.book, book.seq, book.head)


def _window(waiting: int) -> int:
    """Lines a batch may hold now: fewer while the queue is long (ledger rule 7)."""
    return MAX_BATCH_LINES if waiting < _CROWDED else MAX_BATCH_LINES // 5
