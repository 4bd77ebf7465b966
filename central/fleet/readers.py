"""Readers: programs of others that may read at the broker how devices stand, and do nothing else.

A reader's certificate in the court's pki folder is what admits it (`reader-NAME.pem`); its key goes to whoever runs
the program and is kept nowhere here. At the broker it is called `reader:NAME`, as no gateway can be. A certificate
that was withdrawn stays in the folder too (`withdrawn-reader-SERIAL.pem`), for the broker must know whom to turn away.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from sqlalchemy.orm import Session

from central import durable
from central.fleet.facts import ReaderAdmitted, ReaderRemoved, ReaderRenewed
from central.fleet.service import BROKER, TURNED_AWAY
from central.ledger.own import record
from central.pki import Authority, fingerprint
from central.store import tell, wake
from central.web.refused import Refused
from devices.topics import BadName, checked_name

TOPIC = "readers"
WITHDRAWN = "withdrawn-"
_FILE = "reader-"
Papers = Mapping[str, bytes]
"""What a reader is given, by the names of its files: the court's root, its certificate, its key."""


@dataclass(frozen=True)
class Reader:
    """A reader of this court."""

    name: str
    certificate: x509.Certificate

    @property
    def ends(self) -> datetime:
        """When its certificate is good no more."""
        return self.certificate.not_valid_after_utc


def add(session: Session, authority: Authority, name: str, now: datetime, *, actor: str) -> Papers:
    """Let a program read at the broker. Raises Refused (409, 422), OSError."""
    try:
        checked_name(name)
    except BadName as error:
        raise Refused("读取方名称“{name}”不可用：只能用小写字母、数字和连字符。",
                      code="bad_name", status=422, name=name) from error  # fmt: skip
    if name in names(authority.folder):
        raise Refused("已有名为“{name}”的读取方。要换证书，请续签。", code="reader_exists", name=name)
    papers, mark = _certify(authority, name, now)
    record(session, ReaderAdmitted(reader=name, certificate=mark), actor=actor)
    wake(session, BROKER)
    tell(session, TOPIC)
    return papers


def renew(session: Session, authority: Authority, name: str, now: datetime, *, actor: str) -> Papers:
    """Another certificate and key; the broker turns the old one away at once. Raises Refused (404), OSError."""
    old = _withdraw(session, authority, name)
    papers, mark = _certify(authority, name, now)
    record(session, ReaderRenewed(reader=name, certificate=mark, withdrawn=old), actor=actor)
    return papers


def remove(session: Session, authority: Authority, name: str, *, actor: str) -> None:
    """It may read nothing any more, from this moment. Raises Refused (404), OSError."""
    old = _withdraw(session, authority, name)
    authority.path(f"{_FILE}{name}.pem").unlink()
    durable.keep_names(authority.folder)
    record(session, ReaderRemoved(reader=name, withdrawn=old), actor=actor)


def lay(papers: Papers, into: Path) -> list[Path]:
    """Put them into that folder, readable by its owner alone; gives the files. Raises OSError."""
    into.mkdir(parents=True, exist_ok=True, mode=0o700)
    for file, content in papers.items():
        durable.write(into / file, content)
    return [into / file for file in papers]


def every(pki: Path) -> list[Reader]:
    """The readers of this court by name."""
    files = {name: pki / f"{_FILE}{name}.pem" for name in names(pki)}
    return [Reader(name, x509.load_pem_x509_certificate(file.read_bytes())) for name, file in files.items()]


def names(pki: Path) -> list[str]:
    """What they are called."""
    return sorted(path.stem.removeprefix(_FILE) for path in pki.glob(f"{_FILE}*.pem"))


def withdrawn(pki: Path) -> list[int]:
    """The serial numbers of readers' certificates that are good no more."""
    return [int(path.stem.rpartition("-")[2], 16) for path in pki.glob(f"{WITHDRAWN}{_FILE}*.pem")]


def user(name: str) -> str:
    """What the broker calls that reader."""
    return f"reader:{name}"


def _certify(authority: Authority, name: str, now: datetime) -> tuple[Papers, str]:
    certificate, key = authority.certify_reader(user(name), now)
    durable.write(authority.path(f"{_FILE}{name}.pem"), certificate, 0o644)
    papers = {"root.pem": authority.path("root.pem").read_bytes(), f"{name}.pem": certificate, f"{name}.key": key}
    return papers, fingerprint(x509.load_pem_x509_certificate(certificate))


def _withdraw(session: Session, authority: Authority, name: str) -> str:
    """Have the broker turn its certificate away; gives the certificate's fingerprint."""
    if name not in names(authority.folder):
        raise Refused("没有名为“{name}”的读取方。", code="unknown_reader", status=404, name=name)
    content = authority.path(f"{_FILE}{name}.pem").read_bytes()
    certificate = x509.load_pem_x509_certificate(content)
    durable.write(authority.path(f"{WITHDRAWN}{_FILE}{certificate.serial_number:x}.pem"), content, 0o644)
    wake(session, BROKER)  # first: what comes back at once must find itself on the list
    wake(session, TURNED_AWAY, user(name))
    tell(session, TOPIC)
    return fingerprint(certificate)
