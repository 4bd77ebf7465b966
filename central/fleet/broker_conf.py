"""Mosquitto, told by central: TLS with client certificates, and a list that confines each gateway to its own topics.

The files lie in `<home>/broker`. Central writes the list anew when a gateway is enrolled, suspended or revoked,
and tells a broker it can reach by its process id to read it again; what a revoked gateway publishes next is
refused even on a standing connection. A list of withdrawn certificates keeps out the old box of a name that was
given to a new one.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from sqlalchemy import select
from sqlalchemy.orm import Session

from central import durable, pki
from central.fleet import readers
from central.fleet.tables import Gateway, GatewayKey
from central.pki import CENTRAL
from devices.topics import ROOT, GatewayTopics, host

CONF = "mosquitto.conf"
ACL = "acl"
CRL = "crl.pem"
PID = "mosquitto.pid"
_SAVED_EVERY_S = 300
_MAX_QUEUED = 10_000
_MAX_PACKET = 512 * 1024
_END_S = 20.0
_ASK_S = 0.5
_READY_S = 10.0


class BrokerFailed(Exception):
    """The broker did not start; the text says why and what to do."""


@dataclass(frozen=True)
class BrokerPlace:
    """Where the broker's files and the court's certificates lie, and where it listens."""

    folder: Path
    pki: Path
    port: int
    address: str = ""
    """Empty: every interface."""


def write_conf(place: BrokerPlace, court: str, gateways: Iterable[str], centrals: Iterable[str] = ()) -> Path:
    """Write configuration and list; gives the configuration's path."""
    path = say_where(place)
    write_acl(place.folder, court, gateways, centrals, readers.names(place.pki))
    if not (place.folder / CRL).exists():
        write_crl(place.folder, pki.load(place.pki), [])
    return path


def say_where(place: BrokerPlace) -> Path:
    """Write the configuration alone, as the place is now; gives its path."""
    place.folder.mkdir(parents=True, exist_ok=True)
    durable.write(place.folder / CONF, conf(place).encode(), 0o644)
    return place.folder / CONF


def conf(place: BrokerPlace) -> str:
    """The text of mosquitto.conf."""
    lines = [
        "# Written by central; changes are lost.",
        "per_listener_settings false",
        f"listener {place.port} {place.address}".rstrip(),
        f"cafile {place.pki / 'root.pem'}",
        f"certfile {place.pki / 'broker.pem'}",
        f"keyfile {place.pki / 'broker.key'}",
        f"crlfile {place.folder / CRL}",
        "require_certificate true",
        "use_identity_as_username true",
        # Else any gateway could connect under another's client id, throw it out, and have its identity suspended.
        "use_username_as_clientid true",
        "allow_anonymous false",
        f"acl_file {place.folder / ACL}",
        "set_tcp_nodelay true",
        "persistence true",
        f"persistence_location {place.folder}/",
        # Each time the whole of it is written, and meanwhile nothing is passed on: by number of changes, a large fleet
        # would wait for little else. Whoever connects to a broker that forgot says everything again.
        "autosave_on_changes false",
        f"autosave_interval {_SAVED_EVERY_S}",
        f"max_queued_messages {_MAX_QUEUED}",
        f"max_packet_size {_MAX_PACKET}",
        "max_inflight_messages 20",
        "persistent_client_expiration 7d",
        f"pid_file {place.folder / PID}",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        "log_type notice",
        "connection_messages true",
    ]
    if os.geteuid() == 0:  # started by root it would drop to a user who cannot read the keys
        lines.append("user root")
    return "\n".join(lines) + "\n"


def acl(court: str, gateways: Iterable[str], centrals: Iterable[str] = (), reading: Iterable[str] = ()) -> str:
    """The text of the list: what centrals, gateways in use and readers may do, and nothing for anybody else."""
    names = sorted({CENTRAL, *centrals})
    blocks = [f"user {name}\ntopic readwrite {ROOT}/{court}/#\ntopic read homie/5/#\n" for name in names]
    for name in sorted(gateways):
        own = GatewayTopics(court, name)
        rights = [
            f"write {own.journal}",
            f"write {own.base}/live/#",
            f"readwrite {own.homie}/#",
            f"write {own.discovery}",
            f"read {own.ack}",
            f"read {own.wish}",
            f"read {own.desired}",
            f"read {host(court)}",
        ]
        blocks.append(f"user {name}\n" + "".join(f"topic {right}\n" for right in rights))
    blocks += [
        f"user {readers.user(name)}\ntopic read homie/5/#\ntopic read homeassistant/device/+/config\n"
        for name in sorted(reading)
    ]
    return "\n".join(blocks)


def write_acl(
    folder: Path, court: str, gateways: Iterable[str], centrals: Iterable[str] = (), reading: Iterable[str] = ()
) -> None:
    """Write the list in one step, so that a broker never reads half of it; `reading` are names of readers."""
    durable.write(folder / ACL, acl(court, gateways, centrals, reading).encode())


def write_crl(folder: Path, authority: pki.Authority, serials: Iterable[int]) -> None:
    """Write the list of certificates the broker turns away; a broker that reloads takes it up."""
    durable.write(folder / CRL, authority.crl(serials), 0o644)


def withdrawn(session: Session) -> list[int]:
    """The serial numbers of certificates whose keys were withdrawn: of revoked boxes, and of those replaced."""
    found = select(GatewayKey.certificate).where(GatewayKey.withdrawn_at.is_not(None))
    return [x509.load_pem_x509_certificate(pem.encode()).serial_number for pem in session.scalars(found)]


def reload(folder: Path) -> bool:
    """Tell the running broker to read its list again; False if none runs here."""
    try:
        pid = int((folder / PID).read_text())
        os.kill(pid, signal.SIGHUP)
    except (FileNotFoundError, ValueError, ProcessLookupError, PermissionError):
        return False
    return True


def admitted(session: Session) -> list[str]:
    """The gateways the broker admits: those in use, and those suspended, which may still be told so."""
    return list(session.scalars(select(Gateway.name).where(Gateway.state != "revoked").order_by(Gateway.name)))


@contextlib.contextmanager
def start_broker(place: BrokerPlace) -> Iterator[subprocess.Popen[bytes]]:
    """Mosquitto as a child while the context lasts, listening before it is entered.

    The configuration must be written. Raises BrokerFailed: not installed, port taken, or it ended at once.
    """
    program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        raise BrokerFailed("mosquitto is not installed; install the package of that name")
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            free.bind((place.address, place.port))
        except OSError as error:
            why = f"the broker cannot listen on port {place.port}: {error.strerror}"
            hint = "does this court's broker run already? Else set broker.port in central.yaml"
            raise BrokerFailed(f"{why}; {hint}") from error
    log = place.folder / "mosquitto.log"
    with log.open("ab") as told:
        child = subprocess.Popen([program, "-c", str(place.folder / CONF)], stdout=told, stderr=told)
    try:
        _wait_until_listening(child, place, log)
        yield child
    finally:
        end(child)


def end(child: subprocess.Popen[bytes]) -> None:
    """Have Mosquitto end in order; one that does not within `_END_S` is killed.

    It is asked more than once: it listens before its loop begins, and as that begins it forgets that it was asked
    (mosquitto 2.0, `run = 1` in its main function).
    """
    until = time.monotonic() + _END_S
    while time.monotonic() < until:
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_ASK_S)
            return
    child.kill()
    child.wait()


def _wait_until_listening(child: subprocess.Popen[bytes], place: BrokerPlace, log: Path) -> None:
    until = time.monotonic() + _READY_S
    while time.monotonic() < until:
        if child.poll() is not None:
            last = log.read_text(errors="replace").strip().splitlines()[-3:]
            raise BrokerFailed(f"mosquitto ended at once: {' / '.join(last)}")
        with contextlib.suppress(OSError), socket.create_connection((place.address or "127.0.0.1", place.port), 0.2):
            return
        time.sleep(0.02)
    raise BrokerFailed(f"mosquitto does not listen on port {place.port} after {_READY_S:.0f} s; see {log}")
