"""Documents that gateways are to have."""

import sqlalchemy as sa
from alembic import op

from central.store import UtcTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "desired_documents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("gateway_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=48), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("desired_at", UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["gateway_id"], ["gateways.id"], name=op.f("fk_desired_documents_gateway_id_gateways")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desired_documents")),
        sa.UniqueConstraint("gateway_id", "name", "version", name=op.f("uq_desired_documents_gateway_id")),
    )
