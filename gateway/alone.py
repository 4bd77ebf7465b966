"""One gateway a data folder: two would write one journal, and throw each other out at the broker."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_FILE = "running"


class DataTaken(Exception):
    """The data folder is not this process's to use; the text says why and what to do."""


@contextmanager
def alone(data: Path) -> Iterator[None]:
    """Keep the data folder, if there is one, for this process while the context lasts. Raises DataTaken."""
    try:
        file = (data / _FILE).open("a+b", buffering=0)
    except PermissionError as error:
        raise DataTaken(f"{data} cannot be written: run this as the user it belongs to") from error
    except OSError:  # no such folder, or a full disk, on which a gateway runs all the same: what follows says so
        yield
        return
    with file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # not flock: children that are forked would hold it too
        except (BlockingIOError, PermissionError) as error:
            file.seek(0)
            who = f"process {file.read().decode()} runs the gateway of {data} already"
            raise DataTaken(f"{who}; end that one first, with systemctl stop if systemd started it") from error
        with suppress(OSError):
            file.truncate(0)
            file.write(str(os.getpid()).encode())
        yield
