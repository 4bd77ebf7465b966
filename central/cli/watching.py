"""`watch`: what is laid into a folder is brought into dossiers until the command is ended."""

import time
from collections.abc import Iterator
from pathlib import Path

from central.cli.plain import Fault, in_words
from central.dossiers.watched import SETTLED_S, Watched
from central.people.service import person_by_login
from central.running import Court


def watching(court: Court, folder: Path, login: str, *, once: bool) -> Iterator[str]:
    """Take in what no longer grows, again and again; gives what to tell. Raises Fault, OSError."""
    with court.store.read() as session:
        person = person_by_login(session, login)
        if person is None or person.disabled_at is not None:
            raise Fault(f"nobody signs in as {login}")
        actor = person.actor
    watched = Watched(folder, court.store, court.blobs, actor, court.clock)
    while True:
        seen = watched.look()
        time.sleep(SETTLED_S)
        for outcome in watched.take_in(seen):
            yield f"refused {outcome.path}: {in_words(outcome.said)}" if outcome.said else f"taken in {outcome.path}"
        if once:
            return
