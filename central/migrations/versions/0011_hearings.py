"""Hearings: which case, which room, when, and who sits where."""

import sqlalchemy as sa
from alembic import op

import central.store

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "hearings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(length=40), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("gateway", sa.String(length=48), nullable=False),
        sa.Column("room", sa.String(length=80), nullable=False),
        sa.Column("opens_at", central.store.UtcTime(timezone=True), nullable=False),
        sa.Column("closes_at", central.store.UtcTime(timezone=True), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("seats", sa.JSON(), nullable=False),
        sa.Column("presiding_id", sa.Integer(), nullable=True),
        sa.Column("corrections", sa.JSON(), nullable=False),
        sa.Column("words", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("planned_by", sa.String(length=80), nullable=False),
        sa.Column("planned_at", central.store.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_hearings_case_id_cases")),
        sa.ForeignKeyConstraint(["presiding_id"], ["people.id"], name=op.f("fk_hearings_presiding_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hearings")),
        sa.UniqueConstraint("ref", name=op.f("uq_hearings_ref")),
    )
    op.create_index(op.f("ix_hearings_case_id"), "hearings", ["case_id"], unique=False)
    op.create_index("ix_hearings_gateway_opens_at", "hearings", ["gateway", "opens_at"], unique=False)
    op.create_index("ix_hearings_opens_at", "hearings", ["opens_at"], unique=False)
