"""Whoever is nobody gets nothing: every route there is, asked without session, token or word."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import compile_path

from central.app import MAX_BODY, create_app
from tests.central.test_app import installed

OPEN = {
    ("GET", "/healthz"),
    ("GET", "/metrics"),
    ("GET", "/openapi.json"),
    ("GET", "/asyncapi.json"),
    ("GET", "/courtside.schema.json"),
    ("GET", "/sign-in"),
    ("GET", "/api/v1/root"),
}
"""What anybody may see: figures without names, descriptions of what programs say, the way in, the root certificate."""
NUMBERS = ("line", "move", "person", "cell", "case", "volume", "alarm", "token")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[FastAPI]:
    _, settings = installed(tmp_path)
    app = create_app(settings)
    yield app
    app.state.store.close()


@pytest.fixture
async def stranger(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://court.example") as client:
        yield client


def routes(app: FastAPI) -> list[tuple[str, str]]:
    """(method, path) of each, a 1 where a number belongs."""
    found = set()
    for route in iter_route_contexts(app.routes):
        path = route.path or ""
        for name in NUMBERS:
            path = path.replace(f"{{{name}}}", "1")
        found |= {(method, path) for method in (route.methods or ()) if method not in ("HEAD", "OPTIONS")}
    return sorted(found)


async def test_every_route_turns_a_stranger_away(app: FastAPI, stranger: httpx.AsyncClient) -> None:
    let_in = {}
    for method, path in routes(app):
        body = {"login": "nobody", "password": "nothing"} if path == "/api/v1/session" and method == "POST" else {}
        if path == "/api/v1/enrol":
            body = {"token": "no.invitation", "csr": "none"}
        answer = await stranger.request(method, path, **({"json": body} if body else {}))
        led_to_the_door = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
        if answer.status_code not in (401, 403) and not led_to_the_door:
            let_in[method, path] = answer.status_code
    assert len(routes(app)) > 60
    assert let_in.keys() == OPEN


def test_no_address_is_caught_by_another_route_before_its_own(app: FastAPI) -> None:
    caught, before = [], []
    for route in iter_route_contexts(app.routes):
        path, methods = route.path or "", set(route.methods or ())
        asked = re.sub(r"{[^}]*}", "1", path)
        caught += [f"{path} by {other}" for regex, on, other in before if on & methods and regex.match(asked)]
        before.append((compile_path(path)[0], methods, path))
    assert caught == []


_PIECE = b" " * 1024 * 1024


class _Endless(httpx.AsyncByteStream):
    """A body twice as long as is allowed; no generator, for nobody would close one that is not read to its end."""

    left = 2 * MAX_BODY

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self.left <= 0:
            raise StopAsyncIteration
        self.left -= len(_PIECE)
        return _PIECE


async def test_a_body_without_end_is_cut_off_before_anybody_is_asked(stranger: httpx.AsyncClient) -> None:
    url, headers = stranger.base_url.join("/api/v1/session"), {"content-type": "application/json"}
    answer = await stranger.send(httpx.Request("POST", url, headers=headers, stream=_Endless()))
    assert answer.status_code == 413
