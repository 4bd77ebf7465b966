"""Deadlines ring by the clock that was passed in, the earliest first."""

import asyncio
import contextlib
import time

from gateway.deadlines import Deadlines
from tests.kit.box import Mono


async def test_what_is_due_rings_in_order_and_once() -> None:
    mono, rung = Mono(), list[str]()
    deadlines = Deadlines(mono)

    async def ring(name: str) -> None:
        rung.append(name)

    deadlines.put("b", 2, lambda: ring("b"))
    deadlines.put("a", 1, lambda: ring("a"))
    deadlines.put("c", 9, lambda: ring("c"))
    await deadlines.ring()
    assert rung == []
    mono.now += 5
    await deadlines.ring()
    await deadlines.ring()
    assert rung == ["a", "b"]


async def test_a_dropped_one_never_rings_and_one_put_again_rings_later() -> None:
    mono, rung = Mono(), list[str]()
    deadlines = Deadlines(mono)

    async def ring(name: str) -> None:
        rung.append(name)

    deadlines.put("a", 1, lambda: ring("a"))
    deadlines.put("b", 1, lambda: ring("b"))
    deadlines.drop("a")
    deadlines.put("b", 10, lambda: ring("b again"))
    mono.now += 5
    await deadlines.ring()
    assert rung == []
    mono.now += 10
    await deadlines.ring()
    assert rung == ["b again"]


async def test_the_runner_waits_for_the_nearest_even_if_it_comes_later() -> None:
    deadlines, rung = Deadlines(time.monotonic), asyncio.Event()

    async def ring() -> None:
        rung.set()

    running = asyncio.create_task(deadlines.run())
    deadlines.put("far", 3600, ring)
    await asyncio.sleep(0)
    deadlines.put("near", 0.01, ring)
    async with asyncio.timeout(30):
        await rung.wait()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
