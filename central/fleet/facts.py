"""What people and central do to the fleet, as lines of central's own book."""

from typing import Literal

from devices.messages import Fact


class GatewayInvited(Fact):
    """Somebody may enrol a box under this name."""

    gateway: str
    replaces: bool = False
    """It is to take over name and place of the box that has them now."""


class GatewayReplaced(Fact):
    """A new box took over name and place of a gateway; the old one's keys seal nothing any more."""

    gateway: str
    old: list[str]
    """Thumbprints of the old box's keys."""
    new: str
    """Thumbprint of the new box's key."""


class GatewayEnrolled(Fact):
    """Central certified a key for a gateway."""

    gateway: str
    key: str
    """Thumbprint of the key."""
    certificate: str
    """SHA-256 of the certificate's DER, hex."""


class CertificateRenewed(Fact):
    """Central certified another key for a gateway that asked in time; it is used once the box has proven it."""

    gateway: str
    key: str
    """Thumbprint of the key."""
    certificate: str
    """SHA-256 of the certificate's DER, hex."""


class ReaderAdmitted(Fact):
    """A program of others may read at the broker how devices stand."""

    reader: str
    certificate: str = ""
    """Fingerprint of the certificate it was given."""


class ReaderRenewed(Fact):
    """It was given another certificate; the one before is good no more."""

    reader: str
    certificate: str
    withdrawn: str


class ReaderRemoved(Fact):
    """A program of others may read nothing any more."""

    reader: str
    withdrawn: str = ""
    """Fingerprint of the certificate that is good no more."""


class DocumentDesired(Fact):
    """A gateway is to have this document from now on."""

    gateway: str
    name: str
    version: int
    sha256: str


class ReleaseAdded(Fact):
    """A release of the gateways' software was taken in."""

    release: str
    python: str
    number: int


class FilesAdded(Fact):
    """A speech model or a logo was taken in."""

    document: str
    name: str
    number: int


class RolloutMade(Fact):
    """A change is to be brought to so many gateways: of configuration, or of the document named."""

    rollout: int
    gateways: int
    document: str = "config"
    sha256: str | None = None
    """The blob that all get, if it is not the configuration."""


class RolloutChanged(Fact):
    """A roll-out goes on, waits for a person, is done or was stopped."""

    rollout: int
    to: str


class GatewayPlaced(Fact):
    """Where a gateway stands, and which groups it belongs to."""

    gateway: str
    floor: str
    room: str
    tags: list[str] = []


class AlarmSeen(Fact):
    """Somebody has seen an alarm, and it may be theirs."""

    alarm: int
    assigned: bool = False
    to: str | None = None
    """Whose it is, if it was handed to another."""


class AlarmCleared(Fact):
    """Somebody says that an alarm is over."""

    alarm: int


class AlarmRuleWritten(Fact):
    """A rule of alarms was made or changed."""

    rule: int
    kind: str
    figure: str
    limit: float
    enabled: bool


class ContactWritten(Fact):
    """Somebody is called about alarms from now on, otherwise, or no longer."""

    contact: int
    to: Literal["added", "changed", "removed"]


class TicketStepped(Fact):
    """A maintenance ticket goes on."""

    ticket: int
    to: str
    gateway: str
    device: str = ""


class NoticeAccepted(Fact):
    """A provider took a message about an alarm, or about its end; whether it arrived is not known."""

    alarm: int
    contact: int
    ended: bool = False


class GatewayStateChanged(Fact):
    """A gateway is in use, suspended or revoked from now on."""

    gateway: str
    to: Literal["active", "suspended", "revoked"]
    why: str = ""
