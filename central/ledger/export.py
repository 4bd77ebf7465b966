"""A piece of the ledger to hand to a stranger: raw lines, their seals, the certificates, and a signed list of it all.

The ZIP holds `manifest.jwt`; `certificates/root.pem` and one certificate a key; for each book `lines` (as they
were hashed, one a row) and `seals` (one token a row). `central.ledger.verify` needs nothing else. A module of the
court's work may put more beside them, and says in the manifest what.
"""

import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Any

import jwt
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.ledger.own import Pen
from central.ledger.tables import Book, Fork, LedgerLine, Seal, book_and_seq, line_id
from central.store import Store
from devices.grants import sign
from devices.journal import read_line, write_time

MANIFEST = "manifest.jwt"
ROOT = "certificates/root.pem"
ANYONE = "anyone"
"""Audience of a manifest."""
_AT_ONCE = 1000
_README = """This archive is a piece of a court's ledger. To check it:

    courtside-central verify THIS.zip --root FINGERPRINT

or the folder it was unpacked into. FINGERPRINT is the SHA-256 of the court's root certificate, which the court
publishes. By hand: each row of a `lines` file is hashed (SHA-256, without its newline) and named as `prev` by the
row after it.
"""


@dataclass(frozen=True)
class Span:
    """From a moment up to, not including, another."""

    begin: datetime
    end: datetime

    @classmethod
    def of_days(cls, first: date, last: date, zone: tzinfo) -> "Span":
        """Whole days of the court, `last` included."""
        return cls(datetime.combine(first, time(), zone), datetime.combine(last + timedelta(days=1), time(), zone))


@dataclass(frozen=True)
class Signatory:
    """Central as it signs an export: its pen, and the certificates by which a stranger knows it."""

    pen: Pen
    root: str
    """PEM."""
    certificates: Mapping[str, str]
    """Thumbprint of a key -> PEM of its certificate: central's and every gateway's."""


Piece = tuple[Book, int, int]
"""A book, its first line and its last."""


def export(store: Store, signatory: Signatory, span: Span, path: Path) -> Mapping[str, Any]:
    """Write the archive; gives what its manifest says. Batches that reach into the span are taken whole."""
    with store.read() as session, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        told = {"begin": write_time(span.begin), "end": write_time(span.end)}
        return put(archive, session, signatory, list(_pieces(session, span)), told)


def put(
    archive: zipfile.ZipFile, session: Session, signatory: Signatory, pieces: Sequence[Piece], told: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Put these pieces with their proof into an archive; gives what its manifest says, `told` among it."""
    books = [_write_book(archive, session, *piece) for piece in pieces]
    kids = {kid for book in books for kid in book.pop("keys")} | {signatory.pen.kid}
    archive.writestr("README.txt", _README)
    archive.writestr(ROOT, signatory.root)
    for kid in sorted(kids & signatory.certificates.keys()):
        archive.writestr(f"certificates/{kid}.pem", signatory.certificates[kid])
    pen = signatory.pen
    manifest = {"iss": pen.court, "aud": ANYONE, "iat": int(pen.clock().timestamp()), **told, "books": books}
    archive.writestr(MANIFEST, sign("manifest", manifest, pen.key, pen.kid))
    return manifest


def pieces_with(session: Session, lines: Iterable[int]) -> Sequence[Piece]:
    """For each book the piece from the first to the last of these lines (`LedgerLine.id`), in whole batches."""
    by_book: dict[int, list[int]] = {}
    for line in lines:
        book, seq = book_and_seq(line)
        by_book.setdefault(book, []).append(seq)
    pieces = []
    for book, seqs in sorted(by_book.items()):
        reach = select(func.min(Seal.first), func.max(Seal.seq)).where(
            Seal.book_id == book, Seal.seq >= min(seqs), Seal.first <= max(seqs)
        )
        first, last = session.execute(reach).one()
        pieces.append((session.get_one(Book, book), int(first), int(last)))
    return pieces


def folder_of(gateway: str, book: str) -> str:
    """Where a book lies in the archive."""
    return f"books/{gateway}/{book}"


def _pieces(session: Session, span: Span) -> Iterator[Piece]:
    reach = (
        select(Seal.book_id, func.min(Seal.first), func.max(Seal.seq))
        .where(Seal.last_at >= span.begin, Seal.first_at < span.end)
        .group_by(Seal.book_id)
        .order_by(Seal.book_id)
    )
    for book_id, first, last in session.execute(reach).all():
        yield session.get_one(Book, book_id), first, last


def _write_book(archive: zipfile.ZipFile, session: Session, book: Book, first: int, last: int) -> dict[str, Any]:
    folder, count, head, prev = folder_of(book.gateway, book.book), 0, "", ""
    rows = select(LedgerLine.raw, LedgerLine.hash).where(
        LedgerLine.id.between(line_id(book.id, first), line_id(book.id, last))
    )
    with archive.open(f"{folder}/lines", "w", force_zip64=True) as file:
        for raw, hash_ in session.execute(rows.order_by(LedgerLine.id).execution_options(yield_per=_AT_ONCE)):
            prev = prev or read_line(raw).prev
            count, head = count + 1, hash_
            file.write(raw + b"\n")
    inside = select(Seal.token).where(Seal.book_id == book.id, Seal.first >= first, Seal.seq <= last)
    tokens = list(session.scalars(inside.order_by(Seal.seq)))
    archive.writestr(f"{folder}/seals", "".join(f"{token}\n" for token in tokens))
    forks = session.scalar(select(func.count()).where(Fork.book_id == book.id)) or 0
    return {
        "gateway": book.gateway,
        "book": book.book,
        "first": first,
        "seq": last,
        "prev": prev,
        "head": head,
        "lines": count,
        "seals": len(tokens),
        "forks": forks,
        "keys": [str(jwt.get_unverified_header(token)["kid"]) for token in tokens],
    }
