"""What every bank of locks promises, whatever the board: through weather, and with two callers at once."""

import asyncio
from contextlib import suppress
from random import Random
from typing import Any

import pytest

from devices.errors import DeviceOffline, WishRejected
from drivers.weather import Weather
from tests.contracts.rig import products, rig, until, watching
from tests.drivers.products import WIRES

CELLS = 8
BANKS = pytest.mark.parametrize("name", products("locks"))


@BANKS
async def test_every_door_is_told_first_and_as_found(name: str) -> None:
    async with rig(name, cells=CELLS) as bank:
        bank.hand("force", cell=3)
        async with watching(bank) as facts:
            first = [await facts.get() for _ in range(CELLS)]
        assert [(fact.cell, fact.found) for fact in first] == [(cell, True) for cell in range(1, CELLS + 1)]
        assert [fact.cell for fact in first if fact.door == "open"] == [3]


@BANKS
@pytest.mark.parametrize("polarity", [0, 1])
async def test_only_the_cell_asked_for_opens_and_its_door_is_the_answer(name: str, polarity: int) -> None:
    contacts: dict[str, Any] = {"closed_bit": polarity, "shorted_means": ("open", "shut")[polarity]}
    async with rig(name, cells=CELLS, **contacts) as bank, watching(bank) as facts:
        await until(facts, cell=CELLS)
        await bank.device.open(5)
        heard = await until(facts, cell=5, door="open")
        assert [fact.cell for fact in heard] == [5]
        assert not heard[-1].found
        releases = bank.emulator.look()["releases"]
        assert [cell for cell, count in releases.items() if count] == ["5"]


@BANKS
async def test_a_door_shut_or_forced_by_hand_is_told(name: str) -> None:
    async with rig(name, cells=CELLS) as bank, watching(bank) as facts:
        await until(facts, cell=CELLS)
        bank.hand("force", cell=2)
        await until(facts, cell=2, door="open", found=False)
        bank.hand("shut", cell=2)
        await until(facts, cell=2, door="shut", found=False)


@BANKS
async def test_a_cell_it_does_not_have_is_refused_and_nothing_is_sent(name: str) -> None:
    async with rig(name, cells=CELLS) as bank:
        for cell in (0, CELLS + 1, -1, 1000):
            with pytest.raises(WishRejected, match=f"no cell {cell}"):
                await bank.device.open(cell)
        assert bank.cable.written == []


@BANKS
async def test_a_jammed_latch_tells_no_open_door(name: str) -> None:
    async with rig(name, cells=CELLS) as bank, watching(bank) as facts:
        await until(facts, cell=CELLS)
        bank.hand("jam", cell=4)
        await bank.device.open(4)
        bank.hand("force", cell=1)
        heard = await until(facts, cell=1)
        assert [fact.cell for fact in heard] == [1]
        assert bank.emulator.look()["releases"]["4"] >= 1


@BANKS
async def test_a_board_silent_on_release_still_opens_its_door(name: str) -> None:
    async with rig(name, cells=CELLS, answers_unlock=False, answers_open=False) as bank, watching(bank) as facts:
        await bank.device.open(6)
        await until(facts, cell=6, door="open")
        assert bank.emulator.look()["releases"]["6"] == 1


@BANKS
async def test_a_board_that_answers_a_release_is_released_once(name: str) -> None:
    async with rig(name, cells=CELLS, answers_unlock=True, answers_open=True, tries=5) as bank:
        bank.hand("jam", cell=6)
        await bank.device.open(6)
        assert bank.emulator.look()["releases"]["6"] == 1


@BANKS
async def test_a_door_seen_open_and_shut_before_its_release_is_over_is_not_opened_again(name: str) -> None:
    async with rig(name, cells=5, answers_unlock=False, gap_s=0.2) as bank, watching(bank) as facts:
        await until(facts, cell=5)
        opening = asyncio.create_task(bank.device.open(5))
        await until(facts, cell=5, door="open")
        bank.hand("shut", cell=5)
        await opening
        assert bank.emulator.look()["releases"]["5"] == 1
        assert bank.emulator.look()["doors"]["5"] == "shut"


@BANKS
async def test_a_silent_board_is_offline_for_opening_and_watching_and_comes_back(name: str) -> None:
    async with rig(name, cells=CELLS, timeout_s=0.02) as bank:
        bank.hand("silence", on=True)
        with pytest.raises(DeviceOffline):
            await bank.device.open(1)
        with pytest.raises(DeviceOffline):
            async for _ in bank.device.watch():
                pytest.fail("a silent board told a door")
        bank.hand("silence", on=False)
        async with watching(bank) as facts:
            await until(facts, cell=CELLS)


@BANKS
async def test_an_unplugged_board_is_offline_at_once(name: str) -> None:
    async with rig(name, cells=CELLS, poll_s=30, poll_fast_s=30) as bank:
        seen = 0
        with pytest.raises(DeviceOffline, match="unplugged"):
            async for _ in bank.device.watch():
                seen += 1
                if seen == CELLS:
                    asyncio.get_running_loop().create_task(bank.link.unplug())
        with pytest.raises(DeviceOffline):
            await bank.device.open(1)


@BANKS
async def test_callers_at_once_take_turns_and_each_gets_its_own_cell(name: str) -> None:
    late = Weather(delay_s=0.01)
    async with rig(name, late, timeout_s=2.0, cells=CELLS) as bank, watching(bank) as facts:
        await until(facts, cell=CELLS)
        await asyncio.gather(*(bank.device.open(cell) for cell in (1, 4, 7)))
        opened: set[int] = set()
        while opened != {1, 4, 7}:
            opened.add((await until(facts, door="open"))[-1].cell)
        releases = bank.emulator.look()["releases"]
        assert {int(cell) for cell, count in releases.items() if count} == {1, 4, 7}


@BANKS
async def test_a_busy_board_is_asked_again(name: str) -> None:
    async with rig(name, cells=CELLS, timeout_s=0.05, tries=4) as bank, watching(bank) as facts:
        bank.hand("busy", questions=2)
        await until(facts, cell=CELLS)


@BANKS
async def test_a_board_that_reports_doors_by_itself_is_looked_at_when_it_does(name: str) -> None:
    async with rig(name, cells=CELLS, reports=True) as bank, watching(bank) as facts:
        await until(facts, cell=CELLS)
        bank.hand("force", cell=3)
        await until(facts, cell=3, door="open")


STORMS = {
    "drop": Weather(drop=0.2),
    "garble": Weather(garble=0.3),
    "duplicate": Weather(duplicate=0.5),
    "split": Weather(split=1),
    "split and garble": Weather(split=2, garble=0.1),
    "glue": Weather(glue=True),
    "echo": Weather(echo=True),
    "late": Weather(delay_s=0.03),
}


CHECKED = {f"locks/{product}" for product, wire in WIRES.items() if wire.CHECKED}


@pytest.mark.parametrize(
    ("name", "storm"),
    # Nothing can keep a flipped bit from opening another door where the protocol has no check.
    [(name, storm) for name in products("locks") for storm in STORMS if name in CHECKED or not STORMS[storm].garble],
)
async def test_in_any_weather_the_door_told_open_is_the_one_that_opened(name: str, storm: str) -> None:
    weather = STORMS[storm]
    weather.random = Random(7)
    async with rig(name, weather, cells=CELLS, timeout_s=0.05, tries=10) as bank, watching(bank) as facts:
        await until(facts, cell=CELLS)
        for cell in (2, 7):
            for _ in range(5):
                with suppress(DeviceOffline):
                    await bank.device.open(cell)
                if str(cell) in _open(bank.emulator.look()):
                    break
            heard = await until(facts, cell=cell, door="open")
            assert {fact.cell for fact in heard if fact.door == "open"} <= {2, 7}
            bank.hand("shut", cell=cell)
            await until(facts, cell=cell, door="shut")
        releases = bank.emulator.look()["releases"]
        assert {cell for cell, count in releases.items() if count} == {"2", "7"}


def _open(look: dict[str, dict[str, str]]) -> set[str]:
    return {cell for cell, door in look["doors"].items() if door == "open"}
