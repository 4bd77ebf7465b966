"""Central's current documents (agenda, configuration, staff): named in the signed list, fetched by hash, kept here.

    documents/<name>    as last fetched; it counts only while it has the hash that the newest list names

A station reads its document from here whether central can be reached or not. Documents name rooms, seats and
references; what names a person stays in blobs that are fetched when they are needed and not kept.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from devices.claims import DesiredClaims, Document
from devices.errors import WishRejected
from devices.messages import Fetch
from gateway import durable
from gateway.inbox import DESIRED
from gateway.journal import Journal
from gateway.supervise import Up

log = logging.getLogger(__name__)


class Documents:
    """The documents of this gateway, in `folder`/documents. What the journal remembers of the list is what counts."""

    def __init__(self, journal: Journal, fetch: Fetch, folder: Path) -> None:
        self._journal = journal
        self._fetch = fetch
        self._folder = folder / "documents"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._listed = asyncio.Event()
        self._changed = asyncio.Condition()

    async def take(self, _: DesiredClaims) -> None:
        """A newer list came, and is remembered; what it names is fetched by `run`."""
        self._listed.set()

    def current(self, name: str) -> bytes | None:
        """The document as the newest list has it; None if there is none, or while it could not be fetched."""
        wanted = self._wanted().get(name)
        return self._kept(name, wanted) if wanted else None

    def listed(self, name: str) -> Document | None:
        """The document's hash and version in the newest list."""
        return self._wanted().get(name)

    async def watch(self, name: str) -> AsyncIterator[bytes]:
        """The document as soon as there is one, then each newer one."""
        shown: bytes | None = None
        while True:
            async with self._changed:
                while (now := self.current(name)) is None or now == shown:
                    await self._changed.wait()
            yield (shown := now)

    async def run(self, up: Up) -> None:
        """Fetch what is named and not yet here, for ever. Raises DeviceOffline while central cannot be reached."""
        while True:
            self._listed.clear()
            for name, document in self._wanted().items():
                if self._kept(name, document) is None:
                    await self._get(name, document)
            await up()
            await self._listed.wait()

    async def _get(self, name: str, document: Document) -> None:
        try:
            content = await self._fetch(document.sha256)
        except WishRejected as error:  # not to be had by that name, now or later: the others must not wait for it
            log.error("document %s, version %d, is not taken: %s", name, document.version, error)
            return
        await asyncio.to_thread(durable.write, self._folder / name, content)
        log.info("document %s is here in version %d", name, document.version)
        async with self._changed:
            self._changed.notify_all()

    def _kept(self, name: str, document: Document) -> bytes | None:
        try:
            content = (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None
        return content if hashlib.sha256(content).hexdigest() == document.sha256 else None

    def _wanted(self) -> Mapping[str, Document]:
        remembered = json.loads(self._journal.recall(DESIRED) or '{"documents": {}}')
        return {name: Document(**document) for name, document in remembered["documents"].items()}
