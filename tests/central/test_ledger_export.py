"""A piece of the ledger in a stranger's hands: what holds, what was done to it, and who signed."""

import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from central import pki
from central.ledger.accept import Ledger
from central.ledger.export import Signatory, Span, export
from central.ledger.own import Pen, record, take_pen
from central.ledger.verify import verify
from central.store import Store
from devices.box import Stopped

from .box import NOON, Box
from .conftest import COURT
from .keys import request_for

DAY = Span.of_days(date(2026, 3, 2), date(2026, 3, 2), ZoneInfo("Asia/Shanghai"))
LINES = "books/locker-a/book-1/lines"
Rows = list[bytes]


@pytest.fixture
def authority(tmp_path: Path) -> pki.Authority:
    """A court's keys."""
    return pki.create(tmp_path / "pki", COURT, ["127.0.0.1"], NOON)


@pytest.fixture
def archive(store: Store, authority: pki.Authority, tmp_path: Path) -> Path:
    """A day of one gateway (20 lines in four batches) and of central (2 lines)."""
    return exported(store, authority, Box(), tmp_path / "day.zip")


def exported(store: Store, authority: pki.Authority, box: Box, path: Path) -> Path:
    """Fill the ledger and export the day."""
    certificate = authority.certify_gateway(box.name, request_for(box.key), NOON)
    pen = Pen(COURT, authority.signing_key, lambda: NOON)
    take_pen(store, pen)
    box.doors(19)
    with store.write() as session:
        for first in range(1, 21, 5):
            assert Ledger(COURT).accept(session, box.sender, *box.batch(first, first + 4)).result == "stored"
        record(session, Stopped(), actor="person:1")
    known = {box.kid: pki.pem(certificate), pen.kid: pki.pem(authority.signing)}
    export(store, Signatory(pen, pki.pem(authority.root), known), DAY, path)
    return path


def changed(archive: Path, change: Callable[[Rows], Rows], name: str = LINES) -> Path:
    """A copy of the archive in which the rows of one file were changed."""
    copy = archive.with_name("changed.zip")
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(copy, "w") as new:
        for each in old.namelist():
            content = old.read(each)
            if each == name:
                content = b"".join(row + b"\n" for row in change(content.splitlines()))
            new.writestr(each, content)
    return copy


def findings(archive: Path, authority: pki.Authority) -> str:
    """What verify says is wrong."""
    report = verify(archive, authority.root_fingerprint)
    assert report.verdict == "not OK"
    return "\n".join(report.findings)


def test_whatever_bit_of_the_file_is_flipped_verify_answers(archive: Path, authority: pki.Authority) -> None:
    content, flipped = archive.read_bytes(), archive.with_name("flipped.zip")
    verdicts = set()
    for at in range(0, len(content), 7):
        flipped.write_bytes(content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :])
        report = verify(flipped, authority.root_fingerprint)
        verdicts.add(report.verdict)
        assert report.verdict == "OK" or report.findings
    assert verdicts <= {"OK", "not OK"}  # dates of entries and the README prove nothing


def test_an_archive_made_to_fill_the_memory_is_turned_away(archive: Path, authority: pki.Authority) -> None:
    bomb = archive.with_name("bomb.zip")
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, b"\n" * 50_000_000 if name == LINES else old.read(name))
    assert bomb.stat().st_size < 100_000
    assert f"{LINES} unpacks to more than" in findings(bomb, authority)


def test_an_untouched_archive_is_ok_to_whoever_knows_the_root(archive: Path, authority: pki.Authority) -> None:
    report = verify(archive, authority.root_fingerprint)
    assert (report.verdict, report.findings, report.books, report.lines) == ("OK", [], 2, 22)
    with_colons = ":".join(authority.root_fingerprint[at : at + 2].upper() for at in range(0, 64, 2))
    assert verify(archive, with_colons).verdict == "OK"


def test_without_the_root_or_with_a_strangers_it_is_consistent_signer_unknown(archive: Path) -> None:
    assert verify(archive).verdict == "consistent, signer unknown"
    assert verify(archive, "ab" * 32).verdict == "consistent, signer unknown"


@pytest.mark.parametrize("number", [1, 7, 20])
@pytest.mark.parametrize("part", [b'"boot0001"', b'"prev":"', b"{", b'"wall-a"', b'"at":"2026'])
def test_a_flipped_byte_is_found_and_its_line_named(
    archive: Path, authority: pki.Authority, number: int, part: bytes
) -> None:
    def flip(rows: Rows) -> Rows:
        row = bytearray(rows[number - 1])
        row[max(row.find(part), 0) + len(part) - 1] ^= 1
        rows[number - 1] = bytes(row)
        return rows

    if number == 1 and part == b'"wall-a"':
        pytest.skip("the first line is the gateway's own")
    said = findings(changed(archive, flip), authority)
    assert f"line {number} is altered" in said
    assert said.count("altered") == 1


def drop(*numbers: int) -> Callable[[Rows], Rows]:
    """Leave out these lines."""
    return lambda rows: [row for number, row in enumerate(rows, 1) if number not in numbers]


def swap(one: int, other: int) -> Callable[[Rows], Rows]:
    """Turn two lines round."""

    def change(rows: Rows) -> Rows:
        rows[one - 1], rows[other - 1] = rows[other - 1], rows[one - 1]
        return rows

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (drop(7), ["book book-1 of locker-a: line 7 is missing"]),
        (drop(1), ["line 1 is missing"]),
        (drop(18, 19, 20), ["the tail is dropped: lines 18 to 20 are missing"]),
        (drop(*range(1, 21)), ["the tail is dropped: lines 1 to 20 are missing"]),
        (swap(4, 5), ["lines 4 and 5 are swapped"]),
        (swap(3, 20), ["lines 4 and 20 are swapped or out of order", "lines 3 and 19 are swapped or out of order"]),
        (lambda rows: [*rows[:5], rows[4], *rows[5:]], ["line 5 is there twice"]),
    ],
)
def test_it_says_which_line_is_missing_dropped_swapped_or_doubled(
    archive: Path, authority: pki.Authority, change: Callable[[Rows], Rows], said: Sequence[str]
) -> None:
    found = findings(changed(archive, change), authority)
    assert all(each in found for each in said)


def test_a_missing_seal_a_missing_book_and_a_strange_one_are_found(archive: Path, authority: pki.Authority) -> None:
    seals = "books/locker-a/book-1/seals"
    assert "lines 6 to 20 carry no seal" in findings(
        changed(archive, lambda rows: [rows[0], *rows[2:]], seals), authority
    )
    assert "lines 16 to 20 carry no seal" in findings(changed(archive, lambda rows: rows[:-1], seals), authority)
    copy = archive.with_name("strange.zip")
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(copy, "w") as new:
        for each in old.namelist():
            new.writestr(each.replace("book-1", "book-2"), old.read(each))
    said = findings(copy, authority)
    assert "books/locker-a/book-1/lines is missing" in said
    assert "books/locker-a/book-2/lines is in the archive but not in the manifest" in said


def test_a_manifest_signed_by_another_court_does_not_pass(
    store: Store, archive: Path, authority: pki.Authority, tmp_path: Path
) -> None:
    other = pki.create(tmp_path / "other", COURT, ["127.0.0.1"], NOON)
    store.info["pen"] = Pen(COURT, other.signing_key, lambda: NOON)
    forged = tmp_path / "forged.zip"
    export(store, Signatory(Pen(COURT, other.signing_key), pki.pem(authority.root), {}), DAY, forged)
    assert "the manifest is altered or not by this court's central" in findings(forged, authority)


def test_what_is_no_archive_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(b"no")
    assert verify(path).verdict == "not OK"
    assert verify(tmp_path / "gone.zip").verdict == "not OK"


def test_verifying_loads_nothing_of_the_court_but_the_proof(archive: Path, authority: pki.Authority) -> None:
    program = (
        "import sys; from pathlib import Path; from central.ledger.verify import verify;"
        f"print(verify(Path({str(archive)!r}), {authority.root_fingerprint!r}).verdict);"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ('sqlalchemy', 'fastapi', 'aiomqtt')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["OK", "[]"]


def test_a_span_takes_whole_batches(store: Store, authority: pki.Authority, tmp_path: Path) -> None:
    box = Box()
    exported(store, authority, box, tmp_path / "day.zip")
    instant = Span(NOON.replace(second=7), NOON.replace(second=8))
    pen = Pen(COURT, authority.signing_key)
    manifest = export(store, Signatory(pen, pki.pem(authority.root), {}), instant, tmp_path / "x.zip")
    assert [(book["first"], book["seq"]) for book in manifest["books"] if book["gateway"] == box.name] == [(6, 10)]
