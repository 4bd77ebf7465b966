"""A backup of an installation in one file, and its way back.

It holds the database (SQLite, copied while it is in use), keys, settings and blobs. A court on PostgreSQL backs
up its database with PostgreSQL's own means; then only the rest is in the file, and the answer says so.
"""

import os
import shutil
import sqlite3
import tarfile
import tempfile
from pathlib import Path, PurePosixPath

from sqlalchemy import select

from central.ledger.tables import CENTRAL, Book
from central.settings import FILE, Settings, load
from central.store import Store

_DATABASE = "central.db"
_PARTS = ("pki", "blobs")


class CannotRestore(Exception):
    """The backup cannot be put back; the text says why. Nothing was changed."""


def backup(settings: Settings, path: Path) -> list[str]:
    """Write the backup, readable by its owner alone; gives what it does not hold, in words."""
    left_out = []
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        with tarfile.open(fileobj=file, mode="w:gz") as tar, tempfile.TemporaryDirectory() as folder:
            tar.add(settings.home / FILE, FILE)
            source = _sqlite_file(settings)
            if source is None:
                left_out.append("the database: back it up with pg_dump")
            else:
                tar.add(_copy(source, Path(folder) / _DATABASE), _DATABASE)
            # After the database: a blob it speaks of is older than the copy, so it is in the backup.
            for part in _PARTS:
                if (settings.home / part).exists():
                    tar.add(settings.home / part, part)
        file.flush()
        os.fsync(file.fileno())
    if settings.blobs:
        left_out.append(f"the blobs: they are at {settings.blobs}")
    return left_out


def restore(path: Path, home: Path) -> Settings:
    """Put a backup into an empty home folder; gives its settings. Raises CannotRestore.

    Central's own book is closed there: what was written after the backup is gone, so what comes now must stand
    in another book. Gateways send what is missing once they see acks below what they sent (ledger rule 4).
    """
    if home.exists() and any(home.iterdir()):
        raise CannotRestore(f"{home} is not empty; restore into a new folder")
    try:
        with tarfile.open(path) as tar:
            if FILE not in tar.getnames():
                raise CannotRestore(f"{path} is no backup of central: {FILE} is not in it")
            home.mkdir(parents=True, exist_ok=True)
            for member in tar:
                _put(tar, member, home)
    except (tarfile.TarError, OSError) as error:
        raise CannotRestore(f"{path} cannot be read: {error}") from error
    settings = load(home)
    if _sqlite_file(settings) is not None:
        store = Store(settings.database_url)
        close_own_book(store)
        store.close()
    return settings


def close_own_book(store: Store) -> None:
    """Close central's own book, so that the next line opens another; after any restore of the database."""
    with store.write() as session:
        for book in session.scalars(select(Book).where(Book.gateway == CENTRAL, Book.state == "open")):
            book.state = "closed"


def _put(tar: tarfile.TarFile, member: tarfile.TarInfo, home: Path) -> None:
    """Write one member for its owner alone; not every Python 3.11 has tarfile's own filters."""
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or not (member.isreg() or member.isdir()):
        raise tarfile.TarError(f"{member.name} has no place in a backup")
    target = home / path
    if member.isdir():
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = tar.extractfile(member)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        if content is not None:
            shutil.copyfileobj(content, out)
        out.flush()
        os.fsync(out.fileno())


def _sqlite_file(settings: Settings) -> Path | None:
    prefix = "sqlite:///"
    return Path(settings.database_url[len(prefix) :]) if settings.database_url.startswith(prefix) else None


def _copy(source: Path, target: Path) -> Path:
    """A consistent copy of a database in use."""
    old, new = sqlite3.connect(source), sqlite3.connect(target)
    try:
        old.backup(new)
    finally:
        old.close()
        new.close()
    return target
