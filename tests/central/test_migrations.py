"""The database's history ends where the models are."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from central import migrations
from central.dossiers.grams import PAGES
from central.hearings.spoken import SPOKEN
from central.migrations.tables import METADATA
from central.store import Store


def test_a_database_brought_up_to_date_has_exactly_the_models_tables(empty_database: str) -> None:
    store = Store(empty_database)
    assert migrations.behind(store)
    migrations.upgrade(store)
    migrations.upgrade(store)
    assert not migrations.behind(store)
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": _is_a_model})
        assert compare_metadata(context, METADATA) == []
    store.close()


def test_the_newest_revision_is_the_one_whose_file_is_named_so() -> None:
    assert ScriptDirectory(migrations.__path__[0]).get_heads() == [migrations.HEAD]


def _is_a_model(name: str | None, kind: str, _: object) -> bool:
    """A full-text index is no model: each database keeps it in tables of its own."""
    return not (kind == "table" and str(name).startswith((PAGES.table, SPOKEN.table)))
