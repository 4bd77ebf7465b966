"""Wishes at once: so many, and those beyond are refused loudly, in a line that counts them."""

import asyncio
import json
from pathlib import Path

from devices.claims import DesiredClaims, Document
from devices.journal import read_line
from gateway.clock import Clock
from gateway.inbox import DESIRED, MAX_WISHES, Inbox
from gateway.journal import Journal
from gateway.journal_store import raws


class Crowd:
    """Wishes that stay at work until they may go."""

    def __init__(self) -> None:
        self.at_work: list[str] = []
        self.may_go = asyncio.Event()
        self.lists: list[int] = []

    async def wish(self, token: str, retained: bool) -> None:
        self.at_work.append(token)
        await self.may_go.wait()

    async def desired(self, claims: DesiredClaims) -> None:
        self.lists.append(claims.iat)


async def test_wishes_beyond_the_bound_are_refused_and_counted_and_the_others_go_on(tmp_path: Path) -> None:
    crowd, end = Crowd(), asyncio.Event()
    async with Journal(tmp_path / "journal.db", "locker-a", "key-1", Clock()) as journal:
        written = asyncio.Event()
        journal.listeners.append(lambda _: written.set())
        inbox = Inbox(journal, crowd.wish, crowd.desired)

        async def beside() -> None:
            await end.wait()

        running = asyncio.create_task(inbox.run(beside()))
        await asyncio.sleep(0)
        for number in range(MAX_WISHES + 3):
            inbox.wish(str(number), retained=False)
        await asyncio.wait_for(written.wait(), 30)
        assert crowd.at_work == [str(number) for number in range(MAX_WISHES)]
        refused = read_line(list(raws(journal.reader, 1, 9))[-1])
        assert refused.type == "wish_refused"
        assert refused.body == {"why": "device_busy", "detail": f"3 beyond {MAX_WISHES} wishes at once"}
        crowd.may_go.set()
        end.set()
        await asyncio.wait_for(running, 30)


async def test_a_court_that_forgot_one_document_still_brings_the_others(tmp_path: Path) -> None:
    lists: list[dict[str, int]] = []
    handed = asyncio.Event()

    async def desired(claims: DesiredClaims) -> None:
        lists.append({name: document.version for name, document in claims.documents.items()})
        handed.set()

    def claims(iat: int, **versions: int) -> DesiredClaims:
        documents = {name: Document(sha256=f"{version:064}", version=version) for name, version in versions.items()}
        return DesiredClaims(iss="huishan", aud="locker-a", iat=iat, documents=documents)

    async with Journal(tmp_path / "journal.db", "locker-a", "key-1", Clock()) as journal:
        inbox = Inbox(journal, Crowd().wish, desired)

        async def beside() -> None:
            for list_ in (claims(5, config=4, agenda=4), claims(6, config=3, agenda=6), claims(7, config=8, agenda=6)):
                handed.clear()
                inbox.desired(list_)
                await handed.wait()

        async with asyncio.timeout(30):
            await inbox.run(beside())
        remembered = json.loads(journal.recall(DESIRED) or "")["documents"]
    assert lists == [{"config": 4, "agenda": 4}, {"config": 4, "agenda": 6}, {"config": 8, "agenda": 6}]
    assert remembered["config"]["version"] == 8


async def test_only_newer_lists_of_documents_are_handed_on(tmp_path: Path) -> None:
    crowd = Crowd()

    def claims(iat: int, version: int, sha256: str = "a" * 64) -> DesiredClaims:
        documents = {"config": Document(sha256=sha256, version=version)}
        return DesiredClaims(iss="huishan", aud="locker-a", iat=iat, documents=documents)

    async with Journal(tmp_path / "journal.db", "locker-a", "key-1", Clock()) as journal:
        inbox = Inbox(journal, crowd.wish, crowd.desired)

        async def beside() -> None:
            for list_ in (claims(5, 2), claims(6, 1), claims(6, 2, "b" * 64), claims(4, 2), claims(7, 3)):
                inbox.desired(list_)
                taken = [5] if list_.iat < 7 else [5, 7]
                while inbox._desired_came.is_set() or crowd.lists != taken:  # noqa: ASYNC110
                    await asyncio.sleep(0.002)

        async with asyncio.timeout(30):
            await inbox.run(beside())
    assert crowd.lists == [5, 7]
