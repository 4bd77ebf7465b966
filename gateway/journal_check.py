"""Looks into a journal without changing it: its lines, and whether they are one unbroken chain."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from sqlite3 import Connection

from devices.journal import BadLine, ChainBroken, line_hash, read_chain, read_line
from gateway.journal_store import Segment, raws, read_only, read_segments

_AT_ONCE = 1000


@dataclass
class Verdict:
    """A line for each book, and where the chain is broken, empty if nowhere."""

    books: list[str] = field(default_factory=list)
    broken: str = ""


def show(path: Path) -> Iterator[bytes]:
    """Every line that is still kept, oldest first, as it was written."""
    db = read_only(path)
    try:
        for (raw,) in db.execute("SELECT raw FROM line ORDER BY n"):
            yield raw
    finally:
        db.close()


def verify(path: Path) -> Verdict:
    """Read every book from its first kept line to its last."""
    verdict = Verdict()
    db = read_only(path)
    try:
        head = int(db.execute("SELECT COALESCE(MAX(n), 0) FROM line").fetchone()[0])
        before = ("", "")
        for segment in read_segments(db):
            goes_on = before[1] if segment.book == before[0] else None
            before = segment.book, _verify(db, segment, head, goes_on, verdict)
    except (ChainBroken, BadLine) as error:
        verdict.broken = f"broken: {error}"
    finally:
        db.close()
    return verdict


def _verify(db: Connection, segment: Segment, head: int, goes_on: str | None, verdict: Verdict) -> str:
    lines = raws(db, segment.n, segment.stop if segment.stop is not None else head + 1)
    first = seq = 0
    prev = goes_on or ""
    while chunk := list(islice(lines, _AT_ONCE)):
        if not seq:
            oldest = read_line(chunk[0])
            first = seq = oldest.seq
            prev = prev or oldest.prev  # lines central has may be gone after fourteen days: the chain begins later
        read_chain(chunk, seq, prev)
        seq, prev = seq + len(chunk), line_hash(chunk[-1])
    if seq:
        verdict.books.append(f"book {segment.book}: lines {first} to {seq - 1} unbroken, head {prev}")
    return prev
