"""Laws of every wire: vectors come through whole, in any pieces, out of any noise; a hurt frame is never believed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.weather import flipped
from tests.drivers.products import IDS, ROWS, WIRES, framer, vectors

EVERY_VECTOR = pytest.mark.parametrize(("product", "way", "frame"), ROWS, ids=IDS)
CHECKED = [row for row in ROWS if WIRES[row[0]].CHECKED]
EVERY_CHECKED = pytest.mark.parametrize(
    ("product", "way", "frame"), CHECKED, ids=[name for row, name in zip(ROWS, IDS, strict=True) if row in CHECKED]
)
BOUND = 100_000
_PIECES = 12
"""Of 10,000 bytes each: more than may be held."""
_FIRST_PIECES = 3
"""After these the flood goes on for as long as more and more is held."""


def written(frames: list[Any]) -> bytes:
    return b"".join(frame.to_bytes() for frame in frames)


@EVERY_VECTOR
def test_a_vector_is_one_frame_and_writes_back_the_same_bytes(product: str, way: str, frame: bytes) -> None:
    reader = framer(product, way)
    frames = reader.feed(frame)
    assert len(frames) == 1
    assert frames[0].to_bytes() == frame
    assert reader.noise == 0


@EVERY_VECTOR
def test_a_vector_comes_through_one_byte_at_a_time(product: str, way: str, frame: bytes) -> None:
    reader = framer(product, way)
    assert written([found for byte in frame for found in reader.feed(bytes((byte,)))]) == frame


@EVERY_VECTOR
def test_a_vector_is_found_between_noise_and_the_noise_is_counted(product: str, way: str, frame: bytes) -> None:
    reader = framer(product, way)
    noise = bytes.fromhex(vectors(product)["quiet"])
    found = reader.feed(noise) + reader.feed(frame) + reader.feed(noise) + reader.feed(frame) + reader.feed(noise)
    assert written(found) == frame * 2
    assert reader.noise + len(noise) >= 3 * len(noise)


@EVERY_CHECKED
def test_after_half_a_frame_the_next_whole_one_is_found(product: str, way: str, frame: bytes) -> None:
    for size in range(1, len(frame)):
        reader = framer(product, way)
        assert reader.feed(frame[:size]) == []
        found = reader.feed(frame)
        assert written(found or reader.feed(frame)).endswith(frame)


@EVERY_CHECKED
def test_with_any_bit_flipped_a_frame_is_never_believed(product: str, way: str, frame: bytes) -> None:
    for bit in range(8 * len(frame)):
        hurt = flipped(frame, bit)
        whole, pieces = framer(product, way), framer(product, way)
        believed = whole.feed(hurt) + whole.feed(bytes(16)) + whole.flush()
        believed += [found for byte in hurt + bytes(16) for found in pieces.feed(bytes((byte,)))]
        assert believed == []
        assert whole.noise >= len(frame)


@EVERY_CHECKED
def test_after_a_hurt_frame_the_next_good_ones_are_believed(product: str, way: str, frame: bytes) -> None:
    for bit in range(8 * len(frame)):
        reader = framer(product, way)
        found = reader.feed(flipped(frame, bit) + frame + frame)
        assert set(found) == set(framer(product, way).feed(frame))


@pytest.mark.parametrize("product", WIRES)
@pytest.mark.parametrize("way", ["questions", "answers"])
@given(data=st.data())
def test_whatever_the_pieces_the_frames_are_the_same(product: str, way: str, data: st.DataObject) -> None:
    rows = [frame for name, direction, frame in ROWS if (name, direction) == (product, way)]
    parts = data.draw(st.lists(st.one_of(st.sampled_from(rows or [b""]), st.binary(max_size=12)), max_size=8))
    stream = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    whole, pieces = framer(product, way), framer(product, way)
    expected = whole.feed(stream)
    found = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += pieces.feed(stream[start:end])
    assert found == expected
    assert pieces.noise == whole.noise
    assert len(written(found)) + whole.noise <= len(stream)


@pytest.mark.parametrize("product", WIRES)
@pytest.mark.parametrize("way", ["questions", "answers"])
@pytest.mark.parametrize(
    "fill", [b"\x00", b"\x02", b"\x80", b"\x8a\x01", b"\x16", b"\x10", b"A", b"\x1dk", b"\x1dv0", b"\xff"]
)
def test_a_flood_is_held_within_bounds(product: str, way: str, fill: bytes) -> None:
    reader = framer(product, way)
    piece = fill * (10_000 // len(fill))
    given_back = held = 0
    for number in range(1, _PIECES + 1):
        given_back += len(written(reader.feed(piece)))
        before, held = held, number * len(piece) - given_back - reader.noise
        if number >= _FIRST_PIECES and held <= before:
            break
    assert 0 <= held <= BOUND
    reader.flush()
    assert written(reader.feed(b"")) == b""


@pytest.mark.parametrize("product", WIRES)
@pytest.mark.parametrize("way", ["questions", "answers"])
@given(data=st.binary(max_size=400))
def test_every_byte_is_a_frame_noise_or_still_pending(product: str, way: str, data: bytes) -> None:
    reader = framer(product, way)
    frames = reader.feed(data)
    frames += reader.flush()
    assert len(written(frames)) + reader.noise == len(data)
    assert all(framer(product, way).feed(frame.to_bytes()) == [frame] for frame in frames if _has_an_end(frame))


def _has_an_end(frame: Any) -> bool:
    """A run of text for a printer, or a code ended by silence, is only complete with what follows it."""
    return getattr(frame, "name", "") != "text" and getattr(frame, "suffix", b"x") != b""


@pytest.mark.parametrize("product", WIRES)
def test_a_wire_says_whether_its_protocol_has_a_check(product: str) -> None:
    wire = WIRES[product]
    assert wire.CHECKED or "Nothing here is checked" in (wire.__doc__ or "")


def test_a_product_without_vectors_is_told_where_to_write_them() -> None:
    with pytest.raises(LookupError, match=r"no vectors of nothing: write them to .*nothing\.yaml"):
        vectors("nothing")
