"""Finding Chinese in all that was read or said: pairs of signs in an index, the sentence itself compared at the end.

Chinese has no blanks between words, and most words have two signs: an index of three-sign pieces (SQLite's trigram,
pg_trgm) would not serve them. So the index holds pairs, kept by SQLite's FTS5 and by a GIN index on PostgreSQL alike.
"""

import unicodedata
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

_MOST_GRAMS = 24


def folded(words: str) -> str:
    """As it is compared: full width and half width alike, no blanks, no line ends, small letters."""
    return "".join(unicodedata.normalize("NFKC", words).lower().split())


def grams_of(words: str) -> set[str]:
    """Signs and pairs of signs in it, punctuation left out."""
    packed = folded(words)
    singles = {sign for sign in packed if sign.isalnum()}
    return singles | {packed[i : i + 2] for i in range(len(packed) - 1) if packed[i : i + 2].isalnum()}


class Grams:
    """One index: its table, and what the number it gives is called there. Its tables are not declared as models."""

    def __init__(self, table: str, key: str) -> None:
        self.table, self._key = table, key

    def create(self, connection: Connection) -> None:
        """Make it, as that kind of database keeps it."""
        on_sqlite = (
            f"CREATE VIRTUAL TABLE {self.table} USING fts5(grams, content='', detail=none, tokenize='unicode61')"
        )
        on_postgres = (
            f"CREATE TABLE {self.table} ({self._key} BIGINT PRIMARY KEY, grams TEXT[] NOT NULL)",
            f"CREATE INDEX ix_{self.table} ON {self.table} USING gin (grams)",
        )
        for statement in on_postgres if connection.dialect.name == "postgresql" else (on_sqlite,):
            connection.exec_driver_sql(statement)

    def index(self, session: Session, number: int, new: str, old: str = "") -> None:
        """From this transaction on it is found by what `new` says; `old` is what it was found by before."""
        if session.get_bind().dialect.name == "postgresql":
            keep = text(f"INSERT INTO {self.table} VALUES (:number, :grams) "  # noqa: S608  (a constant)
                        f"ON CONFLICT ({self._key}) DO UPDATE SET grams = EXCLUDED.grams")  # fmt: skip
            session.execute(keep, {"number": number, "grams": sorted(grams_of(new))})
            return
        if old:
            forget = text(f"INSERT INTO {self.table} ({self.table}, rowid, grams) "  # noqa: S608
                          "VALUES ('delete', :number, :grams)")  # fmt: skip
            session.execute(forget, {"number": number, "grams": _joined(grams_of(old))})
        if new:
            keep = text(f"INSERT INTO {self.table} (rowid, grams) VALUES (:number, :grams)")  # noqa: S608
            session.execute(keep, {"number": number, "grams": _joined(grams_of(new))})

    def candidates(self, session: Session, words: str, below: int, limit: int) -> Sequence[int]:
        """What has every pair of signs of these words, the newest first; it may have them apart."""
        packed = folded(words)
        pairs = [packed[i : i + 2] for i in range(len(packed) - 1)] if len(packed) > 1 else [packed]
        pairs = [pair for pair in dict.fromkeys(pairs) if pair.isalnum()][:_MOST_GRAMS]
        pairs = pairs or [sign for sign in dict.fromkeys(packed) if sign.isalnum()][:_MOST_GRAMS]
        if not pairs:
            return []
        if session.get_bind().dialect.name == "postgresql":
            found = text(f"SELECT {self._key} FROM {self.table} WHERE grams @> :grams "  # noqa: S608
                         f"AND {self._key} < :below ORDER BY {self._key} DESC LIMIT :limit")  # fmt: skip
            told = {"grams": pairs, "below": below, "limit": limit}
        else:
            found = text(f"SELECT rowid FROM {self.table} WHERE {self.table} MATCH :grams "  # noqa: S608
                         "AND rowid < :below ORDER BY rowid DESC LIMIT :limit")  # fmt: skip
            told = {"grams": " AND ".join(f'"{pair}"' for pair in pairs), "below": below, "limit": limit}
        return list(session.scalars(found, told))


def _joined(grams: Iterable[str]) -> str:
    return " ".join(sorted(grams))
