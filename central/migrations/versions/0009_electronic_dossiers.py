"""Electronic dossiers: what was brought in, its pages, documents, changes, lessons, and work that waits."""

import sqlalchemy as sa
from alembic import op

import central.store

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ON_SQLITE = "CREATE VIRTUAL TABLE page_grams USING fts5(grams, content='', detail=none, tokenize='unicode61')"
_ON_POSTGRES = (
    "CREATE TABLE page_grams (page_id BIGINT PRIMARY KEY, grams TEXT[] NOT NULL)",
    "CREATE INDEX ix_page_grams ON page_grams USING gin (grams)",
)


def upgrade() -> None:
    """Go forward."""
    _catalogue_lessons()
    _dossier_work()
    _catalogue_changes()
    _documents()
    _dossiers()
    _intakes()
    _pages()
    for statement in _ON_POSTGRES if op.get_bind().dialect.name == "postgresql" else (_ON_SQLITE,):
        op.execute(statement)


def _catalogue_lessons() -> None:
    op.create_table(
        "catalogue_lessons",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("item", sa.Integer(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_lessons")),
        sa.UniqueConstraint("title", "item", name=op.f("uq_catalogue_lessons_title")),
    )


def _dossier_work() -> None:
    op.create_table(
        "dossier_work",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("ref", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=80), nullable=True),
        sa.Column("until", central.store.UtcTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_work")),
        sa.UniqueConstraint("kind", "ref", name=op.f("uq_dossier_work_kind")),
    )
    op.create_index("ix_dossier_work_next", "dossier_work", ["state", "rank", "id"], unique=False)


def _catalogue_changes() -> None:
    op.create_table(
        "catalogue_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("at", central.store.UtcTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("what", sa.JSON(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_catalogue_changes_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_changes")),
    )
    op.create_index(op.f("ix_catalogue_changes_case_id"), "catalogue_changes", ["case_id"], unique=False)


def _documents() -> None:
    op.create_table(
        "documents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("secret", sa.Boolean(), nullable=False),
        sa.Column("item", sa.Integer(), nullable=True),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("dated", sa.Date(), nullable=True),
        sa.Column("parties", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("proposed", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_documents_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
    )
    op.create_index("ix_documents_case_id_item", "documents", ["case_id", "item"], unique=False)


def _dossiers() -> None:
    op.create_table(
        "dossiers",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("catalogue", sa.String(length=64), nullable=True),
        sa.Column("locked_at", central.store.UtcTime(timezone=True), nullable=True),
        sa.Column("locked_line", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("pdf", sa.String(length=64), nullable=True),
        sa.Column("pdf_side", sa.String(length=64), nullable=True),
        sa.Column("pdf_revision", sa.Integer(), nullable=True),
        sa.Column("changed_at", central.store.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_dossiers_case_id_cases")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_dossiers")),
    )
    op.create_index(op.f("ix_dossiers_changed_at"), "dossiers", ["changed_at"], unique=False)


def _intakes() -> None:
    op.create_table(
        "intakes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("secret", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("said", sa.JSON(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("gateway", sa.String(length=48), nullable=True),
        sa.Column("job", sa.String(length=64), nullable=True),
        sa.Column("brought_at", central.store.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_intakes_case_id_cases")),
        sa.ForeignKeyConstraint(["parent_id"], ["intakes.id"], name=op.f("fk_intakes_parent_id_intakes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intakes")),
        sa.UniqueConstraint("gateway", "job", name=op.f("uq_intakes_gateway")),
    )
    op.create_index(op.f("ix_intakes_case_id"), "intakes", ["case_id"], unique=False)
    op.create_index(op.f("ix_intakes_parent_id"), "intakes", ["parent_id"], unique=False)
    op.create_index(
        "uq_intakes_once",
        "intakes",
        ["case_id", "secret", "sha256"],
        unique=True,
        sqlite_where=sa.text("state <> 'REFUSED'"),
        postgresql_where=sa.text("state <> 'REFUSED'"),
    )


def _pages() -> None:
    op.create_table(
        "pages",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("intake_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("original", sa.String(length=64), nullable=True),
        sa.Column("image", sa.String(length=64), nullable=True),
        sa.Column("thumb", sa.String(length=64), nullable=True),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("dpi", sa.Integer(), nullable=False),
        sa.Column("skew", sa.Float(), nullable=False),
        sa.Column("codes", sa.JSON(), nullable=False),
        sa.Column("engine", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("layout", sa.String(length=64), nullable=True),
        sa.Column("document_id", sa.Integer(), nullable=True),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_pages_case_id_cases")),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_pages_document_id_documents")),
        sa.ForeignKeyConstraint(["intake_id"], ["intakes.id"], name=op.f("fk_pages_intake_id_intakes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pages")),
        sa.UniqueConstraint("intake_id", "number", name=op.f("uq_pages_intake_id")),
    )
    op.create_index(op.f("ix_pages_case_id"), "pages", ["case_id"], unique=False)
    op.create_index("ix_pages_document_id_place", "pages", ["document_id", "place"], unique=False)
