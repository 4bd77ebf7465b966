"""What only Samsung and LG panels have: faults of the one, and several panels on one line for both."""

import asyncio

import pytest

from devices.displays import DisplaySwitched, DisplayTrouble
from devices.errors import DeviceOffline
from drivers.displays.lg_serial import wire as lg
from drivers.displays.samsung_mdc import wire as mdc
from tests.contracts.rig import rig, until, watching


async def test_a_samsung_panel_tells_what_failed() -> None:
    async with rig("displays/samsung_mdc") as panel, watching(panel) as facts:
        await panel.device.switch("on", None)
        await until(facts, power="on")
        panel.hand("warn", part="signal")
        await until(facts, warns=("signal",), fails=())
        panel.hand("fail", part="fan")
        assert (await until(facts, fails=("fan",)))[-1] == DisplayTrouble(warns=("signal",), fails=("fan",))
        panel.hand("mend")
        await until(facts, warns=(), fails=())


def test_half_a_reply_and_the_head_of_the_next_are_no_reply_even_if_the_sum_is_right() -> None:
    assert mdc.answer_framer().feed(bytes.fromhex("AA FF 01 03 41 11 AA FF")) == []


def test_an_lg_reply_names_the_second_letter_of_its_command() -> None:
    power, source = lg.answer_framer().feed(b"a 01 OK01xb 0A NG90x")
    assert (power.letter, power.panel, power.ok, power.value) == ("a", 1, True, 1)
    assert (source.letter, source.panel, source.ok, source.value) == ("b", 10, False, 0x90)


@pytest.mark.parametrize(("name", "number"), [("displays/samsung_mdc", "display"), ("displays/lg_serial", "panel")])
async def test_a_panel_is_asked_by_its_number_and_no_other_answers(name: str, number: str) -> None:
    async with rig(name, **{number: 10}) as panel:
        assert await panel.device.switch("on", "hdmi-2") == DisplaySwitched(power="on", source="hdmi-2")
    async with rig(name, timeout_s=0.02, **{number: 10}) as panel:
        other = type(panel.emulator)({number: 11})
        panel.cable._emulator = other
        with pytest.raises(DeviceOffline):
            await asyncio.wait_for(panel.device.switch("on", None), 30)
        assert other.look()["power"] == "off"
