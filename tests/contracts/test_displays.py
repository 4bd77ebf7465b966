"""What every display that is switched promises: what it says of itself, not that a command was taken, is the answer."""

import asyncio

import pytest

from devices.displays import (
    DisplaySwitched,
    DisplayTrouble,
    FreezePicture,
    PictureHeld,
    PowerChanged,
    SourceChanged,
    SwitchDisplay,
)
from devices.errors import DeviceBusy, DeviceOffline, WishRejected
from drivers.weather import Weather
from gateway import catalogue
from tests.contracts.rig import Rig, products, rig, until, watching

NAMES = products("displays", "switch")
DISPLAYS = pytest.mark.parametrize("name", NAMES)
FREEZERS = products("displays", "freeze")
BY_SERIAL = [name for name in NAMES if "serial" in catalogue.product(name).driver.TRANSPORTS]


def other_source(display: Rig) -> str:
    look = display.emulator.look()
    return str(next(source for source in look["sources"] if source != look["source"]))


async def fetch(_: str) -> bytes:
    raise AssertionError("a display fetches nothing")


@DISPLAYS
async def test_its_state_is_told_once_and_then_as_it_changes(name: str) -> None:
    async with rig(name) as display, watching(display) as facts:
        assert await facts.get() == PowerChanged(power="off")
        assert await facts.get() == SourceChanged()
        assert await facts.get() == DisplayTrouble()
        display.hand("remote", on=True)
        await until(facts, power="on")
        source = other_source(display)
        display.hand("remote_source", source=source)
        await until(facts, source=source)
        display.hand("remote", on=False)
        await until(facts, power="off")


@DISPLAYS
async def test_it_is_switched_and_says_so_itself(name: str) -> None:
    async with rig(name) as display, watching(display):
        on = await display.device.switch("on", None)
        assert on.power in ("warming", "on")
        source = other_source(display)
        assert await display.device.switch("on", source) == DisplaySwitched(power="on", source=source)
        assert display.emulator.look()["source"] == source
        off = await display.device.switch("off", None)
        assert off.power in ("cooling", "off")


@DISPLAYS
async def test_what_stands_as_asked_already_is_answered_all_the_same(name: str) -> None:
    async with rig(name) as display:
        assert await display.device.switch("off", None) == DisplaySwitched(power="off")
        assert await display.device.switch("off", None) == DisplaySwitched(power="off")


@DISPLAYS
async def test_a_source_waits_for_a_display_that_takes_its_time(name: str) -> None:
    async with rig(name) as display:
        display.hand("slow", polls=30)
        source = other_source(display)
        assert await display.device.switch("on", source) == DisplaySwitched(power="on", source=source)


@DISPLAYS
async def test_a_source_of_a_display_that_is_off_is_not_chosen(name: str) -> None:
    async with rig(name) as display:
        with pytest.raises(DeviceBusy, match="switch it on"):
            await display.device.switch(None, other_source(display))


@DISPLAYS
async def test_a_source_it_does_not_have_is_refused_by_name(name: str) -> None:
    async with rig(name) as display:
        with pytest.raises(WishRejected, match="no source tuner-9"):
            await display.device.switch("on", "tuner-9")


@DISPLAYS
async def test_the_wish_switches_it_and_is_answered_by_what_it_says(name: str) -> None:
    async with rig(name) as display:
        wish = SwitchDisplay(power="on", source=other_source(display))
        fact = await wish.put_to(display.device, fetch)
        assert wish.answered_by(fact)
        assert not SwitchDisplay(power="off").answered_by(fact)


@DISPLAYS
async def test_orders_at_once_do_not_get_in_each_others_way(name: str) -> None:
    async with rig(name) as display, watching(display):
        source = other_source(display)
        told = await asyncio.gather(*(display.device.switch("on", source) for _ in range(3)))
        assert told == [DisplaySwitched(power="on", source=source)] * 3


@DISPLAYS
async def test_a_display_that_says_nothing_is_offline(name: str) -> None:
    async with rig(name, timeout_s=0.05) as display:
        states = aiter(display.device.watch())
        assert await anext(states) == PowerChanged(power="off")
        display.hand("silence", on=True)
        with pytest.raises(DeviceOffline):
            await display.device.switch("on", None)
        with pytest.raises(DeviceOffline):
            async for _ in states:
                pass


@DISPLAYS
async def test_an_unplugged_display_is_offline(name: str) -> None:
    async with rig(name) as display:
        await display.link.unplug()
        with pytest.raises(DeviceOffline):
            await display.device.switch("on", None)


@DISPLAYS
@pytest.mark.parametrize("pieces", [Weather(split=1), Weather(split=3), Weather(delay_s=0.01)])
async def test_answers_in_pieces_are_put_together(name: str, pieces: Weather) -> None:
    async with rig(name, pieces, Weather()) as display:
        source = other_source(display)
        assert await display.device.switch("on", source) == DisplaySwitched(power="on", source=source)


@pytest.mark.parametrize("name", BY_SERIAL)
@pytest.mark.parametrize("storm", [Weather(drop=0.1), Weather(garble=0.1), Weather(duplicate=0.5)])
async def test_on_a_bad_line_nothing_is_told_that_is_not_so(name: str, storm: Weather) -> None:
    async with rig(name, storm, Weather(), tries=10, timeout_s=0.05) as display, watching(display) as facts:
        for power in ("on", "off", "on"):
            await display.device.switch(power, None)
            told = await until(facts, power=power)
            assert {fact.power for fact in told if isinstance(fact, PowerChanged)} <= {power, "off"}


@DISPLAYS
@pytest.mark.parametrize("wish", [SwitchDisplay(), SwitchDisplay(power="off", source="hdmi-1")])
async def test_a_wish_that_makes_no_sense_is_refused(name: str, wish: SwitchDisplay) -> None:
    async with rig(name) as display:
        with pytest.raises(WishRejected, match="source"):
            await wish.put_to(display.device, fetch)
        assert display.cable.written == []


@pytest.mark.parametrize("name", FREEZERS)
async def test_a_picture_is_frozen_and_let_go_and_the_display_says_so(name: str) -> None:
    async with rig(name) as display, watching(display):
        await display.device.switch("on", other_source(display))
        for frozen in (True, True, False):
            wish = FreezePicture(frozen=frozen)
            fact = await wish.put_to(display.device, fetch)
            assert fact == PictureHeld(frozen=frozen) and wish.answered_by(fact)
            assert display.emulator.look()["frozen"] is frozen


@pytest.mark.parametrize("name", FREEZERS)
async def test_a_display_that_is_off_freezes_nothing(name: str) -> None:
    async with rig(name) as display:
        with pytest.raises(DeviceBusy):
            await display.device.freeze(on=True)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in FREEZERS])
async def test_a_display_that_cannot_freeze_refuses(name: str) -> None:
    async with rig(name) as display:
        with pytest.raises(WishRejected, match="cannot freeze"):
            await FreezePicture(frozen=True).put_to(display.device, fetch)
