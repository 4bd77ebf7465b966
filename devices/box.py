"""What a gateway says of itself: starts, clocks, books, wishes it took or refused, permits, devices gone and back."""

from typing import Literal

from pydantic import Field

from devices.messages import Fact

GATEWAY = "gateway"
"""The device name under which a gateway's own lines stand."""

Refusal = Literal[
    "forged",
    "expired",
    "not_for_us",
    "repeated",
    "retained",
    "unreadable",
    "unknown_device",
    "clock_not_trusted",
    "device_offline",
    "device_busy",
    "device_fault",
    "rejected",
    "wrong_pin",
    "locked_out",
]


class BookOpened(Fact):
    """First line of a book: whose it is, under which key, and the head of the book it follows."""

    gateway: str
    book: str
    key: str
    """Thumbprint of the sealing key, as in the `kid` of its seals."""
    follows: str | None = None
    """Head of the book before, None for the first."""
    why: Literal["new", "restored_disk", "fork"] = "new"


class Started(Fact):
    """The gateway runs; `catalogue` is the hash of the blob that describes its drivers."""

    version: str
    catalogue: str
    simulated: bool = False
    devices: dict[str, str] = Field(default_factory=dict)
    """Device name -> `kind/product`."""
    configuration: str | None = None
    """Hash of the blob that holds the configuration in force."""
    safe: bool = False
    """Started three times in vain: only the link runs, until another configuration comes."""


class ConfigTried(Fact):
    """A configuration of central is correct and is tried from now on."""

    version: int


class ConfigKept(Fact):
    """The configuration tried is proven: its devices are back, and the box starts with it from now on."""

    version: int
    devices: dict[str, str] = Field(default_factory=dict)
    """Device name -> `kind/product`."""


class ConfigRefused(Fact):
    """The configuration is not taken, or was tried and given back; the last good one is in force."""

    version: int
    why: str


class Stopped(Fact):
    """The gateway ends in order."""


class ClockChanged(Fact):
    """Wall and monotonic clock parted by that much, or trust in the clock changed."""

    step_ms: int = 0
    trusted: bool
    source: Literal["chrony", "rtc", "ack", "none"]

    def state(self) -> tuple[str, str]:
        """Whether time is trusted."""
        return "clock", "trusted" if self.trusted else "not_trusted"


class LinesDropped(Fact):
    """Declared loss: so many facts could not be kept, and why."""

    count: int
    why: Literal["disk_full"] = "disk_full"
    freed: int = 0
    """Acknowledged lines let go before their fourteen days, to make room."""


class KeyChanged(Fact):
    """From the next line on another key seals; this line is sealed by the old one."""

    key: str


class IdentityContested(Fact):
    """Another client took over this name at the broker again and again; the gateway stopped publishing."""

    takeovers: int


class WishTaken(Fact):
    """A verified wish is on disk and goes to the device now; `cause` of the line is its id."""

    wish: str
    cell: int | None = None


class WishRefused(Fact):
    """A wish did not reach the wire, or the device refused it; nothing moved."""

    why: Refusal
    detail: str = ""


class WishInterrupted(Fact):
    """The gateway ended between taking a wish and knowing its end; it is not repeated."""

    wish: str


class ForgedWishes(Fact):
    """So many wishes with no valid signature came in the last minute."""

    count: int


class PermitUsed(Fact):
    """A permit opened its cell; the line's `cause` is its id."""

    cell: int


class PermitRefused(Fact):
    """A permit was shown and did not open; `jti` is None when it could not be read."""

    why: Refusal
    jti: str | None = None


class DeviceGone(Fact):
    """A device can no longer be reached; said once."""

    why: str

    def state(self) -> tuple[str, str]:
        """It is gone."""
        return "presence", "gone"


class DeviceBack(Fact):
    """A device is reached (again); said once."""

    verified: bool = True
    """False if its driver has not met real hardware yet."""

    def state(self) -> tuple[str, str]:
        """It is back."""
        return "presence", "back"
