"""Segments without words are handed to rooms that are idle."""

import sqlalchemy as sa
from alembic import op

import central.store

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_WORDLESS = sa.text("words IS NULL")


def upgrade() -> None:
    """Go forward."""
    op.add_column("hearing_segments", sa.Column("wish", sa.String(16), nullable=True))
    op.add_column("hearing_segments", sa.Column("wished_at", central.store.UtcTime(timezone=True), nullable=True))
    op.create_index(
        "ix_hearing_sounds_wordless", "hearing_sounds", ["segment_id"],
        sqlite_where=_WORDLESS, postgresql_where=_WORDLESS,
    )  # fmt: skip
