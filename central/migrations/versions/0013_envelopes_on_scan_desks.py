"""Envelopes on scan desks."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "scan_jobs",
        sa.Column("intake_id", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("sheets", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.Column("preset", sa.String(length=32), nullable=True),
        sa.Column("scanning", sa.Boolean(), nullable=False),
        sa.Column("why", sa.String(length=16), nullable=True),
        sa.Column("put_back", sa.Integer(), nullable=True),
        sa.Column("owed", sa.Boolean(), nullable=False),
        sa.Column("explained", sa.String(length=20), nullable=True),
        sa.Column("explained_by", sa.String(length=40), nullable=True),
        sa.Column("explained_at", sa.Integer(), nullable=True),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["intake_id"], ["intakes.id"], name=op.f("fk_scan_jobs_intake_id_intakes")),
        sa.PrimaryKeyConstraint("intake_id", name=op.f("pk_scan_jobs")),
    )
