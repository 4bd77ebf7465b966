"""The name of every step of custody fits a move: `report_missing` is longer than the others."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    with op.batch_alter_table("moves") as altered:
        altered.alter_column("kind", existing_type=sa.String(length=12), type_=sa.String(length=16))
