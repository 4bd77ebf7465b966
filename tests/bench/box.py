"""A gateway with one locker, one reader and one printer: memory at rest, and the time from start to ready."""

import json
import os
import statistics
import time
from pathlib import Path
from unittest import mock

import psutil

from tests.bench import bare
from tests.bench.figures import Figure, below, most
from tests.kit.installation import Box, Installation

STARTS = 5
REST_S = 5.0
MEMORY_MB = 55.0
READY_S = 1.0
_SERVICE = Path(__file__).parents[2] / "firmware_configs" / "systemd" / "courtside-gateway@.service"


def measure(court: Installation, box: Box) -> list[Figure]:
    """The box's gateway is started several times; at the end it runs."""
    imports = statistics.median(bare.resident() for _ in range(STARTS))
    seconds = []
    for _ in range(STARTS):
        court.stop(box.gateway)
        with mock.patch.dict(os.environ, _environment()):
            court.start(box.gateway)
        seconds.append(_seconds(court.processes[box.gateway].log))
    time.sleep(REST_S)  # what starting up borrowed has been given back by then
    resident = _resident(box.file)
    return [
        most("gateway at rest, resident", resident, "MB", imports, 1.2),
        below("gateway at rest, resident (absolute)", resident, "MB", MEMORY_MB),
        below("gateway start to ready", statistics.median(seconds), "s", READY_S),
    ]


def _environment() -> dict[str, str]:
    """What the service file adds to it, so that the box runs here as it does there."""
    lines = _SERVICE.read_text().splitlines()
    told = (line.removeprefix("Environment=") for line in lines if line.startswith("Environment="))
    return dict(pair.split("=", 1) for pair in told)


def _seconds(log: Path) -> float:
    ready = [line for line in log.read_text().splitlines() if '"event": "ready"' in line]
    return float(json.loads(ready[-1])["seconds"])


def _resident(file: Path) -> float:
    """Megabytes of the one process that runs this gateway's file."""
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if str(file) in command and "run" in command:
            return float(process.memory_info().rss) / 2**20
    raise LookupError(f"no gateway runs {file}")
