"""The court's pages over a small court, looked at by a browser that runs no scripts."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import unescape
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from central.app import PAGES
from central.fleet.messages import Messages
from central.people import service as people
from central.people import sessions
from central.people.roles import may
from central.web.dress import dress
from central.web.look import make_look
from tests.central.locker import Locker

PASSWORD = "correct horse battery"
URL = "https://court.example"


def messages(locker: Locker) -> Messages:
    """How the court calls people about alarms."""
    return Messages(make_look("惠山区人民法院", ZoneInfo("Asia/Shanghai"), may, lambda: locker.now), URL)


def furnished(app: FastAPI, locker: Locker) -> FastAPI:
    """With what its routes ask an application for, and its look; no broker, no gateways' door."""
    app.state.store, app.state.clock = locker.store, lambda: locker.now
    app.state.projection, app.state.public_url = locker.ledger.projection, URL
    app.state.signature_authorities = None
    app.state.blobs, app.state.pen = locker.blobs, locker.pen
    app.state.authority = SimpleNamespace(root_fingerprint="ab" * 32)
    app.state.messages = messages(locker)
    dress(app, app.state.messages.look, lambda token: sessions.who(locker.store, token, locker.now))
    return app


def application(locker: Locker) -> FastAPI:
    """The pages alone."""
    app = FastAPI(openapi_url=None)
    for pages in PAGES:
        app.include_router(pages.router)
    return furnished(app, locker)


class Desk:
    """One browser: it follows forms, and sends the word each page gives it."""

    def __init__(self, client: TestClient, locker: Locker) -> None:
        self.client = client
        self.locker = locker
        self.shown = ""

    def open(self, path: str, status: int = 200) -> str:
        """The page at that address."""
        return self._show(self.client.get(path), status)

    def send(
        self, path: str, status: int = 200, files: Mapping[str, tuple[str, bytes]] | None = None, **fields: object
    ) -> str:
        """The page after a form of the page that is open was sent."""
        word = re.search(r'name="csrf" content="(\w+)"', self.shown)
        assert word, "no page of ours is open"
        answer = self.client.post(path, data={"csrf": word[1], **fields}, files=files)
        again = [] if answer.history else re.findall(r'(?:hx-get|hreflang="\w+" href)="([^"]+)"', answer.text)
        lost = [url for url in map(unescape, again) if self.client.get(url).status_code != 200]
        assert lost == [], f"{path} shows a page whose live pieces and languages are nowhere"
        return self._show(answer, status)

    def sign_in(self, login: str) -> None:
        """Sign in as one of the locker's people."""
        with self.locker.store.write() as session:
            person = people.person_by_login(session, login)
            assert person is not None
            people.set_password(
                session, people.SYSTEM, person, people.hash_password(PASSWORD), self.locker.now, keeps_tokens=True
            )
        self.open("/sign-in")
        self.send("/sign-in", login=login, password=PASSWORD)

    def at(self) -> str:
        """The path of the page that is open."""
        return self._path

    def _show(self, answer: Response, status: int) -> str:
        assert answer.status_code == status, answer.text
        self.shown, self._path = answer.text, answer.url.path
        return self.shown


@contextmanager
def desk(locker: Locker) -> Iterator[Desk]:
    """A browser at the court's address."""
    with TestClient(application(locker), base_url=URL, raise_server_exceptions=False) as client:
        yield Desk(client, locker)
