"""The line between driver and cable: turns, late answers, retries, silence, and what nobody asked for."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from devices.errors import DeviceOffline
from drivers.line import Line
from drivers.locks.kr_cu16 import wire

ASK, OTHER = wire.status(0), wire.status(1)
SHUT = wire.Status(0, wire.STATUS_IS, 0xFFFF)
OPEN = wire.Status(0, wire.STATUS_IS, 0xFFFE)
ELSEWHERE = wire.Status(0x10, wire.STATUS_IS, 0)
LONG_S = 30.0


class Hand:
    """A link whose other end is the test."""

    name = "hand"

    def __init__(self) -> None:
        self.asked: asyncio.Queue[bytes] = asyncio.Queue()
        self._said: asyncio.Queue[bytes] = asyncio.Queue()

    def say(self, *frames: wire.Answer) -> None:
        self._said.put_nowait(b"".join(frame.to_bytes() for frame in frames))

    def say_bytes(self, data: bytes) -> None:
        self._said.put_nowait(data)

    async def read(self) -> bytes:
        data = await self._said.get()
        if not data:
            self._said.put_nowait(b"")
            raise DeviceOffline("hand is gone")
        return data

    async def write(self, data: bytes) -> None:
        self.asked.put_nowait(data)

    async def close(self) -> None:
        self._said.put_nowait(b"")


@asynccontextmanager
async def line_of(timeout_s: float = LONG_S, gap_s: float = 0.0) -> AsyncIterator[tuple[Hand, Line[wire.Answer]]]:
    hand = Hand()
    async with Line(hand, wire.answer_framer(), timeout_s=timeout_s, gap_s=gap_s) as line:
        yield hand, line


def is_board(board: int) -> Callable[[wire.Answer], bool]:
    return lambda answer: answer.board == board


async def test_an_answer_goes_to_its_question() -> None:
    async with line_of() as (hand, line):
        answer = asyncio.ensure_future(line.ask(ASK, is_board(0)))
        assert await hand.asked.get() == ASK
        hand.say(ELSEWHERE, SHUT)
        assert await answer == SHUT
        assert line.counts.late == 1


async def test_callers_at_once_take_turns() -> None:
    async with line_of() as (hand, line):
        first = asyncio.ensure_future(line.ask(ASK, is_board(0)))
        second = asyncio.ensure_future(line.ask(OTHER, is_board(1)))
        assert await hand.asked.get() == ASK
        await asyncio.sleep(0)
        assert hand.asked.empty()
        hand.say(SHUT)
        assert await hand.asked.get() == OTHER
        hand.say(ELSEWHERE)
        assert (await first, await second) == (SHUT, ELSEWHERE)


async def test_a_late_answer_is_not_taken_for_the_next_one() -> None:
    async with line_of() as (hand, line):
        given_up = asyncio.ensure_future(line.ask(ASK, is_board(0)))
        assert await hand.asked.get() == ASK
        given_up.cancel()
        await asyncio.wait({given_up})
        asking = asyncio.ensure_future(line.ask(ASK, is_board(0)))
        await asyncio.sleep(0)
        assert hand.asked.empty()
        hand.say(SHUT)
        assert await hand.asked.get() == ASK
        hand.say(OPEN)
        assert await asking == OPEN
        assert line.counts.late == 1


async def test_a_question_is_asked_again_as_often_as_allowed_and_no_more() -> None:
    async with line_of(timeout_s=0.01) as (hand, line):
        with pytest.raises(DeviceOffline, match="3 tries"):
            await line.ask(ASK, is_board(0), tries=3)
        assert hand.asked.qsize() == 3
        assert (line.counts.retries, line.counts.timeouts) == (2, 3)


async def test_what_is_told_is_said_once() -> None:
    async with line_of(timeout_s=0.01) as (hand, line):
        await line.tell(b"job")
        assert await line.ask_softly(ASK, is_board(0)) is None
        assert [hand.asked.get_nowait() for _ in range(hand.asked.qsize())] == [b"job", ASK]


async def test_what_nobody_asked_for_goes_to_who_listens_and_else_nowhere() -> None:
    async with line_of() as (hand, line):
        heard: asyncio.Queue[wire.Answer] = asyncio.Queue()
        with line.listening(is_board(1), heard.put_nowait):
            hand.say(SHUT, ELSEWHERE)
            assert await heard.get() == ELSEWHERE
        answer = asyncio.ensure_future(line.ask(ASK, is_board(0)))
        await hand.asked.get()
        hand.say(ELSEWHERE, SHUT)
        assert await answer == SHUT
        assert heard.empty()
        assert line.counts.late == 2


async def test_a_port_that_goes_ends_every_wait_and_stays_gone() -> None:
    async with line_of() as (hand, line):
        waits = [
            asyncio.ensure_future(line.ask(ASK, is_board(0))),
            asyncio.ensure_future(line.ask(OTHER, is_board(1))),
            asyncio.ensure_future(line.pause(None)),
            asyncio.ensure_future(line.pause(LONG_S, asyncio.Event())),
        ]
        await hand.asked.get()
        hand.say_bytes(b"")
        for wait in waits:
            with pytest.raises(DeviceOffline, match="hand is gone"):
                await wait
        with pytest.raises(DeviceOffline):
            await line.tell(b"job")
        assert hand.asked.empty()


async def test_an_event_ends_a_pause() -> None:
    async with line_of() as (_, line):
        stirred = asyncio.Event()
        pausing = asyncio.ensure_future(line.pause(LONG_S, stirred))
        await asyncio.sleep(0)
        stirred.set()
        await pausing


async def test_noise_is_counted_and_half_a_frame_ends_with_silence() -> None:
    async with line_of() as (hand, line):
        hand.say_bytes(b"\xff\xff" + SHUT.to_bytes()[:4])
        await line.pause(0.3)
        assert line.counts.noise == 6
        answer = asyncio.ensure_future(line.ask(ASK, is_board(0)))
        await hand.asked.get()
        hand.say(SHUT)
        assert await answer == SHUT


async def test_the_gap_is_kept_before_every_question() -> None:
    async with line_of(gap_s=0.05) as (hand, line):
        loop = asyncio.get_running_loop()
        for _ in range(3):
            answer = asyncio.ensure_future(line.ask(ASK, is_board(0)))
            await hand.asked.get()
            hand.say(SHUT)
            await answer
            answered = loop.time()
            await line.tell(ASK)
            await hand.asked.get()
            assert loop.time() - answered > 0.04
