"""What only the WKLY board has: a check over its header, a numbering base, and a release it may refuse."""

import pytest

from drivers.locks.wkly import wire
from drivers.weather import flipped
from tests.contracts.rig import rig


def test_the_questions_the_driver_asks_are_the_published_ones() -> None:
    assert wire.open_channel(0, 1).to_bytes() == bytes.fromhex("57 4B 4C 59 09 00 82 01 83")
    assert wire.ask_all(0).to_bytes() == bytes.fromhex("57 4B 4C 59 08 00 84 85")
    assert wire.xor8(b"123456789") == 0x31


def test_a_check_that_leaves_the_header_out_is_not_believed() -> None:
    assert wire.answer_framer().feed(bytes.fromhex("57 4B 4C 59 0A 00 85 01 01 8F")) == []


@pytest.mark.parametrize("bit", range(8 * 74))
def test_the_longest_reply_comes_through_and_is_never_believed_when_hurt(bit: int) -> None:
    states = bytes((0x00, 0x01, 0xFF, 0x01)) * 16
    frame = wire.Frame(0x57, wire.ASK_ALL, bytes((wire.OK, 64)) + states).to_bytes()
    assert [wire.states(found) for found in wire.answer_framer().feed(frame)] == [states]
    hurt = wire.answer_framer()
    assert hurt.feed(flipped(frame, bit)) + hurt.flush() == []


@pytest.mark.parametrize(("first_channel", "channel"), [(0, 2), (1, 3)])
async def test_cells_count_from_1_whatever_the_board_counts_from(first_channel: int, channel: int) -> None:
    async with rig("locks/wkly", cells=8, first_channel=first_channel) as bank:
        await bank.device.open(3)
        assert bank.cable.written[0] == wire.open_channel(0, channel).to_bytes()
        assert bank.emulator.look()["doors"]["3"] == "open"


async def test_a_release_the_board_says_failed_is_tried_again_and_tells_no_open_door() -> None:
    async with rig("locks/wkly", cells=8, tries=3) as bank:
        bank.hand("refuse", on=True)
        await bank.device.open(2)
        releases = [data for data in bank.cable.written if data == wire.open_channel(0, 2).to_bytes()]
        assert len(releases) == 3
        assert bank.emulator.look()["doors"]["2"] == "shut"
