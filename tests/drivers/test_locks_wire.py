"""What only lock boards' wires must keep: check bytes as published, and hurt replies that hide another frame."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.locks.board_8a import wire as board_8a
from drivers.locks.kr_cu16 import wire as kr_cu16
from drivers.weather import flipped
from tests.drivers.products import vectors

WORDS = st.integers(0, 0xFFFF)


def test_the_8a_check_is_the_xor_of_all_before_it_and_no_fixed_byte() -> None:
    published = vectors("board_8a")
    opened = bytes(board_8a.open_lock(1, lock).to_bytes()[-1] for lock in range(1, 25))
    failed = bytes(board_8a.Short(board_8a.COMMAND, 1, lock, board_8a.APART).to_bytes()[-1] for lock in range(1, 13))
    assert opened == bytes.fromhex(published["open_checks"])
    assert failed == bytes.fromhex(published["failed_checks"])


def test_sum8_and_xor8_give_the_published_check_values() -> None:
    assert kr_cu16.sum8(b"123456789") == 0xDD
    assert board_8a.xor8(b"123456789") == 0x31


def test_what_hooks_and_contacts_say_is_read_lock_by_lock() -> None:
    (hooks,) = kr_cu16.answer_framer().feed(bytes.fromhex("02 00 35 FE FF 00 00 03 37"))
    assert isinstance(hooks, kr_cu16.Status)
    assert [hooks.hook(lock) for lock in range(16)] == [0] + [1] * 15
    (contacts,) = board_8a.answer_framer(24).feed(bytes.fromhex("80 01 01 01 01 33 B3"))
    assert isinstance(contacts, board_8a.Contacts)
    assert [lock for lock in range(1, 25) if contacts.shorted(lock)] == [1, 9, 17]


def test_the_questions_the_drivers_ask_are_the_published_ones() -> None:
    assert kr_cu16.status(0) == bytes.fromhex("02 00 30 03 35")
    assert kr_cu16.unlock(0, 1) == bytes.fromhex("02 01 31 03 37")
    assert kr_cu16.unlock(1, 0) == bytes.fromhex("02 10 31 03 46")
    assert board_8a.open_lock(1, 12).to_bytes() == bytes.fromhex("8A 01 0C 11 96")
    assert board_8a.read_all(2).to_bytes() == bytes.fromhex("80 02 00 33 B1")


@given(board=st.integers(0, 15), hooks=WORDS, eyes=WORDS, bit=st.integers(0, 71))
def test_a_hurt_kr_status_is_never_believed_nor_anything_in_it(board: int, hooks: int, eyes: int, bit: int) -> None:
    frame = kr_cu16.Status(board << 4, kr_cu16.STATUS_IS, hooks, eyes).to_bytes()
    _never_believed(kr_cu16.answer_framer(), kr_cu16.answer_framer(), flipped(frame, bit))


@pytest.mark.parametrize("bit", range(72))
def test_a_kr_status_whose_tail_is_a_frame_of_its_own_hides_it_when_hurt(bit: int) -> None:
    frame = bytes.fromhex("02 00 35 C9 02 00 38 03 3D")
    assert kr_cu16.answer_framer().feed(frame) == [kr_cu16.Status(0, kr_cu16.STATUS_IS, 0x02C9, 0x3800)]
    assert len(kr_cu16.answer_framer().feed(frame[4:])) == 1
    _never_believed(kr_cu16.answer_framer(), kr_cu16.answer_framer(), flipped(frame, bit))


@pytest.mark.parametrize("locks", board_8a.SIZES)
@given(data=st.data())
def test_a_hurt_8a_reply_is_never_believed_by_who_knows_the_board(locks: int, data: st.DataObject) -> None:
    size = board_8a.status_bytes(locks)
    board = data.draw(st.integers(1, board_8a.LONGEST_ADDRESS))
    tricky = st.sampled_from([0x00, 0x01, 0x11, 0x33, 0x80, 0x81, 0x8A, 0x99])
    status = data.draw(st.lists(st.one_of(tricky, st.integers(0, 255)), min_size=size, max_size=size))
    frame = board_8a.Contacts(board, bytes(status)).to_bytes()
    told = [board_8a.answer_framer(locks, reports=False) for _ in range(3)]
    assert [found.to_bytes() for byte in frame for found in told[2].feed(bytes((byte,)))] == [frame]
    _never_believed(told[0], told[1], flipped(frame, data.draw(st.integers(0, 8 * len(frame) - 1))))


def test_told_the_board_an_80_of_another_length_is_noise() -> None:
    reader = board_8a.answer_framer(24)
    assert reader.feed(bytes.fromhex("80 01 01 11 91") + bytes.fromhex("80 01 01 01 01 33 B3")) == [
        board_8a.Contacts(1, b"\x01\x01\x01")
    ]
    assert reader.noise == 5


@pytest.mark.parametrize(
    ("reader", "half", "whole"),
    [
        (kr_cu16.answer_framer(), "02 00 35 FF", "02 00 38 03 3D"),
        (board_8a.answer_framer(32), "80 01", "8A 01 01 11 9B"),
    ],
)
def test_after_silence_a_half_frame_holds_nothing_back(reader: Any, half: str, whole: str) -> None:
    assert reader.feed(bytes.fromhex(half)) == []
    assert reader.flush() == []
    assert reader.noise == len(bytes.fromhex(half))
    assert len(reader.feed(bytes.fromhex(whole))) == 1


def _never_believed(whole: Any, pieces: Any, hurt: bytes) -> None:
    assert whole.feed(hurt) == []
    assert whole.flush() == []
    assert [found for byte in hurt for found in pieces.feed(bytes((byte,)))] == []
