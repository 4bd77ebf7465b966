"""What central asks: wishes, a bounded number at once, and the list of current documents, never an older one."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable

from devices.box import GATEWAY, WishRefused
from devices.claims import DesiredClaims, Document
from gateway.journal import Journal
from gateway.journal_writer import JournalError

OnWish = Callable[[str, bool], Awaitable[None]]
"""Takes the token of a wish as it came, unverified, and whether it was retained."""
OnDesired = Callable[[DesiredClaims], Awaitable[None]]
"""Takes the verified list of current documents."""

MAX_WISHES = 32
"""Wishes at work at once; those beyond are refused, in one line a minute that counts them."""
_MINUTE_S = 60.0
DESIRED = "desired"
"""Under this the journal remembers the newest list of documents."""

log = logging.getLogger(__name__)


class Inbox:
    """Hands on what came. What it started goes on when the connection breaks: a bolt does not wait for a broker."""

    def __init__(self, journal: Journal, on_wish: OnWish, on_desired: OnDesired) -> None:
        self._journal = journal
        self._on_wish = on_wish
        self._on_desired = on_desired
        self._work: asyncio.TaskGroup
        self._aside: list[asyncio.Task[None]] = []
        self._at_work = 0
        self._refused = 0
        self._telling = False
        self._newest: DesiredClaims | None = None
        self._desired_came = asyncio.Event()

    async def run(self, beside: Awaitable[None]) -> None:
        """Work until `beside` ends or raises; wishes at work are seen to their end."""
        async with asyncio.TaskGroup() as self._work:
            self._aside = [self._work.create_task(self._follow_desired())]
            try:
                await beside
            finally:
                for task in self._aside:
                    task.cancel()

    def wish(self, token: str, retained: bool) -> None:
        """Let a wish be obeyed, unless too many are at work."""
        if self._at_work < MAX_WISHES:
            self._at_work += 1
            self._work.create_task(self._obey(token, retained))
            return
        self._refused += 1
        if not self._telling:
            self._telling = True
            self._aside.append(self._work.create_task(self._tell_refused()))

    def desired(self, claims: DesiredClaims) -> None:
        """Take a verified list; only the newest counts."""
        self._newest = claims
        self._desired_came.set()

    async def _obey(self, token: str, retained: bool) -> None:
        try:
            await self._on_wish(token, retained)
        finally:
            self._at_work -= 1

    async def _tell_refused(self) -> None:
        while self._refused:
            count, self._refused = self._refused, 0
            refused = WishRefused(why="device_busy", detail=f"{count} beyond {MAX_WISHES} wishes at once")
            try:
                await self._journal.append(GATEWAY, refused)
            except JournalError as error:
                log.error("%s, and it could not be journalled: %s", refused.detail, error)
            await asyncio.sleep(_MINUTE_S)
        self._telling = False

    async def _follow_desired(self) -> None:
        while True:
            await self._desired_came.wait()
            self._desired_came.clear()
            newer = self._newer(self._newest) if self._newest else None
            if newer is None:
                continue
            kept = {name: document.model_dump() for name, document in newer.documents.items()}
            try:
                await self._journal.remember(DESIRED, json.dumps({"iat": newer.iat, "documents": kept}))
            except JournalError as error:
                log.error("the list of documents is not taken: %s", error)
                continue
            await self._on_desired(newer)

    def _newer(self, claims: DesiredClaims) -> DesiredClaims | None:
        """The list with the document we have where it names an older one; None if nothing in it is for us to take.

        A court restored from a backup may have forgotten one document, and must still bring the others.
        """
        kept = json.loads(self._journal.recall(DESIRED) or '{"iat": 0, "documents": {}}')
        if claims.iat < kept["iat"]:
            log.warning("a list of documents is refused: it is older than the one before")
            return None
        before = {name: Document(**document) for name, document in kept["documents"].items()}
        taken = dict(claims.documents)
        for name, document in claims.documents.items():
            ours = before.get(name, document)
            if document.version < ours.version or (document.version == ours.version and document != ours):
                log.warning("document %s is refused: version %s after %s", name, document.version, ours.version)
                taken[name] = ours
        if taken != claims.documents and taken == before:
            return None
        return claims.model_copy(update={"documents": taken})
