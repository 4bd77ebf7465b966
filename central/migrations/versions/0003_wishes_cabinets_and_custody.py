"""Wishes, cabinets and custody."""

import sqlalchemy as sa
from alembic import op

import central.store

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    _cabinets()
    _wishes()
    _cells()
    _custody()
    _moves()
    _permits()


def _cabinets() -> None:
    op.create_table(
        "cabinets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=48), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("gateway", sa.String(length=48), nullable=False),
        sa.Column("reader", sa.String(length=48), nullable=True),
        sa.Column("printer", sa.String(length=48), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cabinets")),
        sa.UniqueConstraint("name", name=op.f("uq_cabinets_name")),
    )


def _wishes() -> None:
    op.create_table(
        "wishes",
        sa.Column("jti", sa.String(length=16), nullable=False),
        sa.Column("gateway", sa.String(length=48), nullable=False),
        sa.Column("device", sa.String(length=48), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("asked_at", central.store.UtcTime(timezone=True), nullable=False),
        sa.Column("expires_at", central.store.UtcTime(timezone=True), nullable=False),
        sa.Column("answer_by", central.store.UtcTime(timezone=True), nullable=False),
        sa.Column("sent_at", central.store.UtcTime(timezone=True), nullable=True),
        sa.Column("taken_at", central.store.UtcTime(timezone=True), nullable=True),
        sa.Column("ended_at", central.store.UtcTime(timezone=True), nullable=True),
        sa.Column("why", sa.String(length=40), nullable=True),
        sa.Column("detail", sa.String(length=400), nullable=False),
        sa.Column("asked_line", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("taken_line", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("ended_line", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("jti", name=op.f("pk_wishes")),
    )
    op.create_index(
        "ix_wishes_waiting",
        "wishes",
        ["state", "asked_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('asked', 'sent', 'taken')"),
        postgresql_where=sa.text("state IN ('asked', 'sent', 'taken')"),
    )


def _cells() -> None:
    op.create_table(
        "cells",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cabinet_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("size", sa.String(length=1), nullable=False),
        sa.Column("gateway", sa.String(length=48), nullable=False),
        sa.Column("device", sa.String(length=48), nullable=False),
        sa.Column("device_cell", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("door", sa.String(length=8), nullable=False),
        sa.Column("door_at", central.store.UtcTime(timezone=True), nullable=True),
        sa.Column("volume_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["cabinet_id"], ["cabinets.id"], name=op.f("fk_cells_cabinet_id_cabinets")),
        sa.ForeignKeyConstraint(["volume_id"], ["volumes.id"], name=op.f("fk_cells_volume_id_volumes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cells")),
        sa.UniqueConstraint("cabinet_id", "number", name=op.f("uq_cells_cabinet_id")),
        sa.UniqueConstraint("gateway", "device", "device_cell", name=op.f("uq_cells_gateway")),
        sa.UniqueConstraint("volume_id", name=op.f("uq_cells_volume_id")),
    )


def _custody() -> None:
    op.create_table(
        "custody",
        sa.Column("volume_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("cell_id", sa.Integer(), nullable=True),
        sa.Column("holder", sa.String(length=40), nullable=True),
        sa.Column("reserved_for", sa.String(length=40), nullable=True),
        sa.Column("due", central.store.UtcTime(timezone=True), nullable=True),
        sa.Column("since", central.store.UtcTime(timezone=True), nullable=False),
        sa.Column("overdue_at", central.store.UtcTime(timezone=True), nullable=True),
        sa.Column("misplaced_at", central.store.UtcTime(timezone=True), nullable=True),
        sa.Column("tamper_at", central.store.UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["cell_id"], ["cells.id"], name=op.f("fk_custody_cell_id_cells")),
        sa.ForeignKeyConstraint(["volume_id"], ["volumes.id"], name=op.f("fk_custody_volume_id_volumes")),
        sa.PrimaryKeyConstraint("volume_id", name=op.f("pk_custody")),
    )
    op.create_index(op.f("ix_custody_holder"), "custody", ["holder"], unique=False)
    op.create_index(op.f("ix_custody_reserved_for"), "custody", ["reserved_for"], unique=False)


def _moves() -> None:
    op.create_table(
        "moves",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("volume_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("cabinet_id", sa.Integer(), nullable=True),
        sa.Column("cell_id", sa.Integer(), nullable=True),
        sa.Column("person", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=40), nullable=True),
        sa.Column("due", central.store.UtcTime(timezone=True), nullable=True),
        sa.Column("wish", sa.String(length=16), nullable=True),
        sa.Column("permit", sa.String(length=16), nullable=True),
        sa.Column("note", sa.String(length=400), nullable=False),
        sa.Column("said", sa.JSON(), nullable=True),
        sa.Column("evidence", sa.String(length=12), nullable=False),
        sa.Column("begun_at", central.store.UtcTime(timezone=True), nullable=False),
        sa.Column("opened_at", central.store.UtcTime(timezone=True), nullable=True),
        sa.Column("shut_at", central.store.UtcTime(timezone=True), nullable=True),
        sa.Column("ended_at", central.store.UtcTime(timezone=True), nullable=True),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("receipt", sa.String(length=64), nullable=True),
        sa.Column("receipt_wish", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["cabinet_id"], ["cabinets.id"], name=op.f("fk_moves_cabinet_id_cabinets")),
        sa.ForeignKeyConstraint(["cell_id"], ["cells.id"], name=op.f("fk_moves_cell_id_cells")),
        sa.ForeignKeyConstraint(["volume_id"], ["volumes.id"], name=op.f("fk_moves_volume_id_volumes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moves")),
    )
    op.create_index(op.f("ix_moves_permit"), "moves", ["permit"], unique=False)
    op.create_index(op.f("ix_moves_volume_id"), "moves", ["volume_id"], unique=False)
    op.create_index(op.f("ix_moves_wish"), "moves", ["wish"], unique=False)
    op.create_index(
        "uq_moves_one_a_cell",
        "moves",
        ["cell_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('SCAN', 'CMD', 'ACKED', 'OPENED', 'LEFT_OPEN')"),
        postgresql_where=sa.text("state IN ('SCAN', 'CMD', 'ACKED', 'OPENED', 'LEFT_OPEN')"),
    )
    op.create_index(
        "uq_moves_one_a_volume",
        "moves",
        ["volume_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('SCAN', 'CMD', 'ACKED', 'OPENED', 'LEFT_OPEN')"),
        postgresql_where=sa.text("state IN ('SCAN', 'CMD', 'ACKED', 'OPENED', 'LEFT_OPEN')"),
    )


def _permits() -> None:
    op.create_table(
        "permits",
        sa.Column("jti", sa.String(length=16), nullable=False),
        sa.Column("volume_id", sa.Integer(), nullable=False),
        sa.Column("cell_id", sa.Integer(), nullable=False),
        sa.Column("issued_by", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=40), nullable=False),
        sa.Column("bearer", sa.Boolean(), nullable=False),
        sa.Column("due", central.store.UtcTime(timezone=True), nullable=True),
        sa.Column("issued_at", central.store.UtcTime(timezone=True), nullable=False),
        sa.Column("expires_at", central.store.UtcTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("ended_at", central.store.UtcTime(timezone=True), nullable=True),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("issued_line", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("used_line", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["cell_id"], ["cells.id"], name=op.f("fk_permits_cell_id_cells")),
        sa.ForeignKeyConstraint(["volume_id"], ["volumes.id"], name=op.f("fk_permits_volume_id_volumes")),
        sa.PrimaryKeyConstraint("jti", name=op.f("pk_permits")),
    )
    op.create_index(
        "uq_permits_one_a_cell",
        "permits",
        ["cell_id"],
        unique=True,
        sqlite_where=sa.text("state = 'LIVE'"),
        postgresql_where=sa.text("state = 'LIVE'"),
    )
    op.create_index(
        "uq_permits_one_a_volume",
        "permits",
        ["volume_id"],
        unique=True,
        sqlite_where=sa.text("state = 'LIVE'"),
        postgresql_where=sa.text("state = 'LIVE'"),
    )
