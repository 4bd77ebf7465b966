"""Documents of central: fetched by hash, kept while central is away, believed only as the signed list names them."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from devices.claims import DesiredClaims, Document
from devices.errors import DeviceOffline, WishRejected
from gateway.clock import Clock
from gateway.documents import Documents
from gateway.inbox import DESIRED
from gateway.journal import Journal

OLD, NEW = b"no hearing today", b"one hearing at nine"


class Shelf:
    """Central's blobs; nobody is there while `away`."""

    def __init__(self, *blobs: bytes) -> None:
        self.blobs = {hashlib.sha256(blob).hexdigest(): blob for blob in blobs}
        self.away = False
        self.asked: list[str] = []

    async def fetch(self, sha256: str) -> bytes:
        self.asked.append(sha256)
        if self.away:
            raise DeviceOffline("central is away")
        if sha256 not in self.blobs:
            raise WishRejected("no such blob")
        return self.blobs[sha256]


class Box:
    """A gateway as far as documents go."""

    def __init__(self, journal: Journal, shelf: Shelf, folder: Path) -> None:
        self.journal = journal
        self.documents = Documents(journal, shelf.fetch, folder)

    async def lists(self, version: int, **named: bytes) -> None:
        """A verified list came, as the inbox takes it."""
        listed = {
            name: Document(sha256=hashlib.sha256(blob).hexdigest(), version=version) for name, blob in named.items()
        }
        kept = {name: document.model_dump() for name, document in listed.items()}
        await self.journal.remember(DESIRED, json.dumps({"iat": version, "documents": kept}))
        await self.documents.take(DesiredClaims(iss="huishan", aud="box", iat=version, documents=listed))


@asynccontextmanager
async def box(folder: Path, shelf: Shelf) -> AsyncIterator[Box]:
    async with Journal(folder / "journal.db", "courtroom-1", "key-1", Clock()) as journal:
        yield Box(journal, shelf, folder)


@asynccontextmanager
async def at_work(box: Box) -> AsyncIterator[asyncio.Event]:
    """It fetches while the block runs; set whenever nothing more is to be fetched."""
    done = asyncio.Event()

    async def up() -> None:
        done.set()

    async def run() -> None:
        with suppress(DeviceOffline):
            await box.documents.run(up)

    task = asyncio.create_task(run())
    try:
        yield done
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_each_newer_document_reaches_who_watches(tmp_path: Path) -> None:
    async with box(tmp_path, Shelf(OLD, NEW)) as at, at_work(at):
        seen = at.documents.watch("agenda")
        await at.lists(1, agenda=OLD)
        assert await anext(seen) == OLD
        await at.lists(2, agenda=NEW)
        assert await anext(seen) == NEW
        await seen.aclose()  # type: ignore[attr-defined]


async def test_a_document_is_there_after_a_restart_without_central(tmp_path: Path) -> None:
    shelf = Shelf(OLD)
    async with box(tmp_path, shelf) as at, at_work(at) as done:
        await at.lists(1, agenda=OLD)
        await done.wait()
        assert await anext(at.documents.watch("agenda")) == OLD
    shelf.away = True
    async with box(tmp_path, shelf) as at:
        assert at.documents.current("agenda") == OLD
        assert at.documents.current("config") is None
    assert len(shelf.asked) == 1


async def test_what_cannot_be_fetched_yet_leaves_nothing_that_is_believed(tmp_path: Path) -> None:
    shelf = Shelf(OLD, NEW)
    async with box(tmp_path, shelf) as at:
        await at.lists(1, agenda=OLD)
        async with at_work(at):
            assert await anext(at.documents.watch("agenda")) == OLD
        shelf.away = True
        await at.lists(2, agenda=NEW)
        assert at.documents.current("agenda") is None
        with pytest.raises(DeviceOffline):
            await at.documents.run(_nothing)
        shelf.away = False
        async with at_work(at):
            assert await anext(at.documents.watch("agenda")) == NEW


async def test_a_file_that_was_altered_is_fetched_again(tmp_path: Path) -> None:
    async with box(tmp_path, Shelf(OLD)) as at:
        await at.lists(1, agenda=OLD)
        async with at_work(at):
            assert await anext(at.documents.watch("agenda")) == OLD
        (tmp_path / "documents" / "agenda").write_bytes(b"two hearings at nine")
        assert at.documents.current("agenda") is None
        async with at_work(at):
            assert await anext(at.documents.watch("agenda")) == OLD


async def test_a_blob_central_does_not_have_holds_up_no_other(tmp_path: Path) -> None:
    async with box(tmp_path, Shelf(NEW)) as at, at_work(at):
        await at.lists(1, agenda=b"lost", config=NEW)
        assert await anext(at.documents.watch("config")) == NEW


async def _nothing() -> None:
    """Nobody needs to know."""
