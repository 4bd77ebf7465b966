"""The disk that forgets, proven before anything is proven with it."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.kit.powercut import ForgetfulDisk

Forgetful = Callable[[str], ForgetfulDisk]

_WRITER = """
import os, sqlite3, sys, time
os.chdir(sys.argv[1])

def write(name, text, how=os.O_WRONLY | os.O_CREAT, sync=False):
    file = os.open(name, how)
    os.write(file, text)
    if sync:
        os.fsync(file)
    os.close(file)

def sync_names(folder="."):
    file = os.open(folder, os.O_RDONLY)
    os.fsync(file)
    os.close(file)

exec(sys.argv[2])
print("done", flush=True)
time.sleep(600)
"""


def run_until_done(disk: ForgetfulDisk, deeds: str) -> None:
    """Run the deeds in a process of its own, then pull the plug."""
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITER, disk.folder, deeds], env=disk.environment, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        said = process.stdout.readline()
        process.kill()
    assert said == "done\n"
    disk.cut()


def left(disk: ForgetfulDisk) -> dict[str, bytes]:
    return {
        str(path.relative_to(disk.folder)): path.read_bytes()
        for path in sorted(disk.folder.rglob("*"))
        if path.is_file()
    }


def test_bytes_that_were_not_fsynced_are_gone(forgetful: Forgetful) -> None:
    disk = forgetful("disk")
    run_until_done(disk, "write('a', b'never'); sync_names()")
    assert left(disk) == {"a": b""}


def test_bytes_that_were_fsynced_are_kept_and_later_ones_are_not(forgetful: Forgetful) -> None:
    disk = forgetful("disk")
    run_until_done(disk, "write('a', b'kept', sync=True); sync_names(); write('a', b'lost', os.O_WRONLY | os.O_APPEND)")
    assert left(disk) == {"a": b"kept"}


def test_an_overwrite_and_a_truncation_without_fsync_are_undone(forgetful: Forgetful) -> None:
    disk = forgetful("disk")
    (disk.folder / "over").write_bytes(b"x" * 200_000)
    (disk.folder / "cut").write_bytes(b"y" * 200_000)
    run_until_done(disk, "f = os.open('over', os.O_RDWR); os.pwrite(f, b'new', 100_000); os.truncate('cut', 5)")
    assert left(disk) == {"over": b"x" * 200_000, "cut": b"y" * 200_000}


def test_an_overwrite_and_a_truncation_with_fdatasync_are_kept(forgetful: Forgetful) -> None:
    disk = forgetful("disk")
    (disk.folder / "over").write_bytes(b"x" * 200_000)
    (disk.folder / "cut").write_bytes(b"y" * 200_000)
    deeds = "f = os.open('over', os.O_RDWR); os.pwrite(f, b'new', 100_000); os.fdatasync(f);"
    run_until_done(disk, deeds + "g = os.open('cut', os.O_WRONLY); os.ftruncate(g, 5); os.fdatasync(g)")
    assert left(disk) == {"over": b"x" * 100_000 + b"new" + b"x" * 99_997, "cut": b"y" * 5}


def test_a_new_file_without_fsync_of_its_folder_has_no_name(forgetful: Forgetful) -> None:
    disk = forgetful("disk")
    run_until_done(disk, "write('a', b'kept, but where?', sync=True)")
    assert left(disk) == {}


def test_a_rename_without_fsync_of_the_folder_is_undone(forgetful: Forgetful) -> None:
    disk = forgetful("disk")
    (disk.folder / "a").write_bytes(b"old")
    run_until_done(disk, "write('b', b'new', sync=True); os.rename('b', 'a')")
    assert left(disk) == {"a": b"old"}


def test_a_rename_with_fsync_of_the_folder_stays(forgetful: Forgetful) -> None:
    disk = forgetful("disk")
    (disk.folder / "a").write_bytes(b"old")
    run_until_done(disk, "write('b', b'new', sync=True); os.rename('b', 'a'); sync_names()")
    assert left(disk) == {"a": b"new"}


def test_an_unlink_without_fsync_of_the_folder_is_undone_even_if_the_inode_is_used_again(forgetful: Forgetful) -> None:
    disk = forgetful("disk")
    (disk.folder / "a").write_bytes(b"old")
    run_until_done(disk, "os.unlink('a'); [write(f'b{i}', b'other', sync=True) for i in range(20)]")
    assert left(disk) == {"a": b"old"}


def test_a_folder_is_kept_once_the_folder_above_was_fsynced(forgetful: Forgetful) -> None:
    disk = forgetful("disk")
    make = "os.mkdir('{0}'); write('{0}/a', b'in', sync=True); sync_names('{0}');"
    run_until_done(disk, make.format("kept") + "sync_names();" + make.format("lost"))
    assert left(disk) == {"kept/a": b"in"}


@pytest.mark.parametrize(("synchronous", "kept"), [("FULL", [1, 2, 3]), ("OFF", [1])])
def test_sqlite_keeps_its_promise_only_if_it_is_told_to_sync(
    forgetful: Forgetful, synchronous: str, kept: list[int]
) -> None:
    disk = forgetful("disk")
    deeds = f"""
db = sqlite3.connect('a.db', isolation_level=None)
db.execute('PRAGMA journal_mode = WAL')
db.execute('PRAGMA synchronous = FULL')
db.execute('CREATE TABLE t (n)')
db.execute('INSERT INTO t VALUES (1)')
db.execute('PRAGMA synchronous = {synchronous}')
db.execute('INSERT INTO t VALUES (2)')
db.execute('INSERT INTO t VALUES (3)')
"""
    run_until_done(disk, deeds)
    db = sqlite3.connect(disk.folder / "a.db")
    try:
        assert [n for (n,) in db.execute("SELECT n FROM t ORDER BY n")] == kept
    finally:
        db.close()
