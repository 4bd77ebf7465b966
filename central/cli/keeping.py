"""`backup` and `restore`, and what belongs to them beside the file: database, broker configuration."""

from pathlib import Path

from sqlalchemy.exc import OperationalError

from central import backup, settings
from central.app import open_court
from central.cli.plain import Fault
from central.fleet import broker_conf
from central.founding import place_of


def back_up(home: Path, file: Path) -> str:
    """Write the backup, complete or not at all; gives what was done in words. Raises BadSettings, Fault."""
    told = settings.load(home)
    if file.exists() and not file.is_file():
        raise Fault(f"{file} is no file; a backup goes into one")
    draft = file.with_name(f"{file.name}.part")
    try:
        left_out = backup.backup(told, draft)
        draft.replace(file)
    except OSError as error:
        raise Fault(f"no backup was made: {draft} cannot be written ({error.strerror or error})") from error
    finally:
        draft.unlink(missing_ok=True)  # half of the court's keys
    words = [f"{file}: {file.stat().st_size} bytes; it holds the court's private keys, keep it as you keep them"]
    return "\n".join([*words, *(f"not in it: {part}" for part in left_out)])


def bring_back(file: Path, home: Path) -> str:
    """Make the installation again in an empty home; gives what was done in words. Raises Fault.

    A PostgreSQL database must have been brought back by its own means before.
    """
    try:
        told = backup.restore(file, home)
        court = open_court(told)
        try:
            backup.close_own_book(court.store)
            with court.store.read() as session:
                admitted = broker_conf.admitted(session)
        finally:
            court.store.close()
    except backup.CannotRestore as error:
        raise Fault(str(error)) from error
    except OperationalError as error:
        raise Fault(
            f"keys and blobs are in {home}, but the database is not back ({error.orig}); bring it back with "
            "pg_restore, empty this folder and restore once more"
        ) from error
    broker_conf.write_conf(place_of(told), told.court, admitted, told.broker.centrals)
    return f"restored in {home.absolute()}; start it with: courtside-central serve --home {home}"
