"""Names of USB devices in gateway files. No I/O."""

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

EMULATED = "usb+unix:"
"""Before the path of the socket behind which a device is emulated."""

_USB = (
    r"usb://(?P<vendor>[0-9a-f]{4}):(?P<product>[0-9a-f]{4})"
    r"(?:/(?P<serial>[!-.0-<>?A-~]+)|@(?P<place>[0-9]+-[0-9]+(?:\.[0-9]+)*))?"
)

BytePort = Annotated[
    str,
    Field(
        pattern=rf"^(/[ -~]+|tcp://[!-.0-9;-~]+:[0-9]{{1,5}}|{re.sub('[?]P<[a-z]+>', '?:', _USB)})$",
        description="Where the device hangs: usb://04b8:0202 (with /SERIAL or @1-2.3 if there are several), "
        "/dev/serial/by-id/... (8N1), or tcp://host:port.",
    ),
]
"""The setting `port` of drivers whose device may hang on USB too."""

OnlyUsb = Annotated[
    str,
    Field(
        pattern=rf"^{re.sub('[?]P<[a-z]+>', '?:', _USB)}$",
        description="Where the device hangs: usb://0c2e:0200, with /SERIAL or @1-2.3 if there are several.",
    ),
]
"""The setting `port` of drivers whose device hangs on USB."""


@dataclass(frozen=True)
class UsbPort:
    """Which device is meant; `place` is bus and sockets as `lsusb -t` counts them, `socket` where it is emulated."""

    vendor: int
    product: int
    serial: str | None = None
    place: str | None = None
    socket: str | None = None


def is_usb(port: str) -> bool:
    """True if it names a USB device."""
    return port.startswith(("usb://", EMULATED))


def usb_port(port: str) -> UsbPort:
    """A port as files or the emulators write it. Raises ValueError."""
    name, _, path = port.removeprefix(EMULATED).partition("=") if port.startswith(EMULATED) else (port, "", None)
    found = re.fullmatch(_USB, name)
    if found is None:
        raise ValueError(f"{port!r} is no USB device; write usb://VENDOR:PRODUCT in hex digits, as lsusb shows them")
    vendor, product = int(found["vendor"], 16), int(found["product"], 16)
    return UsbPort(vendor, product, found["serial"], found["place"], path)


def emulated(port: str, path: str) -> str:
    """The same device, emulated behind the socket at that path."""
    return f"{EMULATED}{port}={path}"
