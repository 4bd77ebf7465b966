"""One failing device never stops another; gone is said once, back is said once."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from devices.errors import DeviceOffline
from gateway.supervise import FIRST_PAUSE_S, LONGEST_PAUSE_S, STEADY_S, Time, Up, Voice, keep, pause

Try = Callable[[Up], Awaitable[None]]


class _Stage:
    """Plays a list of tries, with time by hand; the last one runs until it is cancelled."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []
        self.said: list[str] = []

    async def play(self, *tries: Try) -> None:
        waiting = list(tries)
        over = asyncio.Event()

        async def work(up: Up) -> None:
            if not waiting:
                over.set()
                await asyncio.Event().wait()
            await waiting.pop(0)(up)

        async def sleep(seconds: float) -> None:
            self.pauses.append(seconds)

        async def gone(why: str) -> None:
            self.said.append(f"gone: {why}")

        async def back() -> None:
            self.said.append("back")

        task = asyncio.create_task(keep("wall-a", work, Time(lambda: self.now, sleep), Voice(gone, back)))
        async with asyncio.timeout(30):
            await over.wait()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _never(_: Up) -> None:
    raise DeviceOffline("no such port")


async def _up_then_off(up: Up) -> None:
    await up()
    await up()
    raise DeviceOffline("pulled")


async def test_gone_is_said_once_however_often_it_is_tried() -> None:
    stage = _Stage()
    await stage.play(_never, _never, _never, _never)
    assert stage.said == ["gone: no such port"]


async def test_back_is_said_once_each_time_it_is_back() -> None:
    stage = _Stage()
    await stage.play(_never, _up_then_off, _never, _up_then_off)
    assert stage.said == ["gone: no such port", "back", "gone: pulled", "back", "gone: pulled"]


async def test_the_pauses_grow_and_are_bounded() -> None:
    stage = _Stage()
    await stage.play(*[_never] * 12)
    assert all(FIRST_PAUSE_S <= length <= LONGEST_PAUSE_S for length in stage.pauses)
    assert stage.pauses[0] <= 2 * FIRST_PAUSE_S
    assert stage.pauses[-1] >= LONGEST_PAUSE_S / 2


async def test_what_flaps_is_not_tried_faster_and_what_was_steady_is() -> None:
    stage = _Stage()

    async def steady(up: Up) -> None:
        await up()
        stage.now += STEADY_S + 1
        raise DeviceOffline("pulled")

    await stage.play(*[_up_then_off] * 8, steady)
    assert stage.pauses[7] > 10
    assert stage.pauses[8] <= 2 * FIRST_PAUSE_S


async def test_an_unexpected_error_is_told_without_its_text_and_tried_again() -> None:
    stage = _Stage()

    async def broken(up: Up) -> None:
        await up()
        raise KeyError("a name that must not stand in a journal")

    await stage.play(broken, _up_then_off)
    assert stage.said == ["back", "gone: unexpected KeyError", "back", "gone: pulled"]


def test_no_two_pauses_are_alike() -> None:
    assert len({pause(5) for _ in range(20)}) > 1
    assert pause(1000) <= LONGEST_PAUSE_S
