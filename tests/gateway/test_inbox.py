"""Wishes at once: so many, and those beyond are refused loudly, in a line that counts them."""

import asyncio
from pathlib import Path

from devices.claims import DesiredClaims, Document
from devices.journal import read_line
from gateway.clock import Clock
from gateway.inbox import MAX_WISHES, Inbox
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
        await asyncio.wait_for(written.wait(), 5)
        assert crowd.at_work == [str(number) for number in range(MAX_WISHES)]
        refused = read_line(list(raws(journal.reader, 1, 9))[-1])
        assert refused.type == "wish_refused"
        assert refused.body == {"why": "device_busy", "detail": f"3 beyond {MAX_WISHES} wishes at once"}
        crowd.may_go.set()
        end.set()
        await asyncio.wait_for(running, 5)


async def test_only_newer_lists_of_documents_are_handed_on(tmp_path: Path) -> None:
    crowd, end = Crowd(), asyncio.Event()

    def claims(iat: int, version: int, sha256: str = "a" * 64) -> DesiredClaims:
        documents = {"config": Document(sha256=sha256, version=version)}
        return DesiredClaims(iss="huishan", aud="locker-a", iat=iat, documents=documents)

    async with Journal(tmp_path / "journal.db", "locker-a", "key-1", Clock()) as journal:
        inbox = Inbox(journal, crowd.wish, crowd.desired)

        async def beside() -> None:
            for list_ in (claims(5, 2), claims(6, 1), claims(6, 2, "b" * 64), claims(4, 2), claims(7, 3)):
                inbox.desired(list_)
                for _ in range(20):
                    await asyncio.sleep(0.002)
            end.set()

        await inbox.run(beside())
    assert crowd.lists == [5, 7]
