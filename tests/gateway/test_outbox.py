"""The outbox without a broker: what goes next, and what each kind of ack means (ledger rules 3, 4, 7, 9, 12)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from devices.claims import AckClaims, SealClaims
from devices.journal import MAX_BATCH_BYTES, ZERO, Line, line_hash, read_chain, read_line, split, write_time
from devices.locks import DoorChanged
from devices.readers import CodeRead
from gateway.clock import Clock
from gateway.journal import Journal
from gateway.outbox import Batch, Outbox

OPEN = DoorChanged(cell=1, door="open")


class Bench:
    """An outbox whose seals are kept in clear, whose time a test moves, and an ear for what it sends."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.now = 1000.0
        self.seals: list[tuple[str, SealClaims]] = []
        self.outbox = Outbox(journal, "huishan", self._seal, mono=lambda: self.now, jitter=lambda least, most: most)
        self.heard: dict[str, list[Line]] = {}

    def _seal(self, kid: str, claims: SealClaims) -> str:
        self.seals.append((kid, claims))
        return ""

    def batches(self) -> list[Batch]:
        """All that may go now."""
        gone = []
        while batch := self.outbox.next_batch():
            gone.append(batch)
        return gone

    def take(self, batch: Batch, seal: SealClaims) -> None:
        """Keep a batch as central does."""
        book = self.heard.setdefault(seal.book, [])
        prev = book[seal.first - 2].hash if seal.first > 1 else ZERO
        book[seal.first - 1 :] = read_chain(split(batch.payload), seal.first, prev)

    def ack(self, **other: Any) -> AckClaims:
        """What central would say of the open book."""
        book = self.heard.get(self.journal.book, [])
        claims = {"seq": len(book), "head": book[-1].hash if book else ZERO, "book": self.journal.book} | other
        return AckClaims(iss="huishan", aud="locker-a", iat=1_790_000_000, **claims)

    async def deliver(self) -> None:
        """Send and acknowledge until nothing is left."""
        while batches := self.batches():
            for batch, (_, seal) in zip(batches, self.seals[-len(batches) :], strict=True):
                self.take(batch, seal)
            await self.outbox.heard(self.ack())

    async def facts(self, count: int) -> None:
        """So many facts."""
        await asyncio.gather(*(self.journal.append("wall-a", OPEN) for _ in range(count)))


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with Journal(tmp_path / "journal.db", "locker-a", "key-1", Clock(rtc_healthy=True)) as journal:
        it = Bench(journal)
        yield it


async def test_four_batches_go_and_the_next_waits_for_an_ack(bench: Bench) -> None:
    await bench.facts(2400)
    first, *others = bench.batches()
    assert [batch.lines for batch in (first, *others)] == [500] * 4
    bench.take(first, bench.seals[0][1])
    await bench.outbox.heard(bench.ack())
    assert [batch.lines for batch in bench.batches()] == [401]


async def test_a_batch_is_never_over_its_bytes(bench: Bench) -> None:
    for _ in range(40):
        await bench.journal.append("reader", CodeRead(code="x" * 15_000))
    sizes = [len(batch.payload) for batch in bench.batches()]
    assert all(15_000 < size <= MAX_BATCH_BYTES for size in sizes)


async def test_the_window_of_an_ack_lowers_the_batch(bench: Bench) -> None:
    await bench.facts(100)
    await bench.outbox.heard(bench.ack(window=7))
    assert [batch.lines for batch in bench.batches()] == [7] * 4


async def test_a_seal_names_what_it_seals(bench: Bench) -> None:
    await bench.facts(3)
    (batch,) = bench.batches()
    kid, seal = bench.seals[0]
    assert (kid, seal.iss, seal.aud) == ("key-1", "locker-a", "huishan")
    assert (seal.book, seal.first, seal.seq) == (bench.journal.book, 1, 4)
    assert seal.head == line_hash(split(batch.payload)[-1])


async def test_without_an_ack_it_is_sent_again_later_and_later(bench: Bench) -> None:
    await bench.facts(3)
    waits = []
    for _ in range(5):
        assert len(bench.batches()) == 1
        wait = bench.outbox.resend_in()
        assert wait is not None
        waits.append(wait)
        bench.outbox.time_is_up()
    assert waits == [10.0, 20.0, 40.0, 60.0, 60.0]


async def test_an_ack_that_goes_no_further_brings_the_same_lines_soon(bench: Bench) -> None:
    await bench.facts(700)
    bench.batches()
    await bench.outbox.heard(bench.ack(seq=0, head=ZERO))
    assert bench.outbox.resend_in() == 2.0
    bench.outbox.time_is_up()
    assert [batch.lines for batch in bench.batches()] == [500, 201]


async def test_an_ack_further_back_than_before_brings_the_lines_again(bench: Bench) -> None:
    await bench.facts(300)
    await bench.deliver()
    assert bench.outbox.unacknowledged == 0
    del bench.heard[bench.journal.book][100:]
    await bench.outbox.heard(bench.ack())
    assert bench.outbox.unacknowledged == 201
    await bench.deliver()
    assert len(bench.heard[bench.journal.book]) == 301


async def test_what_an_older_run_had_acknowledged_is_known_after_a_restart(bench: Bench) -> None:
    await bench.facts(10)
    await bench.deliver()
    await bench.facts(1)
    path = bench.journal.path
    await bench.journal.__aexit__(None, None, None)
    async with Journal(path, "locker-a", "key-1", Clock()) as journal:
        again = Bench(journal)
        assert again.outbox.unacknowledged == 1


async def test_an_ack_ahead_of_the_journal_closes_the_book(bench: Bench) -> None:
    await bench.facts(10)
    await bench.deliver()
    await bench.facts(2)
    old = bench.journal.book
    await bench.outbox.heard(bench.ack(seq=400, head="a" * 64))
    assert bench.journal.book != old
    await bench.deliver()
    opened, *again = bench.heard[bench.journal.book]
    assert (opened.body["why"], opened.body["follows"]) == ("restored_disk", "a" * 64)
    assert [line.type for line in again] == ["door_changed"] * 2
    assert len(bench.heard[old]) == 11


async def test_an_ack_with_another_hash_than_ours_closes_the_book_too(bench: Bench) -> None:
    await bench.facts(10)
    await bench.deliver()
    await bench.facts(3)
    await bench.outbox.heard(bench.ack(seq=13, head="b" * 64))
    await bench.deliver()
    assert [line.type for line in bench.heard[bench.journal.book]] == ["book_opened"] + ["door_changed"] * 3


async def test_a_fork_tells_anew_only_what_lies_behind_the_last_common_line(bench: Bench) -> None:
    await bench.facts(10)
    bench.take(bench.batches()[0], bench.seals[0][1])
    del bench.heard[bench.journal.book][8:]
    await bench.outbox.heard(bench.ack(state="fork"))
    await bench.deliver()
    opened, *again = bench.heard[bench.journal.book]
    assert opened.body["why"] == "fork"
    assert len(again) == 3


async def test_an_ack_for_a_book_that_is_closed_or_unknown_changes_nothing_for_long(bench: Bench) -> None:
    await bench.facts(10)
    await bench.deliver()
    stale = bench.ack()
    await bench.outbox.heard(bench.ack(state="fork"))
    await bench.outbox.heard(bench.ack(book="unknown", seq=3, head="c" * 64))
    await bench.outbox.heard(stale.model_copy(update={"state": "fork"}))
    assert len(bench.journal.segments) == 2
    await bench.outbox.heard(stale)
    await bench.deliver()
    assert bench.outbox.unacknowledged == 0


async def test_a_central_older_than_all_we_keep_gets_another_book(bench: Bench) -> None:
    now = int(bench.journal.clock.now().timestamp())
    await bench.facts(10)
    await bench.deliver()
    bench.journal.note_acked(8, now - 20 * 86400)
    await bench.journal.prune()
    del bench.heard[bench.journal.book][3:]
    await bench.outbox.heard(bench.ack())
    await bench.deliver()
    opened, *again = bench.heard[bench.journal.book]
    assert opened.type == "book_opened"
    assert [line.seq for line in again] == [2, 3, 4]


async def test_what_was_told_before_says_when_and_where_it_was_told_first_and_last(bench: Bench) -> None:
    await bench.facts(1)
    books = [bench.journal.book]
    raw = split(bench.batches()[0].payload)[1]
    for _ in range(3):
        await bench.outbox.heard(bench.ack(state="fork"))
        books.append(bench.journal.book)
    await bench.deliver()
    again = bench.heard[bench.journal.book][1].body["again"]
    assert again["at"] == write_time(read_line(raw).at)
    assert again["as"][0] == [books[0], 2, line_hash(raw)]
    assert again["as"][1][:2] == [books[2], 2]
    assert len(again["as"]) == 2


async def test_a_changed_key_never_shares_a_batch_with_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with Journal(path, "locker-a", "key-1", Clock()) as journal:
        await journal.append("wall-a", OPEN)
    async with Journal(path, "locker-a", "key-2", Clock(), ["key-1"]) as journal:
        await journal.append("wall-a", OPEN)
        bench = Bench(journal)
        await bench.deliver()
        assert [(kid, seal.first, seal.seq) for kid, seal in bench.seals] == [("key-1", 1, 3), ("key-2", 4, 4)]
        assert bench.heard[journal.book][2].type == "key_changed"
        assert bench.outbox.unacknowledged == 0


async def test_an_ack_for_a_line_of_this_run_gives_trust_and_one_for_an_old_line_does_not(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with Journal(path, "locker-a", "key-1", Clock()) as journal:
        await journal.append("wall-a", OPEN)
    async with Journal(path, "locker-a", "key-1", Clock()) as journal:
        bench = Bench(journal)
        await bench.deliver()
        assert not journal.clock.trusted
        await journal.append("wall-a", OPEN)
        await bench.deliver()
        assert journal.clock.trusted
