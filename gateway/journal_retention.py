"""How long lines stay: fourteen days after central's ack, unless the disk is full (ledger rules 4 and 7).

The hour of an ack is taken from its own `iat`, so that a wrong clock on this box cannot make lines look old.
The last line always stays: the next one chains to it.
"""

from sqlite3 import Connection

SCHEMA = "CREATE TABLE IF NOT EXISTS acked (hour INTEGER PRIMARY KEY, n INTEGER NOT NULL);"

_AT_ONCE = 1000
"""Lines deleted in one transaction, so that a fact need not wait long behind it."""


def acked(db: Connection) -> int:
    """Running number of the last line central committed, 0 for none."""
    return int(db.execute("SELECT COALESCE(MAX(n), 0) FROM acked").fetchone()[0])


def note_acked(db: Connection, n: int, iat: int) -> None:
    """Central has committed up to `n`, it said at `iat`; less than before if it was restored."""
    db.execute("DELETE FROM acked WHERE n > ?", (n,))
    db.execute("INSERT OR REPLACE INTO acked VALUES (?, ?)", (iat // 3600, n))


def prune(db: Connection, acked_before: int, head: int) -> bool:
    """Delete some lines acknowledged before that time (seconds since 1970); True if there are more."""
    hour = acked_before // 3600
    last = int(db.execute("SELECT COALESCE(MAX(n), 0) FROM acked WHERE hour < ?", (hour,)).fetchone()[0])
    db.execute("DELETE FROM acked WHERE hour < ? AND n < ?", (hour, last))
    return _delete(db, last, head) == _AT_ONCE


def may_free(db: Connection, acknowledged: int, head: int) -> bool:
    """True if there are acknowledged lines besides the last line."""
    row = db.execute("SELECT MIN(n) FROM line").fetchone()
    return row[0] is not None and int(row[0]) <= min(acknowledged, head - 1)


def free(db: Connection, acknowledged: int, head: int) -> int:
    """The disk is full: delete some acknowledged lines before their time; gives how many."""
    return _delete(db, acknowledged, head)


def _delete(db: Connection, last: int, head: int) -> int:
    some = "SELECT n FROM line WHERE n <= ? ORDER BY n LIMIT ?"
    gone = db.execute(f"DELETE FROM line WHERE n IN ({some})", (min(last, head - 1), _AT_ONCE))  # noqa: S608
    return int(gone.rowcount)
