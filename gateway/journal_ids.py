"""Which wishes and permits were taken, and how many wrong PINs a permit saw: never twice, not even across a crash."""

from collections.abc import Iterator
from sqlite3 import Connection

SCHEMA = """
CREATE TABLE IF NOT EXISTS taken (
    jti TEXT PRIMARY KEY, exp INTEGER NOT NULL, device TEXT NOT NULL, wish TEXT NOT NULL, settled INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS wrong_pin (jti TEXT PRIMARY KEY, exp INTEGER NOT NULL, tries INTEGER NOT NULL) WITHOUT ROWID;
"""


def take(db: Connection, jti: str, exp: int, device: str, wish: str) -> bool:
    """Keep the id; False if it was taken before."""
    row = (jti, exp, device, wish)
    return bool(db.execute("INSERT OR IGNORE INTO taken VALUES (?, ?, ?, ?, 0)", row).rowcount)


def is_taken(db: Connection, jti: str) -> bool:
    """Whether the id was taken before."""
    return db.execute("SELECT 1 FROM taken WHERE jti = ?", (jti,)).fetchone() is not None


def settle(db: Connection, jti: str) -> None:
    """Its end is known."""
    db.execute("UPDATE taken SET settled = 1 WHERE jti = ?", (jti,))


def unsettled(db: Connection) -> Iterator[tuple[str, str, str]]:
    """(id, device, wish) of all whose end is not known."""
    yield from db.execute("SELECT jti, device, wish FROM taken WHERE NOT settled").fetchall()


def wrong_pins(db: Connection, jti: str) -> int:
    """How many wrong PINs were tried with that permit."""
    row = db.execute("SELECT tries FROM wrong_pin WHERE jti = ?", (jti,)).fetchone()
    return int(row[0]) if row else 0


def count_wrong_pin(db: Connection, jti: str, exp: int) -> int:
    """One more; gives how many there are now."""
    db.execute(
        "INSERT INTO wrong_pin VALUES (?, ?, 1) ON CONFLICT (jti) DO UPDATE SET tries = tries + 1",
        (jti, exp),
    )
    return wrong_pins(db, jti)


def forget(db: Connection, expired_before: int) -> None:
    """Let go of ids whose token expired before that time (seconds since 1970): the time alone refuses them now."""
    db.execute("DELETE FROM taken WHERE exp < ? AND settled", (expired_before,))
    db.execute("DELETE FROM wrong_pin WHERE exp < ?", (expired_before,))
