"""Transcripts: what was said, corrected and found, and who listened or read."""

import sqlalchemy as sa
from alembic import op

import central.store

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_WAITS = sa.text("words IS NOT NULL AND taken IS NULL")
_ON_SQLITE = "CREATE VIRTUAL TABLE utterance_grams USING fts5(grams, content='', detail=none, tokenize='unicode61')"
_ON_POSTGRES = (
    "CREATE TABLE utterance_grams (utterance_id BIGINT PRIMARY KEY, grams TEXT[] NOT NULL)",
    "CREATE INDEX ix_utterance_grams ON utterance_grams USING gin (grams)",
)


def upgrade() -> None:
    """Go forward."""
    op.add_column("hearing_sounds", sa.Column("taken", sa.String(length=64), nullable=True))
    op.create_index("ix_hearing_sounds_waiting", "hearing_sounds", ["id"], sqlite_where=_WAITS, postgresql_where=_WAITS)
    _utterances()
    _corrections()
    _accesses()
    for statement in _ON_POSTGRES if op.get_bind().dialect.name == "postgresql" else (_ON_SQLITE,):
        op.execute(statement)


def _utterances() -> None:
    op.create_table(
        "utterances",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("hearing_id", sa.Integer(), nullable=False),
        sa.Column("sound_id", sa.Integer(), nullable=False),
        sa.Column("seat", sa.String(length=48), nullable=False),
        sa.Column("from_sample", _BIG, nullable=False),
        sa.Column("to_sample", _BIG, nullable=False),
        sa.Column("heard", sa.Text(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("fixed", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["hearing_id"], ["hearings.id"], name=op.f("fk_utterances_hearing_id_hearings")),
        sa.ForeignKeyConstraint(
            ["sound_id"], ["hearing_sounds.id"], name=op.f("fk_utterances_sound_id_hearing_sounds")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_utterances")),
        sa.UniqueConstraint("sound_id", "from_sample", name=op.f("uq_utterances_sound_id")),
    )
    op.create_index("ix_utterances_hearing_id_from_sample", "utterances", ["hearing_id", "from_sample"], unique=False)


def _corrections() -> None:
    op.create_table(
        "corrections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("utterance_id", _BIG, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", central.store.UtcTime(timezone=True), nullable=False),
        sa.Column("line", _BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["utterance_id"], ["utterances.id"], name=op.f("fk_corrections_utterance_id_utterances")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
    )
    op.create_index(op.f("ix_corrections_utterance_id"), "corrections", ["utterance_id"], unique=False)


def _accesses() -> None:
    op.create_table(
        "hearing_accesses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hearing_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("what", sa.String(length=8), nullable=False),
        sa.Column("part", sa.String(length=60), nullable=False),
        sa.Column("at", central.store.UtcTime(timezone=True), nullable=False),
        sa.Column("line", _BIG, nullable=False),
        sa.ForeignKeyConstraint(["hearing_id"], ["hearings.id"], name=op.f("fk_hearing_accesses_hearing_id_hearings")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hearing_accesses")),
    )
    op.create_index("ix_hearing_accesses_hearing_id_at", "hearing_accesses", ["hearing_id", "at"], unique=False)
