"""The course of hearings: what happened, what was recorded, and the notes that faults are owed."""

import sqlalchemy as sa
from alembic import op

import central.store

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go forward."""
    op.add_column("hearings", sa.Column("opened_at", central.store.UtcTime(timezone=True), nullable=True))
    op.add_column("hearings", sa.Column("rate", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("hearings", sa.Column("samples", _BIG, nullable=False, server_default="0"))
    op.add_column("hearings", sa.Column("closed_at", central.store.UtcTime(timezone=True), nullable=True))
    op.add_column("hearings", sa.Column("manifest", sa.String(length=64), nullable=True))
    op.add_column("hearings", sa.Column("seal", sa.Text(), nullable=True))
    op.add_column("hearings", sa.Column("sealed_line", _BIG, nullable=True))
    op.add_column("hearings", sa.Column("wish", sa.String(length=16), nullable=True))
    _events()
    _segments()


def _events() -> None:
    op.create_table(
        "hearing_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hearing_id", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("at", central.store.UtcTime(timezone=True), nullable=False),
        sa.Column("at_sample", _BIG, nullable=True),
        sa.Column("to_sample", _BIG, nullable=True),
        sa.Column("what", sa.JSON(), nullable=False),
        sa.Column("line", _BIG, nullable=False),
        sa.Column("note", sa.String(length=64), nullable=True),
        sa.Column("note_by", sa.String(length=80), nullable=True),
        sa.Column("note_at", central.store.UtcTime(timezone=True), nullable=True),
        sa.Column("note_line", _BIG, nullable=True),
        sa.ForeignKeyConstraint(["hearing_id"], ["hearings.id"], name=op.f("fk_hearing_events_hearing_id_hearings")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hearing_events")),
    )
    op.create_index(op.f("ix_hearing_events_hearing_id"), "hearing_events", ["hearing_id"], unique=False)


def _segments() -> None:
    op.create_table(
        "hearing_segments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hearing_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("from_sample", _BIG, nullable=False),
        sa.Column("to_sample", _BIG, nullable=False),
        sa.Column("rate", sa.Integer(), nullable=False),
        sa.Column("at", central.store.UtcTime(timezone=True), nullable=False),
        sa.Column("mixed", sa.String(length=64), nullable=True),
        sa.Column("salvaged", sa.Boolean(), nullable=False),
        sa.Column("line", _BIG, nullable=False),
        sa.ForeignKeyConstraint(["hearing_id"], ["hearings.id"], name=op.f("fk_hearing_segments_hearing_id_hearings")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hearing_segments")),
        sa.UniqueConstraint("hearing_id", "number", name=op.f("uq_hearing_segments_hearing_id")),
    )
    op.create_table(
        "hearing_sounds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("seat", sa.String(length=48), nullable=False),
        sa.Column("sound", sa.String(length=64), nullable=False),
        sa.Column("words", sa.String(length=64), nullable=True),
        sa.Column("device", sa.String(length=48), nullable=False),
        sa.Column("channel", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["segment_id"], ["hearing_segments.id"], name=op.f("fk_hearing_sounds_segment_id_hearing_segments")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hearing_sounds")),
        sa.UniqueConstraint("segment_id", "seat", name=op.f("uq_hearing_sounds_segment_id")),
    )
