"""Readers: programs of others that may read at the broker how devices stand, and do nothing else.

A reader's certificate in the court's pki folder is what admits it (`reader-NAME.pem`); its key goes to whoever runs
the program and is kept nowhere here. At the broker it is called `reader:NAME`, as no gateway can be.
"""

from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from central import durable
from central.fleet.facts import ReaderAdmitted, ReaderRemoved
from central.ledger.own import record
from central.pki import Authority
from central.web.refused import Refused
from devices.topics import BadName, checked_name

_FILE = "reader-"


def add(session: Session, authority: Authority, name: str, into: Path, now: datetime, *, actor: str) -> list[Path]:
    """Make a reader's certificate and key and put them, and the court's root, into that folder; gives the files.

    A reader that is there gets another certificate. The broker's lists are the caller's to write anew.
    Raises Refused (422), OSError.
    """
    try:
        checked_name(name)
    except BadName as error:
        raise Refused("读取方名称“{name}”不可用：只能用小写字母、数字和连字符。",
                      code="bad_name", status=422, name=name) from error  # fmt: skip
    certificate, key = authority.certify_reader(f"reader:{name}", now)
    into.mkdir(parents=True, exist_ok=True, mode=0o700)
    files = {"root.pem": authority.path("root.pem").read_bytes(), f"{name}.pem": certificate, f"{name}.key": key}
    for file, content in files.items():
        durable.write(into / file, content)
    durable.write(authority.path(f"{_FILE}{name}.pem"), certificate, 0o644)
    record(session, ReaderAdmitted(reader=name), actor=actor)
    return [into / file for file in files]


def remove(session: Session, authority: Authority, name: str, *, actor: str) -> None:
    """It may read nothing any more. Raises Refused (404), OSError."""
    path = authority.path(f"{_FILE}{name}.pem")
    if name not in names(authority.folder):
        raise Refused("没有名为“{name}”的读取方。", code="unknown_reader", status=404, name=name)
    path.unlink()
    record(session, ReaderRemoved(reader=name), actor=actor)


def names(pki: Path) -> list[str]:
    """The readers of this court."""
    return sorted(path.stem.removeprefix(_FILE) for path in pki.glob(f"{_FILE}*.pem"))
