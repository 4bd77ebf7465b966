"""Figures of gateways, thinned out, and the newest heartbeat."""

import sqlalchemy as sa
from alembic import op

from central.store import UtcTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "gateway_figures",
        sa.Column("gateway_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["gateway_id"], ["gateways.id"], name=op.f("fk_gateway_figures_gateway_id_gateways")),
        sa.PrimaryKeyConstraint("gateway_id", "step", "at", name=op.f("pk_gateway_figures")),
    )
    with op.batch_alter_table("gateways") as altered:
        altered.add_column(sa.Column("health", sa.JSON(), nullable=False, server_default="{}"))
        altered.add_column(sa.Column("beat_at", UtcTime(timezone=True), nullable=True))
