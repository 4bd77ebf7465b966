"""What only the Modbus relay board has: pulses that the board ends if it can, and relays at rest from the start."""

import asyncio

import pytest

from devices.errors import DeviceFault
from drivers.locks.modbus_relay import wire
from tests.contracts.rig import Rig, rig, until, watching


def questions(bank: Rig) -> list[wire.Frame]:
    framer = wire.question_framer()
    return [frame for written in bank.cable.written for frame in framer.feed(written)]


def test_the_questions_the_driver_asks_are_the_published_ones() -> None:
    assert wire.write_relay(1, 0, 0xFF00).to_bytes() == bytes.fromhex("01 05 00 00 FF 00 8C 3A")
    assert wire.write_relays(1, 0, [False] * 8).to_bytes() == bytes.fromhex("01 0F 00 00 00 08 01 00 FE 95")
    assert wire.read_inputs(1, 0, 8).to_bytes() == bytes.fromhex("01 02 00 00 00 08 79 CC")
    assert wire.read_relays(1, 0, 8).to_bytes() == bytes.fromhex("01 01 00 00 00 08 3D CC")
    [answer] = wire.answer_framer().feed(bytes.fromhex("01 01 01 55 91 B7"))
    assert answer.bits == [True, False] * 4


def test_an_answer_to_another_question_does_not_fit() -> None:
    asked = wire.write_relay(1, 3, 0xFF00)
    assert wire.answers(asked, asked)
    assert wire.answers(asked, wire.Frame(1, 0x85, b"\x02"))
    assert not wire.answers(asked, wire.write_relay(1, 4, 0xFF00))
    assert not wire.answers(asked, wire.write_relay(2, 3, 0xFF00))
    assert not wire.answers(asked, wire.Frame(1, 0x8F, b"\x02"))
    assert not wire.answers(wire.read_inputs(1, 0, 8), wire.Frame(1, 2, b"\x02\x00\x00"))


@pytest.mark.parametrize("release_bit", [0, 1])
async def test_a_board_that_can_ends_the_pulse_by_itself(release_bit: int) -> None:
    async with rig("locks/modbus_relay", cells=8, spare_relay=20, release_bit=release_bit) as bank:
        async with watching(bank) as facts:
            await until(facts, cell=8)
            asked = len(bank.cable.written)
            await bank.device.open(5)
            await until(facts, cell=5, door="open")
        timed = (wire.TIMED_ON if release_bit else wire.TIMED_OFF) + 4
        writings = [frame for frame in questions(bank)[asked:] if frame.function == wire.WRITE_RELAY]
        assert [frame.address for frame in writings] == [timed]
        assert not [frame for frame in questions(bank)[asked:] if frame.function == wire.WRITE_RELAYS]
        assert [cell for cell, count in bank.emulator.look()["releases"].items() if count] == ["5"]


@pytest.mark.parametrize("timed", ["refused", "deaf"])
async def test_where_it_cannot_the_gateway_ends_it_and_relays_rest(timed: str) -> None:
    async with rig("locks/modbus_relay", cells=8, spare_relay=20, timed=timed) as bank, watching(bank) as facts:
        await until(facts, cell=8)
        assert bank.emulator.look()["relays"] == []
        await bank.device.open(2)
        await until(facts, cell=2, door="open")
        assert bank.emulator.look()["relays"] == []
        assert bank.emulator.look()["releases"]["2"] == 1


async def test_a_pulse_that_is_given_up_still_ends() -> None:
    async with rig("locks/modbus_relay", cells=8, pulse_s=5.0) as bank, watching(bank) as facts:
        await until(facts, cell=8)
        opening = asyncio.create_task(bank.device.open(4))
        await until(facts, cell=4, door="open")
        assert bank.emulator.look()["relays"] == [3]
        opening.cancel()
        await asyncio.wait({opening})
        assert opening.cancelled()
        assert bank.emulator.look()["relays"] == []


async def test_a_relay_left_on_is_put_to_rest_before_anything_else() -> None:
    async with rig("locks/modbus_relay", cells=8) as bank:
        bank.emulator.feed(wire.write_relay(1, 1, 0xFF00).to_bytes())
        await bank.device.open(6)
        assert bank.cable.written[0] == wire.write_relays(1, 0, [False] * 8).to_bytes()
        assert bank.emulator.look()["relays"] == []


async def test_a_board_that_refuses_to_be_read_is_a_fault_that_names_what_to_check() -> None:
    async with rig("locks/modbus_relay", cells=8) as bank:
        refused = wire.Frame(1, wire.WRITE_RELAYS | wire.EXCEPTION, b"\x02").to_bytes()
        bank.emulator.feed = lambda _: refused  # type: ignore[method-assign]
        with pytest.raises(DeviceFault, match="refuses function 0F with code 2"):
            await anext(bank.device.watch())
