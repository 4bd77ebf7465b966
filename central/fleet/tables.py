"""Gateways, their keys, the devices behind them, and invitations."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from central.store import Base


class Gateway(Base):
    """One box beside a room; its name is that of its certificate and of its topics."""

    __tablename__ = "gateways"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(48), unique=True)
    state: Mapped[str] = mapped_column(String(16), default="active")
    """`active`, `suspended` (two boxes share the identity) or `revoked`."""
    permit_secret: Mapped[bytes] = mapped_column(LargeBinary)
    """Shared with the box alone; PINs of its permits are checked against it."""
    enrolled_at: Mapped[datetime]
    version: Mapped[str | None] = mapped_column(String(32))
    catalogue: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the blob that describes its drivers."""
    simulated: Mapped[bool] = mapped_column(default=False)
    clock_trusted: Mapped[bool] = mapped_column(default=False)
    presence: Mapped[str] = mapped_column(String(16), default="unknown")
    """Homie `$state`: init, ready, sleeping, disconnected, lost; `unknown` before the first."""
    description: Mapped[dict[str, Any] | None]
    """Homie `$description` as last heard."""
    last_seen: Mapped[datetime | None]
    keys: Mapped[list["GatewayKey"]] = relationship(back_populates="gateway", order_by="GatewayKey.id")
    devices: Mapped[list["Device"]] = relationship(back_populates="gateway", order_by="Device.name")

    @property
    def is_there(self) -> bool:
        """True if it is connected and in use."""
        return self.state == "active" and self.presence == "ready"


class GatewayKey(Base):
    """A key central certified for a gateway; kept for ever, for what it sealed is to be proven."""

    __tablename__ = "gateway_keys"
    __table_args__ = (UniqueConstraint("gateway_id", "kid"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    gateway_id: Mapped[int] = mapped_column(ForeignKey("gateways.id"))
    gateway: Mapped[Gateway] = relationship(back_populates="keys")
    kid: Mapped[str] = mapped_column(String(16), index=True)
    """Thumbprint, as in the `kid` of its tokens."""
    certificate: Mapped[str] = mapped_column(Text)
    """PEM."""
    fingerprint: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the certificate's DER, hex."""
    admitted_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    """From then on nothing new sealed by it is taken."""


class Device(Base):
    """Something plugged into a gateway, as it describes itself."""

    __tablename__ = "devices"
    __table_args__ = (UniqueConstraint("gateway_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    gateway_id: Mapped[int] = mapped_column(ForeignKey("gateways.id"))
    gateway: Mapped[Gateway] = relationship(back_populates="devices")
    name: Mapped[str] = mapped_column(String(48))
    product: Mapped[str] = mapped_column(String(80), default="")
    """`kind/product` of its driver."""
    description: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Its Homie node."""
    states: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Property -> last value heard."""
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Noise, retries and the like since its gateway started."""
    presence: Mapped[str] = mapped_column(String(8), default="unknown")
    """`back`, `gone` or `unknown`."""
    verified: Mapped[bool] = mapped_column(default=True)
    """False while its driver has not met real hardware."""
    changed_at: Mapped[datetime | None]

    @property
    def kind(self) -> str:
        """What it is: locks, readers, printers."""
        return self.product.partition("/")[0]


class DesiredDocument(Base):
    """One version of a document for a gateway; the newest of a name is the current one."""

    __tablename__ = "desired_documents"
    __table_args__ = (UniqueConstraint("gateway_id", "name", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    gateway_id: Mapped[int] = mapped_column(ForeignKey("gateways.id"))
    gateway: Mapped[Gateway] = relationship()
    name: Mapped[str] = mapped_column(String(48))
    version: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    """Its blob."""
    desired_at: Mapped[datetime]


class Invite(Base):
    """A one-time invitation to enrol under a name."""

    __tablename__ = "gateway_invites"

    id: Mapped[int] = mapped_column(primary_key=True)
    gateway: Mapped[str] = mapped_column(String(48))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the secret, hex."""
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
