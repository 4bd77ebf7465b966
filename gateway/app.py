"""The gateway put together: identity, clock, journal, devices, stations and the link to central."""

import asyncio
import json
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from devices.box import GATEWAY, Started, Stopped
from devices.topics import GatewayTopics
from drivers.line import Counts
from gateway.bench import Bench
from gateway.broker import NotAdmitted
from gateway.brought import Brought
from gateway.care import RemoteCare
from gateway.catalogue import gateway_version
from gateway.catalogue_blob import kept_blob
from gateway.clock import Clock, follow_chrony
from gateway.config import GatewayConfig, GatewayFile, LockerSettings
from gateway.deadlines import Deadlines
from gateway.documents import Documents
from gateway.floor import Floor
from gateway.heartbeat import Pulse, beating
from gateway.identity import Identity, NoIdentity, load
from gateway.journal import Journal
from gateway.kept_config import KeptConfig, Start
from gateway.readiness import READY, STOPPING, stay_alive, tell
from gateway.renewal import Renewal
from gateway.stations.locker import Locker
from gateway.stations.panel import shown
from gateway.stations.place import Live, Place, Works
from gateway.strain import watch as watch_strain
from gateway.supervise import Time, Up, caught, keep
from gateway.trial import Box, Trial
from gateway.update import AGAIN, Proof, Update, launched
from gateway.uplink import Uplink
from gateway.uploads import Uploads
from gateway.wishes import Wishes

log = logging.getLogger(__name__)

COUNTS_EVERY_S = 10.0
COUNTS_LOOK_S = 1.0
MANY = 20
"""So much more noise, retries or silence on a line is told at once."""
PRUNE_EVERY_S = 3600.0


async def run(own: GatewayConfig, *, emulated: Mapping[str, str] | None, ready: Callable[[], None]) -> int:
    """Run the gateway of its `own` file, or of central's newer word, until SIGTERM or SIGINT. Raises NoIdentity.

    `emulated` says where emulators stand in for ports; None if the devices are real. Gives the exit code: AGAIN if
    the service manager is to start it anew, because that is another release then.
    """
    identity = _identity(own)
    data = own.top.data
    kept = KeptConfig(data)
    software = launched(data)
    if software.kept.given_up:
        kept.lasted()  # what ended the box again and again was that release, and not its configuration
    box = Box(own, emulated or {}, kept)
    start, config = box.begin()
    clock = Clock(rtc_healthy=config.top.rtc_healthy)
    uploads = Uploads(identity, clock, data)
    catalogue = await uploads.keep(kept_blob(data))  # in no thread: nothing runs yet, and its memory would stay
    stop = Stop()
    journal = Journal(data / "journal.db", identity.gateway, identity.kid, clock, identity.old_keys)
    async with journal:
        configuration = await uploads.keep((start.text or own.text).encode())
        started = _started(config, start, catalogue, configuration, simulated=emulated is not None)
        await journal.append(GATEWAY, started)
        deadlines = Deadlines(clock.mono)
        bench = Bench(config.devices, journal, deadlines, uploads.fetch)
        documents = Documents(journal, uploads.fetch, data)
        time = Time(clock.mono)
        pulse = Pulse(journal, bench, data)
        place = Place(identity, journal, bench, uploads, documents, deadlines)
        ground = _ground(place, pulse, clock, config.top.model_copy(update={"metrics": own.top.metrics}), time)
        bench.care = care = RemoteCare(bench, pulse, uploads.keep, deadlines)
        stations = partial(_stations, place, pulse.live, kept.lasted)
        async with _running(ground), Floor(config, bench, stations, time) as floor:
            care.floor = floor
            trial = Trial(box, floor, bench)
            update = Update(software, identity, _proof(bench, pulse, config), own.text, stop.again)
            own_changes = [
                keep("configuration", partial(trial.run, start, documents), time),
                keep("software", partial(update.run, documents, uploads.fetch), time),
            ]
            async with _running([*own_changes, *_brought(place, floor, data, time)]):
                ready()
                tell(READY)
                await stop.asked.wait()
                tell(STOPPING)
        await journal.append(GATEWAY, Stopped())
    if not start.safe:
        kept.lasted()
    return stop.code


def _brought(place: Place, floor: Floor, data: Path, time: Time) -> Works:
    """What puts speech models and logos in place."""
    fetch = place.uploads.fetch
    model, logo = (Brought(each, place.identity, place.bench, data, floor.restart) for each in ("model", "logo"))
    return [
        keep("model", partial(model.run, place.documents, fetch), time),
        keep("logo", partial(logo.run, place.documents, fetch), time),
    ]


def _ground(place: Place, pulse: Pulse, clock: Clock, top: GatewayFile, time: Time) -> Works:
    """What runs whatever devices there are."""
    wishes = Wishes(place.identity, place.journal, place.bench, place.deadlines)
    ground = [
        keep("clock", partial(_follow_clock, clock, place.journal), time),
        keep("deadlines", partial(_up_and, place.deadlines.run), time),
        keep("uploads", partial(_up_and, place.uploads.run), time),
        keep("watchdog", partial(_up_and, stay_alive), time),
        keep("pruning", partial(_prune, place.journal), time),
        keep("strain", partial(watch_strain, pulse), time),
        keep("documents", place.documents.run, time),
        keep("renewal", partial(_renew, place, pulse), time),
        keep("link", partial(_link, pulse, wishes, place, top.home_assistant), time),
    ]
    return [*ground, _metrics(pulse, top.metrics, time)] if top.metrics else ground


def _started(config: GatewayConfig, start: Start, catalogue: str, configuration: str, *, simulated: bool) -> Started:
    return Started(
        version=gateway_version(),
        catalogue=catalogue,
        devices={name: device.product.name for name, device in config.devices.items()},
        simulated=simulated,
        configuration=configuration,
        safe=start.safe,
    )


def _identity(config: GatewayConfig) -> Identity:
    identity = load(config.top.data)
    if (identity.court, identity.gateway) != (config.top.court, config.top.gateway):
        raise NoIdentity(
            f"{config.top.data} was enrolled as {identity.gateway} of {identity.court}, "
            f"but the file says {config.top.gateway} of {config.top.court}; correct the file or enrol anew"
        )
    for device in config.devices.values():
        if not device.product.driver.VERIFIED:
            log.warning("%s: driver %s has not met real hardware yet", device.name, device.product.name)
    return identity


class Stop:
    """What ends the gateway: SIGTERM, SIGINT, or the wish to be started again."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.code = 0
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self.asked.set)

    def again(self) -> None:
        """End, and be started again."""
        self.code = AGAIN
        self.asked.set()


def _proof(bench: Bench, pulse: Pulse, config: GatewayConfig) -> Proof:
    here = pulse.journal.head.n

    def is_heard() -> bool:
        return pulse.uplink is not None and pulse.uplink.outbox.acked >= here

    return Proof(bench, config.top.prove_s, is_heard)


@asynccontextmanager
async def _running(works: list[Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Run them beside the block and end them after it; an error of one ends the block."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work) for work in works]
        yield
        for task in tasks:
            task.cancel()


async def _up_and(work: Callable[[], Awaitable[None]], up: Up) -> None:
    await up()
    await work()


async def _follow_clock(clock: Clock, journal: Journal, up: Up) -> None:
    await up()
    clock.resume(journal.recall("clock"))
    async with asyncio.TaskGroup() as group:
        group.create_task(follow_chrony(clock))
        async for changed in clock.watch():
            await journal.remember("clock", clock.kept())
            if changed.step_ms or changed.state()[1] != journal.state_of(GATEWAY, "clock"):
                await journal.append(GATEWAY, changed)


async def _prune(journal: Journal, up: Up) -> None:
    await up()
    while True:
        await journal.prune()
        await asyncio.sleep(PRUNE_EVERY_S)


def _metrics(pulse: Pulse, address: str, time: Time) -> Coroutine[Any, Any, None]:
    from gateway.metrics import serve  # not at the head: most boxes are asked by nobody

    return keep("metrics", partial(serve, pulse, address), time)


async def _renew(place: Place, pulse: Pulse, up: Up) -> None:
    """The link is made beside this; until it is, nothing can be proven."""

    async def prove(identity: Identity) -> None:
        if pulse.uplink is None:
            raise NotAdmitted("there is no link yet")
        await pulse.uplink.prove(identity)

    await Renewal(place.identity, place.journal, prove, place.bench.undisturbed).run(up)


def _for_home_assistant(identity: Identity, bench: Bench) -> str:
    from gateway.home_assistant import payload  # not at the head: few want it

    return payload(GatewayTopics(identity.court, identity.gateway), bench.properties, gateway_version())


async def _link(pulse: Pulse, wishes: Wishes, place: Place, discoverable: bool, up: Up) -> None:
    identity, documents = place.identity, place.documents
    journal, bench = pulse.journal, pulse.bench

    async def obey(token: str, retained: bool) -> None:
        await caught("a wish", lambda: wishes.heard(token, retained))

    uplink = Uplink(identity, journal, bench.properties, obey, documents.take)
    if discoverable:
        uplink.discovery = partial(_for_home_assistant, identity, bench)
    bench.described = uplink.described
    pulse.uplink = uplink
    await up()
    async with asyncio.TaskGroup() as group:
        telemetry = [group.create_task(_tell_live(bench, uplink)), group.create_task(beating(pulse, uplink))]
        await uplink.run()
        for task in telemetry:
            task.cancel()


async def _tell_live(bench: Bench, uplink: Uplink) -> None:
    told: dict[str, Counts] = {}
    measured: dict[str, Mapping[str, float]] = {}
    rounds = 0
    while True:
        if uplink.state == "offline" or rounds % round(COUNTS_EVERY_S / COUNTS_LOOK_S) == 0:
            told.clear()
        for name, counts in bench.counts().items() if uplink.state != "offline" else ():
            now = Counts(**asdict(counts))
            if name not in told or _much_more(told[name], now):
                told[name] = now
                uplink.live(name, "counts", json.dumps(asdict(now)).encode())
        for name, readings in bench.readings().items() if uplink.state != "offline" else ():
            if measured.get(name) != readings:
                measured[name] = readings
                uplink.live(name, "readings", json.dumps(dict(readings)).encode())
        rounds += 1
        await asyncio.sleep(COUNTS_LOOK_S)


def _much_more(before: Counts, now: Counts) -> bool:
    return any(value - asdict(before)[name] >= MANY for name, value in asdict(now).items())


def _stations(place: Place, live: Live, lasted: Callable[[], None], config: GatewayConfig) -> Works:
    works: Works = []
    if config.top.stations.locker is not None:
        works += _locker(place, config.top.stations.locker)
    if config.top.stations.courtroom is not None:
        from gateway.stations.courtroom import works as courtroom  # not at the head: a locker does without

        works += courtroom(config.top.stations.courtroom, place, live, lasted)
    if config.top.stations.scanning is not None:
        from gateway.stations.scanning import works as scanning

        works += scanning(config.top.stations.scanning, place, live, lasted)
    return works


def _locker(place: Place, settings: LockerSettings) -> Works:
    locker = Locker(settings, place.identity, place.journal, place.bench, place.deadlines)
    place.bench.stations.append(locker)
    time = Time(place.journal.clock.mono)
    works = [keep("locker", locker.print_slips, time)]
    if settings.screen_port is not None:
        works.append(keep("screen", partial(shown, locker.panel, "locker", settings.screen_port), time))
    return works
