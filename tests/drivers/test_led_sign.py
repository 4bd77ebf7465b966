"""An LED strip: nothing stale stands there, whether the gateway lives, dies, or comes back; what its card is told."""

from contextlib import aclosing

import pytest

from devices.displays import Notice, ScreenChanged
from devices.errors import DeviceFault, DeviceOffline
from drivers.displays.led_sign import wire
from drivers.displays.led_sign.driver import LONGEST_TEXT, text_of
from drivers.displays.led_sign.emulator import Emulator
from drivers.weather import Weather
from tests.contracts.rig import rig
from tests.drivers.products import vectors

NOTICE = Notice(title="案件 A")
SHOWN = wire.Area(0, 0, 16, 16, timeout_s=60, moves=True, speed=10, dwell=0, text="案件 A".encode("gb2312"))


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_text_a_blank_strip_and_a_question_are_written_as_put_together_by_hand() -> None:
    rows = [bytes.fromhex(row["hex"]) for row in vectors("led_sign")["questions"]]
    written = [wire.ping(1), wire.show(1, SHOWN), wire.blank(1), wire.ping(90)]
    assert [packet.to_bytes() for packet in written] == [rows[0], *rows[2:]]


def test_the_card_drops_a_text_by_itself_when_nobody_speaks_to_it_any_more() -> None:
    clock = Clock()
    strip = Emulator({}, clock)
    strip.feed(wire.show(1, SHOWN).to_bytes())
    clock.now = 59.9
    assert strip.look()["text"] == "案件 A"
    clock.now = 60.0
    assert strip.look()["text"] == ""


async def test_what_the_card_is_told_is_to_stand_no_longer_than_the_notice() -> None:
    async with rig("displays/led_sign") as strip:
        for seconds, told in ((1, 1), (600, 600), (86_400, wire.MOST_S)):
            strip.cable.written.clear()
            await strip.device.show(NOTICE, seconds)
            (packet,) = wire.question_framer().feed(strip.cable.written[0])
            assert wire.timeout_and_text(packet) == (told, NOTICE.title.encode("gb2312"))


async def test_a_card_that_keeps_no_timeout_is_blanked_by_the_gateway() -> None:
    async with rig("displays/led_sign") as strip, aclosing(strip.device.watch()) as told:
        assert await anext(told) == ScreenChanged(shows="blank")
        strip.hand("ignore_timeouts")
        await strip.device.show(NOTICE, 1)
        assert await anext(told) == ScreenChanged(shows="notice")
        assert await anext(told) == ScreenChanged(shows="blank")
        assert strip.emulator.look()["text"] == ""


async def test_a_gateway_that_comes_to_a_strip_blanks_what_stands_there() -> None:
    async with rig("displays/led_sign") as strip:
        strip.emulator.feed(wire.show(1, SHOWN).to_bytes())
        async with aclosing(strip.device.watch()) as told:
            assert await anext(told) == ScreenChanged(shows="blank")
        assert strip.emulator.look()["text"] == ""


async def test_a_text_the_card_refuses_is_a_fault_and_what_stood_there_before_goes() -> None:
    async with rig("displays/led_sign") as strip, aclosing(strip.device.watch()) as told:
        assert await anext(told) == ScreenChanged(shows="blank")
        await strip.device.show(NOTICE, 600)
        assert await anext(told) == ScreenChanged(shows="notice")
        strip.hand("refuse", on=True)
        with pytest.raises(DeviceFault, match="the card refuses a3 06"):
            await strip.device.show(Notice(title="休庭"), 600)
        assert await anext(told) == ScreenChanged(shows="blank")
        assert strip.emulator.look()["text"] == ""


async def test_a_strip_that_is_silent_or_unplugged_is_offline() -> None:
    async with rig("displays/led_sign", timeout_s=0.05) as strip, aclosing(strip.device.watch()) as told:
        assert await anext(told) == ScreenChanged(shows="blank")
        strip.hand("silence", on=True)
        with pytest.raises(DeviceOffline):
            await strip.device.show(NOTICE, 600)
        with pytest.raises(DeviceOffline):
            await anext(told)


@pytest.mark.parametrize("storm", [Weather(split=1), Weather(drop=0.3), Weather(garble=0.3), Weather(duplicate=0.5)])
async def test_in_any_weather_the_text_stands_as_it_was_written(storm: Weather) -> None:
    async with rig("displays/led_sign", storm, tries=10, timeout_s=0.05) as strip:
        for title in ("一", "二", "三"):
            await strip.device.show(Notice(title=title), 600)
            assert strip.emulator.look()["text"] == title


def test_a_notice_gives_no_orders_to_the_card_and_lacks_no_character_in_silence() -> None:
    assert text_of(Notice(title="\\C1甲\n𠮷")).decode("gb2312") == "＼C1甲 〓"


def test_a_notice_too_long_for_the_strip_ends_with_a_whole_character() -> None:
    text = text_of(Notice(title="a", rows=("京" * LONGEST_TEXT,)))
    assert len(text) == LONGEST_TEXT - 1 and text.decode("gb2312").endswith("京")
