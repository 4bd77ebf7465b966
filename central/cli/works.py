"""An installation opened for one command."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from central.app import open_court
from central.blobs import Blobs
from central.clock import Clock, utc_now
from central.fleet import configuration
from central.running import Court
from central.settings import Settings, load


@contextmanager
def courtroom(home: Path, clock: Clock = utc_now) -> Iterator[Court]:
    """The court in this home, its database up to date. Raises BadSettings, NoKeys, and what the database raises."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    court = open_court(load(home), clock)
    try:
        yield court
    finally:
        court.store.close()


def first_configuration(settings: Settings, file: Path) -> str:
    """The blob of the configuration in that file, which a box gets as it joins. Raises Refused, OSError."""
    text = file.read_text("utf-8")
    configuration.values(text)
    return Blobs(settings.blobs or settings.home / "blobs").put(text.encode())
