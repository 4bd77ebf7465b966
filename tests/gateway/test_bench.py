"""What the bench journals, and whom it puts it down to; written from "who could be blamed wrongly"."""

from pathlib import Path

from devices.locks import OpenCell
from tests.kit.box import Box, box


async def _open(it: Box, jti: str, cell: int) -> None:
    await it.wishes.heard(it.wish(jti, cell), False)


def _causes(it: Box, cell: int, door: str) -> list[str | None]:
    return [line.cause for line in it.of("door_changed", cell=cell, door=door) if not line.body.get("found")]


async def test_the_door_that_a_wish_opened_and_its_shutting_carry_the_wish(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        await _open(it, "wish-0001", 3)
        await it.until(lambda: _causes(it, 3, "open") == ["wish-0001"])
        it.hand("wall-a", "shut", cell=3)
        await it.until(lambda: _causes(it, 3, "shut") == ["wish-0001"])


async def test_a_second_opening_after_the_answered_one_is_nobodys(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        await _open(it, "wish-0001", 3)
        await it.until(lambda: _causes(it, 3, "open") == ["wish-0001"])
        it.hand("wall-a", "shut", cell=3)
        await it.until(lambda: _causes(it, 3, "shut"))
        it.hand("wall-a", "force", cell=3)
        await it.until(lambda: _causes(it, 3, "open") == ["wish-0001", None])
        it.hand("wall-a", "shut", cell=3)
        await it.until(lambda: _causes(it, 3, "shut") == ["wish-0001", None])


async def test_a_wish_that_opened_nothing_is_not_blamed_for_a_later_forced_opening(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        it.hand("wall-a", "jam", cell=3)
        await _open(it, "wish-0001", 3)
        assert not it.of("open_not_detected")
        await it.later(OpenCell.patience_s + 0.1)
        assert [line.cause for line in it.of("open_not_detected", cell=3)] == ["wish-0001"]
        it.hand("wall-a", "force", cell=3)
        await it.until(lambda: _causes(it, 3, "open") == [None])


async def test_patience_counts_by_the_clock_even_if_nobody_has_rung_yet(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        it.hand("wall-a", "jam", cell=3)
        await _open(it, "wish-0001", 3)
        it.mono.now += OpenCell.patience_s + 0.1
        it.hand("wall-a", "force", cell=3)
        await it.until(lambda: _causes(it, 3, "open") == [None])


async def test_a_wish_for_one_cell_is_never_blamed_for_another(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        it.hand("wall-a", "jam", cell=3)
        await _open(it, "wish-0001", 3)
        it.hand("wall-a", "force", cell=4)
        await it.until(lambda: _causes(it, 4, "open") == [None])
        it.hand("wall-a", "force", cell=3)
        await it.until(lambda: _causes(it, 3, "open") == ["wish-0001"])


async def test_of_two_wishes_for_one_cell_the_first_is_answered_and_the_other_waits(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        it.hand("wall-a", "jam", cell=3)
        await _open(it, "wish-0001", 3)
        await it.later(1)
        await _open(it, "wish-0002", 3)
        it.hand("wall-a", "force", cell=3)
        await it.until(lambda: _causes(it, 3, "open") == ["wish-0001"])
        await it.later(OpenCell.patience_s)
        assert not it.of("open_not_detected"), "its door stood open: it could not be seen to open"


async def test_a_refused_wish_is_not_blamed(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        await _open(it, "wish-0001", 40)
        assert [line.body["why"] for line in it.of("wish_refused")] == ["rejected"]
        await it.later(OpenCell.patience_s + 1)
        assert not it.of("open_not_detected")
        assert it.released() == 0


async def test_a_restart_writes_no_state_that_was_known(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        first = len(it.of("door_changed", found=True))
    async with box(tmp_path) as it:
        await it.until(lambda: len(it.bench._reached) == 3)
        assert first == 12
        assert not it.of("door_changed")
        assert not it.of("device_back")


async def test_a_door_moved_while_the_power_was_off_is_found_at_the_start(tmp_path: Path) -> None:
    async with box(tmp_path):
        pass
    async with box(tmp_path, wait=False) as it:
        it.hand("wall-a", "force", cell=5)
        await it.until(lambda: it.of("door_changed", cell=5, door="open"))
        assert [line.cause for line in it.of("door_changed")] == [None]


async def test_a_pulled_cable_is_told_once_and_so_is_its_return(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        await it.cables["wall-a"].unplug()
        await it.until(lambda: it.of("device_gone"))
        await _open(it, "wish-0001", 3)
        assert [line.body["why"] for line in it.of("wish_refused")] == ["device_offline"]
        it.hand("wall-a", "force", cell=7)
        await it.cables["wall-a"].plug()
        await it.until(lambda: len([line for line in it.of("device_back") if line.device == "wall-a"]) == 2)
        await it.until(lambda: it.of("door_changed", cell=7, door="open", found=True))
        assert len(it.of("device_gone")) == 1
        assert it.released() == 0


async def test_what_a_device_says_of_itself_is_known_once_it_is_reached(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        assert it.bench.properties["wall-a"]["cell-12"].format == "open,shut,unknown"
        assert set(it.bench.counts()) == {"wall-a", "reader-a", "slip-a"}
