"""A database of each kind, a store on it, and a court's pen to write with."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.ledger.own import Pen, take_pen
from central.store import Store
from tests.kit.databases import bring_up_to_date, sqlite_in

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
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
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
    """The URL of a database brought up to date, once of each kind; gone with the test."""
    if request.param == "sqlite":
        yield sqlite_in(tmp_path, request.getfixturevalue("up_to_date"))
        return
    server: str = request.getfixturevalue("postgres")
    url = _new(server, f"TEMPLATE {request.getfixturevalue('postgres_up_to_date')} STRATEGY file_copy")
    yield url
    _ask(server, f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_up_to_date(postgres: str) -> str:
    """The name of a database on that server which others are copied from: quicker than making each by its history."""
    url = _new(postgres)
    bring_up_to_date(url)
    return url.rpartition("/")[2]


def _new(server: str, like: str = "") -> str:
    name = f"court{next(_numbers)}"
    _ask(server, f"CREATE DATABASE {name} {like}")
    return f"{server}/{name}"


def _ask(server: str, statement: str) -> None:
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[arg-type]


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
