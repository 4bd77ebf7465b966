"""What only Chafon readers must keep: the published check, lists of tags in either model, and a fault told as one."""

import pytest

from devices.errors import DeviceFault
from devices.readers import TagSeen
from drivers.readers.uhf_chafon import wire
from tests.contracts.rig import rig, until, watching

MODELS = pytest.mark.parametrize("model", ["18", "288"])


def test_crc_mcrf_gives_the_published_check_value() -> None:
    assert wire.crc_mcrf(b"123456789") == 0x6F91.to_bytes(2, "little")


def test_the_published_inventories_are_the_ones_we_ask() -> None:
    assert wire.inventory(0xFF, "18", 1) == bytes.fromhex("04 FF 01 1B B4")
    published = bytes.fromhex("0D FF 01 0F 00 01 00 00 00 00 80 14 C0 3A")
    assert wire.inventory(0xFF, "288", 1) == published


def test_the_published_list_of_an_18_names_its_tag() -> None:
    frame = bytes.fromhex("13 00 01 03 01 0C 00 00 00 00 00 00 00 00 00 00 03 13 3F 39")
    (answer,) = wire.answer_framer().feed(frame)
    assert answer.epcs("18") == [bytes(10) + b"\x03\x13"]
    assert answer.epcs("288") == []


@MODELS
async def test_more_tags_than_a_frame_holds_are_all_told(model: str) -> None:
    tags = {f"{number:024X}" for number in range(7)}
    async with rig("readers/uhf_chafon", model=model, lost_after_s=600.0) as reader, watching(reader) as facts:
        for tag in tags:
            reader.hand("put_in", tag=tag)
        assert {(await facts.get()).tag for _ in tags} == tags
        reader.hand("put_in", tag="A1B2")
        assert await until(facts, tag="A1B2") == [TagSeen(tag="A1B2")]


@MODELS
async def test_a_missing_antenna_is_a_fault_and_no_empty_field(model: str) -> None:
    async with rig("readers/uhf_chafon", model=model) as reader:
        reader.hand("antenna", on=False)
        with pytest.raises(DeviceFault, match="status F8"):
            async for _ in reader.device.watch():
                pytest.fail("a reader without antenna told a tag")
