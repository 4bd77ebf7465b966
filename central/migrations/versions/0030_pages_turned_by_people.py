"""A page knows by how much a person had it turned."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column("pages", sa.Column("turned", sa.Integer(), nullable=False, server_default=sa.text("0")))
