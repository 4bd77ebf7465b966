"""What a scanning station tells of a page's looks, and the line that explains a difference."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    with op.batch_alter_table("pages") as altered:
        altered.add_column(sa.Column("sheet", sa.Integer()))
        altered.add_column(sa.Column("side", sa.String(5)))
        altered.add_column(sa.Column("flaws", sa.String(60), nullable=False, server_default=""))
    with op.batch_alter_table("scan_jobs") as altered:
        altered.add_column(sa.Column("explained_line", sa.BigInteger().with_variant(sa.Integer(), "sqlite")))
        altered.add_column(sa.Column("note", sa.String(64)))
