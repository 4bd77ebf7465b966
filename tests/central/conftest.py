"""A database of each kind, a store on it, and a court's pen to write with."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.dossiers.opened import Opener
from central.ledger.own import Pen, take_pen
from central.store import Store
from tests.central.courtroom import Courtroom
from tests.central.desk import Desk, desk
from tests.central.locker import Locker
from tests.central.shelf import Shelf
from tests.kit.databases import bring_up_to_date, sqlite_in
from tests.kit.mosquitto import free_port

COURT = "huishan"
_BIN = Path("/usr/lib/postgresql/15/bin")
_numbers = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A private PostgreSQL cluster; gives the URL of its server."""
    if not (_BIN / "initdb").exists():
        pytest.skip("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="courtside-pg-", dir="/tmp"))
    as_user: list[str] = []
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        as_user = ["runuser", "-u", "postgres", "--"]
    port = free_port()
    data = str(folder / "data")
    initdb = [str(_BIN / "initdb"), "-D", data, "-U", "court", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"]
    subprocess.run([*as_user, *initdb], check=True, capture_output=True, cwd="/")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    control = [*as_user, str(_BIN / "pg_ctl"), "-D", data, "-w", "-l", str(folder / "log")]
    subprocess.run([*control, "-o", options, "start"], check=True, capture_output=True, cwd="/")
    try:
        yield f"postgresql://court@127.0.0.1:{port}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True, cwd="/")
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'central.db'}"
    return _new(request.getfixturevalue("postgres"))


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database as an installation begins with it, once of each kind."""
    if request.param == "sqlite":
        yield sqlite_in(tmp_path, request.getfixturevalue("up_to_date"))
        return
    url: str = request.getfixturevalue("postgres_up_to_date")
    yield url
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_AS_AT_FIRST)


@pytest.fixture(scope="session")
def postgres_up_to_date(postgres: str) -> str:
    """The URL of a database with every table, one test after another's; making one for each takes half a second."""
    url = _new(postgres)
    bring_up_to_date(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_REMEMBER)
    return url


def _new(server: str) -> str:
    name = f"court{next(_numbers)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
    return f"{server}/{name}"


_REMEMBER = """DO $$ DECLARE each record; BEGIN
    CREATE SCHEMA first;
    FOR each IN SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('CREATE TABLE first.%I AS TABLE public.%I', each.name, each.name);
    END LOOP;
    CREATE TABLE first."numbers of rows" AS
        SELECT sequencename AS name, coalesce(last_value, 1) AS last, last_value IS NOT NULL AS used
        FROM pg_sequences WHERE schemaname = 'public';
END $$"""
"""Keeps what a database begins with beside it."""
_AS_AT_FIRST = """DO $$ DECLARE each record; BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
    SET LOCAL session_replication_role = replica;
    FOR each IN SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('DELETE FROM public.%I', each.name);
        EXECUTE format('INSERT INTO public.%I SELECT * FROM first.%I', each.name, each.name);
    END LOOP;
    PERFORM setval(format('public.%I', name)::regclass, last, used) FROM first."numbers of rows";
END $$"""
"""Puts it back, whoever uses it: rows in any order, for no reference is looked at meanwhile."""


@pytest.fixture
def court_key() -> Ed25519PrivateKey:
    """Central's signing key."""
    return Ed25519PrivateKey.generate()


@pytest.fixture
def store(database: str, court_key: Ed25519PrivateKey) -> Iterator[Store]:
    """A store with every table and a pen, on each kind of database."""
    store = Store(database)
    take_pen(store, Pen(COURT, court_key))
    yield store
    store.close()


@pytest.fixture
def shelf(court_key: Ed25519PrivateKey, tmp_path: Path, up_to_date: Path) -> Iterator[Shelf]:
    """A court's dossiers and a worker for them, on SQLite."""
    store = Store(sqlite_in(tmp_path, up_to_date))
    locker = Locker(store, court_key, tmp_path / "blobs")
    with Opener(locker.blobs.get) as opener:
        yield Shelf(locker, opener)
    store.close()


@pytest.fixture
def locker(store: Store, court_key: Ed25519PrivateKey, tmp_path: Path) -> Locker:
    """A small court with one locker."""
    return Locker(store, court_key, tmp_path / "blobs")


@pytest.fixture
def room(locker: Locker) -> Courtroom:
    """Its courtrooms."""
    return Courtroom(locker)


@pytest.fixture
def at(locker: Locker) -> Iterator[Desk]:
    """A browser at its pages."""
    with desk(locker) as opened:
        yield opened
