"""Configurations of gateways and what became of them, roll-outs, and where a gateway stands."""

import sqlalchemy as sa
from alembic import op

from central.store import UtcTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    _add("gateways", sa.Column("configuration", sa.String(length=64), nullable=True))
    _add("gateways", sa.Column("safe", sa.Boolean(), nullable=False, server_default=sa.false()))
    _add("gateways", sa.Column("floor", sa.String(length=40), nullable=False, server_default=""))
    _add("gateways", sa.Column("room", sa.String(length=80), nullable=False, server_default=""))
    _add("gateways", sa.Column("tags", sa.JSON(), nullable=False, server_default="[]"))
    _add("devices", sa.Column("removed_at", UtcTime(timezone=True), nullable=True))
    _add("desired_documents", sa.Column("by", sa.String(length=80), nullable=True))
    _add("desired_documents", sa.Column("state", sa.String(length=8), nullable=False, server_default=""))
    _add("desired_documents", sa.Column("why", sa.Text(), nullable=False, server_default=""))
    _add("desired_documents", sa.Column("told_at", UtcTime(timezone=True), nullable=True))
    _add("gateway_invites", sa.Column("configuration", sa.String(length=64), nullable=True))
    op.create_table(
        "rollouts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("patch", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("made_at", UtcTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollouts")),
    )
    op.create_table(
        "rollout_boxes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rollout_id", sa.Integer(), nullable=False),
        sa.Column("gateway_id", sa.Integer(), nullable=False),
        sa.Column("wave", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("sent_at", UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["gateway_id"], ["gateways.id"], name=op.f("fk_rollout_boxes_gateway_id_gateways")),
        sa.ForeignKeyConstraint(["rollout_id"], ["rollouts.id"], name=op.f("fk_rollout_boxes_rollout_id_rollouts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollout_boxes")),
    )
    op.create_index(op.f("ix_rollout_boxes_rollout_id"), "rollout_boxes", ["rollout_id"])


def _add(table: str, column: sa.Column[object]) -> None:
    with op.batch_alter_table(table) as altered:
        altered.add_column(column)
