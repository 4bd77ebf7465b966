"""What ffmpeg's last words mean, for whoever waits for what it should give. No I/O."""

import re

from devices.errors import DeviceBusy, DeviceError, DeviceFault, DeviceOffline

_BUSY = ("Device or resource busy", "503 Service Unavailable")
_FAULTY = (
    "cannot set sample rate",
    "cannot set channel count",
    "Invalid data found",
    "Invalid argument",
    "Unknown input format",
    "Protocol not found",
    "Option not found",
    "matches no streams",
    "401 Unauthorized",
)
_SECRET = re.compile(r"//[^/@\s]+@")


def ended(port: str, report: str, what: str) -> DeviceError:
    """Why no sound or picture (`what`) comes from there; a password in the address is left out."""
    lines = [line.strip() for line in report.splitlines() if line.strip()]
    last = without_secret(lines[-1])[:200] if lines else "ffmpeg said nothing"
    port = without_secret(port)
    if any(word in report for word in _BUSY):
        return DeviceBusy(f"{port} is in use by another program: {last}")
    if any(word in report for word in _FAULTY):
        return DeviceFault(f"{port} cannot be used as it is written: {last}")
    return DeviceOffline(f"{port} gives no {what}: {last}")


def without_secret(text: str) -> str:
    """The text, with no user and password in the addresses it names."""
    return _SECRET.sub("//", text)
