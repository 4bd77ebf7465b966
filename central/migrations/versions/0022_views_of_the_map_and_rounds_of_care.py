"""Saved views of the fleet map, and what was asked of many boxes at once."""

import sqlalchemy as sa
from alembic import op

from central.store import UtcTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "map_views",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("query", sa.String(400), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_map_views")),
        sa.UniqueConstraint("owner", "name", name=op.f("uq_map_views_owner")),
    )
    op.create_table(
        "care_rounds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("do", sa.String(16), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("at", UtcTime(timezone=True), nullable=False),
        sa.Column("refused", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_rounds")),
    )
