"""What the journal keeps on disk, and how a transaction changes it. Used by the writer thread alone.

Every line ever written stands in one table under a running number `n` that never has a gap within a book. A
*segment* is a stretch of those numbers that belongs to one book and is sealed by one key; line `seq` of a book
is therefore found by arithmetic, without an index. Closing a book cuts its last segment off after the last line
central has; what stood behind the cut stays on disk but is never sent, for the next book tells it anew.
"""

import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from sqlite3 import Connection
from typing import Any, Literal

from devices.box import GATEWAY, BookOpened, KeyChanged
from devices.journal import MAX_LINE, ZERO, BadLine, line_hash, read_line, write_line, write_time
from devices.messages import Fact, write_body
from gateway import journal_ids, journal_retention
from gateway.clock import Clock
from gateway.journal_reserve import Reserve

_SCHEMA = """
CREATE TABLE IF NOT EXISTS line (n INTEGER PRIMARY KEY, raw BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS segment (
    n INTEGER PRIMARY KEY, book TEXT NOT NULL, key TEXT NOT NULL, seq INTEGER NOT NULL, stop INTEGER
);
CREATE TABLE IF NOT EXISTS state (
    device TEXT, property TEXT, value TEXT NOT NULL, PRIMARY KEY (device, property)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS memo (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""

Why = Literal["new", "restored_disk", "fork"]

_OF_ONE_BOOK = frozenset({"book_opened", "key_changed"})
_ROOM_FOR_AGAIN = 256
"""Bytes kept free in a line, so that another book can tell it anew."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Lines `n` to below `stop` (None: still growing) are lines `seq` and on of `book`, sealed by `key`."""

    book: str
    key: str
    n: int
    seq: int
    stop: int | None = None

    def seq_at(self, n: int) -> int:
        """The number in its book of line `n`."""
        return self.seq + n - self.n

    def n_of(self, seq: int) -> int:
        """Where line `seq` of the book stands, were the segment long enough."""
        return self.n + seq - self.seq


@dataclass(frozen=True, slots=True)
class Written:
    """A line is on disk: its number in the book and its hash."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """The last line: its running number, its number in the book, its hash."""

    n: int
    seq: int
    hash: str


def connect(path: Path) -> Connection:
    """The database as the writer opens it: a commit that returned survives a power cut."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = OFF")  # Debian's default would write every freed page once more
    return connection


def read_only(path: Path) -> Connection:
    """The database for looking only, from any thread or process."""
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False)


def read_segments(db: Connection) -> Iterator[Segment]:
    """All segments, oldest first."""
    for n, book, key, seq, stop in db.execute("SELECT n, book, key, seq, stop FROM segment ORDER BY n"):
        yield Segment(book, key, n, seq, stop)


def raws(db: Connection, start: int, stop: int) -> Iterator[bytes]:
    """The lines from running number `start` to below `stop`, read as they are asked for."""
    for (raw,) in db.execute("SELECT raw FROM line WHERE n >= ? AND n < ? ORDER BY n", (start, stop)):
        yield raw


def raw_at(db: Connection, n: int) -> bytes | None:
    """The line with that running number, None if it is gone or not yet there."""
    row = db.execute("SELECT raw FROM line WHERE n = ?", (n,)).fetchone()
    return bytes(row[0]) if row else None


class Store:
    """One journal database. `begin`, changes, then `commit` or `rollback`; nothing here commits by itself."""

    def __init__(self, path: Path, gateway: str, clock: Clock) -> None:
        self.gateway = gateway
        self.clock = clock
        self.reserve = Reserve(path.with_name(f"{path.name}.reserve"))
        self.db = connect(path)
        self.db.executescript(_SCHEMA + journal_ids.SCHEMA + journal_retention.SCHEMA)
        self.segments = tuple(read_segments(self.db))
        self.head = self._last_line()
        self.acked = journal_retention.acked(self.db)
        self._fresh: list[bytes] = []
        self._states: dict[tuple[str, str], str] = {}
        self._before = (self.head, self.segments)

    def begin(self) -> None:
        """Start a transaction; lines and states since here are told by `commit`."""
        self._before = (self.head, self.segments)
        self._fresh, self._states = [], {}
        self.db.execute("BEGIN IMMEDIATE")

    def commit(self) -> tuple[list[bytes], dict[tuple[str, str], str]]:
        """Make it durable; gives the lines written and the states that changed."""
        self.db.commit()
        return self._fresh, self._states

    def rollback(self) -> None:
        """As if it had not begun."""
        self.db.rollback()
        self.head, self.segments = self._before

    def close(self) -> None:
        """Let go of the files."""
        self.db.close()
        self.reserve.close()

    def append(self, device: str, message: tuple[str, Mapping[str, Any]], cause: str | None = None) -> Written:
        """Chain one line to the last; raises BadLine before anything is changed."""
        n, seq = self.head.n + 1, self.head.seq + 1
        raw = write_line(seq, self.head.hash, self.clock.stamp(), device, message, cause)
        if len(raw) > MAX_LINE - _ROOM_FOR_AGAIN and "again" not in message[1]:
            raise BadLine(f"a fact of {device}: line of {len(raw)} bytes; send weight as a blob")
        self.db.execute("INSERT INTO line (n, raw) VALUES (?, ?)", (n, raw))
        self.head = Head(n, seq, line_hash(raw))
        self._fresh.append(raw)
        return Written(seq, self.head.hash)

    def append_fact(self, device: str, fact: Fact, cause: str | None = None) -> Written:
        """Chain the fact and keep the state it tells."""
        written = self.append(device, (fact.type, write_body(fact)), cause)
        told = fact.state()
        if told is not None:
            self.db.execute("INSERT OR REPLACE INTO state VALUES (?, ?, ?)", (device, *told))
            self._states[device, told[0]] = told[1]
        return written

    def open_book(self, key: str, why: Why, follows: str | None = None) -> None:
        """Begin a book under that key; `follows` is the head central holds of the book before."""
        book = secrets.token_hex(8)
        self.head = Head(self.head.n, 0, ZERO)
        self._add(Segment(book, key, self.head.n + 1, 1))
        opened = BookOpened(gateway=self.gateway, book=book, key=key, follows=follows, why=why)
        self.append_fact(GATEWAY, opened)

    def close_books(self, last: int) -> list[range]:
        """Cut off what stands behind line `last` (a running number); gives the numbers of the lines cut off."""
        cut_off = []
        for segment in self.segments:
            stop = segment.stop if segment.stop is not None else self.head.n + 1
            cut = max(min(stop, last + 1), segment.n)
            cut_off.append(range(cut, stop))
            self._stop(segment, cut)
        return [lines for lines in cut_off if lines]

    def change_key(self, key: str) -> None:
        """Tell the new key in a line the old one still seals; later lines are the new key's (ledger rule 9)."""
        self.append_fact(GATEWAY, KeyChanged(key=key))
        old = self.segments[-1]
        self._stop(old, self.head.n + 1)
        self._add(Segment(old.book, key, self.head.n + 1, self.head.seq + 1))

    def tell_anew(self, lines: range) -> None:
        """Journal the facts of those lines in the open book, with the time and the places of their earlier telling.

        A fact stands in the open book as if it happened now, for a line's time never runs backwards; `again` in
        its body says when it was first written, and as which line of which book it was told first and last, so
        that central, should it hold one of them after all, knows the fact. Lines about book and key speak only of
        the book they are in.
        """
        told_in = next(segment for segment in reversed(self.segments) if segment.n <= lines.start)
        for raw in raws(self.db, lines.start, lines.stop):
            line = read_line(raw)
            if line.type in _OF_ONE_BOOK:
                continue
            before = line.body.get("again") or {"at": write_time(line.at), "as": []}
            places = [*before["as"][:1], [told_in.book, line.seq, line.hash]]
            again = {"at": before["at"], "as": places}
            self.append(line.device, (line.type, {**line.body, "again": again}), line.cause)
            self._fresh.clear()  # a backlog of any length must not pile up in memory

    def note_acked(self, n: int, iat: int) -> None:
        """Central has committed up to `n`, it said at `iat`; known here even if the disk is too full to keep it."""
        self.acked = n
        journal_retention.note_acked(self.db, n, iat)

    def free_acknowledged(self) -> int:
        """The disk is full: let go of acknowledged lines before their time, at once; gives how many.

        The log is written back first and then begins anew in its old blocks, so that the deletion needs no
        block but what the reserve gives; what it frees inside the database is for the lines to come.
        """
        if not journal_retention.may_free(self.db, self.acked, self.head.n):
            return 0
        self.reserve.give_room()
        self.db.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
        self.begin()
        freed = journal_retention.free(self.db, self.acked, self.head.n)
        self.commit()
        self.db.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
        self.reserve.keep_room()
        return freed

    def states(self) -> dict[tuple[str, str], str]:
        """(device, property) -> value, as last journalled."""
        return {(device, property_): value for device, property_, value in self.db.execute("SELECT * FROM state")}

    def memos(self) -> dict[str, str]:
        """What is remembered outside the chain."""
        return dict(self.db.execute("SELECT name, value FROM memo").fetchall())

    def remember(self, name: str, value: str) -> None:
        """Keep a word under a name."""
        self.db.execute("INSERT OR REPLACE INTO memo VALUES (?, ?)", (name, value))

    def _stop(self, segment: Segment, stop: int) -> None:
        self.segments = tuple(replace(s, stop=stop) if s is segment else s for s in self.segments)
        self.db.execute("UPDATE segment SET stop = ? WHERE n = ?", (stop, segment.n))

    def _add(self, segment: Segment) -> None:
        # A book of which nothing may be sent leaves a segment without lines, whose number the next one takes.
        self.segments = (*(s for s in self.segments if s.n != segment.n), segment)
        row = (segment.n, segment.book, segment.key, segment.seq, segment.stop)
        self.db.execute("INSERT OR REPLACE INTO segment VALUES (?, ?, ?, ?, ?)", row)

    def _last_line(self) -> Head:
        row = self.db.execute("SELECT n, raw FROM line ORDER BY n DESC LIMIT 1").fetchone()
        if row is None:
            return Head(0, 0, ZERO)
        line = read_line(row[1])
        self.clock.not_before(line.at)
        return Head(row[0], line.seq, line.hash)
