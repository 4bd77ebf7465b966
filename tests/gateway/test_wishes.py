"""Nothing that is not proven, in time and new reaches the wire."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from devices.claims import WishClaims
from devices.grants import unproven
from gateway.simulator.cables import Wire
from tests.kit.box import Box, box

UNLOCK = "31"
"""Command byte of a KR-CU16 release."""


def _unlocks(wire: Wire) -> int:
    """Release frames seen on the wire towards the board: `02 addr 31 03 sum`."""
    return sum(piece.split()[2] == UNLOCK for way, piece in wire.last if way == "in" and len(piece.split()) >= 5)


async def _refused(it: Box, token: str, why: str, retained: bool = False) -> None:
    bytes_before = it.cables["wall-a"].wire
    await it.wishes.heard(token, retained)
    assert [line.body["why"] for line in it.of("wish_refused")] == [why]
    assert not it.of("wish_taken") or why == "rejected"
    assert _unlocks(bytes_before) == 0
    assert it.released() == 0


async def test_a_good_wish_reaches_the_wire_after_it_is_on_disk(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        await it.wishes.heard(it.wish("wish-0001", 3), False)
        assert [line.cause for line in it.of("wish_taken", cell=3)] == ["wish-0001"]
        await it.until(lambda: it.of("door_changed", cell=3, door="open"))
        assert _unlocks(it.cables["wall-a"].wire) == 1
        assert it.look("wall-a")["releases"]["3"] == 1


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (lambda: {"exp": int(time.time()) - 60}, "expired"),
        (lambda: {"iat": int(time.time()) + 600, "exp": int(time.time()) + 630}, "expired"),
        (lambda: {"aud": "locker-b"}, "not_for_us"),
        (lambda: {"device": "wall-b"}, "unknown_device"),
        (lambda: {"device": "reader-a"}, "rejected"),
        (lambda: {"body": {"cell": 3, "force": True}}, "unreadable"),
        (lambda: {"body": {"cell": 0}}, "unreadable"),
        (lambda: {"type": "open_everything"}, "unreadable"),
        (lambda: {"actor": None}, "unreadable"),
    ],
)
async def test_a_wish_that_is_not_good_is_refused_with_its_reason(
    tmp_path: Path, changed: Callable[[], dict[str, Any]], why: str
) -> None:
    async with box(tmp_path) as it:
        await _refused(it, it.wish("wish-0001", 3, **changed()), why)
        assert [line.cause for line in it.of("wish_refused")] == ["wish-0001"]


async def test_a_retained_wish_is_refused(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        await _refused(it, it.wish("wish-0001", 3), "retained", retained=True)


async def test_without_a_trusted_clock_every_wish_is_refused(tmp_path: Path) -> None:
    async with box(tmp_path, trusted=False) as it:
        await _refused(it, it.wish("wish-0001", 3), "clock_not_trusted")


async def test_a_wish_comes_once_even_across_a_restart(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        token = it.wish("wish-0001", 3)
        await it.wishes.heard(token, False)
        await it.wishes.heard(token, False)
        assert [line.body["why"] for line in it.of("wish_refused")] == ["repeated"]
        assert it.look("wall-a")["releases"]["3"] == 1
        court = it.court
    async with box(tmp_path, court=court) as it:
        await _refused(it, token, "repeated")


async def test_forged_wishes_become_one_counted_line_a_minute(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        stranger = Ed25519PrivateKey.generate()
        good = it.wish("wish-0001", 3)
        forgeries = [
            it.wish("wish-0002", 3, key=stranger),
            it.wish("wish-0003", 3, iss="other-court"),
            it.wish("wish-0004", 3, typ="permit"),
            good[:-8] + "AAAAAAAA",
            "no token at all",
        ]
        for token in forgeries:
            await it.wishes.heard(token, False)
        assert [line.body for line in it.of("forged_wishes")] == [{"count": 1}]
        await it.later(61)
        assert [line.body["count"] for line in it.of("forged_wishes")] == [1, 4]
        await it.later(61)
        await it.wishes.heard(forgeries[0], False)
        assert [line.body["count"] for line in it.of("forged_wishes")] == [1, 4, 1]
        assert not it.of("wish_refused")
        assert _unlocks(it.cables["wall-a"].wire) == it.released() == 0


async def test_a_wish_played_again_and_again_is_one_refusal_a_minute(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        token = it.wish("wish-0001", 3, exp=int(time.time()) - 60)
        for _ in range(20):
            await it.wishes.heard(token, False)
        assert len(it.of("wish_refused")) == 1
        await it.later(61)
        await it.wishes.heard(token, False)
        assert len(it.of("wish_refused")) == 2


async def test_an_interrupted_wish_is_told_and_not_repeated(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        await it.journal.take_wish(WishClaims.of(unproven(it.wish("wish-0001", 3))))
    async with box(tmp_path) as it:
        await it.until(lambda: it.of("wish_interrupted"))
        assert it.released() == 0
