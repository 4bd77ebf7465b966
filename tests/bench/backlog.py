"""A backlog drains: facts per second from a gateway's disk into central's ledger, and an alarm that overtakes it."""

import asyncio
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

import psutil
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from devices.locks import DoorChanged
from devices.messages import Fact
from devices.readers import CodeRead
from gateway.clock import Clock
from gateway.identity import load
from gateway.journal import Journal
from tests.bench import bare
from tests.bench.figures import Figure, below, least, most, told
from tests.kit.installation import COURT, Box, Installation

_TOGETHER = 1000
_LOOK_S = 0.05
_BANK = "wall-z"
ALARM_S = 1.0


def measure(court: Installation, box: Box, lines: int) -> list[Figure]:
    """That many lines are journalled while the gateway is down; then it comes up. At the end it runs."""
    court.stop(box.gateway)
    begun = time.perf_counter()
    asyncio.run(_write(box, lines))
    wrote = lines / (time.perf_counter() - begun)
    bare_before = _bare(lines)  # and once more behind it: a disk is not as quick at one time as at another
    central, before = _central(court), _committed(court, box)
    at_first = central.memory_info().rss / 2**20
    court.processes[box.gateway].launch()
    _until_committed(court, box, before + 1)
    begun = time.perf_counter()
    first = _committed(court, box)
    _until_committed(court, box, before + lines // 4)
    overtook = _alarm(court, box)
    _until_committed(court, box, before + lines)
    rate = (_committed(court, box) - first) / (time.perf_counter() - begun)
    bare_rate = (bare_before + _bare(lines)) / 2
    grew = central.memory_info().rss / 2**20
    return [
        least("backlog drained, end to end", rate, "lines/s", bare_rate, 0.5),
        below("alarm raised while it drains, after", overtook, "s", ALARM_S),
        most("central's memory after the drain", grew, "MB", at_first, 1.5),
        told("journal, fsynced appends", wrote, "lines/s"),
    ]


async def _write(box: Box, lines: int) -> None:
    identity = load(box.data)
    path = box.data / "journal.db"
    async with Journal(path, identity.gateway, identity.kid, Clock(rtc_healthy=True)) as journal:
        for begun in range(0, lines, _TOGETHER):
            numbers = range(begun, min(begun + _TOGETHER, lines))
            facts = [(_BANK, _door(number)) if number % 2 else (box.reader, _code(number)) for number in numbers]
            await asyncio.gather(*(journal.append(device, fact) for device, fact in facts))


def _door(number: int) -> Fact:
    """A door of a bank without a cabinet, as found at a start: nothing to be alarmed at."""
    return DoorChanged(cell=1 + number % 12, door="open" if number % 24 < 12 else "shut", found=True)


def _code(number: int) -> Fact:
    return CodeRead(code=f"SPARE-{number:08}", encoding="utf-8")


def _alarm(court: Installation, box: Box) -> float:
    """Seconds until a door forced just now is an alarm at central."""
    known = len(court.alarms())
    begun = time.perf_counter()
    court.hand(box, box.wall, "force", cell=3)
    while len(court.alarms()) == known:
        time.sleep(_LOOK_S)
    return time.perf_counter() - begun


def _bare(lines: int) -> float:
    key = Ed25519PrivateKey.generate()
    batches = list(bare.batches(lines, key, COURT, "bare"))
    with tempfile.TemporaryDirectory() as folder:
        return lines / bare.verify_and_store(batches, key.public_key(), Path(folder) / "bare.db")


def _committed(court: Installation, box: Box) -> int:
    with closing(sqlite3.connect(f"file:{court.home / 'central.db'}?mode=ro", uri=True, timeout=30)) as db:
        answer = db.execute("SELECT COALESCE(SUM(seq), 0) FROM ledger_books WHERE gateway = ?", (box.name,)).fetchone()
    return int(answer[0])


def _until_committed(court: Installation, box: Box, lines: int) -> None:
    while _committed(court, box) < lines:
        time.sleep(_LOOK_S)


def _central(court: Installation) -> psutil.Process:
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if "serve" in command and str(court.home) in command:
            return process
    raise LookupError("central does not run")
