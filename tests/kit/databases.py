"""Databases of a court for tests, made once by their history and copied from then on."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine

from central import migrations, store
from central.store import Store


def bring_up_to_date(url: str) -> None:
    """Every table, as an installation has them."""
    store = Store(url)
    migrations.upgrade(store)
    store.close()


def sqlite_in(folder: Path, up_to_date: Path) -> str:
    """The URL of a copy of that database, in a folder as central keeps it."""
    file = folder / "central.db"
    shutil.copy(up_to_date, file)
    return f"sqlite:///{file}"


@contextmanager
def compiled_once() -> Iterator[None]:
    """What statements compile to is kept from one store to the next, as central keeps it for its one store."""
    first: dict[str, Engine] = {}

    def made(url: str, **options: Any) -> Engine:
        engine = create_engine(url, query_cache_size=5000, **options)
        known = first.setdefault(engine.name, engine)
        if known.dialect.server_version_info is None:  # it never reached its database
            first[engine.name] = engine
        else:
            engine.dialect = engine.pool._dialect = known.dialect
            engine._compiled_cache = known._compiled_cache
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "create_engine", made)
        yield
