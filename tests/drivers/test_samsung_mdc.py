"""A Samsung panel behind TLS and a PIN: switched through both, and told nothing where they are not as set."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pydantic import ValidationError

from devices.displays import DisplaySwitched
from devices.errors import DeviceFault, DeviceOffline
from drivers.displays.samsung_mdc import driver, wire
from drivers.displays.samsung_mdc.emulator import Emulator
from drivers.line import Line
from gateway.simulator.cables import Cable, Tcp

PIN = "471193"


@asynccontextmanager
async def panel(pin: str) -> AsyncIterator[tuple[Emulator, Cable, str]]:
    emulator = Emulator({"pin": pin})
    cable = Cable({"wall": emulator}, Tcp)
    try:
        yield emulator, cable, await cable.plug()
    finally:
        await cable.unplug()


async def held(port: str, pin: str = PIN) -> Line[wire.Answer]:
    return await driver.hold(driver.Config(port=port, pin=pin, timeout_s=20, gap_s=0, settle_s=0.02))


async def test_a_panel_is_switched_through_tls_and_nothing_of_it_can_be_read_on_the_way() -> None:
    async with panel(PIN) as (emulator, cable, port):
        for power, source in (("on", "hdmi-2"), ("on", "dp")):  # each with a connection of its own
            async with await held(port) as line:
                device = driver.Device(driver.Config(port=port, settle_s=0.02), line)
                assert await device.switch(power, source) == DisplaySwitched(power="on", source=source)
        assert emulator.look()["power"] == "on"
        passed = bytes.fromhex("".join(data for _, data in cable.wire.last))
        assert PIN.encode() not in passed
        assert wire.Question(wire.POWER, 1, b"\x01").to_bytes() not in passed


async def test_a_wrong_pin_is_a_fault_that_names_the_setting() -> None:
    async with panel(PIN) as (_, _, port):
        with pytest.raises(DeviceFault, match="set `pin`"):
            await held(port, "0000")


async def test_a_panel_that_asks_for_no_tls_is_not_told_the_pin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Emulator, "greet", lambda _: b"HTTP/1.1 400 Bad Request")
    async with panel("") as (_, cable, port):
        with pytest.raises(DeviceOffline, match="asks for no TLS"):
            await held(port)
        assert cable.wire.bytes_in == 0


async def test_a_panel_that_is_gone_is_offline() -> None:
    async with panel(PIN) as (_, _, port):
        pass
    with pytest.raises(DeviceOffline, match="cannot be reached by TLS"):
        await held(port)


def test_orders_without_tls_move_no_panel_that_has_a_pin() -> None:
    emulator = Emulator({"pin": PIN})
    emulator.greet()
    emulator.feed(PIN.encode() + wire.Question(wire.POWER, 1, b"\x01").to_bytes() * 100)
    assert emulator.look()["power"] == "off"


def test_a_pin_on_a_serial_line_is_a_mistake_in_the_file() -> None:
    with pytest.raises(ValidationError, match="for tcp:// only"):
        driver.Config(port="/dev/ttyS1", pin=PIN)


async def test_a_panel_with_another_certificate_is_not_told_the_pin_and_its_own_is_named() -> None:
    async with panel(PIN) as (emulator, cable, port):
        at = port.replace("127.0.0.1", "localhost")
        with pytest.raises(DeviceOffline, match="another certificate than `fingerprint` says") as refused:
            await driver.hold(driver.Config(port=at, pin=PIN, fingerprint="ab:" * 31 + "ab"))
        before = cable.wire.bytes_in
        shown = re.findall(r"says, ([0-9a-f]{64})", str(refused.value))[0]
        config = driver.Config(port=at, pin=PIN, fingerprint=shown.upper(), timeout_s=20, gap_s=0, settle_s=0.02)
        async with await driver.hold(config) as line:
            assert (await driver.Device(config, line).switch("on", None)).power == "on"
        assert emulator.look()["power"] == "on" and cable.wire.bytes_in > before


def test_a_fingerprint_without_a_pin_is_a_mistake_in_the_file() -> None:
    with pytest.raises(ValidationError, match="write its `pin` too"):
        driver.Config(port="tcp://192.0.2.9:1515", fingerprint="ab" * 32)
