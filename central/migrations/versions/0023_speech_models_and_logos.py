"""Speech models and logos that were taken in."""

import sqlalchemy as sa
from alembic import op

from central.store import UtcTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "file_sets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("document", sa.String(8), nullable=False),
        sa.Column("name", sa.String(48), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("added_at", UtcTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_sets")),
    )
