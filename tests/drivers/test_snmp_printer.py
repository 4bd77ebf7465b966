"""What only printers by SNMP must keep: the standard's bits and levels, and what is no printer or no answer."""

import socket
from pathlib import Path

import pytest

from devices.errors import DeviceFault, DeviceOffline
from drivers.supplies.snmp_printer import printer
from drivers.supplies.snmp_printer.driver import Config, Device, hold
from drivers.supplies.snmp_printer.stage import Stage


def test_the_bits_are_those_of_the_standard_in_a_string_of_any_length() -> None:
    told = {
        b"": (), b"\x40": ("no_paper",), b"\x04\x00": ("jam",), b"\x88": ("low_paper", "door_open"),
        b"\x00\x02\xff": ("overdue",), b"\x01\x80": ("service", "tray_in_missing"),
    }  # fmt: skip
    assert {bits: printer.wants_of(bits) for bits in told} == told


def test_a_supply_that_does_not_know_how_much_is_left_says_nothing() -> None:
    known = {(50, 200): 25.0, (0, 100): 0.0, (300, 200): 100.0}
    assert {pair: printer.percent_of(*pair) for pair in known} == known
    for level, most in ((-1, 100), (-2, 100), (-3, 100), (5, -2), (5, 0), (None, 100), (b"5", 100)):
        assert printer.percent_of(level, most) is None


async def test_a_wrong_community_is_silence_and_a_wrong_number_a_fault(tmp_path: Path) -> None:
    stage = Stage({"community": "court", "index": 2}, tmp_path)
    port = await stage.plug()
    for settings, error, text in (
        ({"community": "public", "index": 2}, DeviceOffline, "community"),
        ({"community": "court"}, DeviceFault, "no printer number 1"),
    ):
        config = Config.model_validate({"port": port, "timeout_s": 1, "tries": 1, **settings})
        agent = await hold(config)
        try:
            with pytest.raises(error, match=text):
                await anext(Device(config, agent).watch())
        finally:
            await agent.close()
    await stage.unplug()


async def test_rubbish_on_the_wire_is_no_answer_and_ends_nothing(tmp_path: Path) -> None:
    stage = Stage({}, tmp_path)
    port = await stage.plug()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rubbish:
        for data in (b"", b"\x30", b"\x30\x82\xff\xff", bytes(range(200))):
            rubbish.sendto(data, ("127.0.0.1", int(port.rpartition(":")[2])))
    config = Config(port=port, timeout_s=10)
    agent = await hold(config)
    try:
        assert (await anext(Device(config, agent).watch())).state() == ("wants", "none")
    finally:
        await agent.close()
        await stage.unplug()
