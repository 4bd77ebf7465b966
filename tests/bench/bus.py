"""Thirty-two boards on one RS-485 line, polled in turn, against what 9600 baud and the mandated rest allow at best."""

import asyncio
import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from drivers.link import open_link
from drivers.locks.board_8a import driver, wire
from tests.bench.figures import Figure, most
from tests.bench.paced_bus import BYTE_S

BOARDS = 32
LOCKS = 24
ROUNDS = 6
TIMES = 1.25


def measure(rounds: int = ROUNDS) -> list[Figure]:
    """The boards are at the settings with which a court gets them."""
    config = driver.Config(port="/dev/bus", cells=LOCKS)
    bytes_a_turn = len(wire.read_all(1).to_bytes()) + wire.status_bytes(LOCKS) + 4
    least = BOARDS * (bytes_a_turn * BYTE_S + config.gap_s)
    return [most(f"a round over {BOARDS} boards on one line at 9600 baud", _round_s(rounds), "s", least, TIMES)]


def _round_s(rounds: int) -> float:
    """Seconds a round takes, as the boards see it."""
    with TemporaryDirectory(prefix="courtside-bus-") as folder, ExitStack() as stack:
        name = Path(folder) / "bus"
        command = [sys.executable, "-m", "tests.bench.paced_bus", str(name), str(BOARDS), str(LOCKS), str(rounds)]
        bus = stack.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        stack.callback(bus.kill)
        if bus.stdout is None or bus.stdout.readline() != "ready\n":
            raise RuntimeError("the bus did not start")
        return asyncio.run(_polled(str(name), bus))


async def _polled(port: str, bus: subprocess.Popen[str]) -> float:
    """Watch every board until the bus has seen enough."""
    boards = [driver.Config(port=port, board=number, cells=LOCKS) for number in range(1, BOARDS + 1)]
    link = await open_link(port, boards[0].baud)
    async with driver.line(link, boards[0]) as line:
        watching = [asyncio.create_task(_watch(driver.Device(board, line))) for board in boards]
        told = await asyncio.to_thread(bus.stdout.readline) if bus.stdout else ""
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
    return float(json.loads(told)["round_s"])


async def _watch(device: driver.Device) -> None:
    async for _ in device.watch():
        continue
