"""Releases of the gateways' software, and roll-outs that bring one."""

import sqlalchemy as sa
from alembic import op

from central.store import UtcTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "software_releases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release", sa.String(32), nullable=False),
        sa.Column("python", sa.String(8), nullable=False),
        sa.Column("wheels", sa.JSON(), nullable=False),
        sa.Column("added_at", UtcTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_software_releases")),
    )
    with op.batch_alter_table("rollouts") as altered:
        altered.add_column(sa.Column("document", sa.String(48), nullable=False, server_default="config"))
        altered.add_column(sa.Column("sha256", sa.String(64), nullable=True))
