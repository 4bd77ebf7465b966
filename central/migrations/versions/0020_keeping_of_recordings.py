"""How long recordings of hearings are kept, and their disposal."""

import sqlalchemy as sa
from alembic import op

import central.store

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "hearing_keeping",
        sa.Column("hearing_id", sa.Integer(), sa.ForeignKey("hearings.id"), primary_key=True),
        sa.Column("rule", sa.String(10), nullable=False),
        sa.Column("hold", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.String(80), nullable=False),
        sa.Column("approved_by", sa.String(80), nullable=False),
        sa.Column("disposed_at", central.store.UtcTime(timezone=True), nullable=True),
        sa.Column("line", _BIG, nullable=True),
        sa.Column("removed_at", central.store.UtcTime(timezone=True), nullable=True),
    )
