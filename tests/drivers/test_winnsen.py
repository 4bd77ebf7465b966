"""What only the Winnsen-type board has: fields in another order by reply, no check, and so a second reading."""

import pytest

from drivers.locks.winnsen import wire
from tests.contracts.rig import rig, until, watching


def test_the_two_replies_have_their_last_fields_the_other_way_round() -> None:
    opened, state = wire.answer_framer().feed(bytes.fromhex("90 07 85 01 0C 01 03 90 07 92 01 01 0C 03"))
    assert (opened.lock, opened.value) == (12, 1)
    assert (state.lock, state.value) == (12, 1)


@pytest.mark.parametrize("hurt", ["90 07 85 01 0C 02 03", "90 07 92 01 02 0C 03", "90 07 93 01 01 0C 03"])
def test_a_result_that_does_not_exist_is_noise(hurt: str) -> None:
    assert wire.answer_framer().feed(bytes.fromhex(hurt)) == []


@pytest.mark.parametrize(("first_lock", "lock"), [(0, 2), (1, 3)])
async def test_cells_count_from_1_whatever_the_board_counts_from(first_lock: int, lock: int) -> None:
    async with rig("locks/winnsen", cells=8, first_lock=first_lock) as bank:
        await bank.device.open(3)
        assert bank.cable.written[0] == bytes((0x90, 0x06, 0x05, 0x01, lock, 0x03))
        assert bank.emulator.look()["doors"]["3"] == "open"


async def test_a_state_read_wrong_once_is_not_told() -> None:
    async with rig("locks/winnsen", cells=8) as bank, watching(bank) as facts:
        await until(facts, cell=8)
        for _ in range(5):
            bank.hand("misread")
            await bank.device.open(2)
            heard = await until(facts, cell=2, door="open")
            bank.hand("misread")
            bank.hand("shut", cell=2)
            heard += await until(facts, cell=2, door="shut")
            assert [fact.cell for fact in heard] == [2, 2]
