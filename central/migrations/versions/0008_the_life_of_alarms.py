"""Alarms have a life; rules, contacts and what they were told; tickets."""

import sqlalchemy as sa
from alembic import op

from central.store import UtcTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_RULES = (
    ("磁盘将满", "threshold", "disk_used", True, 0.9, 0.85, 600, "warning"),
    ("待送记录堆积", "threshold", "queue", True, 5000, 1000, 900, "warning"),
    ("时钟偏差", "threshold", "clock_off_s", True, 5, 2, 300, "warning"),
    ("温度过高", "threshold", "temperature_c", True, 85, 75, 300, "warning"),
    ("没有心跳", "absence", "", True, 0, 0, 300, "warning"),
    ("线路杂字节增多", "rate", "noise", True, 2000, 500, 3600, "notice"),
    ("反复掉线", "flapping", "presence", True, 6, 2, 1800, "warning"),
)
"""What a court begins with: name, kind, figure, above, limit, clear at, seconds, severity."""


def upgrade() -> None:
    """Go forward."""
    with op.batch_alter_table("alarms") as altered:
        altered.add_column(sa.Column("severity", sa.String(length=8), nullable=False, server_default="warning"))
        altered.add_column(sa.Column("cause_id", sa.Integer(), nullable=True))
        altered.add_column(sa.Column("seen_at", UtcTime(timezone=True), nullable=True))
        altered.add_column(sa.Column("seen_by", sa.String(length=80), nullable=True))
        altered.add_column(sa.Column("assigned_to", sa.String(length=80), nullable=True))
        altered.create_foreign_key("fk_alarms_cause_id_alarms", "alarms", ["cause_id"], ["id"])
        altered.create_index("ix_alarms_cause_id", ["cause_id"])
    with op.batch_alter_table("devices") as altered:
        altered.add_column(sa.Column("tested_at", UtcTime(timezone=True), nullable=True))
        altered.add_column(sa.Column("tested_ok", sa.Boolean(), nullable=False, server_default=sa.false()))
    _create_rules()
    _create_contacts()
    _create_tickets()


def _create_contacts() -> None:
    op.create_table(
        "alarm_contacts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("least", sa.String(length=8), nullable=False),
        sa.Column("after_min", sa.Integer(), nullable=False),
        sa.Column("days", sa.String(length=7), nullable=False),
        sa.Column("begins", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm_contacts")),
    )
    op.create_table(
        "alarm_notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("alarm_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarms.id"], name=op.f("fk_alarm_notices_alarm_id_alarms")),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["alarm_contacts.id"],
            name=op.f("fk_alarm_notices_contact_id_alarm_contacts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm_notices")),
        sa.UniqueConstraint("alarm_id", "contact_id", name=op.f("uq_alarm_notices_alarm_id")),
    )


def _create_tickets() -> None:
    op.create_table(
        "tickets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("gateway", sa.String(length=48), nullable=False),
        sa.Column("device", sa.String(length=48), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("alarm_id", sa.Integer(), nullable=True),
        sa.Column("assigned_to", sa.String(length=80), nullable=True),
        sa.Column("opened_at", UtcTime(timezone=True), nullable=False),
        sa.Column("done_at", UtcTime(timezone=True), nullable=True),
        sa.Column("closed_at", UtcTime(timezone=True), nullable=True),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarms.id"], name=op.f("fk_tickets_alarm_id_alarms")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tickets")),
    )
    op.create_index(op.f("ix_tickets_gateway"), "tickets", ["gateway"])


def _create_rules() -> None:
    rules = op.create_table(
        "alarm_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("figure", sa.String(length=32), nullable=False),
        sa.Column("above", sa.Boolean(), nullable=False),
        sa.Column("limit", sa.Double(), nullable=False),
        sa.Column("clear_at", sa.Double(), nullable=False),
        sa.Column("for_s", sa.Integer(), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("tag", sa.String(length=40), nullable=False),
        sa.Column("quiet_from", sa.Integer(), nullable=True),
        sa.Column("quiet_to", sa.Integer(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm_rules")),
    )
    op.create_table(
        "alarm_rule_memories",
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("gateway_id", sa.Integer(), nullable=False),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["alarm_rules.id"], name=op.f("fk_alarm_rule_memories_rule_id_alarm_rules"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["gateway_id"], ["gateways.id"], name=op.f("fk_alarm_rule_memories_gateway_id_gateways")
        ),
        sa.PrimaryKeyConstraint("rule_id", "gateway_id", name=op.f("pk_alarm_rule_memories")),
    )
    names = ("name", "kind", "figure", "above", "limit", "clear_at", "for_s", "severity")
    rows = [dict(zip(names, rule, strict=True)) | {"tag": "", "enabled": True} for rule in _RULES]
    op.bulk_insert(rules, rows)
