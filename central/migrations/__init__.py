"""The database's history: `upgrade` brings any earlier one up to date."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from central.store import Store


def upgrade(store: Store) -> None:
    """Bring the database up to date; does nothing if it is. Raises what the database raises."""
    with store.engine.begin() as connection:
        command.upgrade(_config(connection=connection), "head")


def behind(store: Store) -> bool:
    """True if `upgrade` would change the database. Raises what the database raises."""
    with store.engine.connect() as connection:
        now = MigrationContext.configure(connection).get_current_heads()
    return set(now) != set(ScriptDirectory.from_config(_config()).get_heads())


def _config(**attributes: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes.update(attributes)
    return config
