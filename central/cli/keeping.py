"""Backup and restore of a whole installation, as one compressed tar.

The database is taken first and blobs after it, so that every blob the database names is in the backup. A blob store
at a URL keeps itself and is not in it.
"""

import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path, PurePosixPath

import click
from sqlalchemy import make_url, text

from central import settings
from central.app import open_court
from central.cli.founding import place_of
from central.fleet import broker_conf
from central.ledger.tables import CENTRAL
from central.settings import Settings
from central.store import Store

_DATABASE = "database"
_FOLDERS = ("pki", "blobs")


class BackupFailed(click.ClickException):
    """The backup could not be made or is none; the text says why. What was there before is unchanged."""


def back_up(told: Settings, file: Path) -> str:
    """Write the installation into `file`, complete or not at all; gives what was done in words. Raises BackupFailed."""
    draft = file.with_name(f"{file.name}.part")
    with tempfile.TemporaryDirectory(dir=file.absolute().parent, prefix=".backup-") as aside:
        dump = Path(aside) / _DATABASE
        _dump(told.database_url, dump)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            with tarfile.open(fileobj=out, mode="w:gz") as tar:
                tar.add(told.home / settings.FILE, settings.FILE)
                tar.add(dump, _DATABASE)
                for folder in _FOLDERS:
                    if (told.home / folder).exists():
                        tar.add(told.home / folder, folder)
            out.flush()
            os.fsync(out.fileno())
    draft.replace(file)
    left_out = f"; blobs at {told.blobs} are not in it" if told.blobs else ""
    return f"{file}: {file.stat().st_size} bytes, with the court's private keys: keep it as you keep them{left_out}"


def bring_back(file: Path, home: Path, database: str | None = None) -> str:
    """Make the installation again in `home`; gives what was done in words. Raises BackupFailed."""
    if home.exists() and any(home.iterdir()):
        raise BackupFailed(f"{home.absolute()} is not empty; restore into a new folder")
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    _unpack(file, home)
    told = settings.load(home)
    if database is not None:
        told = told.model_copy(update={"database": database})
        settings.save(told)
    _undump(home / _DATABASE, told.database_url)
    _begin_anew(told)
    return f"restored in {home.absolute()}; start it with: courtside-central serve --home {home}"


def _begin_anew(told: Settings) -> None:
    """Close central's own book: what it wrote after the backup is gone, and the next line opens another."""
    court = open_court(told)
    try:
        with court.store.write() as session:
            closing_it = text("UPDATE books SET state = 'closed' WHERE gateway = :central AND state = 'open'")
            session.execute(closing_it, {"central": CENTRAL})
            admitted = broker_conf.admitted(session)
    finally:
        court.store.close()
    broker_conf.write_conf(place_of(told), told.court, admitted)


def _dump(url: str, into: Path) -> None:
    if make_url(url).get_backend_name() == "sqlite":
        with closing(sqlite3.connect(_file_of(url))) as live, closing(sqlite3.connect(into)) as copy:
            live.backup(copy)
    else:
        _run("pg_dump", "--format=custom", "--no-owner", f"--file={into}", f"--dbname={_plain(url)}")


def _undump(dump: Path, url: str) -> None:
    if make_url(url).get_backend_name() == "sqlite":
        with dump.open("rb") as file:
            if file.read(15) != b"SQLite format 3":
                raise BackupFailed("the backup is of a PostgreSQL database; name one with --database")
        shutil.move(dump, _file_of(url))
        store = Store(url)
        try:
            with store.read() as session:
                answer = session.execute(text("PRAGMA integrity_check")).scalar_one()
        finally:
            store.close()
        if answer != "ok":
            raise BackupFailed(f"the database in the backup is damaged: {answer}")
    else:
        _run("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={_plain(url)}", str(dump))
        dump.unlink()


def _run(program: str, *arguments: str) -> None:
    try:
        done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise BackupFailed(f"{program} is missing; install the package postgresql-client") from None
    if done.returncode != 0:
        raise BackupFailed(f"{program}: {done.stderr.strip()}")


def _unpack(file: Path, home: Path) -> None:
    try:
        with tarfile.open(file, "r:gz") as tar:
            for member in tar:
                _put(tar, member, home)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise BackupFailed(f"{file} is no complete backup: {error}") from error
    if not (home / settings.FILE).exists() or not (home / _DATABASE).exists():
        raise BackupFailed(f"{file} is no backup of a court")


def _put(tar: tarfile.TarFile, member: tarfile.TarInfo, home: Path) -> None:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or not _known(path.parts) or not (member.isreg() or member.isdir()):
        raise tarfile.TarError(f"{member.name} has no place in a backup")
    target = home / path
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
        target.chmod(0o700)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    content = tar.extractfile(member)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        if content is not None:
            shutil.copyfileobj(content, out)
        out.flush()
        os.fsync(out.fileno())


def _known(parts: Sequence[str]) -> bool:
    return parts[0] in _FOLDERS or tuple(parts) in ((settings.FILE,), (_DATABASE,))


def _file_of(url: str) -> str:
    return str(make_url(url).database)


def _plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
