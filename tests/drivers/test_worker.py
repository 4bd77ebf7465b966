"""A process around a blocking library: what it answers, and what happens when it does not."""

from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
import pytest_asyncio

from devices.errors import DeviceFault, DeviceOffline
from drivers.worker import Worker

LONG_S = 30.0


@pytest_asyncio.fixture
async def parrot() -> AsyncIterator[Worker]:
    worker = await Worker.start("tests.kit.parrot")
    yield worker
    await worker.close()


async def words(worker: Worker, *say: str, patience_s: float = LONG_S) -> list[str]:
    return [answer["word"] async for answer in worker.asks({"say": say}, patience_s)]


async def test_answers_come_in_order_whatever_the_library_prints(parrot: Worker) -> None:
    assert await words(parrot, "one", "two") == ["one", "two"]
    assert await parrot.ask({"say": ["三"]}, LONG_S) == {"word": "三"}


async def test_bytes_go_along_with_a_question_whatever_they_are(parrot: Worker) -> None:
    bulk = bytes(range(256)) * 1000
    assert await parrot.ask({"say": ["bulk"]}, LONG_S, bulk) == {"word": bulk.hex()}
    assert await words(parrot, "one") == ["one"]


async def test_an_error_of_the_device_ends_the_question_and_not_the_worker(parrot: Worker) -> None:
    with pytest.raises(DeviceFault, match="paper is jammed"):
        await words(parrot, "one", "jam")
    assert await words(parrot, "two") == ["two"]


async def test_a_worker_that_hangs_is_ended_and_gone(parrot: Worker) -> None:
    with pytest.raises(DeviceOffline, match="says nothing"):
        await words(parrot, "hang", patience_s=0.1)
    with pytest.raises(DeviceOffline, match="has ended"):
        await parrot.pause(LONG_S)
    assert parrot.counts.timeouts == 1


async def test_a_worker_that_dies_is_gone(parrot: Worker) -> None:
    with pytest.raises(DeviceOffline):
        await words(parrot, "one", "die")
    with pytest.raises(DeviceOffline):
        await words(parrot, "one")


async def test_who_leaves_before_the_end_ends_the_worker(parrot: Worker) -> None:
    async with aclosing(parrot.asks({"say": ["one", "two"]}, LONG_S)) as answers:
        assert await anext(answers) == {"word": "one"}
    with pytest.raises(DeviceOffline):
        await parrot.pause(LONG_S)
