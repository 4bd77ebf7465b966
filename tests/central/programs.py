"""The court's API over a small court, asked by programs."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from fastapi import FastAPI
from fastapi.testclient import TestClient

from central.people.service import SYSTEM, find_person, issue_token
from central.web.described import IN_WORDS
from tests.central.desk import furnished
from tests.central.locker import Locker


@contextmanager
def programs(locker: Locker, *apis: ModuleType) -> Iterator[TestClient]:
    """Whoever asks these parts of the API, and nothing else of the court."""
    app = FastAPI(responses=IN_WORDS)
    for api in apis:
        app.include_router(api.router)
    with TestClient(furnished(app, locker), base_url="http://court.test") as client:
        yield client


def token(locker: Locker, login: str) -> str:
    """A token that acts for that person in their first role."""
    with locker.store.write() as session:
        person = find_person(session, locker.who(login).id)
        return issue_token(session, SYSTEM, person, "test", person.roles[0], locker.now)[1]


def bearer(locker: Locker, login: str) -> dict[str, str]:
    """The headers of a request with such a token."""
    return {"authorization": f"Bearer {token(locker, login)}"}
