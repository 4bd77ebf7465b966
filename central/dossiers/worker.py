"""A worker: `python -m central.dossiers.worker --home FOLDER --name NAME`. It takes pieces of work until it is idle.

What it changed it tells on standard output, one JSON list of topics a line; a line on standard input wakes it, and
the end of standard input ends it once the piece in hand is done.
"""

import argparse
import json
import logging
import os
import select
import sys
from pathlib import Path

from sqlalchemy.exc import OperationalError

from central import pki
from central.blobs import Blobs, NoBlob, WrongBlob
from central.clock import utc_now
from central.dossiers import pieces, work
from central.dossiers.engines import EngineFailed
from central.dossiers.opened import Opener
from central.ledger.own import Pen, take_pen
from central.settings import Settings, load
from central.store import Store
from devices import log_form

IDLE_S = 60.0
"""How long it keeps its engines in memory with nothing to do."""
_LOOK_S = 5.0
_LOG = logging.getLogger(__name__)


def main(arguments: list[str]) -> None:
    """Work until idle; ends the process."""
    parser = argparse.ArgumentParser(prog="courtside-worker")
    parser.add_argument("--home", type=Path, default=Path())
    parser.add_argument("--name", default=f"{os.uname().nodename}/{os.getpid()}")
    parser.add_argument("--stay", action="store_true", help="wait for work for ever")
    told = parser.parse_args(arguments)
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")
    settings = load(told.home)
    log_form.set_up(settings.log)
    store, blobs = Store(settings.database_url), Blobs(settings.blob_place)
    store.on_tell(_say)
    with Opener(blobs.get) as opener:
        _work(bench_of(settings, store, blobs, opener), told.name, stay=told.stay)
    store.close()


def bench_of(settings: Settings, store: Store, blobs: Blobs, opener: Opener) -> pieces.Bench:
    """What a worker of this installation works with. Raises NoKeys."""
    take_pen(store, Pen(settings.court, pki.load(settings.home / "pki").signing_key, utc_now))
    return pieces.Bench(store, blobs, utc_now, settings.dossiers.ocr, opener)


def work_once(bench: pieces.Bench, name: str) -> bool:
    """Take one piece and do it; False if nothing waits."""
    with bench.store.write() as session:
        taken = work.take(session, name, bench.clock())
    if taken is None:
        return False
    try:
        pieces.do(bench, taken)
    except work.Lost:
        _LOG.info("%s %s was given to another", taken.kind, taken.ref)
    except NoBlob:
        with bench.store.write() as session:
            work.put_off(session, taken.id, name, bench.clock(), counts=False)
    except (EngineFailed, WrongBlob, OSError, OperationalError) as error:
        _LOG.warning("%s %s could not be done now: %s", taken.kind, taken.ref, error)
        _give_back(bench, taken.id, name)
    return True


def _give_back(bench: pieces.Bench, number: int, name: str) -> None:
    """Another try comes later; what fails too often is given up by `pieces.do`."""
    with bench.store.write() as session:
        work.put_off(session, number, name, bench.clock())


def _work(bench: pieces.Bench, name: str, *, stay: bool) -> None:
    idle = 0.0
    while stay or idle < IDLE_S:
        if work_once(bench, name):
            idle = 0.0
            if _ended(0):
                return
        elif _ended(_LOOK_S):
            return
        else:
            idle += _LOOK_S


def _ended(seconds: float) -> bool:
    """Waits so long for a word of whoever started us; True if they are gone. At a terminal nobody is expected."""
    if sys.stdin.isatty():
        select.select([], [], [], seconds)
        return False
    ready, _, _ = select.select([sys.stdin], [], [], seconds)
    return bool(ready) and not os.read(sys.stdin.fileno(), 4096)


def _say(topics: frozenset[str]) -> None:
    print(json.dumps(sorted(topics)), flush=True)  # noqa: T201  (the crew reads it)


if __name__ == "__main__":
    main(sys.argv[1:])
