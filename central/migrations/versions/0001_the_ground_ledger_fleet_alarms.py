"""The ground: ledger, fleet, alarms."""

import sqlalchemy as sa
from alembic import op

import central.store

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    _alarms()
    _gateway_invites()
    _gateways()
    _leases()
    _ledger_books()
    _devices()
    _gateway_keys()
    _ledger_forks()
    _ledger_lines()
    _ledger_seals()
    _ledger_parked()


def _alarms() -> None:
    op.create_table(
        "alarms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=160), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("raised_at", central.store.UtcTime(timezone=True), nullable=False),
        sa.Column("last_at", central.store.UtcTime(timezone=True), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("cleared_at", central.store.UtcTime(timezone=True), nullable=True),
        sa.Column("cleared_by", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms")),
    )
    op.create_index(op.f("ix_alarms_cleared_at"), "alarms", ["cleared_at"], unique=False)
    op.create_index(
        "uq_alarms_open",
        "alarms",
        ["kind", "subject"],
        unique=True,
        sqlite_where=sa.text("cleared_at IS NULL"),
        postgresql_where=sa.text("cleared_at IS NULL"),
    )


def _gateway_invites() -> None:
    op.create_table(
        "gateway_invites",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("gateway", sa.String(length=48), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", central.store.UtcTime(timezone=True), nullable=False),
        sa.Column("used_at", central.store.UtcTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_invites")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_gateway_invites_secret_hash")),
    )


def _gateways() -> None:
    op.create_table(
        "gateways",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=48), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("permit_secret", sa.LargeBinary(), nullable=False),
        sa.Column("enrolled_at", central.store.UtcTime(timezone=True), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=True),
        sa.Column("catalogue", sa.String(length=64), nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("clock_trusted", sa.Boolean(), nullable=False),
        sa.Column("presence", sa.String(length=16), nullable=False),
        sa.Column("description", sa.JSON(), nullable=True),
        sa.Column("last_seen", central.store.UtcTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateways")),
        sa.UniqueConstraint("name", name=op.f("uq_gateways_name")),
    )


def _leases() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=80), nullable=False),
        sa.Column("until", central.store.UtcTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )


def _ledger_books() -> None:
    op.create_table(
        "ledger_books",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("gateway", sa.String(length=48), nullable=False),
        sa.Column("book", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=16), nullable=False),
        sa.Column("follows", sa.String(length=64), nullable=True),
        sa.Column("why", sa.String(length=16), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("opened_at", central.store.UtcTime(timezone=True), nullable=False),
        sa.Column("received_at", central.store.UtcTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_books")),
        sa.UniqueConstraint("gateway", "book", name=op.f("uq_ledger_books_gateway")),
    )
    op.create_index(op.f("ix_ledger_books_gateway"), "ledger_books", ["gateway"], unique=False)


def _devices() -> None:
    op.create_table(
        "devices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("gateway_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=48), nullable=False),
        sa.Column("product", sa.String(length=80), nullable=False),
        sa.Column("description", sa.JSON(), nullable=False),
        sa.Column("states", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("presence", sa.String(length=8), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("changed_at", central.store.UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["gateway_id"], ["gateways.id"], name=op.f("fk_devices_gateway_id_gateways")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint("gateway_id", "name", name=op.f("uq_devices_gateway_id")),
    )


def _gateway_keys() -> None:
    op.create_table(
        "gateway_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("gateway_id", sa.Integer(), nullable=False),
        sa.Column("kid", sa.String(length=16), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("admitted_at", central.store.UtcTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", central.store.UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["gateway_id"], ["gateways.id"], name=op.f("fk_gateway_keys_gateway_id_gateways")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_keys")),
        sa.UniqueConstraint("gateway_id", "kid", name=op.f("uq_gateway_keys_gateway_id")),
    )
    op.create_index(op.f("ix_gateway_keys_kid"), "gateway_keys", ["kid"], unique=False)


def _ledger_forks() -> None:
    op.create_table(
        "ledger_forks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("book_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("received_at", central.store.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["book_id"], ["ledger_books.id"], name=op.f("fk_ledger_forks_book_id_ledger_books")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_forks")),
        sa.UniqueConstraint("book_id", "seq", "hash", name=op.f("uq_ledger_forks_book_id")),
    )


def _ledger_lines() -> None:
    op.create_table(
        "ledger_lines",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("book_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("gateway", sa.String(length=48), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("cause", sa.String(length=64), nullable=True),
        sa.Column("at", central.store.Millis(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["book_id"], ["ledger_books.id"], name=op.f("fk_ledger_lines_book_id_ledger_books")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_lines")),
    )
    op.create_index(
        "ix_ledger_lines_cause",
        "ledger_lines",
        ["cause"],
        unique=False,
        sqlite_where=sa.text("cause IS NOT NULL"),
        postgresql_where=sa.text("cause IS NOT NULL"),
    )


def _ledger_seals() -> None:
    op.create_table(
        "ledger_seals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("book_id", sa.Integer(), nullable=False),
        sa.Column("first", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("first_at", central.store.UtcTime(timezone=True), nullable=False),
        sa.Column("last_at", central.store.UtcTime(timezone=True), nullable=False),
        sa.Column("received_at", central.store.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["book_id"], ["ledger_books.id"], name=op.f("fk_ledger_seals_book_id_ledger_books")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_seals")),
    )
    op.create_index("ix_ledger_seals_book_seq", "ledger_seals", ["book_id", "seq"], unique=False)
    op.create_index("ix_ledger_seals_last_at", "ledger_seals", ["last_at"], unique=False)


def _ledger_parked() -> None:
    op.create_table(
        "ledger_parked",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject", sa.String(length=160), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("parked_at", central.store.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["line_id"], ["ledger_lines.id"], name=op.f("fk_ledger_parked_line_id_ledger_lines")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_parked")),
        sa.UniqueConstraint("line_id", name=op.f("uq_ledger_parked_line_id")),
    )
    op.create_index(op.f("ix_ledger_parked_subject"), "ledger_parked", ["subject"], unique=False)
