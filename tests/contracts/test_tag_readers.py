"""What every reader of tags promises: each tag in its field is told once, no other ever, and silence loses none."""

from random import Random

import pytest

from devices.errors import DeviceOffline
from devices.readers import TagLost, TagSeen
from drivers.weather import Weather
from tests.contracts.rig import rig, telling, until, watching

READERS = pytest.mark.parametrize("name", telling("readers", TagSeen))
TAGS = ("E2806894000040001234ABCD", "30751FEB705C5904E3D50D70", "BB01FF000115167E", "AAAA")
LONG_S = 600.0


@READERS
async def test_a_tag_is_told_when_it_comes_and_when_it_has_left(name: str) -> None:
    async with rig(name) as reader, watching(reader) as facts:
        for tag in TAGS:
            reader.hand("put_in", tag=tag)
            assert await facts.get() == TagSeen(tag=tag)
            reader.hand("take_out", tag=tag)
            assert await facts.get() == TagLost(tag=tag)


@READERS
async def test_tags_together_are_each_told_once(name: str) -> None:
    async with rig(name, lost_after_s=LONG_S) as reader, watching(reader) as facts:
        for tag in TAGS:
            reader.hand("put_in", tag=tag)
        assert {(await facts.get()).tag for _ in TAGS} == set(TAGS)
        reader.hand("put_in", tag="0001")
        assert await facts.get() == TagSeen(tag="0001")


@READERS
async def test_a_tag_taken_out_for_a_moment_is_not_told_again(name: str) -> None:
    async with rig(name, lost_after_s=LONG_S) as reader, watching(reader) as facts:
        reader.hand("put_in", tag=TAGS[0])
        assert await facts.get() == TagSeen(tag=TAGS[0])
        reader.hand("take_out", tag=TAGS[0])
        reader.hand("put_in", tag=TAGS[1])
        assert await facts.get() == TagSeen(tag=TAGS[1])
        reader.hand("put_in", tag=TAGS[0])
        reader.hand("put_in", tag=TAGS[2])
        assert await facts.get() == TagSeen(tag=TAGS[2])


@READERS
async def test_a_silent_reader_is_offline_loses_no_tag_and_comes_back(name: str) -> None:
    async with rig(name, timeout_s=0.02) as reader:
        reader.hand("put_in", tag=TAGS[0])
        told = []
        with pytest.raises(DeviceOffline):
            async for fact in reader.device.watch():
                told.append(fact)
                reader.hand("silence", on=True)
        assert told == [TagSeen(tag=TAGS[0])]
        reader.hand("silence", on=False)
        async with watching(reader) as facts:
            assert await facts.get() == TagSeen(tag=TAGS[0])


@READERS
async def test_an_unplugged_reader_is_offline_at_once(name: str) -> None:
    async with rig(name, poll_s=30.0) as reader:
        reader.hand("put_in", tag=TAGS[0])
        with pytest.raises(DeviceOffline, match="unplugged"):
            async for _ in reader.device.watch():
                await reader.link.unplug()


@READERS
async def test_a_busy_reader_is_asked_again(name: str) -> None:
    async with rig(name, timeout_s=0.05, tries=4) as reader, watching(reader) as facts:
        reader.hand("busy", questions=2)
        reader.hand("put_in", tag=TAGS[0])
        await until(facts, tag=TAGS[0])


STORMS = {
    "drop": Weather(drop=0.2),
    "garble": Weather(garble=0.3),
    "duplicate": Weather(duplicate=0.5),
    "split": Weather(split=1),
    "split and garble": Weather(split=2, garble=0.05),
    "glue": Weather(glue=True),
    "echo": Weather(echo=True),
    "late": Weather(delay_s=0.03),
}


@READERS
@pytest.mark.parametrize("storm", STORMS)
async def test_in_any_weather_only_tags_that_are_there_are_told(name: str, storm: str) -> None:
    weather = STORMS[storm]
    weather.random = Random(7)
    settings = {"timeout_s": 0.05, "tries": 10, "lost_after_s": LONG_S}
    async with rig(name, weather, **settings) as reader, watching(reader) as facts:
        told = set()
        for tag in TAGS:
            reader.hand("put_in", tag=tag)
            heard = await until(facts, tag=tag)
            told |= {fact.tag for fact in heard}
        assert told == set(TAGS)
