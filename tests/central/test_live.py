"""Pages hear at once of what they show, and of nothing else."""

import asyncio
import contextlib
from types import SimpleNamespace

import pytest

from central.live import HEARTBEAT, OPENED, Audience, Hub, live_routes


async def test_a_listener_hears_its_topics_once_however_often_they_changed() -> None:
    hub = Hub()
    with hub.listen(["cell:wall-a/7", "alarms"]) as listener:
        changes = listener.changes()
        await asyncio.to_thread(hub.tell, frozenset({"cell:wall-a/7", "cell:wall-a/8"}))
        await asyncio.to_thread(hub.tell, frozenset({"cell:wall-a/7", "alarms"}))
        await asyncio.sleep(0)
        assert [await anext(changes), await anext(changes)] == ["alarms", "cell:wall-a/7"]
        hub.tell(frozenset({"cell:wall-a/7"}))
        assert await anext(changes) == "cell:wall-a/7"
        await changes.aclose()
    hub.tell(frozenset({"alarms"}))


async def test_what_changes_all_the_time_is_told_at_once_and_then_together() -> None:
    hub = Hub()
    with hub.listen(["cell:wall-a/7", "fleet"]) as listener:
        changes = listener.changes()
        hub.tell(frozenset({"fleet"}))
        assert await anext(changes) == "fleet"
        for _ in range(3):
            hub.tell(frozenset({"fleet"}))
        await asyncio.sleep(0)
        hub.tell(frozenset({"cell:wall-a/7"}))
        assert [await anext(changes), await anext(changes)] == ["cell:wall-a/7", "fleet"]
        hub.tell(frozenset({"cell:wall-a/7"}))
        assert await anext(changes) == "cell:wall-a/7"
        await changes.aclose()


async def test_closing_the_hub_ends_every_stream() -> None:
    hub = Hub()
    with hub.listen(["alarms"]) as listener:
        hub.close()
        assert [topic async for topic in listener.changes()] == []


async def test_the_stream_begins_by_saying_that_it_is_open() -> None:
    hub = Hub()
    (route,) = live_routes(hub, lambda: None).routes
    answer = await route.endpoint(topic=["alarms"])
    assert answer.ping_message_factory().event == HEARTBEAT
    async with contextlib.aclosing(answer.body_iterator) as events:
        assert (await anext(events)).event == OPENED
        hub.tell(frozenset({"alarms"}))
        assert (await anext(events)).event == "alarms"


async def test_what_is_held_is_told_though_its_timer_rings_a_hair_early() -> None:
    hub, timers, now = Hub(), [], 100.0
    with hub.listen(["fleet"]) as listener:
        listener._loop = SimpleNamespace(
            time=lambda: now, call_at=lambda at, act, *told: timers.append((at, act, told))
        )
        changes = listener.changes()
        listener._note(frozenset({"fleet"}))
        assert await anext(changes) == "fleet"
        listener._note(frozenset({"fleet"}))
        ((at, act, told),) = timers
        now = at - 1e-9
        act(*told)
        assert listener._changed == {"fleet"}
        await changes.aclose()


async def test_a_stream_ends_after_its_time_so_that_who_looks_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("central.live.STREAM_S", 0)
    async with asyncio.timeout(30):
        with Hub().listen(["alarms"]) as listener:
            assert [topic async for topic in listener.changes()] == []
        with Audience().watching("room-1") as pieces:
            assert [piece async for piece in pieces] == []
