"""USB devices: which one is meant, bytes both ways through pyusb, unplugged, plugged in again."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest

from devices.errors import DeviceOffline
from drivers import stuck, usb_link
from drivers.link import open_link
from drivers.usb_port import UsbPort, emulated, usb_port
from gateway.catalogue import product
from gateway.simulator.usb import Usb

BIG = bytes(range(256)) * 400


class Echo:
    """An emulated device that sends back what it hears, and how much that was."""

    def __init__(self, port: str) -> None:
        self.heard = 0
        self.plug = Usb(port, "printers", self._hear)

    def _hear(self, data: bytes) -> None:
        self.heard += len(data)
        self.plug.send(data)


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    device = Echo("usb://04b8:0202/ABC")
    yield device
    await device.plug.unplug()


async def test_bytes_go_both_ways_however_many(echo: Echo) -> None:
    link = await open_link(await echo.plug.plug(), 0)
    writing = asyncio.ensure_future(link.write(BIG))
    heard = b""
    while len(heard) < len(BIG):
        heard += await link.read()
    await writing
    assert heard == BIG
    await link.close()
    await link.close()
    with pytest.raises(DeviceOffline, match="closed"):
        await link.read()
    with pytest.raises(DeviceOffline):
        await link.write(b"x")


async def test_an_unplugged_device_is_offline_at_once_and_is_found_when_it_is_back(echo: Echo) -> None:
    port = await echo.plug.plug()
    link = await open_link(port, 0)
    reading = asyncio.ensure_future(link.read())
    await echo.plug.unplug()
    with pytest.raises(DeviceOffline, match="unplugged"):
        await reading
    await link.close()
    with pytest.raises(DeviceOffline, match="no such device is plugged in"):
        await open_link(port, 0)
    assert await echo.plug.plug() == port
    again = await open_link(port, 0)
    await again.write(b"here")
    assert await again.read() == b"here"
    await again.close()


async def test_a_device_that_takes_nothing_is_offline(echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stuck, "STUCK_S", 0.1)
    link = await open_link(await echo.plug.plug(), 0)
    assert isinstance(link, usb_link.UsbLink)
    os.kill(link.pid, signal.SIGSTOP)
    with pytest.raises(DeviceOffline, match="is stuck"):
        await link.write(BIG * 10)
    with pytest.raises(DeviceOffline, match="is gone"):
        await link.read()
    await link.close()


async def test_a_device_with_another_serial_number_is_another_device(echo: Echo) -> None:
    path = usb_port(await echo.plug.plug()).socket
    assert path
    with pytest.raises(DeviceOffline, match="no such device"):
        await open_link(emulated("usb://04b8:0202/XYZ", path), 0)
    with pytest.raises(DeviceOffline, match="no such device"):
        await open_link(emulated("usb://04b8:9999", path), 0)
    here = await open_link(emulated("usb://04b8:0202@1-1", path), 0)
    await here.close()


async def test_the_true_bus_is_asked_and_has_no_such_device() -> None:
    with pytest.raises(DeviceOffline, match=r"cannot be opened: (no such device is plugged in|libusb is missing)"):
        await open_link("usb://0000:0001", 0)


def test_a_name_tells_vendor_product_and_which_of_several() -> None:
    assert usb_port("usb://04b8:0202") == UsbPort(0x04B8, 0x0202)
    assert usb_port("usb://04b8:0202/J1-2").serial == "J1-2"
    assert usb_port("usb://04b8:0202@1-2.3").place == "1-2.3"
    for wrong in ("usb://04b8", "usb://4b8:202", "usb://04b8:0202@x", "usb://04B8:0202"):
        with pytest.raises(ValueError, match="no USB device"):
            usb_port(wrong)


def test_a_printers_file_may_name_a_usb_port() -> None:
    config = product("printers/escpos").driver.Config
    for port in ("usb://04b8:0202", "usb://04b8:0202@1-2.3", "tcp://10.0.0.9:9100", "/dev/ttyS0"):
        assert config(port=port)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="port"):
        config(port="usb://printer")  # type: ignore[call-arg]
