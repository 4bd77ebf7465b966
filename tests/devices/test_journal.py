"""The law of the chain: one flipped byte anywhere in a journal is found and located."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from devices.journal import (
    MAX_LINE,
    ZERO,
    BadLine,
    ChainBroken,
    Stamp,
    join,
    line_hash,
    read_chain,
    read_line,
    split,
    write_line,
)
from tests.devices.strategies import TEXT, stamps

NOON = Stamp(datetime(2026, 3, 2, 12, tzinfo=UTC), "b00t", 1)
BODIES = st.dictionaries(TEXT, st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT, max_size=4)


def book(bodies: list[dict[str, Any]], stamp: Stamp = NOON) -> list[bytes]:
    """A book of one line a body."""
    raws: list[bytes] = []
    prev = ZERO
    for seq, body in enumerate(bodies, start=1):
        raws.append(write_line(seq, prev, stamp, "wall-a", ("door_changed", body)))
        prev = line_hash(raws[-1])
    return raws


def head(raws: list[bytes]) -> str:
    return line_hash(raws[-1])


@given(bodies=st.lists(BODIES, min_size=1, max_size=6), stamp=stamps(), cause=st.none() | TEXT)
def test_a_line_is_read_as_it_was_written(bodies: list[dict[str, Any]], stamp: Stamp, cause: str | None) -> None:
    raw = write_line(1, ZERO, stamp, "wall-a", ("door_changed", bodies[0]), cause)
    line = read_line(raw)
    assert (line.seq, line.prev, line.device, line.type, line.cause) == (1, ZERO, "wall-a", "door_changed", cause)
    assert (line.at, line.boot, line.mono_ms) == (stamp.at, stamp.boot, stamp.mono_ms)
    assert line.body == bodies[0]
    assert line.hash == line_hash(raw)


@given(bodies=st.lists(BODIES, min_size=1, max_size=6))
def test_a_batch_is_split_into_the_lines_it_was_joined_from(bodies: list[dict[str, Any]]) -> None:
    raws = book(bodies)
    assert split(join(raws)) == raws
    assert [line.raw for line in read_chain(raws, 1, ZERO)] == raws


@given(bodies=st.lists(BODIES, min_size=1, max_size=6), where=st.data())
def test_one_flipped_byte_anywhere_is_found_and_located(bodies: list[dict[str, Any]], where: st.DataObject) -> None:
    raws = book(bodies)
    hit = where.draw(st.integers(0, len(raws) - 1), label="line")
    at = where.draw(st.integers(0, len(raws[hit]) - 1), label="byte")
    flip = where.draw(st.integers(1, 255), label="flip")
    spoilt = list(raws)
    spoilt[hit] = raws[hit][:at] + bytes([raws[hit][at] ^ flip]) + raws[hit][at + 1 :]
    try:
        lines = read_chain(spoilt, 1, ZERO)
    except ChainBroken as broken:
        assert broken.seq in (hit + 1, hit + 2)
    else:
        assert hit == len(raws) - 1, "a line in the middle is located by the line after it"
        assert lines[-1].hash != head(raws), "the last line is located by the head that the seal names"


@given(bodies=st.lists(BODIES, min_size=2, max_size=6), where=st.data())
def test_a_dropped_line_is_found_and_located(bodies: list[dict[str, Any]], where: st.DataObject) -> None:
    raws = book(bodies)
    gone = where.draw(st.integers(0, len(raws) - 1))
    left = raws[:gone] + raws[gone + 1 :]
    if gone == len(raws) - 1:
        assert read_chain(left, 1, ZERO)[-1].hash != head(raws)
    else:
        with pytest.raises(ChainBroken) as caught:
            read_chain(left, 1, ZERO)
        assert caught.value.seq == gone + 1


@given(bodies=st.lists(BODIES, min_size=2, max_size=6), where=st.data())
def test_two_swapped_lines_are_found_at_the_first(bodies: list[dict[str, Any]], where: st.DataObject) -> None:
    raws = book(bodies)
    one, other = sorted(where.draw(st.lists(st.integers(0, len(raws) - 1), min_size=2, max_size=2, unique=True)))
    raws[one], raws[other] = raws[other], raws[one]
    with pytest.raises(ChainBroken) as caught:
        read_chain(raws, 1, ZERO)
    assert caught.value.seq == one + 1


@given(bodies=st.lists(BODIES, min_size=2, max_size=4))
def test_lines_of_another_chain_do_not_follow(bodies: list[dict[str, Any]]) -> None:
    raws = book(bodies)
    other = book([{"other": True}, *bodies[1:]])
    assume(raws[0] != other[0])
    with pytest.raises(ChainBroken):
        read_chain([raws[0], *other[1:]], 1, ZERO)


def test_a_line_over_16_kib_is_neither_written_nor_read() -> None:
    with pytest.raises(BadLine, match="as a blob"):
        write_line(1, ZERO, NOON, "wall-a", ("door_changed", {"text": "卷" * MAX_LINE}))
    with pytest.raises(BadLine, match="at most"):
        read_line(b"{" + b" " * MAX_LINE + b"}")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda raw: b"[]", "not an object"),
        (lambda raw: raw[:-1], "not JSON"),
        (lambda raw: raw.replace(b'"seq":1', b'"seq":"1"'), "seq"),
        (lambda raw: raw.replace(b'"seq":1', b'"seq":0'), "below 1"),
        (lambda raw: raw.replace(b'"seq":1', b'"seq":true'), "seq"),
        (lambda raw: raw.replace(ZERO.encode(), b"0" * 63), "SHA-256"),
        (lambda raw: raw.replace(b"2026-03-02", b"yesterday!"), "no time"),
        (lambda raw: raw.replace(b".000Z", b".000"), "no zone"),
        (lambda raw: raw.replace(b"2026-03-02T12:00:00.000Z", b"0001-01-01T00:00:00+01:00"), "no time"),
        (lambda raw: raw[:-1] + b',"cause":7}', "cause"),
        (lambda raw: raw.replace(b'"wall-a"', b'"\\uD800"'), "not JSON"),
        (lambda raw: b"[" * 10_000, "not JSON"),
    ],
)
def test_bytes_that_are_no_line_say_why(change: Any, why: str) -> None:
    with pytest.raises(BadLine, match=why):
        read_line(change(write_line(1, ZERO, NOON, "wall-a", ("door_changed", {}))))


@given(st.binary(max_size=200))
def test_noise_is_a_bad_line_and_nothing_worse(noise: bytes) -> None:
    with pytest.raises(BadLine):
        read_line(noise)


def test_the_hash_is_what_sha256sum_prints() -> None:
    assert line_hash(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
