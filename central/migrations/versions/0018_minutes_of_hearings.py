"""Texts of minutes, objections to them, signatures under them."""

import sqlalchemy as sa
from alembic import op

import central.store

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, central.store.UtcTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "minutes",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("hearing_id", sa.Integer(), sa.ForeignKey("hearings.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(64), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        _at("at"),
        sa.Column("line", _BIG, nullable=False),
        sa.Column("read_how", sa.String(10), nullable=False),
        _at("read_at", nullable=True),
        sa.Column("read_line", _BIG, nullable=True),
        sa.UniqueConstraint("hearing_id", "number"),
    )
    op.create_table(
        "minutes_objections",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("minutes_id", sa.Integer(), sa.ForeignKey("minutes.id"), nullable=False),
        sa.Column("key", sa.String(48), nullable=False),
        sa.Column("says", sa.Text(), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        _at("at"),
        sa.Column("line", _BIG, nullable=False),
        sa.Column("decided", sa.String(8), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(80), nullable=False),
        _at("decided_at", nullable=True),
        sa.Column("decided_line", _BIG, nullable=True),
    )
    op.create_index("ix_minutes_objections_minutes_id", "minutes_objections", ["minutes_id"])
    op.create_table(
        "minutes_signatures",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("minutes_id", sa.Integer(), sa.ForeignKey("minutes.id"), nullable=False),
        sa.Column("key", sa.String(48), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("drawn", sa.String(64), nullable=True),
        sa.Column("declined", sa.Text(), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        _at("at"),
        sa.Column("line", _BIG, nullable=False),
        sa.UniqueConstraint("minutes_id", "key"),
    )
