"""Pages hear at once of what they show, and of nothing else."""

import asyncio
import contextlib

from central.live import OPENED, Hub, live_routes


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
    async with contextlib.aclosing(answer.body_iterator) as events:
        assert (await anext(events)).event == OPENED
        hub.tell(frozenset({"alarms"}))
        assert (await anext(events)).event == "alarms"
