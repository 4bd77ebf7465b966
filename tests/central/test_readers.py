"""Programs of others that read at the broker: who is let in, and what is said of it in central's book."""

from pathlib import Path

import pytest
from cryptography import x509
from sqlalchemy import select

from central import pki
from central.fleet import readers
from central.fleet.broker_conf import acl
from central.ledger.tables import CENTRAL, LedgerLine
from central.store import Store
from central.web.refused import Refused
from devices.journal import read_line

from .box import NOON
from .conftest import COURT


@pytest.fixture
def authority(tmp_path: Path) -> pki.Authority:
    """A court's authority."""
    return pki.create(tmp_path / "pki", COURT, ["127.0.0.1"], NOON)


def test_a_reader_gets_root_certificate_and_key_and_may_read_how_devices_stand_alone(
    store: Store, authority: pki.Authority, tmp_path: Path
) -> None:
    with store.write() as session:
        files = readers.add(session, authority, "desk", tmp_path / "desk", NOON, actor="system")
    assert [file.name for file in files] == ["root.pem", "desk.pem", "desk.key"]
    subject = x509.load_pem_x509_certificate(files[1].read_bytes()).subject
    assert subject.rfc4514_string() == "CN=reader:desk"
    assert files[2].stat().st_mode & 0o077 == 0 and not authority.path("reader-desk.key").exists()
    assert readers.names(authority.folder) == ["desk"]
    assert acl(COURT, [], reading=["desk"]).endswith(
        "user reader:desk\ntopic read homie/5/#\ntopic read homeassistant/device/+/config\n"
    )


def test_a_reader_that_is_removed_is_on_no_list_and_both_are_on_record(
    store: Store, authority: pki.Authority, tmp_path: Path
) -> None:
    with store.write() as session:
        readers.add(session, authority, "desk", tmp_path / "desk", NOON, actor="system")
        readers.remove(session, authority, "desk", actor="system")
    assert readers.names(authority.folder) == []
    with store.read() as session:
        raw = session.scalars(select(LedgerLine.raw).where(LedgerLine.gateway == CENTRAL).order_by(LedgerLine.id))
        told = [read_line(line) for line in raw]
    assert [line.type for line in told][-2:] == ["reader_admitted", "reader_removed"]


def test_a_name_no_reader_has_or_may_have_is_refused(store: Store, authority: pki.Authority, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="没有名为"), store.write() as session:
        readers.remove(session, authority, "desk", actor="system")
    with pytest.raises(Refused, match="不可用"), store.write() as session:
        readers.add(session, authority, "../desk", tmp_path / "desk", NOON, actor="system")
