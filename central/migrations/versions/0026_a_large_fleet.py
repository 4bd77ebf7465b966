"""What the pages of a large fleet count and look for is found in an index."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_GONE = sa.text("presence = 'gone' AND removed_at IS NULL")
_GLANCE = ["floor", "room", "name", "state", "presence", "safe", "clock_trusted"]


def upgrade() -> None:
    """Go forward."""
    op.create_index("ix_gateways_glance", "gateways", _GLANCE)
    op.create_index("ix_gateways_beat_at", "gateways", ["beat_at"])
    op.create_index("ix_devices_name", "devices", ["name", "gateway_id", "removed_at"])
    op.create_index("ix_devices_product", "devices", ["product", "gateway_id", "name", "removed_at"])
    op.create_index("ix_devices_gone", "devices", ["gateway_id"], sqlite_where=_GONE, postgresql_where=_GONE)
