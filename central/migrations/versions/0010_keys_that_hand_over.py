"""Keys of gateways that handed over to another."""

import sqlalchemy as sa
from alembic import op

from central.store import UtcTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    with op.batch_alter_table("gateway_keys") as altered:
        altered.add_column(sa.Column("handed_over_at", UtcTime(timezone=True), nullable=True))
