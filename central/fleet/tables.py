"""Gateways, their keys, the devices behind them, and invitations."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from central.store import Base

_GONE = text("presence = 'gone' AND removed_at IS NULL")


class Gateway(Base):
    """One box beside a room; its name is that of its certificate and of its topics."""

    __tablename__ = "gateways"
    __table_args__ = (
        Index("ix_gateways_glance", "floor", "room", "state", "presence", "safe", "clock_trusted", "name"),
        Index("ix_gateways_place", "floor", "room", "name", "state", "enrolled_at"),
        Index("ix_gateways_beat_at", "beat_at"),
    )

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
    configuration: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the blob with the configuration in force."""
    safe: Mapped[bool] = mapped_column(default=False)
    """In safe mode: started three times in vain, only its link runs."""
    floor: Mapped[str] = mapped_column(String(40), default="")
    room: Mapped[str] = mapped_column(String(80), default="")
    tags: Mapped[list[str]] = mapped_column(default=list)
    """Groups it belongs to."""
    simulated: Mapped[bool] = mapped_column(default=False)
    clock_trusted: Mapped[bool] = mapped_column(default=False)
    presence: Mapped[str] = mapped_column(String(16), default="unknown")
    """Homie `$state`: init, ready, sleeping, disconnected, lost; `unknown` before the first."""
    description: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)
    """Homie `$description` as last heard; large, and seldom asked for."""
    last_seen: Mapped[datetime | None]
    health: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Figures of the newest heartbeat."""
    beat_at: Mapped[datetime | None]
    keys: Mapped[list["GatewayKey"]] = relationship(back_populates="gateway", order_by="GatewayKey.id")
    devices: Mapped[list["Device"]] = relationship(back_populates="gateway", order_by="Device.name")

    @property
    def devices_now(self) -> "list[Device]":
        """Those its present configuration has."""
        return [device for device in self.devices if device.removed_at is None]

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
    handed_over_at: Mapped[datetime | None]
    """From then on its gateway seals with another; this one may still seal again what it sealed."""
    withdrawn_at: Mapped[datetime | None]
    """From then on nothing new sealed by it is taken."""


class Device(Base):
    """Something plugged into a gateway, as it describes itself."""

    __tablename__ = "devices"
    __table_args__ = (
        UniqueConstraint("gateway_id", "name"),
        Index("ix_devices_name", "name", "gateway_id", "removed_at"),
        Index("ix_devices_product", "product", "gateway_id", "name", "removed_at"),
        Index("ix_devices_gone", "gateway_id", sqlite_where=_GONE, postgresql_where=_GONE),
    )

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
    tested_at: Mapped[datetime | None]
    """When it was last asked to test itself, and answered."""
    tested_ok: Mapped[bool] = mapped_column(default=False)
    removed_at: Mapped[datetime | None]
    """Since then the gateway's configuration has no such device."""

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
    by: Mapped[str | None] = mapped_column(String(80))
    """Actor reference."""
    state: Mapped[str] = mapped_column(String(8), default="")
    """What the box said of it: `tried`, `kept`, `refused`; empty before."""
    why: Mapped[str] = mapped_column(Text, default="")
    told_at: Mapped[datetime | None]


class SoftwareRelease(Base):
    """A release of the gateways' software that was taken in; its packages are blobs."""

    __tablename__ = "software_releases"

    id: Mapped[int] = mapped_column(primary_key=True)
    release: Mapped[str] = mapped_column(String(32))
    python: Mapped[str] = mapped_column(String(8))
    """Python it is for, such as 3.11."""
    wheels: Mapped[list[Any]]
    """File, SHA-256 and size of each package."""
    added_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(80))


class FileSet(Base):
    """A speech model or a logo that was taken in; its files are blobs."""

    __tablename__ = "file_sets"

    id: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[str] = mapped_column(String(8))
    """`model` or `logo`."""
    name: Mapped[str] = mapped_column(String(48))
    files: Mapped[list[Any]]
    """Path, SHA-256 and size of each."""
    added_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(80))


class Rollout(Base):
    """One change brought to many gateways, wave after wave: of configuration, or one document for all."""

    __tablename__ = "rollouts"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    patch: Mapped[str] = mapped_column(Text)
    """YAML laid over each gateway's configuration (RFC 7396); empty for another document."""
    document: Mapped[str] = mapped_column(String(48), default="config")
    """Name of the document it brings."""
    sha256: Mapped[str | None] = mapped_column(String(64))
    """The blob that all get, if it is not the configuration."""
    state: Mapped[str] = mapped_column(String(8), default="running")
    """`running`, `paused`, `done` or `stopped`."""
    why: Mapped[str] = mapped_column(Text, default="")
    made_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(80))
    boxes: Mapped[list["RolloutBox"]] = relationship(back_populates="rollout", order_by="RolloutBox.id")


class RolloutBox(Base):
    """One gateway of a roll-out."""

    __tablename__ = "rollout_boxes"

    id: Mapped[int] = mapped_column(primary_key=True)
    rollout_id: Mapped[int] = mapped_column(ForeignKey("rollouts.id"), index=True)
    rollout: Mapped[Rollout] = relationship(back_populates="boxes")
    gateway_id: Mapped[int] = mapped_column(ForeignKey("gateways.id"))
    gateway: Mapped[Gateway] = relationship()
    wave: Mapped[int]
    version: Mapped[int | None] = mapped_column(BigInteger)
    """Of the document it got."""
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    """`waiting`, `sent`, `kept`, `refused`, `late` or `skipped`."""
    why: Mapped[str] = mapped_column(Text, default="")
    sent_at: Mapped[datetime | None]


class Invite(Base):
    """A one-time invitation to enrol under a name."""

    __tablename__ = "gateway_invites"

    id: Mapped[int] = mapped_column(primary_key=True)
    gateway: Mapped[str] = mapped_column(String(48))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the secret, hex."""
    replaces: Mapped[bool] = mapped_column(default=False)
    """For a box that is to take over name and place of the one that has them now."""
    configuration: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the first configuration's blob."""
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
