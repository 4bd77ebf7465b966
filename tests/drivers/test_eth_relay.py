"""What only the relay board has: pulses that always end, relays at rest from the start, and how it is wired."""

import asyncio

import pytest

from drivers.locks.eth_relay import wire
from tests.contracts.rig import rig, until, watching


def test_the_questions_the_driver_asks_are_the_published_ones() -> None:
    assert wire.write(0, 2, 1, 1).to_bytes() == bytes.fromhex("AA BB FF 00 02 08 02 01 01 00 00 00 00 00 A4 C6")
    assert wire.write(0, 0, 8, 0).to_bytes() == bytes.fromhex("AA BB FF 00 02 08 00 08 00 00 00 00 00 00 BD CE")
    assert wire.read_inputs(0, 0, 8).to_bytes() == bytes.fromhex("AA BB FF 00 03 08 00 08 00 00 00 00 00 00 EC 0B")
    assert wire.crc_modbus(b"123456789") == 0x4B37


@pytest.mark.parametrize("release_bit", [0, 1])
async def test_relays_rest_from_the_start_and_after_each_pulse(release_bit: int) -> None:
    wired = {"first_relay": 3, "first_input": 5, "release_bit": release_bit}
    async with rig("locks/eth_relay", cells=10, **wired) as bank, watching(bank) as facts:
        await until(facts, cell=10)
        at_rest = [] if release_bit else list(range(3, 13))
        assert bank.emulator.look()["relays"] == at_rest
        await bank.device.open(9)
        await until(facts, cell=9, door="open")
        assert bank.emulator.look()["relays"] == at_rest
        assert [cell for cell, count in bank.emulator.look()["releases"].items() if count] == ["9"]


async def test_a_pulse_that_is_given_up_still_ends() -> None:
    async with rig("locks/eth_relay", cells=8, pulse_s=5.0) as bank, watching(bank) as facts:
        await until(facts, cell=8)
        opening = asyncio.create_task(bank.device.open(4))
        await until(facts, cell=4, door="open")
        assert bank.emulator.look()["relays"] == [3]
        opening.cancel()
        await asyncio.wait({opening})
        assert opening.cancelled()
        assert bank.emulator.look()["relays"] == []


async def test_a_relay_left_on_is_put_to_rest_before_anything_else() -> None:
    async with rig("locks/eth_relay", cells=8) as bank:
        bank.emulator.feed(wire.write(0, 1, 1, 1).to_bytes())
        await bank.device.open(6)
        assert bank.cable.written[0] == wire.write(0, 0, 8, 0).to_bytes()
        assert bank.emulator.look()["relays"] == []
