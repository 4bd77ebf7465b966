"""The far side of a UsbLink, a process a device: pumps bytes between USB endpoints and its standard streams.

Blocking calls of libusb cannot be interrupted safely; a hung one stops this process only, which can be killed. The
first line on standard output says `ready`, or why not. The process ends when its input ends or the device is gone.
"""

import os
import sys
import threading
from typing import Any

import usb.core
import usb.util

from drivers.usb_port import UsbPort, usb_port

PRINTER, HID, VENDOR = 0x07, 0x03, 0xFF
PREFERRED = (PRINTER, HID, VENDOR)
"""Classes of interfaces that carry bytes for us, best first."""
WAIT_MS = 1000
CHUNK = 4096


class NotThere(Exception):
    """The device cannot be used now; the text says why, for a person."""


class Pump:
    """The interface of one device, claimed. Raises NotThere."""

    def __init__(self, port: UsbPort) -> None:
        self.device = _found(port)
        self.interface = _interface(self.device)
        if self.interface is None:
            raise NotThere("it has no interface of a printer, HID or vendor class")
        number = self.interface.bInterfaceNumber
        # usblp or usbhid would take the bytes away.
        if self.device.is_kernel_driver_active(number):
            self.device.detach_kernel_driver(number)
        usb.util.claim_interface(self.device, number)
        if self.interface.bAlternateSetting:
            self.interface.set_altsetting()
        self._in, self._out = (_endpoint(self.interface, way) for way in (usb.util.ENDPOINT_IN, usb.util.ENDPOINT_OUT))

    def read(self) -> bytes:
        """What the device sent; waits for it. Raises USBError when it is gone."""
        while self._in is not None:
            try:
                if data := self.device.read(self._in.bEndpointAddress, self._in.wMaxPacketSize, WAIT_MS):
                    return bytes(data)
            except usb.core.USBTimeoutError:
                continue
        threading.Event().wait()
        return b""

    def write(self, data: bytes) -> None:
        """All of it, however long the device takes (a printer without paper takes nothing). Raises USBError."""
        while data and self._out is not None:
            try:
                data = data[self.device.write(self._out.bEndpointAddress, data, WAIT_MS) :]
            except usb.core.USBTimeoutError:
                continue


def main(port: str) -> int:
    """Pump until the input ends (0) or the device is gone (1)."""
    out = sys.stdout.buffer
    try:
        pump = Pump(usb_port(port))
    except (NotThere, usb.core.NoBackendError, usb.core.USBError, NotImplementedError) as error:
        out.write(f"{_why(error)}\n".encode())
        out.flush()
        return 1
    out.write(b"ready\n")
    out.flush()
    threading.Thread(target=_inward, args=(pump,), daemon=True).start()
    try:
        while data := os.read(0, CHUNK):
            pump.write(data)
    except usb.core.USBError:
        return 1
    return 0


def _inward(pump: Pump) -> None:
    try:
        while True:
            os.write(1, pump.read())
    except (usb.core.USBError, OSError):
        os._exit(1)  # the other thread may hang in a write that nobody will ever take


def _found(port: UsbPort) -> Any:
    wanted = {"idVendor": port.vendor, "idProduct": port.product}
    found = usb.core.find(find_all=True, backend=_backend(port), **wanted)
    fitting = [device for device in found if _is_meant(device, port)]
    if not fitting:
        raise NotThere("no such device is plugged in")
    if len(fitting) > 1:
        places = ", ".join(f"@{_place(device)}" for device in fitting)
        raise NotThere(f"several are plugged in; add the serial number or the place: {places}")
    return fitting[0]


def _backend(port: UsbPort) -> Any:
    if port.socket is None:
        return None
    from drivers.usb_emulated import SocketBackend

    return SocketBackend(port.socket)


def _is_meant(device: Any, port: UsbPort) -> bool:
    if port.place is not None:
        return _place(device) == port.place
    return port.serial is None or device.serial_number == port.serial


def _place(device: Any) -> str:
    """Bus and sockets on the way, as in /sys/bus/usb/devices."""
    return f"{device.bus}-{'.'.join(map(str, device.port_numbers or ()))}"


def _interface(device: Any) -> Any:
    interfaces = list(device.get_active_configuration())
    ranked = [found for wanted in PREFERRED for found in interfaces if found.bInterfaceClass == wanted]
    # A printer may offer one-way, two-way and IPP forms of its interface: two-way bytes are wanted (protocol 2).
    two_way = [found for found in ranked if found.bInterfaceClass == PRINTER and found.bInterfaceProtocol == 2]
    return next(iter([*two_way, *ranked]), None)


def _endpoint(interface: Any, way: int) -> Any:
    return usb.util.find_descriptor(
        interface, custom_match=lambda ep: usb.util.endpoint_direction(ep.bEndpointAddress) == way
    )


def _why(error: Exception) -> str:
    if isinstance(error, usb.core.NoBackendError):
        return "libusb is missing on this machine; install libusb-1.0-0"
    if isinstance(error, usb.core.USBError) and error.errno == 13:
        return "this user may not open it; see firmware_configs/udev"
    return str(error)


if __name__ == "__main__":
    os._exit(main(sys.argv[1]))
