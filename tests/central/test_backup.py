"""Back from a backup: what is older than the last ack comes again, and central's own book goes on in another."""

import tarfile
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from central import pki
from central.backup import CannotRestore, backup, restore
from central.blobs import Blobs
from central.fleet import service
from central.ledger.accept import Ledger
from central.ledger.own import Pen, record, take_pen
from central.ledger.tables import CENTRAL, Book, LedgerLine
from central.running import retained
from central.settings import Settings, save
from central.store import Store
from devices.box import Stopped
from devices.claims import AckClaims
from devices.grants import keys_of, read
from tests.kit.databases import sqlite_in

from .box import NOON, Box
from .conftest import COURT
from .keys import request_for


def open_store(settings: Settings) -> tuple[Store, Pen]:
    """The store of an installation, and its pen."""
    store, pen = Store(settings.database_url), Pen(COURT, pki.load(settings.home / "pki").signing_key, lambda: NOON)
    take_pen(store, pen)
    return store, pen


def ack(store: Store, pen: Pen) -> AckClaims:
    """The ack that central publishes at its start."""
    (post,) = retained(store, pen)
    claims: AckClaims = AckClaims.of(read("ack", post.payload, keys_of([pen.key.public_key()]), COURT, "locker-a"))
    return claims


def take(store: Store, box: Box, first: int, last: int) -> str:
    """Take in some lines; gives what became of them."""
    with store.write() as session:
        return Ledger(COURT).accept(session, box.sender, *box.batch(first, last)).result


@pytest.fixture
def settings(tmp_path: Path, up_to_date: Path) -> Settings:
    """An installation with one gateway."""
    home = tmp_path / "home"
    authority = pki.create(home / "pki", COURT, ["127.0.0.1"], NOON)
    settings = Settings(court=COURT, home=home)
    save(settings)
    sqlite_in(home, up_to_date)
    store, _ = open_store(settings)
    with store.write() as session:
        token = service.invite(session, "locker-a", authority, NOON, actor="person:1")
        csr = request_for(Ed25519PrivateKey.generate()).decode()
        service.enrol(session, token, csr, "1", authority, NOON)
    store.close()
    return settings


def test_a_restored_central_acks_less_than_it_did_and_gets_the_rest_again(settings: Settings, tmp_path: Path) -> None:
    box = Box()
    box.doors(9)
    store, pen = open_store(settings)
    blob = Blobs(settings.home / "blobs").put(b"a page")
    take(store, box, 1, 4)
    assert backup(settings, tmp_path / "backup.tar.gz") == []
    take(store, box, 5, 10)
    with store.write() as session:
        record(session, Stopped(), actor="person:1")
    assert ack(store, pen).seq == 10
    store.close()

    again = restore(tmp_path / "backup.tar.gz", tmp_path / "other")
    assert again.home == tmp_path / "other"
    store, pen = open_store(again)
    assert (ack(store, pen).seq, ack(store, pen).book) == (4, box.book)
    assert take(store, box, 5, 10) == "stored"
    with store.write() as session:
        record(session, Stopped(), actor="person:2")
    with store.read() as session:
        rows = select(LedgerLine.raw).where(LedgerLine.gateway == box.name).order_by(LedgerLine.id)
        assert list(session.scalars(rows)) == box.raws
        books = list(session.scalars(select(Book).where(Book.gateway == CENTRAL).order_by(Book.id)))
    assert [(book.state, book.why) for book in books] == [("closed", "new"), ("open", "restored_disk")]
    assert books[1].follows == books[0].head
    assert Blobs(again.home / "blobs").get(blob) == b"a page"
    store.close()


def test_a_backup_is_for_its_owner_alone_and_goes_into_an_empty_folder_only(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar.gz"
    backup(settings, file)
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(CannotRestore, match="not empty"):
        restore(file, settings.home)
    file.write_bytes(b"no")
    with pytest.raises(CannotRestore, match="damaged, or no backup"):
        restore(file, tmp_path / "x")


def test_a_backup_damaged_at_any_place_is_refused_and_puts_nothing_back(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar.gz"
    backup(settings, file)
    whole = file.read_bytes()
    for at in range(20, len(whole), len(whole) // 40):
        file.write_bytes(whole[:at] + bytes(byte ^ 0x55 for byte in whole[at : at + 3]) + whole[at + 3 :])
        with pytest.raises(CannotRestore, match="damaged"):
            restore(file, tmp_path / "x")
    for end in (15, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:end])
        with pytest.raises(CannotRestore, match="damaged"):
            restore(file, tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_a_court_on_another_database_is_told_what_is_left_out(settings: Settings, tmp_path: Path) -> None:
    elsewhere = settings.model_copy(update={"database": "postgresql://court@127.0.0.1/court", "blobs": "s3://court"})
    assert backup(elsewhere, tmp_path / "x") == [
        "the database: back it up with pg_dump",
        "the blobs: they are at s3://court",
    ]


def test_what_goes_while_it_is_written_spoils_no_backup(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, gone = (Blobs(settings.home / "blobs").put(blob) for blob in (b"a page", b"disposed of meanwhile"))
    look = tarfile.TarFile.gettarinfo

    def looked_at(tar: tarfile.TarFile, name: Path, *told: Any) -> tarfile.TarInfo:
        if Path(name).name == gone:
            Path(name).unlink()
        return look(tar, name, *told)

    monkeypatch.setattr(tarfile.TarFile, "gettarinfo", looked_at)
    backup(settings, tmp_path / "backup.tar.gz")
    again = restore(tmp_path / "backup.tar.gz", tmp_path / "other")
    assert Blobs(again.home / "blobs").get(kept) == b"a page"


def test_a_backup_that_fails_leaves_the_one_before_it(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar.gz"
    backup(settings, file)
    before = file.read_bytes()
    (settings.home / "central.yaml").unlink()
    with pytest.raises(OSError, match=r"central\.yaml"):
        backup(settings, file)
    assert file.read_bytes() == before
    assert sorted(path.name for path in tmp_path.glob("backup*")) == ["backup.tar.gz"]
