"""The journal: on disk before it is said, chained, nothing taken twice, nothing lost silently."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Self

import pytest

from devices.journal import ZERO, BadLine, Line, read_chain, read_line
from devices.locks import DoorChanged
from devices.readers import CodeRead
from gateway.clock import Clock
from gateway.journal import PIN_TRIES, Journal, LockedOut, Repeated
from gateway.journal_store import raw_at, raws, read_only
from gateway.journal_writer import JournalClosed, JournalFull
from tests.kit.wishes import permit_claims, wish_claims

OPEN = DoorChanged(cell=7, door="open")


def journal(path: Path, clock: Clock | None = None, key: str = "key-1", old_keys: tuple[str, ...] = ()) -> Journal:
    return Journal(path, "locker-a", key, clock or Clock(rtc_healthy=True), old_keys)


def lines(path: Path) -> list[Line]:
    """All lines of a journal with one book, the chain checked."""
    db = read_only(path)
    try:
        return read_chain(list(raws(db, 1, 1 << 40)), 1, ZERO)
    finally:
        db.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


async def test_the_first_line_opens_the_book(path: Path) -> None:
    async with journal(path) as it:
        assert it.segments[0].book == it.book
        assert (it.head.seq, it.head.n) == (1, 1)
    opened = lines(path)[0]
    assert opened.type == "book_opened"
    assert (opened.body["gateway"], opened.body["key"], len(opened.body["book"])) == ("locker-a", "key-1", 16)


async def test_what_append_says_is_what_stands_there(path: Path) -> None:
    async with journal(path) as it:
        written = await it.append("wall-a", OPEN, cause="wish-1")
        found = lines(path)[written.seq - 1]
    assert (found.hash, found.device, found.type, found.cause) == (written.hash, "wall-a", "door_changed", "wish-1")
    assert found.boot == it.clock.boot


async def test_many_who_write_at_once_stand_in_the_order_they_came(path: Path) -> None:
    async with journal(path) as it:
        facts = (CodeRead(code=str(i)) for i in range(2500))
        written = await asyncio.gather(*(it.append("reader", fact) for fact in facts))
    assert [one.seq for one in written] == list(range(2, 2502))
    assert [line.body["code"] for line in lines(path)[1:]] == [str(i) for i in range(2500)]


async def test_a_state_is_kept_with_its_line_and_found_after_a_restart(path: Path) -> None:
    async with journal(path) as it:
        assert it.state_of("wall-a", "cell-7") is None
        await it.append("wall-a", OPEN)
        assert it.state_of("wall-a", "cell-7") == "open"
    async with journal(path) as it:
        assert it.states == {("wall-a", "cell-7"): "open"}


async def test_after_a_restart_the_chain_and_the_book_go_on(path: Path) -> None:
    async with journal(path) as it:
        book = it.book
        await it.append("wall-a", OPEN)
    async with journal(path) as it:
        await it.append("wall-a", OPEN)
        assert it.book == book
        assert it.written_before == 2
    assert len(lines(path)) == 3


async def test_the_time_of_a_line_is_never_behind_the_line_before(path: Path) -> None:
    async with journal(path, Clock(wall=lambda: 2_000_000_000.0)) as it:
        await it.append("wall-a", OPEN)
    async with journal(path, Clock(wall=lambda: 1_000_000_000.0)) as it:
        await it.append("wall-a", OPEN)
    times = [line.at for line in lines(path)]
    assert times == sorted(times)


async def test_a_wish_is_taken_once_and_never_again(path: Path) -> None:
    async with journal(path) as it:
        await it.take_wish(wish_claims("wish-0001", cell=3))
        await it.settle("wish-0001")
        with pytest.raises(Repeated):
            await it.take_wish(wish_claims("wish-0001"))
    async with journal(path) as it:
        with pytest.raises(Repeated):
            await it.take_wish(wish_claims("wish-0001"))
    taken = [line for line in lines(path) if line.type == "wish_taken"]
    assert [(line.cause, line.device, line.body) for line in taken] == [
        ("wish-0001", "wall-a", {"wish": "open_cell", "cell": 3})
    ]


async def test_two_copies_of_a_wish_at_once_are_one(path: Path) -> None:
    async with journal(path) as it:
        results = await asyncio.gather(
            *(it.take_wish(wish_claims("wish-0001")) for _ in range(5)), return_exceptions=True
        )
    assert [isinstance(result, Repeated) for result in results] == [False, True, True, True, True]


async def test_a_wish_whose_end_is_not_known_is_told_interrupted_once(path: Path) -> None:
    async with journal(path) as it:
        await it.take_wish(wish_claims("wish-0001"))
        await it.take_wish(wish_claims("wish-0002"))
        await it.use_permit(permit_claims("permit-1"))
        await it.settle("wish-0002")
    for _ in range(2):
        async with journal(path):
            pass
    interrupted = {line.cause: line.body["wish"] for line in lines(path) if line.type == "wish_interrupted"}
    assert interrupted == {"wish-0001": "open_cell", "permit-1": "permit"}
    assert len(lines(path)) == 6


async def test_a_permit_opens_once_even_across_a_restart(path: Path) -> None:
    async with journal(path) as it:
        await it.use_permit(permit_claims("permit-1", cell=4))
    async with journal(path) as it:
        with pytest.raises(Repeated):
            await it.use_permit(permit_claims("permit-1", cell=4))
    assert [line.body["cell"] for line in lines(path) if line.type == "permit_used"] == [4]


async def test_wrong_pins_lock_a_permit_out_even_across_a_restart(path: Path) -> None:
    async with journal(path) as it:
        assert [await it.wrong_pin(permit_claims("permit-1")) for _ in range(3)] == [4, 3, 2]
    async with journal(path) as it:
        assert [await it.wrong_pin(permit_claims("permit-1")) for _ in range(2)] == [1, 0]
        with pytest.raises(LockedOut):
            await it.use_permit(permit_claims("permit-1"))
        await it.use_permit(permit_claims("permit-2"))
    why = [line.body["why"] for line in lines(path) if line.type == "permit_refused"]
    assert why == ["wrong_pin"] * (PIN_TRIES - 1) + ["locked_out"]


async def test_ids_are_forgotten_only_when_their_token_expired_long_ago(path: Path) -> None:
    clock = Clock(rtc_healthy=True)
    now = int(clock.now().timestamp())
    async with journal(path, clock) as it:
        for jti, exp in (("expired-long-ago", now - 90_000), ("expired-just-now", now - 60)):
            await it.take_wish(wish_claims(jti, exp=exp))
            await it.settle(jti)
        await it.prune()
        await it.take_wish(wish_claims("expired-long-ago", exp=now - 90_000))
        with pytest.raises(Repeated):
            await it.take_wish(wish_claims("expired-just-now"))


async def test_acknowledged_lines_stay_fourteen_days(path: Path) -> None:
    clock = Clock(rtc_healthy=True)
    now = int(clock.now().timestamp())
    async with journal(path, clock) as it:
        for _ in range(9):
            await it.append("wall-a", OPEN)
        it.note_acked(4, now - 15 * 86400)
        await it.prune()
        it.note_acked(10, now - 13 * 86400)
        await it.prune()
        db = read_only(path)
        assert [n for (n,) in db.execute("SELECT n FROM line").fetchall()] == [5, 6, 7, 8, 9, 10]
        db.close()
        it.note_acked(10, now - 15 * 86400)
        await it.prune()
        await it.append("wall-a", OPEN)
    async with journal(path) as it:
        assert (it.head.seq, it.acked) == (11, 10)


async def test_a_line_that_is_too_long_is_refused_and_harms_no_other(path: Path) -> None:
    async with journal(path) as it:
        facts = (OPEN, CodeRead(code="x" * 17_000), OPEN)
        results = await asyncio.gather(*(it.append("d", fact) for fact in facts), return_exceptions=True)
    assert [isinstance(result, BadLine) for result in results] == [False, True, False]
    assert len(lines(path)) == 3


class OnASmallDisk(Journal):
    """A journal whose database may have no more pages than it has now and `room` bytes."""

    room = 40_000

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        with closing(sqlite3.connect(self.path)) as db, db:
            db.execute("CREATE TABLE other (taken BLOB)")
            db.execute("INSERT INTO other VALUES (zeroblob(?))", (self.room,))
            pages = db.execute("PRAGMA page_count").fetchone()[0] + self.room // 4096
        await self._writer.write(lambda store: store.db.execute(f"PRAGMA max_page_count = {pages}").fetchone())
        return self

    def make_room(self) -> None:
        """Somebody deletes something else."""
        with closing(sqlite3.connect(self.path)) as db, db:
            db.execute("DELETE FROM other")


async def test_a_full_disk_refuses_facts_and_tells_how_many_once_there_is_room(path: Path) -> None:
    async with OnASmallDisk(path, "locker-a", "key-1", Clock(rtc_healthy=True)) as it:
        with pytest.raises(JournalFull):
            while True:
                await it.append("wall-a", OPEN)
        with pytest.raises(JournalFull):
            await it.append("wall-a", OPEN)
        with pytest.raises(JournalFull):
            await it.take_wish(wish_claims("wish-0001"))
        it.make_room()
        await it.append("wall-a", OPEN)
        await it.take_wish(wish_claims("wish-0001"))
        dropped, after, taken = lines(path)[-3:]
        assert (dropped.type, dropped.body["count"]) == ("lines_dropped", 2)
        assert (after.type, taken.type) == ("door_changed", "wish_taken")


async def test_what_a_full_disk_refused_is_not_forgotten_when_the_box_is_switched_off(path: Path) -> None:
    async with OnASmallDisk(path, "locker-a", "key-1", Clock(rtc_healthy=True)) as it:
        with pytest.raises(JournalFull):
            while True:
                await it.append("wall-a", OPEN)
    async with journal(path) as it:
        await it.append("wall-a", OPEN)
    assert [line.body["count"] for line in lines(path) if line.type == "lines_dropped"] == [1]


async def test_a_full_disk_lets_go_of_acknowledged_lines_first_and_says_so(path: Path) -> None:
    async with OnASmallDisk(path, "locker-a", "key-1", Clock(rtc_healthy=True)) as it:
        for _ in range(100):
            await it.append("wall-a", CodeRead(code="x" * 2000))
            it.note_acked(it.head.n, int(it.clock.now().timestamp()))
            await it.prune()
        with closing(read_only(path)) as db:
            kept = [read_line(raw) for (raw,) in db.execute("SELECT raw FROM line ORDER BY n")]
    freed = [line.body["freed"] for line in kept if line.type == "lines_dropped"]
    assert [line.body["count"] for line in kept if line.type == "lines_dropped"] == [0] * len(freed)
    assert len(freed) > 0
    assert len(kept) < 101


async def test_a_closed_journal_says_so(path: Path) -> None:
    async with journal(path) as it:
        pass
    with pytest.raises(JournalClosed):
        await it.append("wall-a", OPEN)


async def test_a_file_that_is_no_journal_is_refused(path: Path) -> None:
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(sqlite3.DatabaseError):
        await journal(path).__aenter__()


async def test_a_lost_key_opens_another_book_that_tells_anew_what_could_not_be_sealed(path: Path) -> None:
    async with journal(path) as it:
        first = it.book
        await it.append("wall-a", OPEN, cause="wish-1")
    async with journal(path, key="key-2") as it:
        assert it.book != first
        assert [segment.key for segment in it.segments] == ["key-1", "key-2"]
        assert it.head.seq == 2
        db = read_only(path)
        again = raw_at(db, it.head.n)
        db.close()
    assert again is not None
    assert b'"cause":"wish-1"' in again
    assert b'"again":{"at":' in again


async def test_what_is_no_text_is_refused_and_the_journal_goes_on(path: Path) -> None:
    async with journal(path) as it:
        with pytest.raises(BadLine, match="no text"):
            await it.append("reader-a", CodeRead(code="half a sign \ud83d"))
        await it.append("wall-a", OPEN)
    assert [line.type for line in lines(path)] == ["book_opened", "door_changed"]
