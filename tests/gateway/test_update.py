"""A release that is forged, cut off, for another box or not what it says is refused with the reason."""

import asyncio
import hashlib
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from devices.claims import DesiredClaims, Document, ReleaseClaims, Wheel
from devices.errors import DeviceOffline
from devices.grants import sign
from devices.journal import Line, read_line
from gateway.bench import Bench
from gateway.clock import Clock
from gateway.deadlines import Deadlines
from gateway.documents import Documents
from gateway.inbox import DESIRED
from gateway.journal import Journal
from gateway.journal_writer import Committed
from gateway.kept_software import KeptSoftware
from gateway.update import Proof, Software, Update
from tests.kit.court import COURT, Court
from tests.kit.updating import OWN
from tests.kit.wheels import described, wheel

HERE = f"3.{sys.version_info.minor}"


@dataclass
class Box:
    """A gateway as far as its own software goes; it would leave as soon as `left` is set."""

    court: Court
    journal: Journal
    documents: Documents
    bench: Bench
    kept: KeptSoftware
    blobs: dict[str, bytes]
    lines: list[Line]
    news: asyncio.Event
    left: asyncio.Event

    async def wants(self, version: int, packed: Wheel, content: bytes, **other: Any) -> None:
        """Central desires a release of that one package."""
        key = other.pop("key", self.court.key)
        claims = {"iss": COURT, "aud": "software", "release": "0.2.0", "python": HERE, "iat": version, **other}
        release = ReleaseClaims.of({**claims, "wheels": [packed.model_dump()]})
        token = sign("software", release.write(), key).encode()
        sha256 = hashlib.sha256(token).hexdigest()
        self.blobs |= {sha256: token, packed.sha256: content}
        listed = {"software": Document(sha256=sha256, version=version)}
        kept = {name: document.model_dump() for name, document in listed.items()}
        await self.journal.remember(DESIRED, json.dumps({"iat": version, "documents": kept}))
        await self.documents.take(DesiredClaims(iss=COURT, aud="room-1", iat=version, documents=listed))

    async def refused(self, version: int) -> str:
        """Why that version was refused, as soon as it is."""
        return str((await self.told("software_refused", version))["why"])

    async def told(self, type_: str, version: int) -> Mapping[str, Any]:
        """What a line of that type says, as soon as it is there."""
        async with asyncio.timeout(60):
            while True:
                self.news.clear()
                for line in self.lines:
                    if line.type == type_ and line.body["version"] == version:
                        return line.body
                await self.news.wait()


@asynccontextmanager
async def box(folder: Path, *, launched: bool = True) -> AsyncIterator[Box]:
    court = Court(folder / "court")
    identity = court.identity("room-1", folder / "data")
    blobs: dict[str, bytes] = {}
    lines: list[Line] = []
    news, left = asyncio.Event(), asyncio.Event()

    async def fetch(sha256: str) -> bytes:
        if sha256 not in blobs:
            raise DeviceOffline("central is away")
        return blobs[sha256]

    async def up() -> None:
        """Nobody asks."""

    def heard(committed: Committed) -> None:
        lines.extend(read_line(raw) for raw in committed.lines)
        news.set()

    kept = KeptSoftware(folder / "data" / "software")
    clock = Clock()
    journal = Journal(folder / "data" / "journal.db", "room-1", identity.kid, clock)
    journal.listeners.append(heard)
    async with journal:
        bench = Bench({}, journal, Deadlines(clock.mono), fetch)
        documents = Documents(journal, fetch, folder / "data")
        software = Software(kept, Path(sys.executable) if launched else None)
        update = Update(software, identity, Proof(bench, 5.0, lambda: True), OWN, left.set)
        works = [asyncio.create_task(documents.run(up)), asyncio.create_task(update.run(documents, fetch, up))]
        try:
            yield Box(court, journal, documents, bench, kept, blobs, lines, news, left)
        finally:
            for work in works:
                work.cancel()
            await asyncio.gather(*works, return_exceptions=True)


async def test_what_is_forged_for_another_box_cut_off_or_not_what_it_says_is_refused_with_the_reason(
    tmp_path: Path,
) -> None:
    packed, content = wheel("0.2.0")
    async with box(tmp_path) as at:
        await at.wants(1, packed, content, key=Ed25519PrivateKey.generate())
        assert "not to be believed" in await at.refused(1)
        await at.wants(2, packed, content, iss="another-court")
        assert "not issued by" in await at.refused(2)
        await at.wants(3, packed, content, python="3.9")
        assert await at.refused(3) == f"it is for Python 3.9, and this box has {HERE}"
        await at.wants(4, packed.model_copy(update={"size": packed.size + 1}), content)
        assert f"{packed.size + 1} were promised" in await at.refused(4)
        cut = content[: len(content) // 2]
        await at.wants(5, described(packed.file, cut), cut)
        assert "cannot be installed" in await at.refused(5)
        await at.wants(6, *wheel("0.2.0", says="0.1.9"))
        assert "says that it is 0.1.9, and 0.2.0 was promised" in await at.refused(6)
        assert not at.left.is_set()
        async with asyncio.timeout(60):
            while at.kept.settled < 6:  # noqa: ASYNC110 - it is told first, and known on disk right after
                await asyncio.sleep(0)
        assert (at.kept.trying, at.kept.good) == (None, None)
        assert not list(at.kept.folder.glob("0.*"))


async def test_a_box_that_could_not_go_back_tries_nothing(tmp_path: Path) -> None:
    async with box(tmp_path, launched=False) as at:
        await at.wants(1, *wheel("0.2.0"))
        assert "gateway.launch" in await at.refused(1)


async def test_nothing_is_changed_while_a_hearing_goes_on(tmp_path: Path) -> None:
    packed, content = wheel("0.2.0")
    async with box(tmp_path) as at:
        at.bench.busy("hearing", is_so=True)
        await at.wants(1, packed, content)
        async with asyncio.timeout(60):
            while not list(at.kept.folder.glob(f"wheels/{packed.sha256}/*.whl")):  # noqa: ASYNC110 - no line tells it
                await asyncio.sleep(0.01)
        assert not list(at.kept.folder.glob("0.*"))
        at.bench.busy("hearing", is_so=False)
        assert (await at.told("software_tried", 1))["release"] == "0.2.0"
        async with asyncio.timeout(60):
            await at.left.wait()
        assert at.kept.trying is not None and at.kept.trying.release == "0.2.0"
