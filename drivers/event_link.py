"""A Linux input device as a Link, taken for this process alone: else its keys type into whatever has the focus too."""

import fcntl
import os
from io import FileIO
from pathlib import Path

from devices.errors import DeviceOffline
from drivers.link import SerialLink

INPUT = "input:"
"""Before the name of a device in BY_ID, or its whole path."""
BY_ID = Path("/dev/input/by-id")
EVIOCGRAB = 0x40044590
"""linux/input.h; devices.md 3."""
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def open_events(port: str) -> SerialLink:
    """Open `input:NAME` and take it. Raises DeviceOffline if it is not there, no input device, or somebody else's."""
    path = BY_ID / port.removeprefix(INPUT)
    try:
        device = FileIO(os.open(path, _FLAGS))
    except PermissionError as error:
        raise DeviceOffline(f"{path} may not be opened: give it the gateway's group by a udev rule") from error
    except OSError as error:
        raise DeviceOffline(f"{path} cannot be opened: {error.strerror}; `ls {BY_ID}` shows what there is") from error
    try:
        # An emulator's pty is on no console and knows no taking; a real device that cannot be taken is not used.
        if not device.isatty():
            fcntl.ioctl(device, EVIOCGRAB, 1)
    except OSError as error:
        device.close()
        raise DeviceOffline(f"{path} cannot be taken for the gateway alone: {error.strerror}") from error
    return SerialLink(str(path), device)
