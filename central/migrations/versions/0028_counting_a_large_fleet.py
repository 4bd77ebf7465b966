"""An index has boxes in the order in which the map counts them, and another in that in which they are listed."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_COUNTED = ["floor", "room", "state", "presence", "safe", "clock_trusted", "name"]
_LISTED = ["floor", "room", "name", "state", "enrolled_at"]


def upgrade() -> None:
    """Go forward."""
    op.drop_index("ix_gateways_glance", "gateways")
    op.create_index("ix_gateways_glance", "gateways", _COUNTED)
    op.create_index("ix_gateways_place", "gateways", _LISTED)
