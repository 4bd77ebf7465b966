"""What a gateway says of itself: starts, clocks, books, wishes it took or refused, permits, devices gone and back."""

from collections.abc import Awaitable
from typing import ClassVar, Literal, Protocol

from pydantic import Field

from devices.messages import Fact, Fetch, Wish
from devices.topics import NAME

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
    devices: dict[str, str] = Field(default_factory=dict)
    """Device name -> `kind/product` of what is in force; central forgets what was only tried."""


class SoftwareTried(Fact):
    """A release of the gateway's software stands beside the one in use; the box starts it from now on, on trial."""

    version: int
    """Of the document that names it."""
    release: str


class SoftwareKept(Fact):
    """The release tried is proven: devices are back and central has heard it; the box starts it from now on."""

    version: int
    release: str


class SoftwareRefused(Fact):
    """The release is not taken, or was tried and given back; the last good one is in force."""

    version: int
    why: str
    release: str = ""
    """Empty where that could not be read."""


class FilesKept(Fact):
    """A speech model or a logo is in its place on this box, checked."""

    document: str
    """`model` or `logo`."""
    version: int
    name: str


class FilesRefused(Fact):
    """A speech model or a logo is not taken; what was there before stays."""

    document: str
    version: int
    why: str
    name: str = ""
    """Empty where that could not be read."""


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


Strain = Literal["disk", "heat", "clock"]


class BoxStrained(Fact):
    """What strains the box now: its disk is nearly full, it is hot, its clock may be far off; none if it is well."""

    strains: tuple[Strain, ...] = ()
    measured: dict[str, float] = Field(default_factory=dict)
    """The figures behind them, by their names in the heartbeat."""

    def state(self) -> tuple[str, str]:
        """Everything that strains it."""
        return "strain", ",".join(self.strains) or "none"


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


class SelfTested(Fact):
    """A device was let go and reached anew, and told all its state again; or not, in the time it has."""

    device: str
    ok: bool


class LogLevelSet(Fact):
    """The box says more, or less, in its own log for a while."""

    level: Literal["debug", "info", "warning"]
    seconds: int
    live: bool = False
    """Its lines go to central as they come, meanwhile."""


class DiagnosticsKept(Fact):
    """How the box is, in one blob without names, cases or spoken words."""

    sha256: str


class Care(Protocol):
    """What a gateway does for whoever looks after it."""

    def test(self, device: str) -> Awaitable[SelfTested]:
        """Let the device go and reach it anew. Raises WishRejected (none of that name), DeviceBusy (in a hearing)."""

    def log_level(self, level: str, seconds: int, live: bool) -> Awaitable[LogLevelSet]:
        """Log at that level for so long; with `live`, tell central the lines as they come."""

    def diagnostics(self) -> Awaitable[DiagnosticsKept]:
        """Keep a blob that says how the box is."""


class RestartDevice(Wish):
    """Restart one device of this box, and see whether it comes back and tells its state."""

    kind: ClassVar[str] = GATEWAY
    patience_s: ClassVar[float] = 40.0

    device: str = Field(pattern=NAME)

    def answered_by(self, fact: Fact) -> bool:
        """It was tested, however it went."""
        return isinstance(fact, SelfTested) and fact.device == self.device

    async def put_to(self, device: Care, fetch: Fetch) -> Fact:
        """Test it."""
        return await device.test(self.device)


class SetLogLevel(Wish):
    """Log more or less for a while; then as before."""

    kind: ClassVar[str] = GATEWAY

    level: Literal["debug", "info", "warning"]
    seconds: int = Field(default=600, ge=10)
    """At most a day; five minutes if `live`."""
    live: bool = False
    """Show central the lines as they come."""

    def answered_by(self, fact: Fact) -> bool:
        """The level is set."""
        return isinstance(fact, LogLevelSet)

    async def put_to(self, device: Care, fetch: Fetch) -> Fact:
        """Set it."""
        return await device.log_level(self.level, self.seconds, self.live)


class SendDiagnostics(Wish):
    """Bring together how the box is, without personal data, as a blob."""

    kind: ClassVar[str] = GATEWAY
    patience_s: ClassVar[float] = 30.0

    def answered_by(self, fact: Fact) -> bool:
        """The blob is named."""
        return isinstance(fact, DiagnosticsKept)

    async def put_to(self, device: Care, fetch: Fetch) -> Fact:
        """Bring it together."""
        return await device.diagnostics()
