"""A USB device in software as a backend of pyusb: descriptors and packets come over a Unix socket. No libusb needed.

What the socket carries: one JSON line of descriptors (`vendor`, `product`, `serial`, `interface_class`), then the
bytes of its bulk IN endpoint; towards it go the bytes of the bulk OUT endpoint. Its end is the cable pulled out.
"""

import array
import errno
import json
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import usb.backend
import usb.core
import usb.util

IN, OUT = 0x81, 0x02
PACKET = 64


class SocketBackend(usb.backend.IBackend):  # type: ignore[misc]
    """A bus with one device on it, or none if nobody listens at `path`."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._told: dict[str, Any] = {}
        try:
            self._socket.connect(path)
            line = b""
            while (byte := self._socket.recv(1)) not in (b"", b"\n"):
                line += byte
            self._told = json.loads(line or b"{}")
        except OSError:
            return

    def enumerate_devices(self) -> Iterator[str]:
        """The device, if it is plugged in."""
        if self._told:
            yield "device"

    def get_parent(self, dev: str) -> None:
        """It hangs on the bus itself."""

    def get_device_descriptor(self, dev: str) -> SimpleNamespace:
        """Vendor and product; the serial number is its third string."""
        return SimpleNamespace(
            bLength=18,
            bDescriptorType=usb.util.DESC_TYPE_DEVICE,
            bcdUSB=0x0200,
            bDeviceClass=0,
            bDeviceSubClass=0,
            bDeviceProtocol=0,
            bMaxPacketSize0=PACKET,
            idVendor=self._told["vendor"],
            idProduct=self._told["product"],
            bcdDevice=0x0100,
            iManufacturer=0,
            iProduct=0,
            iSerialNumber=3,
            bNumConfigurations=1,
            bus=1,
            address=2,
            port_number=1,
            port_numbers=(1,),
            speed=usb.util.SPEED_HIGH,
        )

    def get_configuration_descriptor(self, dev: str, config: int) -> SimpleNamespace:
        """Its one configuration."""
        if config:
            raise IndexError(config)
        return SimpleNamespace(
            bLength=9,
            bDescriptorType=usb.util.DESC_TYPE_CONFIG,
            wTotalLength=32,
            bNumInterfaces=1,
            bConfigurationValue=1,
            iConfiguration=0,
            bmAttributes=0xC0,
            bMaxPower=1,
            extra_descriptors=[],
        )

    def get_interface_descriptor(self, dev: str, intf: int, alt: int, config: int) -> SimpleNamespace:
        """Its one interface."""
        if intf or alt:
            raise IndexError(intf)
        return SimpleNamespace(
            bLength=9,
            bDescriptorType=usb.util.DESC_TYPE_INTERFACE,
            bInterfaceNumber=0,
            bAlternateSetting=0,
            bNumEndpoints=2,
            bInterfaceClass=self._told["interface_class"],
            bInterfaceSubClass=1,
            bInterfaceProtocol=2,
            iInterface=0,
            extra_descriptors=[],
        )

    def get_endpoint_descriptor(self, dev: str, ep: int, intf: int, alt: int, config: int) -> SimpleNamespace:
        """One endpoint each way."""
        return SimpleNamespace(
            bLength=7,
            bDescriptorType=usb.util.DESC_TYPE_ENDPOINT,
            bEndpointAddress=(IN, OUT)[ep],
            bmAttributes=usb.util.ENDPOINT_TYPE_BULK,
            wMaxPacketSize=PACKET,
            bInterval=0,
            bRefresh=0,
            bSynchAddress=0,
            extra_descriptors=[],
        )

    def open_device(self, dev: str) -> str:
        """It is open already."""
        return dev

    def close_device(self, dev_handle: str) -> None:
        """The socket ends with the process."""

    def get_configuration(self, dev_handle: str) -> int:
        """The kernel has configured it."""
        return 1

    def claim_interface(self, dev_handle: str, intf: int) -> None:
        """Nobody else wants it."""

    def release_interface(self, dev_handle: str, intf: int) -> None:
        """Nobody else wants it."""

    def is_kernel_driver_active(self, dev_handle: str, intf: int) -> bool:
        """No kernel knows it."""
        return False

    def bulk_write(self, dev_handle: str, ep: int, intf: int, data: Any, timeout: int) -> int:
        """Hand it over; gives how many bytes went. Raises USBError."""
        try:
            self._socket.settimeout(timeout / 1000)
            return self._socket.send(data.tobytes())
        except TimeoutError:
            raise usb.core.USBTimeoutError("Operation timed out", errno=errno.ETIMEDOUT) from None
        except OSError as error:
            raise _gone() from error

    def bulk_read(self, dev_handle: str, ep: int, intf: int, buff: "array.array[int]", timeout: int) -> int:
        """What came; gives how many bytes. Raises USBError."""
        try:
            self._socket.settimeout(timeout / 1000)
            size = self._socket.recv_into(buff)
        except TimeoutError:
            raise usb.core.USBTimeoutError("Operation timed out", errno=errno.ETIMEDOUT) from None
        except OSError as error:
            raise _gone() from error
        if size == 0:
            raise _gone()
        return size

    def ctrl_transfer(self, dev_handle: str, *request: Any) -> int:
        """Strings: the languages, and the serial number."""
        _, _, value, _, data, _ = request
        text = [b"\x09\x04", b"", b"", str(self._told["serial"]).encode("utf-16-le")][value & 0xFF]
        answer = array.array("B", bytes((len(text) + 2, usb.util.DESC_TYPE_STRING)) + text)[: len(data)]
        data[: len(answer)] = answer
        return len(answer)


def _gone() -> usb.core.USBError:
    return usb.core.USBError("No such device (it may have been disconnected)", errno=errno.ENODEV)
