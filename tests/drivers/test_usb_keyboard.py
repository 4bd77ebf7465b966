"""A reader that acts as a keyboard: what its keys type, both layouts of a record, and that it must be ours alone."""

import os
import pty
import struct
import tty
from pathlib import Path
from typing import Any

import pytest

from devices.errors import DeviceOffline
from drivers.event_link import open_events
from drivers.readers.usb_keyboard import driver, wire
from drivers.readers.usb_keyboard.emulator import Emulator
from drivers.weather import Weather
from tests.contracts.rig import rig, watching

A, B, ONE, CTRL, RIGHT_SHIFT, F1 = 30, 48, 2, 29, 54, 59


def typed(*keys: tuple[int, int]) -> bytes:
    typist = wire.Typist()
    return b"".join(typist.typed(wire.Event(wire.KEY, code, value)) for code, value in keys)


def pressed(*codes: int) -> list[tuple[int, int]]:
    return [(code, value) for code in codes for value in (wire.DOWN, wire.UP)]


def test_every_character_of_the_us_layout_comes_through() -> None:
    every = "".join(map(chr, range(0x20, 0x7F)))
    emulator = Emulator({})
    emulator.hands()["scan"](code=every)
    (code,) = wire.TypedFramer(wire.HERE, b"\r").feed(emulator.poll())
    assert code.data.decode() == every


def test_either_shift_and_caps_lock_make_capitals_and_both_together_small_letters() -> None:
    held = [(RIGHT_SHIFT, wire.DOWN), *pressed(A, ONE), (RIGHT_SHIFT, wire.UP)]
    assert typed(*held, *pressed(A, ONE)) == b"A!a1"
    assert typed(*pressed(wire.CAPS, A, ONE), *held, *pressed(wire.CAPS, A)) == b"A1a!a"


def test_a_key_that_is_held_types_one_character() -> None:
    assert typed((A, wire.DOWN), (A, wire.REPEAT), (A, wire.REPEAT), (A, wire.UP), *pressed(B)) == b"ab"


@pytest.mark.parametrize("keys", [pressed(F1), [(CTRL, wire.DOWN), *pressed(A), (CTRL, wire.UP)]])
def test_a_code_with_a_key_that_types_no_character_is_no_text(keys: list[tuple[int, int]]) -> None:
    assert wire.NO_TEXT in typed(*pressed(A), *keys, *pressed(B))


def test_records_the_kernel_dropped_spoil_the_code_and_let_go_of_shift() -> None:
    typist = wire.Typist()
    typist.typed(wire.Event(wire.KEY, wire.LEFT_SHIFT, wire.DOWN))
    assert typist.typed(wire.Event(wire.SYN, wire.DROPPED, 0)) == wire.NO_TEXT
    assert typist.typed(wire.Event(wire.KEY, A, wire.DOWN)) == b"a"


def test_a_machine_of_32_bits_has_shorter_records() -> None:
    record = struct.pack("<iiHHi", 1_700_000_000, 250_000, wire.KEY, A, wire.DOWN)
    reader = wire.answer_framer("32")
    (event,) = reader.feed(record)
    assert (event.code, event.to_bytes(), reader.noise) == (A, record, 0)


def test_this_machine_has_the_records_of_its_own_word() -> None:
    assert wire.LAYOUTS[wire.HERE].size == struct.calcsize("llHHi")


@pytest.mark.parametrize("end_key", ["enter", "tab", "none"])
async def test_every_end_key_ends_a_code(end_key: str) -> None:
    async with rig("readers/usb_keyboard", end_key=end_key) as reader, watching(reader) as facts:
        for code in ("JZ-1", "JZ-2"):
            reader.hand("scan", code=code)
            assert (await facts.get()).code == code


async def test_chinese_is_dropped_and_the_next_code_is_read_whole() -> None:
    async with rig("readers/usb_keyboard") as reader, watching(reader) as facts:
        reader.hand("scan", code="案1")
        reader.hand("scan", code="JZ-1")
        assert (await facts.get()).code == "JZ-1"
        assert reader.line.counts.noise > 0


async def test_a_code_whose_keys_come_one_record_at_a_time_is_one_code() -> None:
    async with rig("readers/usb_keyboard", Weather(split=24), hush_s=1.0) as reader, watching(reader) as facts:
        reader.hand("scan", code="]JZ_{1}")
        assert (await facts.get()).code == "]JZ_{1}"


def configured(path: Path) -> Any:
    return driver.Config(port="input:usb-reader-event-kbd").model_copy(update={"port": str(path)})


async def test_an_emulated_reader_is_read_at_its_port_until_it_is_pulled_out() -> None:
    near, far = pty.openpty()
    tty.setraw(near)
    tty.setraw(far)
    config = configured(Path(os.ttyname(far)))
    async with await driver.hold(config) as line:
        told = aiter(driver.Device(config, line).watch())
        emulator = Emulator({})
        emulator.hands()["scan"](code="JZ-2026-0001")
        os.write(near, emulator.poll())
        assert (await anext(told)).code == "JZ-2026-0001"
        os.close(near)
        with pytest.raises(DeviceOffline, match="is gone"):
            await anext(told)
    os.close(far)


def test_what_is_no_input_device_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("JZ-1")
    with pytest.raises(DeviceOffline, match="cannot be taken for the gateway alone"):
        open_events(f"input:{tmp_path}/text")


def test_a_reader_that_is_not_plugged_in_is_offline_and_the_error_says_where_to_look() -> None:
    with pytest.raises(DeviceOffline, match=r"/dev/input/by-id/usb-nothing.*`ls /dev/input/by-id`"):
        open_events("input:usb-nothing-event-kbd")
