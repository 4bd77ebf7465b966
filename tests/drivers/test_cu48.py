"""What only the 48-lock board has: replies of two lengths that may hide each other, and a numbering base."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.locks.cu48 import wire
from drivers.weather import flipped
from tests.contracts.rig import rig

TRICKY = st.one_of(st.sampled_from([0x00, 0x02, 0x06, 0x75, 0x77, 0x7D, 0xFD]), st.integers(0, 255))


def test_the_questions_the_driver_asks_are_the_published_ones() -> None:
    assert wire.unlock(0, 0).to_bytes() == bytes.fromhex("02 00 00 61 03 66")
    assert wire.status(0).to_bytes() == bytes.fromhex("02 00 00 60 03 65")
    assert wire.sum8(b"123456789") == 0xDD


def test_switches_are_read_door_by_door() -> None:
    (answer,) = wire.answer_framer().feed(bytes.fromhex("02 00 00 75 06 FE FF FF FF FF FF 76"))
    assert [answer.switch(place) for place in range(wire.LOCKS)] == [0] + [1] * 47


@given(board=TRICKY, switches=st.lists(TRICKY, min_size=6, max_size=6), bit=st.integers(0, 95))
def test_a_hurt_status_is_never_believed_nor_anything_in_it(board: int, switches: list[int], bit: int) -> None:
    _never_believed(flipped(wire.Answer(board, 0, bytes(switches)).to_bytes(), bit))


@pytest.mark.parametrize("bit", range(96))
@pytest.mark.parametrize("first", [0x7D, 0xFD])
def test_a_status_whose_tail_is_an_open_reply_hides_it_when_hurt(first: int, bit: int) -> None:
    board = (first - 0x77) & 0xFF
    frame = wire.Answer(board, 0, bytes((first, 0x02, 0, 0, 0x75, 0))).to_bytes()
    assert len(wire.answer_framer().feed(frame[6:])) == 1
    _never_believed(flipped(frame, bit))


@pytest.mark.parametrize(("first_lock", "lock"), [(0, 2), (1, 3)])
async def test_cells_count_from_1_whatever_the_board_counts_from(first_lock: int, lock: int) -> None:
    async with rig("locks/cu48", cells=8, first_lock=first_lock) as bank:
        await bank.device.open(3)
        assert bank.cable.written[0] == wire.unlock(0, lock).to_bytes()
        assert bank.emulator.look()["doors"]["3"] == "open"


def _never_believed(hurt: bytes) -> None:
    whole, pieces = wire.answer_framer(), wire.answer_framer()
    assert whole.feed(hurt) + whole.flush() == []
    assert [found for byte in hurt for found in pieces.feed(bytes((byte,)))] == []
