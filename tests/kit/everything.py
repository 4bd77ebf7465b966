"""One gateway with every product there is, found by walking; its processes counted, its devices plagued."""

import json
import sys
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import httpx
import psutil
from pydantic import ValidationError

from devices.journal import read_line
from gateway.catalogue import names, product
from gateway.journal_store import read_only
from gateway.simulator.told import running
from tests.kit.court import COURT, Court
from tests.kit.process import NotInTime, Process, until

GATEWAY = "everything"
PATTERNS = {
    "serial": ("/dev/{name}",),
    "tcp": ("tcp://192.0.2.7:{number}",),
    "usb": ("usb://04b8:{number}",),
    "sane": ("sane:{name}:1",),
    "alsa": ("alsa:hw:CARD={name}",),
}
"""How ports are written, by transport; of one that is not here the forms below are tried."""
FORMS = ("{transport}://192.0.2.7:{number}", "{transport}:{name}", "{transport}://192.0.2.7/{name}")


def example(driver: str, number: int) -> dict[str, Any]:
    """Settings with which that driver can be put into a file. Raises LookupError if no port known here fits it."""
    found = product(driver).driver
    field = found.Config.model_fields["port"]
    ports = [] if field.is_required() else [str(field.default)]
    for transport in found.TRANSPORTS:
        told = {"transport": transport, "name": driver.replace("/", "-"), "number": number}
        ports += [form.format(**told) for form in PATTERNS.get(transport, FORMS)]
    for port in ports:
        try:
            found.Config.model_validate({"port": port})
        except ValidationError:
            continue
        return {"driver": driver, "port": port}
    raise LookupError(f"{driver}: none of {', '.join(ports)} is a port for it; add how it is written to PATTERNS")


def file_of(data: Path) -> str:
    """The file of a gateway at which one of every product hangs."""
    devices = {
        driver.replace("/", "-").replace("_", "-"): example(driver, 4000 + n) for n, driver in enumerate(names())
    }
    return json.dumps({"gateway": GATEWAY, "court": COURT, "data": str(data), "rtc_healthy": True, "devices": devices})


PATIENCE_S = 180.0
"""A device that was gone often is tried again after half a minute only."""


@dataclass(frozen=True)
class Held:
    """What the gateway's process holds of the machine."""

    megabytes: float
    threads: int
    files: int
    children: int


class Everything:
    """That gateway and its emulators, as processes; as a context it ends them."""

    def __init__(self, folder: Path) -> None:
        data = folder / "data"
        Court(folder / "court").identity(GATEWAY, data)
        self.file = folder / "everything.yaml"
        self.file.write_text(file_of(data))
        self.ports = folder / "ports"
        self._journal = data / "journal.db"
        gateway = (sys.executable, "-m", "gateway")
        simulate = (sys.executable, "-m", "gateway.simulate", self.file, self.ports)
        run = (*gateway, "run", self.file, "--simulate", "--emulators", self.ports)
        self.emulators = Process("emulators", simulate, folder / "emulators.log", '"page"')
        self.gateway = Process("gateway", run, folder / "gateway.log", '"event": "ready"')
        self._read, self._back, self._said = 0, set[str](), Counter[str]()
        self.http = httpx.Client(timeout=60)

    def __enter__(self) -> "Everything":
        try:
            self.emulators.start()
            self.gateway.start()
        except AssertionError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.gateway.stop()
        self.emulators.stop()
        self.http.close()

    @property
    def devices(self) -> list[str]:
        """Every device of the file."""
        return list(json.loads(self.file.read_text())["devices"])

    def back(self) -> set[str]:
        """The devices of which the journal said last that they are there."""
        self._read_on()
        return self._back

    def said(self) -> Counter[str]:
        """How often the journal says of each type."""
        self._read_on()
        return self._said

    def until_all_are_back(self) -> None:
        """Return once every device is. Raises NotInTime."""
        everybody = set(self.devices)
        try:
            until("every device is back", lambda: everybody <= self.back(), PATIENCE_S)
        except NotInTime as error:
            raise NotInTime(f"{error}: {everybody - self.back()}\n{self.gateway.last_words()}") from error

    def weather(self, device: str, **weather: Any) -> None:
        """Make weather on a device's line."""
        url = f"{running(self.ports).page}api/devices/{device}/weather"
        self.http.post(url, json=weather).raise_for_status()

    def plague(self, random: Random) -> str:
        """Do something bad to one device; gives what."""
        device, bad = random.choice(self.devices), random.choice(_BAD)
        self.weather(device, **bad)
        return f"{device} {bad}"

    def calm(self) -> None:
        """Plug everything in and let the sun shine."""
        for device in self.devices:
            self.weather(device, **_FAIR)

    def held(self) -> Held:
        """What the gateway's process holds now."""
        process = psutil.Process(self.gateway.pid)
        with process.oneshot():
            memory, threads, files = process.memory_info().rss, process.num_threads(), process.num_fds()
        return Held(memory / 2**20, threads, files, len(process.children()))

    def _read_on(self) -> None:
        """Take in the lines that are new."""
        with closing(read_only(self._journal)) as db:
            for n, raw in db.execute("SELECT n, raw FROM line WHERE n > ? ORDER BY n", (self._read,)):
                line, self._read = read_line(bytes(raw)), n
                self._said[line.type] += 1
                if line.type in ("device_back", "device_gone"):
                    (self._back.add if line.type == "device_back" else self._back.discard)(line.device)


_FAIR: dict[str, Any] = {
    "delay_s": 0,
    "drop": 0,
    "garble": 0,
    "duplicate": 0,
    "split": 0,
    "glue": False,
    "echo": False,
    "unplugged": False,
}
_BAD: list[dict[str, Any]] = [
    {"unplugged": True},
    {"unplugged": True},
    {"unplugged": False},
    {"unplugged": False},
    {"drop": 0.5},
    {"garble": 0.5},
    {"duplicate": 0.5},
    {"split": 3},
    {"glue": True},
    {"echo": True},
    {"delay_s": 0.3},
    _FAIR,
]
