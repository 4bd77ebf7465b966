"""A small court of real processes on free ports: broker, central, emulators, gateways. All of it can be killed."""

import os
import shutil
import socket
import sqlite3
import ssl
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Self

import httpx
from click.testing import CliRunner

from central.cli.program import program
from devices.journal import read_line
from gateway.simulator.told import running
from tests.kit.mosquitto import free_port
from tests.kit.powercut import ForgetfulDisk
from tests.kit.process import Failed, NotInTime, Process, run, until

COURT = "huishan"
ADMIN = ("admin", "correct horse battery")
CLERK = ("clerk", "a clerk's long password")
_BIN = Path(sys.executable).parent
_GATEWAY = """
gateway: {name}
court: {court}
data: {data}
devices:
  {wall}: {{driver: locks/kr_cu16, port: /dev/{wall}, cells: 12, poll_s: 0.2, poll_fast_s: 0.1, gap_s: 0.02}}
  {reader}: {{driver: readers/serial_barcode, port: /dev/{reader}}}
  {slip}: {{driver: printers/escpos, port: "tcp://192.0.2.7:9100", settle_s: 0.1}}
stations:
  locker: {{locks: [{wall}], reader: {reader}, printer: {slip}, left_open_s: 60}}
"""


@dataclass(frozen=True)
class Box:
    """One gateway with its locker: the names of its devices, its file and its folders."""

    name: str
    file: Path
    data: Path
    ports: Path
    wall: str = "wall-a"
    reader: str = "reader-a"
    slip: str = "slip-a"

    @property
    def gateway(self) -> str:
        """Name of its process."""
        return f"gateway {self.name}"

    @property
    def emulators(self) -> str:
        """Name of the process of its devices."""
        return f"emulators {self.name}"


class Installation:
    """One court in `folder`; as a context it ends every process at its end. Found it, add boxes, then start."""

    existing: list["Installation"] = []
    """Those not yet ended, so that a failing test can show their logs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.processes: dict[str, Process] = {}
        self.boxes: dict[str, Box] = {}
        self._broker = folder / "broker"
        self.root = ""
        """Fingerprint of the court's root."""
        self.broker_port = free_port()
        self._http_port = free_port()
        self._http: httpx.Client | None = None
        self._hands = httpx.Client(timeout=30)
        self._codes = count(1)
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        """Nothing runs yet."""
        self.existing.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        """End all, the last started first."""
        self.existing.remove(self)
        self._hands.close()
        if self._http is not None:
            self._http.close()
        for process in reversed(self.processes.values()):
            process.kill9()

    def found(self) -> None:
        """Make the court and its first people."""
        ports = ("--port", str(self._http_port), "--broker-port", str(self.broker_port))
        first = ("--login", ADMIN[0], "--name", "管理员", "--password", ADMIN[1])
        said = self.central("init", "--court", COURT, *first, *ports)
        self.root = next(word for word in said.split() if len(word) == 64)
        self._add("broker", [_mosquitto(), "-c", self.home / "broker" / "mosquitto.conf"], self._broker_listens)
        self._add("central", [_BIN / "courtside-central", "serve", "--home", self.home], "ready http")

    def central(self, command: str, *arguments: str | Path) -> str:
        """Run a command of courtside-central in this home; gives what it said. Raises Failed.

        It runs in this process: most of a process of its own would be spent on loading central anew.
        """
        told = [*command.split(), "--home", str(self.home), *map(str, arguments)]
        done = CliRunner().invoke(program, told)
        if done.exit_code != 0:
            raise Failed(f"courtside-central {' '.join(told)} ended with {done.exit_code}:\n{done.output}") from (
                done.exception
            )
        return done.output

    def add_box(self, name: str) -> Box:
        """Invite and enrol a gateway with one locker; central must run."""
        box = self.described(name)
        said = self.central("gateway invite", name)
        url, token = said.split()[-2:]
        run(_BIN / "courtside-gateway", "enrol", url, token, "--data", box.data)
        return box

    def described(self, name: str) -> Box:
        """The file and the processes of a box."""
        box = Box(name, self.folder / f"{name}.yaml", self.folder / f"{name}-data", self.folder / f"{name}-ports")
        devices = {"wall": box.wall, "reader": box.reader, "slip": box.slip}
        box.file.write_text(_GATEWAY.format(name=name, court=COURT, data=box.data, **devices))
        simulate: list[str | Path] = [sys.executable, "-m", "gateway.simulate", box.file, box.ports]
        self._add(box.emulators, simulate, '"page"')
        run_it: list[str | Path] = [_BIN / "courtside-gateway", "run", box.file, "--simulate", "--emulators", box.ports]
        self._add(box.gateway, run_it, '"event": "ready"')
        self.boxes[name] = box
        return box

    def start(self, *names: str) -> None:
        """Start these, each ready before the next."""
        for name in names:
            self.processes[name].start()

    def kill9(self, *names: str) -> None:
        """End these at once."""
        for name in names:
            self.processes[name].kill9()

    def stop(self, *names: str) -> None:
        """End these in order."""
        for name in names:
            self.processes[name].stop()

    def cut(self, *names: str) -> None:
        """Pull the plug of these: what they did not fsync is gone. They must run on a `ForgetfulDisk`."""
        for name in names:
            process = self.processes[name]
            process.kill9()
            assert process.disk is not None
            process.disk.cut()
            self._let_broker_stay()

    def forget_unsynced(self, library: Path) -> None:
        """Put central's home and every box's data on disks that keep only what is fsynced; none of them may run."""
        for name, folder in [("central", self.home), *((box.gateway, box.data) for box in self.boxes.values())]:
            self.processes[name].disk = ForgetfulDisk(folder, library, self.folder / f"{folder.name}-shadows")
        (self.home / "broker").rename(self._broker)
        self._let_broker_stay()

    def wipe_broker(self) -> None:
        """Everything the broker kept on disk is gone; it must be down."""
        for path in (self.home / "broker").glob("mosquitto.db*"):
            path.unlink()

    def hand(self, box: Box, device: str, hand: str, **arguments: Any) -> dict[str, Any]:
        """Push a button of an emulated device; gives how it stands then."""
        answer = self._hands.post(f"{self._page(box)}api/devices/{device}/hands/{hand}", json=arguments)
        return dict(answer.raise_for_status().json())

    def scan(self, box: Box, code: str = "") -> str:
        """Show a code to the box's reader, by default one never shown before; gives the code."""
        shown = code or f"{box.name}/{next(self._codes)}"
        self.hand(box, box.reader, "scan", code=shown)
        return shown

    def look(self, box: Box, device: str) -> dict[str, Any]:
        """How an emulated device stands."""
        listed = self._hands.get(f"{self._page(box)}api/devices").raise_for_status().json()
        return next(dict(told["look"]) for told in listed if told["name"] == device)

    def wire(self, box: Box, device: str) -> dict[str, Any]:
        """What went over an emulated device's port; `in` is towards the device."""
        return dict(self._hands.get(f"{self._page(box)}api/devices/{device}/wire").raise_for_status().json())

    @property
    def http(self) -> httpx.Client:
        """Central's HTTP door, trusting the court's root alone."""
        if self._http is None:
            trust = ssl.create_default_context(cafile=str(self.home / "pki" / "root.pem"))
            self._http = httpx.Client(base_url=f"https://localhost:{self._http_port}", verify=trust, timeout=30)
        return self._http

    def journal(self, box: Box, after: int = 0) -> list[tuple[int, bytes]]:
        """The lines on the gateway's disk with their running numbers, read while it writes or after its death."""
        return self._rows(box.data / "journal.db", "SELECT n, raw FROM line WHERE n > ? ORDER BY n", after)

    def ledger(self, gateway: str) -> list[tuple[str, int, bytes]]:
        """(book, seq, bytes) of every line central committed for a gateway, in the order of its books."""
        rows = (
            "SELECT b.book, l.seq, l.raw FROM ledger_lines l JOIN ledger_books b ON b.id = l.book_id"
            " WHERE b.gateway = ? ORDER BY b.id, l.seq"
        )
        return self._rows(self.home / "central.db", rows, gateway)

    def alarms(self) -> list[tuple[str, str]]:
        """(kind, subject) of every alarm ever raised."""
        return self._rows(self.home / "central.db", "SELECT kind, subject FROM alarms ORDER BY id")

    def is_there(self, box: Box) -> bool:
        """True once central has heard that the gateway is ready."""
        rows = self._rows(self.home / "central.db", "SELECT presence FROM gateways WHERE name = ?", box.name)
        return rows == [("ready",)]

    def drain(self, box: Box) -> None:
        """Wait until a code scanned now is in the ledger, and with it all that was journalled before it."""
        code = until(f"{box.name} reads codes", lambda: self._scanned(box))
        until(f"{box.name} has drained", lambda: any(_code(raw) == code for _, _, raw in self.ledger(box.name)[-50:]))

    def _scanned(self, box: Box) -> str:
        """The code, once it is in the journal; empty if the reader was not listening yet."""
        before, code = self.last(box), self.scan(box)
        try:
            until("it is read", lambda: any(_code(raw) == code for _, raw in self.journal(box, before)), 1.0)
        except NotInTime:
            return ""
        return code

    def last(self, box: Box) -> int:
        """Running number of the newest line in the journal."""
        return int(self._rows(box.data / "journal.db", "SELECT COALESCE(MAX(n), 0) FROM line")[0][0])

    def _page(self, box: Box) -> str:
        return running(box.ports).page

    def _add(self, name: str, command: Sequence[str | Path], ready: Callable[[], bool] | str) -> None:
        log = self.folder / f"{name.replace(' ', '-')}.log"
        self.processes[name] = Process(name, command, log, ready)

    def _let_broker_stay(self) -> None:
        """The broker is another machine: its folder does not lose power with central's."""
        link = self.home / "broker"
        if self._broker.exists() and not link.is_symlink():
            link.symlink_to(self._broker)

    def _broker_listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.broker_port), timeout=1).close()
        except OSError:
            return False
        return True

    def _rows(self, path: Path, question: str, *values: Any) -> list[Any]:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as db:
            return db.execute(question, values).fetchall()


@contextmanager
def small_court(folder: Path, *boxes: str) -> Iterator[Installation]:
    """A court with these boxes, all of it running."""
    with Installation(folder) as court:
        court.found()
        court.start("broker", "central")
        for name in boxes:
            box = court.add_box(name)
            court.start(box.emulators, box.gateway)
        yield court


def _code(raw: bytes) -> str | None:
    return read_line(raw).body.get("code")


def _mosquitto() -> str:
    found = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    assert found is not None, "mosquitto is not installed"
    return found
