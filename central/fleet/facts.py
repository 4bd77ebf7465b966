"""What people and central do to the fleet, as lines of central's own book."""

from typing import Literal

from devices.messages import Fact


class GatewayInvited(Fact):
    """Somebody may enrol a box under this name."""

    gateway: str


class GatewayEnrolled(Fact):
    """Central certified a key for a gateway."""

    gateway: str
    key: str
    """Thumbprint of the key."""
    certificate: str
    """SHA-256 of the certificate's DER, hex."""


class DocumentDesired(Fact):
    """A gateway is to have this document from now on."""

    gateway: str
    name: str
    version: int
    sha256: str


class GatewayStateChanged(Fact):
    """A gateway is in use, suspended or revoked from now on."""

    gateway: str
    to: Literal["active", "suspended", "revoked"]
    why: str = ""
