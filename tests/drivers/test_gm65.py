"""What only GM65-type engines must keep: checked frames between unchecked codes, and settings really written."""

import pytest

from drivers.readers.gm65 import wire
from drivers.weather import flipped
from tests.contracts.rig import rig, watching

DONE = bytes.fromhex("02 00 00 01 00 33 31")


def test_crc_xmodem_gives_the_published_check_value() -> None:
    assert wire.crc_xmodem(b"123456789") == bytes.fromhex("31C3")


@pytest.mark.parametrize("bit", range(8 * len(DONE)))
def test_a_hurt_answer_is_neither_an_answer_nor_a_code(bit: int) -> None:
    engine = wire.answer_framer()
    believed = engine.feed(flipped(DONE, bit) + b"JZ-1\r") + engine.flush()
    assert wire.DONE not in believed
    assert [frame for frame in believed if isinstance(frame, wire.Code) and frame.data != b"JZ-1"] == []


@pytest.mark.parametrize("bit", range(80))
def test_a_hurt_setting_with_a_crc_is_not_obeyed(bit: int) -> None:
    frame = bytes.fromhex("7E 00 08 02 00 2A 39 01 A7 EA")
    assert wire.question_framer().feed(flipped(frame, bit) + bytes(300)) == []


def test_an_answer_and_the_code_that_follows_are_told_apart() -> None:
    assert wire.answer_framer().feed(DONE + b"JZ-1\r" + DONE) == [wire.DONE, wire.Code(b"JZ-1", b"\r"), wire.DONE]


async def test_aim_identifiers_are_switched_on_in_the_engine() -> None:
    async with rig("readers/gm65", aim=True, trigger="host") as reader, watching(reader) as facts:
        reader.hand("scan", code="JZ-1")
        assert (await facts.get()).symbology == "Code 128"
        assert reader.emulator.look()["zones"] == {"00D0": "80", "0002": "01"}
