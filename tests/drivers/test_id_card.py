"""What only SAM-V readers must keep: the published record, four layouts of 256 bytes, and a frame cut into reports."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.readers.id_card import hid, wire
from drivers.readers.id_card.card import LAYOUTS, block_of, card_of
from drivers.readers.id_card.emulator import CARDS, Emulator
from drivers.weather import flipped

PUBLISHED_SHA256 = "ade601664e0d59aba20145f26be1ac2b29bcb8e9e19fede61ddc99f3c148f399"
PUBLISHED_START = bytes.fromhex("AA AA AA 96 69 05 08 00 00 90 01 00 04 00 4B 6D D5 8B 32 75")


def read_answer(card: str = "citizen", port: str = "/dev/x") -> bytes:
    reader = Emulator({"port": port})
    reader.hands()["lay"](card=card)
    reader.feed(wire.SELECT.to_bytes())
    return reader.feed(wire.READ.to_bytes())


def test_the_published_record_is_made_and_read() -> None:
    answer = read_answer()
    assert len(answer) == 1295
    assert answer.startswith(PUBLISHED_START)
    assert answer[-1] == 0xC4
    assert hashlib.sha256(answer).hexdigest() == PUBLISHED_SHA256
    (frame,) = wire.answer_framer().feed(answer)
    card = card_of(frame.data)
    assert card is not None
    assert (card.kind, card.name, card.number, card.nation) == ("citizen", "测试甲", "999999199001010016", "01")
    assert (card.birth, card.valid_from, card.valid_to) == ("19900101", "20200101", "20400101")
    assert (card.address, card.issuer) == ("测试省测试市测试路1号", "测试市公安局")


def test_a_record_with_a_hurt_bit_is_never_believed() -> None:
    answer = read_answer()
    for bit in range(0, 8 * len(answer), 61):
        framer = wire.answer_framer()
        assert framer.feed(flipped(answer, bit)) + framer.flush() == []


@pytest.mark.parametrize("mark", LAYOUTS)
def test_every_layout_is_256_bytes_with_its_mark_at_248(mark: str) -> None:
    kind, layout = LAYOUTS[mark]
    assert sum(size for _, size in layout) == wire.TEXT
    block = block_of(CARDS[kind])
    assert (len(block), block[248:250].decode("utf-16-le")) == (wire.TEXT, mark)


def test_a_foreigners_card_of_2023_has_its_long_name_in_two_pieces() -> None:
    said = "A" * 35 + "B" * 11
    block = block_of(CARDS["foreigner_2023"])
    block = block[:52] + ("A" * 35).encode("utf-16-le") + block[122:220] + ("B" * 11).encode("utf-16-le") + block[242:]
    card = card_of(b"\x01\x00\x04\x00" + block + bytes(wire.PHOTO))
    assert card is not None
    assert card.english_name == said


def test_the_wrong_sam_id_command_in_circulation_is_no_question() -> None:
    assert wire.question_framer().feed(bytes.fromhex("AA AA AA 96 69 00 03 12 FF FE")) == []


def test_a_long_answer_comes_in_reports_that_are_asked_for_one_by_one() -> None:
    reader = Emulator({"port": "usb://0483:572b"})
    reader.hands()["lay"](card="citizen")
    reader.feed(hid.question(wire.SELECT.to_bytes()).to_bytes())
    (first,) = hid.framer().feed(reader.feed(hid.question(wire.READ.to_bytes()).to_bytes()))
    assert first.raw[:5] == bytes((63, 20, 0x34, 0x90, 0x00))
    frame = first.payload[4:]
    for number in range(1, 21):
        (report,) = hid.framer().feed(reader.feed(hid.NEXT.to_bytes()))
        assert report.raw[1] == 0xC0 + number
        frame += report.payload[1:]
    assert hashlib.sha256(frame).hexdigest() == PUBLISHED_SHA256
    assert reader.feed(hid.NEXT.to_bytes()) == b""


@given(block=st.binary(min_size=wire.TEXT, max_size=wire.TEXT), mark=st.sampled_from([*LAYOUTS, "Z", "\0"]))
def test_whatever_stands_on_a_card_it_is_read_or_is_of_no_known_layout(block: bytes, mark: str) -> None:
    card = card_of(b"\x01\x00\x04\x00" + block[:248] + mark.encode("utf-16-le") + block[250:] + bytes(wire.PHOTO))
    assert card is None or card.kind == LAYOUTS[mark][0]


@given(data=st.binary(max_size=400))
def test_every_byte_of_reports_is_in_one_or_noise(data: bytes) -> None:
    framer = hid.framer()
    reports = framer.feed(data) + framer.flush()
    assert sum(len(report.to_bytes()) for report in reports) + framer.noise == len(data)
    assert all((report.number, report.following, report.is_first, report.done) is not None for report in reports)
