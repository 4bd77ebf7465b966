"""The demo's home, made anew at each start on ports that are free, and the programs of a small court running in it."""

import fcntl
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from central.app import open_court
from central.clock import utc_now
from central.demo.children import Child, Children
from central.demo.court import COURT, GATEWAY, PASSWORD, TITLE, furnish
from central.fleet import broker_conf
from central.fleet.service import invite
from central.founding import First, found
from central.people.service import SYSTEM
from central.settings import Settings

_MARK = ".courtside-demo"
_LOOPBACK = "127.0.0.1"
_LIKED = {"pages": 8080, "broker": 18883, "emulators": 8081, "screen": 8082}
_BIN = Path(sys.executable).parent
_DELIVERED = Path(__file__).parents[2] / "firmware_configs" / "gateways"


class CannotStage(Exception):
    """The demo cannot be put up here; the text says why and what to do."""


@dataclass(frozen=True)
class Stage:
    """A court that runs, and where to find it."""

    settings: Settings
    children: Children
    root: str
    """Fingerprint of the court's root."""
    emulators: str
    """Address of the page with the emulated devices' buttons."""
    screen: str
    """Address of the locker's own display."""

    @property
    def url(self) -> str:
        """Address of the court's pages."""
        return self.settings.public_url


@contextmanager
def home(wanted: Path) -> Iterator[Path]:
    """An empty folder for one demo, or a neighbour of it if another demo runs there. Raises CannotStage."""
    for number in range(1, 100):
        folder = wanted if number == 1 else wanted.with_name(f"{wanted.name}-{number}")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with folder.with_name(f".{folder.name}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            _empty(folder)
            yield folder
            return
    raise CannotStage(f"a hundred demos run in {wanted.parent}; stop some")


@contextmanager
def stage(folder: Path, *, liked_ports: bool) -> Iterator[Stage]:
    """Found a court in `folder` and run it: broker, central, and a gateway with emulated devices."""
    told = _settings(folder, _ports(liked=liked_ports))
    authority = found(told, First("admin", "周主任", PASSWORD), ["localhost", _LOOPBACK], utc_now)
    court = open_court(told)
    try:
        furnish(court)
        with court.store.write() as session:
            life = timedelta(minutes=5)
            token = invite(session, GATEWAY, authority, court.clock(), actor=SYSTEM.ref, life=life)
    finally:
        court.store.close()
    with Children(folder / "logs") as children:
        _start_broker(children, told)
        central = children.start("central", [sys.executable, "-m", "central", "serve", "--home", str(folder)], folder)
        central.wait_for(r"(?m)^ready ")
        gateway = _start_gateway(children, told, token, liked=liked_ports)
        emulators = gateway.wait_for(r'"emulators": "([^"]+)"')[1]
        screen = gateway.wait_for(r"display's page is at (\S+)")[1]
        yield Stage(told, children, authority.root_fingerprint, emulators, screen)


def _empty(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / _MARK).exists():
        raise CannotStage(f"{folder} holds something that is no demo; name another --home")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / _MARK).write_text("A demo of Courtside; made anew at each start.\n")


def _settings(folder: Path, ports: dict[str, int]) -> Settings:
    return Settings.model_validate(
        {
            "court": COURT,
            "home": folder,
            "title": TITLE,
            "http": {"host": _LOOPBACK, "port": ports["pages"], "tls": False},  # the loopback needs no certificate
            "dossiers": {"ocr": "tesseract"},  # a quarter of the other's time
            "broker": {"host": _LOOPBACK, "port": ports["broker"]},
        }
    )


def _start_broker(children: Children, told: Settings) -> Child:
    program = shutil.which("mosquitto", path=f"{sys.exec_prefix}/bin:/usr/sbin:/usr/local/sbin:/usr/bin")
    if program is None:
        raise CannotStage("mosquitto is not installed; install the package of that name")
    broker = children.start("broker", [program, "-c", str(told.home / "broker" / broker_conf.CONF)], told.home)
    broker.wait_for_port(told.broker.port)
    return broker


def _start_gateway(children: Children, told: Settings, token: str, *, liked: bool) -> Child:
    data = told.home / GATEWAY
    program = str(_BIN / "courtside-gateway")
    enrolled = subprocess.run(
        [program, "enrol", told.public_url, token, "--data", str(data)], capture_output=True, text=True, check=False
    )
    if enrolled.returncode != 0:
        raise CannotStage(f"{GATEWAY} could not enrol: {enrolled.stderr.strip()}")
    ports = _ports(liked=liked)
    file = gateway_file(told.home, GATEWAY, lambda stations: stations["locker"].update(screen_port=ports["screen"]))
    command = [program, "run", str(file), "--simulate", f"--emulators-port={ports['emulators']}"]
    return children.start(GATEWAY, command, told.home)


def gateway_file(home: Path, name: str, adapt: Callable[[dict[str, Any]], None]) -> Path:
    """A gateway's file as delivered, with its data in the demo's home; `adapt` alters its stations."""
    told = yaml.safe_load((_DELIVERED / f"{name}.yaml").read_text("utf-8"))
    told["data"] = str(home / name)
    adapt(told["stations"])
    path = home / f"{name}.yaml"
    path.write_text(yaml.safe_dump(told, allow_unicode=True, sort_keys=False), "utf-8")
    return path


def _ports(*, liked: bool) -> dict[str, int]:
    return {name: _port(port if liked else 0) for name, port in _LIKED.items()}


def _port(liked: int) -> int:
    """The port itself if it is free, else one the system gives."""
    for port in (liked, 0):
        with socket.socket() as door:
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                door.bind((_LOOPBACK, port))
            except OSError:
                continue
            return int(door.getsockname()[1])
    raise CannotStage("the system has no free port")
