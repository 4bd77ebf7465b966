"""Minutes are signed by certificate as well."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column("minutes_signatures", sa.Column("certified", sa.String(64), nullable=True))
    for name in ("subject", "issuer"):
        op.add_column("minutes_signatures", sa.Column(name, sa.Text(), nullable=False, server_default=""))
