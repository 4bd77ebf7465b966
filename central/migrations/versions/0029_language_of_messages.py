"""Who is called about alarms is told in a language of his own."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column("alarm_contacts", sa.Column("language", sa.String(2), nullable=False, server_default="zh"))
