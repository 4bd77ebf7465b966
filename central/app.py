"""The composition root: one court, put together from its settings."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import version

from fastapi import APIRouter, FastAPI

from central import migrations, pki, published, today
from central.blobs import Blobs, Receipt, blob_routes, sweep_uploads, upload_routes
from central.cases import api as case_api
from central.cases import pages as case_pages
from central.cases.closing import has_a_say
from central.clock import Clock, utc_now
from central.custody import api as custody_api
from central.custody import pages as custody_pages
from central.custody.projector import CustodyProjector, CustodyWatcher
from central.custody.receipts import Receipts
from central.custody.sweep import sweep as custody_sweep
from central.dossiers import api as dossier_api
from central.dossiers import crew
from central.dossiers import pages as dossier_pages
from central.dossiers.closing import ClosingDossiers
from central.dossiers.large import large_files
from central.dossiers.live import LiveDesks
from central.dossiers.projector import ScanProjector
from central.fleet import (
    config_api,
    config_pages,
    desk_api,
    desk_pages,
    figures,
    grouping,
    ledger_api,
    map_pages,
    reader_pages,
    rollout,
    rollout_api,
    rollout_pages,
    rules,
    service,
    ticket_api,
    tickets,
    watch_api,
)
from central.fleet import pages as fleet_pages
from central.fleet.api import fleet_api, gateway_door
from central.fleet.live_log import LiveLogs
from central.fleet.messages import Messages
from central.fleet.notify import by_apprise
from central.fleet.projector import FleetProjector, FleetWatcher
from central.health import Now, health_routes
from central.hearings import api as hearing_api
from central.hearings import pages as hearing_pages
from central.hearings import watch as hearing_watch
from central.hearings import writing_up
from central.hearings.live import LiveRooms
from central.hearings.projector import HearingProjector
from central.importing import api as import_api
from central.importing import pages as import_pages
from central.ledger import pages as ledger_pages
from central.ledger.accept import Ledger
from central.ledger.own import Pen, take_pen
from central.ledger.projection import Projector, Watcher
from central.live import Hub, live_routes
from central.people import api as people_api
from central.people import pages as people_pages
from central.people import sessions
from central.people.roles import may
from central.people.sessions import who
from central.room import Room
from central.rules import api as rule_api
from central.rules import pages as rule_pages
from central.running import Court, Running, running
from central.settings import Settings
from central.store import Store
from central.web.described import IN_WORDS, called, chapters
from central.web.dress import dress
from central.web.look import make_look
from central.web.session import signed_in
from central.wishes import api as wish_api
from central.wishes import care_pages, sending_pages
from central.wishes import pages as wish_pages
from central.wishes.outbox import WishOutbox
from central.wishes.projector import WishProjector
from devices.box import GATEWAY
from devices.claims import StoredClaims
from devices.grants import sign
from devices.hearings import COURTROOM
from devices.scanning import SCANNING

MAX_BODY = 32 * 1024 * 1024
"""Bytes a request may bring, for it is read whole before anybody is asked who he is. Blobs come in smaller pieces."""
PROJECTORS: Sequence[Projector] = (FleetProjector(), WishProjector())
"""In the order in which they are shown a line: whom others build on comes first."""
WATCHERS: Sequence[Watcher] = (FleetWatcher(), CustodyWatcher())
SWEEPS = (custody_sweep, sessions.sweep, figures.pruning(), rules.sweep, grouping.sweep, tickets.sweep, service.sweep,
          hearing_watch.sweep)  # fmt: skip
"""What is looked after as time passes."""
APIS = (
    custody_api,
    people_api,
    case_api,
    wish_api,
    dossier_api,
    hearing_api,
    rule_api,
    config_api,
    watch_api,
    desk_api,
    ticket_api,
    rollout_api,
    ledger_api,
    import_api,
    published,
)
"""What programs ask. Routes are tried in this order: what somebody waits for in front of a door stands first."""
PAGES = (
    today,
    case_pages,
    custody_pages,
    dossier_pages,
    hearing_pages,
    people_pages,
    rule_pages,
    wish_pages,
    care_pages,
    sending_pages,
    desk_pages,
    map_pages,
    reader_pages,
    rollout_pages,
    config_pages,
    fleet_pages,
    ledger_pages,
    import_pages,
)
"""What people see. Of two whose addresses are alike, the one that names its own in full stands first."""


def open_court(settings: Settings, clock: Clock = utc_now) -> Court:
    """The parts of an installation, its database brought up to date. Raises NoKeys, and what the database raises."""
    gateway_life = timedelta(days=settings.certificate_days)
    authority = replace(pki.load(settings.home / "pki"), gateway_life=gateway_life)
    store = Store(settings.database_url)
    migrations.upgrade(store)
    pen = Pen(settings.court, authority.signing_key, clock, authority.introduction)
    take_pen(store, pen)
    blobs = Blobs(settings.blob_place)
    has_a_say(store, ClosingDossiers(blobs.put))
    receipts = Receipts(blobs, settings.title or settings.court, settings.zone)
    ledger = Ledger(
        settings.court,
        (*PROJECTORS, CustodyProjector(receipts, clock), ScanProjector(clock), HearingProjector()),
        WATCHERS,
        clock,
    )
    sweeps = (*SWEEPS, rollout.sweep_with(blobs))
    return Court(settings, clock, authority, store, blobs, pen, ledger, WishOutbox(store, pen), sweeps)


def create_app(settings: Settings, clock: Clock = utc_now) -> FastAPI:
    """The web application of a court; what runs beside it starts and stops with it."""
    court, hub, rooms, logs = open_court(settings, clock), Hub(), LiveRooms(), LiveLogs()
    desks = LiveDesks(hub.tell)
    room = _room(court)
    heard = {COURTROOM: rooms.heard, SCANNING: desks.heard, GATEWAY: logs.heard}
    court = replace(court, heard=heard, sweeps=(*court.sweeps, room.sweep))
    court.store.on_tell(hub.tell)
    look = make_look(settings.title or settings.court, settings.zone, may, clock)
    messages = Messages(look, settings.public_url)
    now: list[Running] = []

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        writing = writing_up.at_work(court.store, court.blobs, clock)
        async with running(court, messages) as parts, crew.at_work(settings, court.store, clock), writing:
            now.append(parts)
            yield
            now.clear()
        for stream in (hub, rooms, logs):
            stream.close()
        court.store.close()

    # No /docs: FastAPI's page for it loads scripts from a remote host.
    # No telemetry: whoever watches central asks /metrics, and an environment variable must not export what was asked.
    app = FastAPI(title="Courtside", version=version("courtside"), lifespan=lifespan, docs_url=None, redoc_url=None,
                  responses=IN_WORDS, max_body_size=MAX_BODY, openapi_tags=chapters(),
                  generate_unique_id_function=called,
                  telemetry={"tracing": False, "metrics": False, "logs": False})  # fmt: skip
    app.state.store = court.store
    app.state.clock = clock
    app.state.projection = court.ledger.projection
    app.state.authority = court.authority
    app.state.blobs = court.blobs
    app.state.pen = court.pen
    app.state.live_rooms, app.state.live_desks, app.state.live_logs = rooms, desks, logs
    app.state.messages, app.state.send = messages, by_apprise
    app.state.public_url, app.state.signature_authorities = settings.public_url, settings.authorities
    app.state.ailing = lambda: now[0].ailing if now else []
    beside = _routers(court, hub, lambda: now[0] if now else None, room)
    for router in (*(module.router for module in APIS), *beside, *(module.router for module in PAGES)):
        app.include_router(router)
    dress(app, look, lambda token: who(court.store, token, clock()))
    return app


def _room(court: Court) -> Room:
    settings, kept = court.settings, court.blobs.folder
    folders = [settings.uploads] if kept is None else [settings.uploads, kept]
    return Room(settings.instance, settings.keep_free_gib, *folders, clock=court.clock)


def _routers(court: Court, hub: Hub, now: Now, room: Room) -> Sequence[APIRouter]:
    settings, store = court.settings, court.store
    knock = gateway_door(store, settings.court, court.clock)
    uploads, large = settings.uploads, settings.home / "large-files"
    routers = (
        health_routes(store, now),
        live_routes(hub, signed_in),
        fleet_api(store, settings, court.authority, knock, court.clock),
        blob_routes(court.blobs, knock, _receipts(court.pen)),
        upload_routes(court.blobs, uploads, knock, room),
        large_files(court.blobs, large),
    )
    for folder in (uploads, large):
        sweep_uploads(folder)
    return routers


def _receipts(pen: Pen) -> Receipt:
    def receipt(gateway: str, sha256: str, size: int) -> str:
        iat = int(pen.clock().timestamp())
        claims = StoredClaims(iss=pen.court, aud=gateway, sha256=sha256, size=size, iat=iat)
        return sign("stored", claims.write(), pen.key, pen.kid)

    return receipt
