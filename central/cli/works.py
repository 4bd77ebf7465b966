"""An installation opened for one command."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.orm import Session

from central.app import open_court
from central.clock import Clock, utc_now
from central.fleet import configuration, documents, rollout, software
from central.fleet.service import find
from central.fleet.tables import Gateway
from central.people.service import SYSTEM
from central.running import Court
from central.settings import load
from central.web.refused import Refused


@contextmanager
def courtroom(home: Path, clock: Clock = utc_now) -> Iterator[Court]:
    """The court in this home, its database up to date. Raises BadSettings, NoKeys, and what the database raises."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    court = open_court(load(home), clock)
    try:
        yield court
    finally:
        court.store.close()


def first_configuration(court: Court, file: Path) -> str:
    """The blob of the configuration in that file, which a box gets as it joins. Raises Refused, OSError."""
    text = file.read_text("utf-8")
    configuration.values(text)
    return court.blobs.put(text.encode())


def rolled_out(court: Court, release: str, gateways: Sequence[str]) -> int:
    """Begin to bring a release to gateways; gives the number of the roll-out. Raises Refused."""
    with court.store.write() as session:
        chosen = [_known(session, name) for name in gateways]
        sha256 = software.signed(court.blobs, court.pen, software.newest(session, release))
        by = SYSTEM.ref
        return rollout.bring(session, release, documents.SOFTWARE, sha256, chosen, court.clock(), actor=by).id


def _known(session: Session, name: str) -> Gateway:
    found = find(session, name)
    if found is None or found.state != "active":
        raise Refused(
            "没有名为“{name}”的在用网关，名称有误，或它尚未接入、已被停用。",
            code="unknown_gateway",
            status=404,
            name=name,
        )
    return found
