"""A backup of an installation in one file, and its way back.

It holds the database (SQLite, copied while it is in use), keys, settings and blobs. A court on PostgreSQL backs
up its database with PostgreSQL's own means; then only the rest is in the file, and the answer says so.
"""

import contextlib
import gzip
import os
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from pathlib import Path, PurePosixPath

from sqlalchemy import select

from central import durable
from central.ledger.tables import CENTRAL, Book
from central.settings import FILE, Settings, load
from central.store import Store

_DATABASE = "central.db"
_PARTS = ("pki", "blobs")


_PIECE = 1024 * 1024


class CannotRestore(Exception):
    """The backup cannot be put back; the text says why, and what to do."""


def backup(settings: Settings, path: Path) -> list[str]:
    """Write the backup, readable by its owner alone; gives what it does not hold, in words. Raises OSError."""
    draft = path.with_name(f"{path.name}.new")
    try:
        left_out = _write(settings, draft)
        draft.replace(path)  # what stood there before is good until this one is
        durable.keep_names(path.parent)
    finally:
        draft.unlink(missing_ok=True)
    return left_out


def _write(settings: Settings, path: Path) -> list[str]:
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
                _add(tar, settings.home / part, part)
        file.flush()
        os.fsync(file.fileno())
    if settings.blobs:
        left_out.append(f"the blobs: they are at {settings.blobs}")
    return left_out


def _add(tar: tarfile.TarFile, path: Path, name: str) -> None:
    """A folder and all in it, but for what goes meanwhile: a draft gets its name, a recording is disposed of."""
    with contextlib.suppress(FileNotFoundError):
        tar.add(path, name, recursive=False)
        for each in sorted(path.iterdir()) if path.is_dir() else ():
            _add(tar, each, f"{name}/{each.name}")


def restore(path: Path, home: Path) -> Settings:
    """Put a backup into an empty home folder; gives its settings. Raises CannotRestore.

    Central's own book is closed there: what was written after the backup is gone, so what comes now must stand
    in another book. Gateways send what is missing once they see acks below what they sent (ledger rule 4).
    """
    if home.exists() and any(home.iterdir()):
        raise CannotRestore(f"{home} is not empty; restore into a new folder")
    try:
        _check_whole(path)
        with tarfile.open(path) as tar:
            if FILE not in tar.getnames():
                raise CannotRestore(f"{path} is no backup of central: {FILE} is not in it")
            members = tar.getmembers()
            home.mkdir(parents=True, exist_ok=True)
            for member in members:
                _put(tar, member, home)
    except (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError) as error:
        raise CannotRestore(f"{path} is damaged, or no backup ({error}); take another one") from error
    except OSError as error:
        raise CannotRestore(f"{error}; when that is mended, empty {home} and restore once more") from error
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


def _check_whole(path: Path) -> None:
    """Read all of it, for its checksum stands at the end: tarfile takes a damaged header for the end of the file."""
    with gzip.open(path) as file:
        while file.read(_PIECE):
            pass


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
