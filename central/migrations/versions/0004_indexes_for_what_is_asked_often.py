"""Indexes for what is asked at every sweep, scan and door."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_INDEXES = (
    ("ix_wishes_state_asked_at", "wishes", ["state", "asked_at"]),
    ("ix_wishes_asked_at", "wishes", ["asked_at"]),
    ("ix_moves_state_begun_at", "moves", ["state", "begun_at"]),
    ("ix_moves_cell_id", "moves", ["cell_id"]),
    ("ix_permits_state_expires_at", "permits", ["state", "expires_at"]),
    ("ix_permits_volume_id", "permits", ["volume_id"]),
    ("ix_custody_state_due", "custody", ["state", "due"]),
    ("ix_custody_cell_id", "custody", ["cell_id"]),
    ("ix_sign_ins_expires_at", "sign_ins", ["expires_at"]),
)


def upgrade() -> None:
    """Go forward. A partial index is of no use to SQLite where the state comes as a parameter, as it always does."""
    op.drop_index("ix_wishes_waiting", "wishes")
    for name, table, columns in _INDEXES:
        op.create_index(name, table, columns)
