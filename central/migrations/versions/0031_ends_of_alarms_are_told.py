"""Who was called about an alarm is told of its end; of those that ended already nobody is told."""

import sqlalchemy as sa
from alembic import op

from central.store import UtcTime

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    told = sa.Column("ended", sa.String(8), nullable=False, server_default="")
    op.add_column("alarm_notices", told)
    op.add_column("alarm_notices", sa.Column("ended_tries", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("alarm_notices", sa.Column("ended_at", UtcTime(timezone=True), nullable=True))
    over = "SELECT id FROM alarms WHERE cleared_at IS NOT NULL"
    op.execute(f"UPDATE alarm_notices SET ended = 'untold' WHERE alarm_id IN ({over})")  # noqa: S608
    op.create_index("ix_alarm_notices_ended", "alarm_notices", ["ended"])
    op.create_index("ix_alarms_again", "alarms", ["kind", "subject", "id"])
