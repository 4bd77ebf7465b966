"""The database's history: `upgrade` brings any earlier one up to date."""

from pathlib import Path

from sqlalchemy import inspect, text

from central.store import Store

_HERE = Path(__file__).parent
_KNOWN = sorted(path.name[:4] for path in (_HERE / "versions").glob("0*.py"))
"""Revisions, by which the files are named."""
HEAD = _KNOWN[-1]


class TooNew(Exception):
    """A later version of Courtside has had the database; the text says what to do."""


def upgrade(store: Store) -> None:
    """Bring the database up to date; does nothing if it is. Raises TooNew, and what the database raises."""
    if not behind(store):
        return
    from alembic import command  # not at the head: nearly every start of central does without
    from alembic.config import Config

    with store.engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(_HERE))
        command.upgrade(config, "head")


def behind(store: Store) -> bool:
    """True if `upgrade` would change the database. Raises TooNew, and what the database raises."""
    with store.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return True
        now: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if now is not None and now not in _KNOWN:
        what = f"the database is of a later version of Courtside (its tables are at {now}, this knows {HEAD})"
        raise TooNew(f"{what}; install that one, or restore the backup made before it")
    return now != HEAD
