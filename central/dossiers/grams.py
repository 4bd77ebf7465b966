"""Finding Chinese in all that was read: pairs of signs in an index, the sentence itself compared at the end.

Chinese has no blanks between words, and most words have two signs: an index of three-sign pieces (SQLite's trigram,
pg_trgm) would not serve them. So the index holds pairs, kept by SQLite's FTS5 and by a GIN index on PostgreSQL alike.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.orm import Session

from central.dossiers.tables import Page

INDEX = "page_grams"
"""Its tables begin so; they are not declared as models."""
ON_SQLITE = f"CREATE VIRTUAL TABLE {INDEX} USING fts5(grams, content='', detail=none, tokenize='unicode61')"
ON_POSTGRES = (
    f"CREATE TABLE {INDEX} (page_id BIGINT PRIMARY KEY, grams TEXT[] NOT NULL)",
    f"CREATE INDEX ix_{INDEX} ON {INDEX} USING gin (grams)",
)
_MOST_GRAMS = 24


@event.listens_for(Page.__table__, "after_create")
def _create(_: Any, connection: Connection, **__: Any) -> None:
    for statement in ON_POSTGRES if connection.dialect.name == "postgresql" else (ON_SQLITE,):
        connection.exec_driver_sql(statement)


def folded(words: str) -> str:
    """As it is compared: full width and half width alike, no blanks, no line ends, small letters."""
    return "".join(unicodedata.normalize("NFKC", words).lower().split())


def grams_of(words: str) -> set[str]:
    """Signs and pairs of signs in it, punctuation left out."""
    packed = folded(words)
    singles = {sign for sign in packed if sign.isalnum()}
    return singles | {packed[i : i + 2] for i in range(len(packed) - 1) if packed[i : i + 2].isalnum()}


def index(session: Session, page: int, new: str, old: str = "") -> None:
    """From this transaction on the page is found by what `new` says; `old` is what it was found by before."""
    if session.get_bind().dialect.name == "postgresql":
        keep = text(f"INSERT INTO {INDEX} VALUES (:page, :grams) "  # noqa: S608  (a constant)
                    "ON CONFLICT (page_id) DO UPDATE SET grams = EXCLUDED.grams")  # fmt: skip
        session.execute(keep, {"page": page, "grams": sorted(grams_of(new))})
        return
    if old:
        forget = text(f"INSERT INTO {INDEX} ({INDEX}, rowid, grams) VALUES ('delete', :page, :grams)")  # noqa: S608
        session.execute(forget, {"page": page, "grams": _joined(grams_of(old))})
    if new:
        keep = text(f"INSERT INTO {INDEX} (rowid, grams) VALUES (:page, :grams)")  # noqa: S608
        session.execute(keep, {"page": page, "grams": _joined(grams_of(new))})


def candidates(session: Session, words: str, below: int, limit: int) -> Sequence[int]:
    """Pages that have every pair of signs of these words, the newest first; they may have them apart."""
    packed = folded(words)
    pairs = [packed[i : i + 2] for i in range(len(packed) - 1)] if len(packed) > 1 else [packed]
    pairs = [pair for pair in dict.fromkeys(pairs) if pair.isalnum()][:_MOST_GRAMS]
    pairs = pairs or [sign for sign in dict.fromkeys(packed) if sign.isalnum()][:_MOST_GRAMS]
    if not pairs:
        return []
    if session.get_bind().dialect.name == "postgresql":
        found = text(f"SELECT page_id FROM {INDEX} WHERE grams @> :grams AND page_id < :below "  # noqa: S608
                     "ORDER BY page_id DESC LIMIT :limit")  # fmt: skip
        told = {"grams": pairs, "below": below, "limit": limit}
    else:
        found = text(f"SELECT rowid FROM {INDEX} WHERE {INDEX} MATCH :grams AND rowid < :below "  # noqa: S608
                     "ORDER BY rowid DESC LIMIT :limit")  # fmt: skip
        told = {"grams": " AND ".join(f'"{pair}"' for pair in pairs), "below": below, "limit": limit}
    return list(session.scalars(found, told))


def _joined(grams: Iterable[str]) -> str:
    return " ".join(sorted(grams))
