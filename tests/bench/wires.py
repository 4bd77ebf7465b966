"""From bytes to a fact: a driver, its line and its framer, against a loop that knows this one frame and no other."""

import asyncio
import time
from collections.abc import Iterator
from itertools import cycle
from typing import Any

from devices.errors import DeviceOffline
from drivers.locks.board_8a import driver, wire
from tests.bench.figures import Figure, beside

FRAMES = 5_000
LOCKS = 24


class Answering:
    """A board in memory that answers each question at once; at each the door of lock 1 is seen to have moved."""

    def __init__(self) -> None:
        self.name = "memory"
        self._frames: Iterator[bytes] = cycle([_contacts(0), _contacts(1)])
        self._out: asyncio.Queue[bytes] = asyncio.Queue()

    async def read(self) -> bytes:
        return await self._out.get()

    async def write(self, data: bytes) -> None:
        self._out.put_nowait(next(self._frames))

    async def close(self) -> None:
        return


def measure(frames: int = FRAMES) -> list[Figure]:
    """So many frames, each of which becomes one fact."""
    ours, bare = asyncio.run(_ours(frames)), asyncio.run(_bare(frames))
    framed, parsed = _framed(frames), _parsed_alone(frames)
    return [
        beside("bytes to fact over a line, a frame", ours / frames * 1e6, "us", bare / frames * 1e6),
        beside("bytes to frame, a frame", framed / frames * 1e6, "us", parsed / frames * 1e6),
    ]


def _framed(frames: int) -> float:
    framer, frame = wire.answer_framer(LOCKS), _contacts(1)
    begun = time.perf_counter()
    for _ in range(frames):
        framer.feed(frame)
    return time.perf_counter() - begun


def _parsed_alone(frames: int) -> float:
    frame = _contacts(1)
    begun = time.perf_counter()
    for _ in range(frames):
        _parsed(frame)
    return time.perf_counter() - begun


async def _ours(frames: int) -> float:
    config = driver.Config(port="/dev/memory", cells=LOCKS, gap_s=0, poll_s=1e-9, poll_fast_s=1e-9)
    told = 0
    async with driver.line(Answering(), config) as line:
        begun = time.perf_counter()
        async for _ in driver.Device(config, line).watch():
            told += 1
            if told == frames:
                return time.perf_counter() - begun
    raise DeviceOffline("the board in memory ended")


async def _bare(frames: int) -> float:
    board, question, before, told = Answering(), wire.read_all(1).to_bytes(), None, 0
    begun = time.perf_counter()
    while told < frames:
        await board.write(question)
        doors = _parsed(await board.read())
        changes: list[dict[str, Any]] = [
            {"type": "door_changed", "cell": cell, "door": "open" if doors >> (cell - 1) & 1 else "shut"}
            for cell in range(1, LOCKS + 1)
            if before is None or (doors ^ before) >> (cell - 1) & 1
        ]
        told, before = told + len(changes), doors
    return time.perf_counter() - begun


def _parsed(frame: bytes) -> int:
    """The contacts of a read-all reply of 24 locks; ValueError if the sum is wrong."""
    check = 0
    for byte in frame:
        check ^= byte
    if check or len(frame) != LOCKS // 8 + 4 or frame[0] != wire.READ:
        raise ValueError(frame.hex())
    return int.from_bytes(frame[2:-2], "big")


def _contacts(word: int) -> bytes:
    return wire.Contacts(1, word.to_bytes(wire.status_bytes(LOCKS), "big")).to_bytes()
