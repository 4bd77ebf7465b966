"""A day of the ledger on which central changed its key, proven in a fresh process that has never seen the court."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devices.journal import read_line
from tests.kit.installation import Box, Installation, small_court
from tests.kit.process import until

Rows = list[bytes]
STRANGER = "5" * 64


@dataclass(frozen=True)
class Day:
    """An export, and the fingerprint of the court it comes from."""

    file: Path
    root: str


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    folder = tmp_path_factory.mktemp("court")
    with small_court(folder, "locker-a") as court:
        box = court.boxes["locker-a"]
        for _ in range(6):
            court.drain(box)
        court.central("keys rotate")
        court.kill9("central")
        court.start("central")
        for _ in range(6):
            court.drain(box)
        until("the box has met the new key", lambda: len(keys_of_central(box)) == 2)
        court.central("gateway invite", "locker-z")
        assert len({book for book, _, _ in court.ledger("central")}) == 2
        yield Day(exported(court, folder / "day.zip"), court.root)


def keys_of_central(box: Box) -> list[str]:
    """The keys of central that the box believes."""
    return list(json.loads((box.data / "identity.json").read_bytes())["central_keys"])


def exported(court: Installation, file: Path) -> Path:
    yesterday = datetime.now(UTC) - timedelta(days=1)  # the court's midnight may lie between two lines
    court.central("export", "--from", f"{yesterday:%Y-%m-%d}", file)
    return file


def verify(file: Path, empty: Path, *root: str) -> tuple[int, str]:
    """Code and words of `courtside-central verify`, run in a folder that holds nothing."""
    empty.mkdir(exist_ok=True)
    program = Path(sys.executable).with_name("courtside-central")
    done = subprocess.run([program, "verify", file, *root], cwd=empty, stdout=subprocess.PIPE, text=True)
    assert list(empty.iterdir()) == []
    return done.returncode, done.stdout


def altered(day: Day, into: Path, change: Callable[[Rows], Rows]) -> Path:
    """The export with the box's lines changed."""
    with zipfile.ZipFile(day.file) as old, zipfile.ZipFile(into, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.startswith("books/locker-a/") and name.endswith("/lines"):
                content = b"".join(row + b"\n" for row in change(content.splitlines()))
            new.writestr(name, content)
    return into


def flipped(rows: Rows) -> Rows:
    at = rows[6].index(b"code_read") if b"code_read" in rows[6] else len(rows[6]) // 2
    return [*rows[:6], rows[6][:at] + bytes([rows[6][at] ^ 1]) + rows[6][at + 1 :], *rows[7:]]


def test_an_export_is_proven_by_the_fingerprint_of_the_courts_root(day: Day, tmp_path: Path) -> None:
    code, words = verify(day.file, tmp_path / "empty", "--root", day.root)
    assert (code, words.splitlines()[0]) == (0, "OK")


@pytest.mark.parametrize("root", [(), ("--root", STRANGER)], ids=["no root", "a stranger's root"])
def test_without_the_courts_fingerprint_it_is_consistent_by_an_unknown_signer(
    day: Day, tmp_path: Path, root: tuple[str, ...]
) -> None:
    _, words = verify(day.file, tmp_path / "empty", *root)
    assert words.splitlines()[0] == "consistent, signer unknown"


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        pytest.param(flipped, "line 7 is altered", id="a byte flipped"),
        pytest.param(lambda rows: [*rows[:6], *rows[7:]], "line 7 is missing", id="a line dropped"),
        pytest.param(lambda rows: rows[:-3], "the tail is dropped: lines {tail} to {last}", id="the tail dropped"),
        pytest.param(
            lambda rows: [*rows[:6], rows[7], rows[6], *rows[8:]], "lines 7 and 8 are swapped", id="two swapped"
        ),
    ],
)
def test_whatever_is_done_to_it_is_found_and_said(
    day: Day, tmp_path: Path, change: Callable[[Rows], Rows], finding: str
) -> None:
    with zipfile.ZipFile(day.file) as archive:
        name = next(n for n in archive.namelist() if n.startswith("books/locker-a/") and n.endswith("/lines"))
        last = read_line(archive.read(name).splitlines()[-1]).seq
    code, words = verify(altered(day, tmp_path / "day.zip", change), tmp_path / "empty", "--root", day.root)
    assert (code, words.splitlines()[0]) == (1, "not OK")
    assert finding.format(tail=last - 2, last=last) in words
