"""A speech model or a logo of central: checked and put in place, or refused with the reason; never during a hearing."""

import asyncio
import hashlib
import io
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from devices.claims import DesiredClaims, Document, FilesClaims
from devices.errors import DeviceOffline
from devices.grants import sign
from devices.journal import Line, read_line
from drivers.speech.vosk import model as models
from gateway.bench import Bench
from gateway.brought import Brought
from gateway.clock import Clock
from gateway.config import DeviceConfig
from gateway.deadlines import Deadlines
from gateway.documents import Documents
from gateway.identity import load
from gateway.inbox import DESIRED
from gateway.journal import Journal
from gateway.journal_writer import Committed
from tests.kit.court import COURT, Court


@dataclass
class Box:
    """A gateway as far as what is brought to it goes."""

    court: Court
    journal: Journal
    documents: Documents
    bench: Bench
    data: Path
    blobs: dict[str, bytes]
    lines: list[Line]
    news: asyncio.Event
    fetched: list[str]
    restarted: list[str]

    async def wants(self, document: str, version: int, name: str, files: Mapping[str, bytes], **other: Any) -> None:
        """Central desires these files."""
        lacks = other.pop("lacks", "")
        key, size, instead = other.pop("key", self.court.key), other.pop("more", 0), other.pop("instead", None)
        told = [{"path": p, "sha256": _sha256(c), "size": len(c) + size} for p, c in files.items()]
        claims = {"iss": COURT, "aud": "files", "document": document, "name": name, "files": told, "iat": version}
        token = sign("files", FilesClaims.of(claims | other).write(), key).encode()
        self.blobs |= {_sha256(token): token} | {
            _sha256(content): instead or content for path, content in files.items() if path != lacks
        }
        listed = {document: Document(sha256=_sha256(token), version=version)}
        kept = {name: document.model_dump() for name, document in listed.items()}
        await self.journal.remember(DESIRED, json.dumps({"iat": version, "documents": kept}))
        await self.documents.take(DesiredClaims(iss=COURT, aud="room-1", iat=version, documents=listed))

    async def told(self, type_: str, version: int) -> Mapping[str, Any]:
        """What a line of that type says, as soon as it is there."""
        async with asyncio.timeout(100):
            while True:
                self.news.clear()
                for line in self.lines:
                    if line.type == type_ and line.body["version"] == version:
                        return line.body
                await self.news.wait()

    async def refused(self, version: int) -> str:
        """Why that version was refused, as soon as it is."""
        return str((await self.told("files_refused", version))["why"])


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@asynccontextmanager
async def box(
    folder: Path, document: Literal["model", "logo"], court: Court | None = None, port: str = ""
) -> AsyncIterator[Box]:
    """Its one device is at that port; the same folder and court again is the same box started again."""
    identity = load(folder / "data") if court else None
    court = court or Court(folder / "court")
    identity = identity or court.identity("room-1", folder / "data")
    blobs: dict[str, bytes] = {}
    lines: list[Line] = []
    fetched: list[str] = []
    restarted: list[str] = []
    news = asyncio.Event()

    async def fetch(sha256: str) -> bytes:
        if sha256 not in blobs:
            raise DeviceOffline("central is away")
        fetched.append(sha256)
        return blobs[sha256]

    async def up() -> None:
        """Nobody asks."""

    async def restart(device: str) -> None:
        restarted.append(device)

    def heard(committed: Committed) -> None:
        lines.extend(read_line(raw) for raw in committed.lines)
        news.set()

    clock = Clock()
    journal = Journal(folder / "data" / "journal.db", "room-1", identity.kid, clock)
    journal.listeners.append(heard)
    async with journal:
        bench = Bench({}, journal, Deadlines(clock.mono), fetch)
        ears = SimpleNamespace(settings=SimpleNamespace(port=port))
        bench.devices = {"ears-a": cast(DeviceConfig, ears)} if port else {}
        documents = Documents(journal, fetch, folder / "data")
        brought = Brought(document, identity, bench, folder / "data", restart)
        works = [asyncio.create_task(documents.run(up)), asyncio.create_task(brought.run(documents, fetch, up))]
        try:
            yield Box(court, journal, documents, bench, folder / "data", blobs, lines, news, fetched, restarted)
        finally:
            for work in works:
                work.cancel()
            await asyncio.gather(*works, return_exceptions=True)


def tiny() -> dict[str, bytes]:
    """The files of the model that comes along."""
    paths = [path for path in models.TINY.rglob("*") if path.is_file()]
    return {path.relative_to(models.TINY).as_posix(): path.read_bytes() for path in paths}


def png(across: int = 200, down: int = 80) -> bytes:
    """A black picture of that size."""
    content = io.BytesIO()
    Image.new("1", (across, down)).save(content, "PNG")
    return content.getvalue()


async def test_a_model_is_checked_by_what_it_hears_put_in_place_and_loaded_by_whom_it_concerns(tmp_path: Path) -> None:
    place = tmp_path / "data" / "models" / "court"
    async with box(tmp_path, "model", port=str(place)) as at:
        await at.wants("model", 1, "court", tiny())
        assert (await at.told("files_kept", 1))["name"] == "court"
        assert models.sha256(place) == models.sha256(models.TINY)
        assert at.restarted == ["ears-a"]
        damaged = tiny() | {"am/final.mdl": b""}
        await at.wants("model", 2, "court", damaged)
        assert "am/final.mdl" in await at.refused(2) or "final.mdl is empty" in await at.refused(2)
        assert models.sha256(place) == models.sha256(models.TINY) and at.restarted == ["ears-a"]


async def test_what_is_forged_damaged_or_another_thing_is_refused_and_told(tmp_path: Path) -> None:
    async with box(tmp_path, "logo") as at:
        await at.wants("logo", 1, "seal", {"logo.png": png()}, key=Ed25519PrivateKey.generate())
        assert "not to be believed" in await at.refused(1)
        await at.wants("logo", 2, "seal", {"logo.png": png()}, iss="another-court")
        assert "not issued by" in await at.refused(2)
        await at.wants("logo", 3, "seal", {"logo.png": png()}, more=1)
        assert await at.refused(3) == "logo.png is damaged: it is not what was promised"
        at.blobs.clear()
        await at.wants("logo", 4, "seal", {"logo.png": b"no picture"})
        assert "no PNG picture" in await at.refused(4)
        await at.wants("logo", 5, "seal", {"logo.png": png(577)})
        assert "577 x 80 dots" in await at.refused(5)
        assert not (at.data / "logos").exists() or not list((at.data / "logos").iterdir())


async def test_a_blob_that_has_another_hash_than_was_signed_is_refused(tmp_path: Path) -> None:
    async with box(tmp_path, "logo") as at:
        content, altered = png(), png()[:-1] + b"x"
        await at.wants("logo", 1, "seal", {"logo.png": content}, instead=altered)
        assert await at.refused(1) == "logo.png is damaged: it is not what was promised"
        await at.wants("logo", 2, "seal", {"logo.png": content, "more.png": b"x"})
        assert "2 of" in await at.refused(2)


async def test_nothing_is_put_in_place_during_a_hearing_and_what_is_decided_is_not_taken_again(tmp_path: Path) -> None:
    async with box(tmp_path, "logo") as at:
        at.bench.busy("hearing", is_so=True)
        await at.wants("logo", 1, "seal", {"logo.png": png()})
        async with asyncio.timeout(20):
            while not list(at.data.glob("brought/*/seal/logo.png")):  # noqa: ASYNC110 - no line tells it
                await asyncio.sleep(0.01)
        assert not (at.data / "logos").exists()
        at.bench.busy("hearing", is_so=False)
        await at.told("files_kept", 1)
        assert (at.data / "logos" / "seal.png").read_bytes() == png()
        async with asyncio.timeout(20):
            while list(at.data.glob("brought/*/seal")):  # noqa: ASYNC110 - it is told first, and decided right after
                await asyncio.sleep(0.01)
    async with box(tmp_path, "logo", at.court) as again:
        await again.wants("logo", 2, "seal", {"logo.png": png(100)})
        await again.told("files_kept", 2)
        assert [line.body["version"] for line in again.lines if line.type == "files_kept"] == [2]


async def test_a_box_killed_on_the_way_fetches_only_what_it_lacks(tmp_path: Path) -> None:
    files, last = tiny(), sorted(tiny())[-1]
    ordered = {path: files[path] for path in sorted(files)}
    async with box(tmp_path, "model") as at:
        await at.wants("model", 1, "court", ordered, lacks=last)
        async with asyncio.timeout(20):
            while len(set(at.fetched)) < len({*files.values()}):  # noqa: ASYNC110 - no line tells it
                await asyncio.sleep(0.01)
    async with box(tmp_path, "model", at.court) as again:
        again.blobs[_sha256(files[last])] = files[last]
        await again.told("files_kept", 1)
        assert again.fetched == [_sha256(files[last])]
