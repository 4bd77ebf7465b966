"""What only "A0" readers must keep: the published check, and a fault that is told as one."""

import pytest

from devices.errors import DeviceFault
from drivers.readers.uhf_a0 import wire
from tests.contracts.rig import rig


def test_lrc2_gives_the_published_check_value() -> None:
    assert wire.lrc2(b"123456789") == 0x23


def test_tag_end_of_round_and_failure_are_told_apart_by_length() -> None:
    tag = wire.tag(1, 7, 0, bytes.fromhex("3400"), bytes(12), -55)
    end = wire.round_end(1, 0, 25, 1)
    failure = wire.Frame(1, wire.INVENTORY, b"\x22")
    assert [frame.epc for frame in (tag, end, failure)] == [bytes(12), None, None]
    assert [frame.failure for frame in (tag, end, failure)] == [None, None, 0x22]
    assert [frame.ends_round for frame in (tag, end, failure)] == [False, True, True]


def test_the_echo_of_our_question_is_no_failure() -> None:
    question = bytes.fromhex("A0 04 01 89 01 D1")
    assert wire.inventory(1) == question
    assert wire.answer_framer().feed(question) == []


async def test_a_missing_antenna_is_a_fault_and_no_empty_field() -> None:
    async with rig("readers/uhf_a0") as reader:
        reader.hand("antenna", on=False)
        with pytest.raises(DeviceFault, match="error 22"):
            async for _ in reader.device.watch():
                pytest.fail("a reader without antenna told a tag")
