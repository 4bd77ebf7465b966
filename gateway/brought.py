"""Speech models and logos that central brings: put in place and told, or refused with the reason; never in a hearing.

    data/models/<name>/         where a recogniser's `port` finds a model
    data/logos/<name>.png       where a printer's `logo` finds a picture
    data/brought/<document>     up to which version all is decided; beside it what is on its way

Killed at any step it begins again: a version is decided only once it is told.
"""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from devices.box import GATEWAY, FilesKept, FilesRefused
from devices.messages import Fact, Fetch
from gateway import durable
from gateway.bench import Bench
from gateway.documents import Documents
from gateway.identity import Identity
from gateway.supervise import Up

_LONGEST_WHY = 600

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Brought:
    """Follows one such document on this box; `restart` lets a device go and reaches it anew."""

    document: Literal["model", "logo"]
    identity: Identity
    bench: Bench
    data: Path
    restart: Callable[[str], Awaitable[None]]

    async def run(self, documents: Documents, fetch: Fetch, up: Up) -> None:
        """Take each newer one, until cancelled. Raises OSError, DeviceOffline while central cannot be reached."""
        await up()
        async for token in documents.watch(self.document):
            listed = documents.listed(self.document)
            if listed is None or listed.sha256 != hashlib.sha256(token).hexdigest():
                continue  # a newer one is on its way
            if listed.version > self._decided():
                await self.bench.record(GATEWAY, await self._taken(listed.version, token, fetch))
                await asyncio.to_thread(self._decide, listed.version)

    async def _taken(self, version: int, token: bytes, fetch: Fetch) -> Fact:
        from gateway import putting  # not at the head: it is needed once in months
        from gateway.installing import NotInstalled

        name = ""
        try:
            claims = putting.believed(token, self.document, self.identity)
            name = claims.name
            folder = await putting.fetched(self._coming, claims, fetch)
            await self.bench.undisturbed()
            if self.document == "logo":
                await asyncio.to_thread(putting.logo, folder, self.data / "logos", name)
            else:
                await self._in_use(await putting.model(folder, self.data / "models"))
        except NotInstalled as error:
            log.warning("%s %s is refused: %s", self.document, name or version, error)
            return FilesRefused(document=self.document, version=version, name=name, why=str(error)[:_LONGEST_WHY])
        log.info("%s %s is in its place", self.document, name)
        return FilesKept(document=self.document, version=version, name=name)

    async def _in_use(self, model: Path) -> None:
        """Recognisers that have this model load it anew."""
        await self.bench.undisturbed()  # a hearing may have begun meanwhile
        for device, config in self.bench.devices.items():
            if Path(config.settings.port).resolve() == model.resolve():
                await self.restart(device)

    @property
    def _coming(self) -> Path:
        return self.data / "brought" / f"{self.document}-coming"

    def _decided(self) -> int:
        try:
            return int((self.data / "brought" / self.document).read_text())
        except (FileNotFoundError, ValueError):
            return 0

    def _decide(self, version: int) -> None:
        import shutil  # as above

        self._coming.parent.mkdir(exist_ok=True)
        durable.write(self._coming.parent / self.document, str(version).encode())
        shutil.rmtree(self._coming, ignore_errors=True)
