"""What every reader of codes promises: each code as it stood on the label, or none."""

import asyncio

import pytest

from devices.errors import DeviceOffline
from devices.readers import CodeRead
from drivers.weather import Weather
from gateway import catalogue
from tests.contracts.rig import BY_USB, by_usb_too, rig, telling, watching

NAMES = telling("readers", CodeRead)
READERS = pytest.mark.parametrize("name", NAMES)


def _reads_chinese(name: str) -> bool:
    return "encoding" in catalogue.product(name).driver.Config.model_fields


@READERS
async def test_each_code_shown_is_told_once_and_in_order(name: str) -> None:
    async with rig(name) as reader, watching(reader) as facts:
        await asyncio.sleep(0)
        for code in ("JZ-2026-0001-01", "JZ-2026-0001-02", "JZ-2026-0001-01"):
            reader.hand("scan", code=code)
            assert (await facts.get()).code == code
        assert facts.empty()


@pytest.mark.parametrize("name", [*filter(_reads_chinese, NAMES)])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
async def test_chinese_is_read_in_either_encoding_and_the_encoding_is_told(name: str, encoding: str) -> None:
    async with rig(name) as reader, watching(reader) as facts:
        await asyncio.sleep(0)
        reader.hand("encode", encoding=encoding)
        reader.hand("scan", code="(2026)苏0206民初1号")
        fact = await facts.get()
        assert (fact.code, fact.encoding) == ("(2026)苏0206民初1号", encoding)


@READERS
@pytest.mark.parametrize("suffix", ["cr", "crlf", "lf", "tab", "none"])
async def test_every_end_mark_ends_a_code(name: str, suffix: str) -> None:
    async with rig(name, suffix=suffix) as reader, watching(reader) as facts:
        await asyncio.sleep(0)
        reader.hand("scan", code="JZ-1")
        assert (await facts.get()).code == "JZ-1"


@READERS
async def test_an_aim_identifier_tells_the_symbology_and_is_no_part_of_the_code(name: str) -> None:
    async with rig(name, aim=True) as reader, watching(reader) as facts:
        await asyncio.sleep(0)
        reader.hand("scan", code="JZ-1")
        fact = await facts.get()
        assert (fact.code, fact.symbology) == ("JZ-1", "Code 128")


@READERS
@pytest.mark.parametrize("weather", [Weather(split=1), Weather(split=3, delay_s=0.01)])
async def test_a_code_in_pieces_is_one_code(name: str, weather: Weather) -> None:
    async with rig(name, weather, hush_s=1.0) as reader, watching(reader) as facts:
        await asyncio.sleep(0)
        code = "卷宗-0001" if _reads_chinese(name) else "JZ-0001"
        reader.hand("scan", code=code)
        assert (await facts.get()).code == code


@READERS
async def test_codes_that_come_glued_are_two_codes(name: str) -> None:
    async with rig(name, hush_s=1.0) as reader, watching(reader) as facts:
        await asyncio.sleep(0)
        reader.hand("scan", code="JZ-1")
        reader.hand("scan", code="JZ-2")
        reader.hand("scan", code="JZ-3")
        assert [(await facts.get()).code for _ in range(3)] == ["JZ-1", "JZ-2", "JZ-3"]


@READERS
async def test_an_unplugged_reader_is_offline_at_once(name: str) -> None:
    async with rig(name) as reader:
        told = aiter(reader.device.watch())
        reading = asyncio.ensure_future(anext(told))
        await reader.link.unplug()
        with pytest.raises(DeviceOffline, match="unplugged"):
            await reading


@READERS
async def test_a_code_longer_than_a_packet_is_one_code(name: str) -> None:
    long = ("京" if _reads_chinese(name) else "J") * 200
    async with rig(name) as reader, watching(reader) as facts:
        await asyncio.sleep(0)
        reader.hand("scan", code=long)
        assert (await facts.get()).code == long


@pytest.mark.parametrize("name", [name for name in by_usb_too(NAMES) if name.endswith(BY_USB)])
async def test_a_reader_on_usb_is_read_unplugged_and_gone(name: str) -> None:
    async with rig(name) as reader, watching(reader) as facts:
        reader.hand("scan", code="JZ-1")
        assert (await facts.get()).code == "JZ-1"
        await reader.link.unplug()
        with pytest.raises(DeviceOffline):
            await anext(aiter(reader.device.watch()))


def _triggered(name: str) -> bool:
    return "trigger" in catalogue.product(name).driver.Config.model_fields


TRIGGERED = pytest.mark.parametrize("name", [name for name in NAMES if _triggered(name)])


@TRIGGERED
async def test_a_triggered_reader_reads_each_label_twice_and_tells_it_once(name: str) -> None:
    async with rig(name, trigger="host") as reader, watching(reader) as facts:
        reader.hand("scan", code="JZ-1")
        assert (await facts.get()).code == "JZ-1"
        assert reader.emulator.look()["reads"] >= 2
        reader.hand("scan", code="JZ-2")
        assert (await facts.get()).code == "JZ-2"
        reader.hand("take_away")
        assert facts.empty()


@TRIGGERED
async def test_a_flipped_bit_in_one_of_two_reads_is_not_believed(name: str) -> None:
    weather = Weather(garble=0.5)
    async with rig(name, weather, Weather(), trigger="host") as reader, watching(reader) as facts:
        reader.hand("scan", code="JZ-2026-0001")
        assert (await facts.get()).code == "JZ-2026-0001"
