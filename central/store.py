"""The database of the court: SQLite by default, PostgreSQL by URL.

One transaction is one `with store.write() as session`. What the transaction touched is collected by `tell` and
`wake` while it runs and passed on once it is committed, so that no page is told of what was rolled back.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from datetime import UTC, datetime
from functools import partial
from threading import Lock, get_ident
from typing import Any, ClassVar, TypeVar

import psycopg
from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    Row,
    Select,
    Table,
    TypeDecorator,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.base import ReadOnlyColumnCollection

_BUSY_MS = 30_000
_LOG_PAGES = 8000
"""SQLite's log grows so long (32 MB) before a commit writes it back. At its usual 1000, a backlog does so at nearly
every commit, and much of what it writes back it changes again at once."""
_WRITES = "courtside_writes"
_DIGITS = 18

Rows = TypeVar("Rows", bound=Select[*tuple[Any, ...]])
Told = Callable[[frozenset[str]], None]
"""Hears the topics a committed transaction touched; called in the thread that committed."""
Woken = Callable[..., None]
"""Hears that there is work, and what, as far as that was said; called in the thread that committed."""


def row_in(text: str) -> int | None:
    """The number of a row that somebody wrote; None for what is no number, or more than any table has."""
    return int(text) if len(text) <= _DIGITS and text.isdecimal() else None


class UtcTime(TypeDecorator[datetime]):
    """A moment: goes in with any zone, comes out in UTC, on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; raises ValueError for a time without zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database's word for it."""
        if value is None or value.tzinfo is not None:
            return value and value.astimezone(UTC)
        return value.replace(tzinfo=UTC)


class Millis(TypeDecorator[datetime]):
    """A moment to the millisecond, stored as milliseconds since 1970: quick to write by the thousand."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """To a number."""
        return None if value is None else millis(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """From a number."""
        return None if value is None else datetime.fromtimestamp(value / 1000, UTC)


def millis(at: datetime) -> int:
    """Milliseconds since 1970."""
    return round(at.timestamp() * 1000)


class Base(DeclarativeBase):
    """What every table of central derives from."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcTime(),
        dict[str, Any]: JSON(),
        list[str]: JSON(),
        list[Any]: JSON(),
    }
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


BigId = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits on every database; on SQLite the row's own number."""


def columns_of(table: type[Base]) -> ReadOnlyColumnCollection[str, Any]:
    """The columns of a table, to be asked for as plain values at half the cost of objects."""
    return table.__table__.c


class Turns:
    """Who wants to write waits in line: SQLite lets in whoever looks first, and so starves all beside a busy thread."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._line: deque[Lock] = deque()
        self._whose: int | None = None

    def __enter__(self) -> None:
        if self._whose == get_ident():
            raise RuntimeError("a transaction inside another would wait for itself")
        mine = Lock()
        mine.acquire()
        with self._guard:
            self._line.append(mine)
            is_first = self._line[0] is mine
        if not is_first:
            mine.acquire()
        self._whose = get_ident()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return max(0, len(self._line) - 1)

    def __exit__(self, *_: object) -> None:
        self._whose = None
        with self._guard:
            self._line.popleft()
            if self._line:
                self._line[0].release()


class Store:
    """One database; every transaction of the court goes through `write`."""

    def __init__(self, url: str) -> None:
        self.engine = create_engine(_with_driver(url), pool_pre_ping=not url.startswith("sqlite"))
        self.info: dict[str, Any] = {}
        """What every session of this store carries in its `info`."""
        self._writing = self.engine.execution_options(**{_WRITES: True})
        self._told: list[Told] = []
        self._woken: dict[str, list[Woken]] = {}
        self._turns: AbstractContextManager[None] = nullcontext()
        if self.engine.dialect.name == "sqlite":
            self._turns = Turns()
            event.listen(self.engine, "connect", _sqlite_connected)
            event.listen(self.engine, "begin", _sqlite_begins)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back on any error; then listeners hear of it."""
        with Session(self._writing, expire_on_commit=False, info=dict(self.info)) as session:
            with self._turns, session.begin():
                yield session
            self._pass_on(session)  # before the session is put away: somebody waits in front of a door

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A consistent view that writes nothing."""
        with Session(self.engine, expire_on_commit=False, autoflush=False, info=dict(self.info)) as session:
            yield session

    def answer(self, question: Select[Any], **told: Any) -> Row[Any] | None:
        """The row that answers a plain question; a session would cost as much again as asking it."""
        with self.engine.connect() as connection:
            return connection.execute(question, told).one_or_none()

    def on_tell(self, told: Told) -> None:
        """From now on `told` hears the topics of each committed transaction."""
        self._told.append(told)

    def tell(self, topics: frozenset[str]) -> None:
        """Pass on what another process committed."""
        for told in self._told:
            told(topics)

    def on_wake(self, name: str, woken: Woken) -> None:
        """From now on `woken` hears of each committed transaction that called `wake(session, name)`."""
        self._woken.setdefault(name, []).append(woken)

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()

    def _pass_on(self, session: Session) -> None:
        """Everybody hears of it, though one who hears fails; what the last of those raised is raised."""
        work = session.info.get("wake", {})
        hearers = [partial(woken, *work[name]) for name in work for woken in self._woken.get(name, ())]
        if topics := session.info.get("tell"):
            hearers.append(partial(self.tell, frozenset(topics)))
        with ExitStack() as all_of_them:
            for hearer in reversed(hearers):  # what was pushed last is called first
                all_of_them.callback(hearer)


def newest(some: Rows, row: InstrumentedAttribute[int], limit: int, after: int | None = None) -> Rows:
    """So many of them, the newest first; `after`: the last row of the piece before."""
    some = some.order_by(row.desc()).limit(limit)
    return some if after is None else some.where(row < after)


def append_rows(session: Session, table: Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert many rows as they are, in the driver's quickest way: values must be what the driver stores."""
    connection = session.connection()
    columns = ", ".join(names)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(names))
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({columns}) VALUES ({marks})", list(rows))  # noqa: S608
        return
    cursor = connection.connection.cursor()
    try:
        with cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        raise OperationalError(f"COPY {table.name}", None, error) from error
    finally:
        cursor.close()


def tell(session: Session, *topics: str) -> None:
    """Once this transaction is committed, pages that show these topics (`cell:wall-a/7`) are told."""
    session.info.setdefault("tell", set()).update(topics)


def wake(session: Session, name: str, *work: Any) -> None:
    """Once this transaction is committed, whoever waits for `name` is woken and handed the work."""
    session.info.setdefault("wake", {}).setdefault(name, []).extend(work)


def _with_driver(url: str) -> str:
    made = make_url(url)
    if made.drivername in ("postgresql", "postgres"):
        made = made.set(drivername="postgresql+psycopg")
    return made.render_as_string(hide_password=False)


def _sqlite_connected(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # we begin; sqlite3 would begin too late
    cursor = connection.cursor()
    settings = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON")
    for setting in (*settings, f"busy_timeout = {_BUSY_MS}", f"wal_autocheckpoint = {_LOG_PAGES}"):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _sqlite_begins(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
