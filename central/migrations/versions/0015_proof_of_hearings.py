"""Central's own word under sealed hearings."""

import sqlalchemy as sa
from alembic import op

import central.store

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go forward."""
    op.add_column("hearings", sa.Column("proven_at", central.store.UtcTime(timezone=True), nullable=True))
    op.add_column("hearings", sa.Column("proven_line", _BIG, nullable=True))
    op.add_column("hearings", sa.Column("flaws", sa.JSON(), nullable=True))
    op.add_column("hearings", sa.Column("countersign", sa.Text(), nullable=True))
