"""Invitations for a box that replaces another."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    with op.batch_alter_table("gateway_invites") as altered:
        altered.add_column(sa.Column("replaces", sa.Boolean(), nullable=False, server_default=sa.false()))
