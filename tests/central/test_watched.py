"""A watched folder: what is laid there whole is brought into its case once; what cannot be is laid aside and why."""

import os
from pathlib import Path

import pytest

from central.dossiers.watched import Watched
from tests.central.shelf import RECEIPT, Shelf
from tests.kit import paper

SLIP = paper.jpeg(paper.drawn(RECEIPT, 100, paper.SLIP_MM))


def laid(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_what_is_laid_there_is_brought_in_once_and_what_cannot_be_is_laid_aside(shelf: Shelf, tmp_path: Path) -> None:
    folder = tmp_path / "watched"
    whole = laid(folder, "(2026)苏0206民初123号/回证.jpg", SLIP)
    laid(folder, "HS-0001/同一份.jpg", SLIP)
    laid(folder, "没有的案件/回证.jpg", SLIP)
    growing = laid(folder, "HS-0001/在写.jpg", SLIP[:100])
    laid(folder, "HS-0001/~$锁.docx", b"lock")
    watched = Watched(folder, shelf.store, shelf.locker.blobs, shelf.actor(), lambda: shelf.locker.now)
    seen = watched.look()
    growing.write_bytes(SLIP + b"2")
    told = {outcome.path.relative_to(folder).as_posix(): outcome.said for outcome in watched.take_in(seen)}
    assert told["taken/(2026)苏0206民初123号/回证.jpg"] is None and not whole.exists()
    assert "没有重复收入" in str(told["refused/HS-0001/同一份.jpg"])
    assert "不是案号" in (folder / "refused" / "没有的案件" / "回证.jpg.txt").read_text("utf-8")
    assert len(told) == 3 and growing.exists()
    assert shelf.locker.blobs.get(shelf.intake(1).sha256) == SLIP
    shelf.work()
    assert [item for item, _, _ in shelf.told()] == [21]
    assert len(list(watched.take_in(watched.look()))) == 1


def test_a_link_brings_in_nothing_of_the_machine(shelf: Shelf, tmp_path: Path) -> None:
    folder, secret = tmp_path / "watched", tmp_path / "pki"
    laid(secret, "signing.key", b"secret")
    (folder / "HS-0001").mkdir(parents=True)
    (folder / "HS-0001" / "key.jpg").symlink_to(secret / "signing.key")
    (folder / "HS-0002").symlink_to(secret)
    watched = Watched(folder, shelf.store, shelf.locker.blobs, shelf.actor(), lambda: shelf.locker.now)
    assert watched.look() == {}


def test_a_name_in_gbk_is_read_and_holds_up_nobody(shelf: Shelf, tmp_path: Path) -> None:
    folder = tmp_path / "watched"
    laid(folder, os.fsdecode("HS-0001/回证.jpg".encode("gbk")), SLIP)
    watched = Watched(folder, shelf.store, shelf.locker.blobs, shelf.actor(), lambda: shelf.locker.now)
    (taken,) = watched.take_in(watched.look())
    assert taken.path == folder / "taken" / "HS-0001" / "回证.jpg" and taken.path.exists()
    assert shelf.intake(1).name == "回证.jpg"


def test_a_file_that_grows_while_it_is_read_waits(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "watched"
    growing = laid(folder, "HS-0001/回证.jpg", SLIP)
    watched = Watched(folder, shelf.store, shelf.locker.blobs, shelf.actor(), lambda: shelf.locker.now)
    keep = shelf.locker.blobs.put_file

    def grown(path: Path, sha256: str) -> int:
        path.write_bytes(SLIP + b"2")
        return keep(path, sha256)

    monkeypatch.setattr(shelf.locker.blobs, "put_file", grown)
    assert list(watched.take_in(watched.look())) == [] and growing.exists()
