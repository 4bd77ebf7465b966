"""What is wrong with an installation, in words; each check says what it looked at and what to do."""

import os
import socket
import ssl
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from cryptography import x509
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from central import migrations, pki, settings
from central.clock import Clock, utc_now
from central.fleet import service
from central.fleet.readers import WITHDRAWN
from central.room import GIB, free_at
from central.settings import BadSettings, Settings
from central.store import Store
from central.web import __file__ as web

_SOON = timedelta(days=60)
_NAMED = 5
_LOCKERS_OF_NOBODY = """
    SELECT name, gateway FROM cabinets WHERE gateway NOT IN (SELECT name FROM gateways) ORDER BY name
"""
_NAME = "central-doctor"
_PATIENCE_S = 3.0
_CONNECT = bytes.fromhex("10 18 00 04 4d515454 05 02 003c 00 000b") + b"doctor-asks"
"""MQTT 5 CONNECT (OASIS standard, 3.1): clean start, keep alive 60 s, client id `doctor-asks`."""

Sort = Literal["ok", "warn", "bad"]


@dataclass(frozen=True)
class Finding:
    """What one check found."""

    sort: Sort
    about: str
    words: str


Check = Callable[[Settings, datetime], Iterator[Finding]]


def examine(home: Path, clock: Clock = utc_now) -> list[Finding]:
    """Every check in turn; without settings there is only one finding."""
    try:
        told = settings.load(home)
    except BadSettings as error:
        return [Finding("bad", "settings", str(error))]
    now = clock()
    checks: tuple[Check, ...] = (_database, _keys, _gateways, _broker, _door, _disk, _blobs, _clock, _assets)
    return [
        Finding("ok", "settings", f"court {told.court} in {told.home}"),
        *(finding for check in checks for finding in check(told, now)),
    ]


def _database(told: Settings, _now: datetime) -> Iterator[Finding]:
    store = Store(told.database_url)
    try:
        behind = migrations.behind(store)
        with store.read() as session:
            gateways = session.execute(text("SELECT count(*) FROM gateways")).scalar_one() if not behind else 0
    except migrations.TooNew as error:
        yield Finding("bad", "database", str(error))
        return
    except SQLAlchemyError as error:
        yield Finding("bad", "database", f"{_first_line(error)}; is `database` in central.yaml right?")
        return
    finally:
        store.close()
    if behind:
        yield Finding("warn", "database", "of an earlier version; `serve` brings it up to date, make a backup first")
    else:
        yield Finding("ok", "database", f"answers and is up to date; {gateways} gateways")


def _keys(told: Settings, now: datetime) -> Iterator[Finding]:
    folder = told.home / "pki"
    try:
        authority = pki.load(folder)
    except pki.NoKeys as error:
        yield Finding("bad", "keys", f"{error}; bring pki/ back from a backup (docs/operations.md)")
        return
    yield Finding("ok", "keys", f"root fingerprint {authority.root_fingerprint}")
    if not (folder / pki.ROOT_KEY).exists():
        words = "root.key is not here; put it back to enrol gateways, renew their certificates or withdraw one"
        yield Finding("warn", "keys", words)
    if folder.stat().st_mode & 0o077:
        yield Finding("warn", "keys", f"others on this machine may read {folder}; chmod 700 it")
    for path in sorted(each for each in folder.glob("*.pem") if not each.name.startswith(WITHDRAWN)):
        ends = x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
        if ends < now:
            yield Finding("bad", "keys", f"{path.name} ended on {ends:%Y-%m-%d} (docs/operations.md, Certificates)")
        elif ends < now + _SOON:
            yield Finding("warn", "keys", f"{path.name} ends on {ends:%Y-%m-%d} (docs/operations.md, Certificates)")


def _gateways(told: Settings, now: datetime) -> Iterator[Finding]:
    store = Store(told.database_url)
    try:
        if migrations.behind(store):
            return
        with store.read() as session:
            names = service.ending(session, now + min(_SOON, timedelta(days=told.certificate_days / 4)))
            lockers = session.execute(text(_LOCKERS_OF_NOBODY)).all()
    except (SQLAlchemyError, migrations.TooNew):
        return  # said above
    finally:
        store.close()
    if names:
        few = ", ".join(names[:_NAMED]) + (" ..." if len(names) > _NAMED else "")
        yield Finding("warn", "gateways", f"could not renew their certificates in time: {few}; see their logs")
    for cabinet, gateway in lockers:
        words = f"cabinet {cabinet} hangs on {gateway}, which never joined: `gateway invite {gateway}` or mend its name"
        yield Finding("warn", "gateways", words)


def _broker(told: Settings, now: datetime) -> Iterator[Finding]:
    host, port = told.broker.host, told.broker.port
    try:
        authority = pki.load(told.home / "pki")
        authority.certify_central(_NAME, now)  # with central's own it would throw out the one that serves
        context = authority.client_context(_NAME)
        with (
            socket.create_connection((host, port), _PATIENCE_S) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            secure.sendall(_CONNECT)
            answer = secure.recv(5)
    except pki.NoKeys:
        return
    except ssl.SSLError as error:
        words = (
            f"{host}:{port} and we do not trust each other: {error.reason or error}; is that another court's broker?"
        )
        yield Finding("bad", "broker", words)
    except OSError as error:
        yield Finding(
            "bad", "broker", f"{host}:{port} does not answer ({error.strerror or error}); run it: serve --with-broker"
        )
    else:
        if len(answer) >= 4 and answer[0] == 0x20 and answer[3] == 0:  # CONNACK, reason 0: accepted
            yield Finding("ok", "broker", f"{host}:{port} admits central")
        else:
            yield Finding("bad", "broker", f"{host}:{port} answers, but does not admit central's certificate")


def _door(told: Settings, _now: datetime) -> Iterator[Finding]:
    host, port = told.http.host, told.http.port
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((host, port))
        except OSError as error:
            yield Finding("ok", "pages", f"{host}:{port} is in use ({error.strerror}): by central, if it runs")
        else:
            yield Finding("warn", "pages", f"nobody serves {told.public_url}; run `courtside-central serve`")


def _disk(told: Settings, _now: datetime) -> Iterator[Finding]:
    free = free_at(told.home) / GIB
    words = f"{free:.1f} GiB free at {told.home}"
    if free > told.keep_free_gib:
        yield Finding("ok", "disk", words)
    else:
        yield Finding("bad", "disk", f"{words}; make room: with {told.keep_free_gib:g} GiB and less gateways must wait")


def _blobs(told: Settings, _now: datetime) -> Iterator[Finding]:
    if told.blobs:
        yield Finding("ok", "blobs", f"kept at {told.blobs}; not looked at")
        return
    folder = told.home / "blobs"
    try:
        folder.mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"doctor")
            os.fsync(file.fileno())
    except OSError as error:
        yield Finding("bad", "blobs", f"{folder} cannot be written: {error.strerror}")
    else:
        yield Finding("ok", "blobs", f"{folder} can be written")


def _clock(told: Settings, now: datetime) -> Iterator[Finding]:
    newest = max((path.stat().st_mtime for path in told.home.glob("central.db*")), default=0.0)
    if newest > now.timestamp() + 60:
        yield Finding("bad", "clock", f"{now:%Y-%m-%d %H:%M} UTC lies before the last write; set it, and run chrony")
    else:
        yield Finding("ok", "clock", f"{now.astimezone(told.zone):%Y-%m-%d %H:%M:%S %Z}; is that so?")


def _assets(_told: Settings, _now: datetime) -> Iterator[Finding]:
    vendor = Path(web).parent / "static" / "vendor"
    if vendor.exists() and any(vendor.iterdir()):
        yield Finding("ok", "assets", "the browser's assets are built")
    else:
        yield Finding("bad", "assets", "the browser's assets are missing; run `make setup`")


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", error)).strip().splitlines()[0]
