"""Databases of a court for tests, made once by their history and copied from then on."""

import shutil
from pathlib import Path

from central import migrations
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
