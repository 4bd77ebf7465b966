"""One thread writes the journal: it takes all that waits, makes it one transaction, and only then says it is done.

While the disk syncs, the next group gathers; so the disk sets the pace of transactions, not of lines.
A full disk loses nothing silently: acknowledged old lines go first, then facts are refused and counted,
and the first transaction that succeeds again begins with a line that says how many.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from devices.box import GATEWAY, LinesDropped
from devices.journal import BadLine
from gateway.journal_store import Head, Segment, Store

T = TypeVar("T")
_GROUP = 1000
"""Jobs of one transaction at most: an endless stream must not hold up those who wait."""


class JournalError(Exception):
    """It could not be written; nothing of it is on disk."""


class JournalClosed(JournalError):
    """The journal is closed, or its writer has died."""


class JournalFull(JournalError):
    """The disk is full; a fact that was refused is counted and the count becomes a line."""


class Declined(Exception):
    """The job found, before it changed anything, that it must not be done."""


@dataclass(frozen=True, slots=True)
class Committed:
    """What one transaction left behind."""

    lines: list[bytes]
    states: dict[tuple[str, str], str]
    head: Head
    segments: tuple[Segment, ...]


Job = Callable[[Store], Any]
"""A change of the store within a transaction; gives what its caller waits for.

May raise Declined or BadLine, but only before it changed anything."""


@dataclass(frozen=True, slots=True)
class _Order:
    job: Job
    done: asyncio.Future[Any] | None
    is_fact: bool


class Writer:
    """The writer thread. `told` is called in the event loop after each commit, before the callers go on."""

    def __init__(self, open_store: Callable[[], Store], told: Callable[[Committed], None]) -> None:
        self._open_store = open_store
        self._told = told
        self._loop = asyncio.get_running_loop()
        self._orders: queue.SimpleQueue[_Order | None] = queue.SimpleQueue()
        self._ended = False
        self._freed = 0
        self._thread = threading.Thread(target=self._run, name="journal")

    async def start(self, first: Job) -> None:
        """Open the store in its thread and do `first` before anything else. Raises what opening raised."""
        done = self._order(first, is_fact=False)
        self._thread.start()
        await done

    async def stop(self) -> None:
        """Write what waits, then end."""
        self._ended = True
        self._orders.put(None)
        await asyncio.to_thread(self._thread.join)

    async def write(self, job: Callable[[Store], T], *, is_fact: bool = False) -> T:
        """Have it done; returns when it is on disk. Raises JournalFull, JournalClosed, or what the job raises."""
        result: T = await self._order(job, is_fact=is_fact)
        return result

    def post(self, job: Job) -> None:
        """Have it done some time soon; for what may be lost and found again."""
        self._orders.put(_Order(job, None, is_fact=False))

    def _order(self, job: Job, *, is_fact: bool) -> asyncio.Future[Any]:
        if self._ended:
            raise JournalClosed("the journal is closed")
        done: asyncio.Future[Any] = self._loop.create_future()
        self._orders.put(_Order(job, done, is_fact))
        if self._ended:  # the thread died between the look and the order, and nobody will take it
            _refuse([done], JournalClosed("the journal is closed"))
        return done

    def _run(self) -> None:
        try:
            store = self._open_store()
        except (sqlite3.Error, OSError, BadLine) as error:
            self._end(error)
            return
        try:
            for group in self._groups():
                self._transact(store, group)
        finally:
            store.close()
            self._end(JournalClosed("the journal is closed"))

    def _groups(self) -> Iterator[list[_Order]]:
        group = []
        while (order := self._orders.get()) is not None:
            group.append(order)
            if len(group) == _GROUP or self._orders.empty():
                yield group
                group = []
        if group:
            yield group

    def _transact(self, store: Store, group: list[_Order]) -> None:
        is_over = False
        try:
            while not self._fits(store, lambda: self._try(store, group)):
                if not self._fits(store, lambda: self._make_room(store)):
                    store.reserve.count(store.reserve.refused + sum(order.is_fact for order in group))
                    self._fail(group, JournalFull("the disk is full"))
                    break
            is_over = True
        except sqlite3.Error as error:
            store.rollback()
            self._fail(group, JournalError(str(error)))
            is_over = True
        finally:
            if not is_over:  # a fault of ours ends the thread; nobody may wait for it for ever
                self._fail(group, JournalError("the journal's writer failed"))

    def _fits(self, store: Store, change: Callable[[], bool]) -> bool:
        """False if the disk is full; nothing has changed then."""
        try:
            return change()
        except sqlite3.OperationalError as error:
            store.rollback()
            if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
                raise
            return False

    def _make_room(self, store: Store) -> bool:
        freed = store.free_acknowledged()
        self._freed += freed
        return freed > 0

    def _try(self, store: Store, group: list[_Order]) -> bool:
        store.begin()
        refused = store.reserve.refused
        if refused or self._freed:
            store.append_fact(GATEWAY, LinesDropped(count=refused, freed=self._freed))
        results = [(order.done, *_outcome(order.job, store)) for order in group]
        lines, states = store.commit()
        if refused or self._freed:
            store.reserve.count(0)
            store.reserve.keep_room()
            self._freed = 0
        committed = Committed(lines, states, store.head, store.segments)
        self._loop.call_soon_threadsafe(self._resolve, committed, results)
        return True

    def _resolve(self, committed: Committed, results: Iterable[tuple[asyncio.Future[Any] | None, Any, Any]]) -> None:
        # The callers come first in the loop's next round: a wish reaches its device before others draw up a batch.
        for done, result, refusal in results:
            if done is None or done.done():
                continue
            if refusal is None:
                done.set_result(result)
            else:
                done.set_exception(refusal)
        self._told(committed)

    def _fail(self, group: Iterable[_Order], error: Exception) -> None:
        self._loop.call_soon_threadsafe(_refuse, [order.done for order in group if order.done], error)

    def _end(self, error: Exception) -> None:
        self._ended = True
        left = []
        while not self._orders.empty():
            order = self._orders.get()
            if order is not None:
                left.append(order)
        self._fail(left, error)


def _outcome(job: Job, store: Store) -> tuple[Any, Exception | None]:
    try:
        return job(store), None
    except (Declined, BadLine) as refusal:
        return None, refusal


def _refuse(waiting: Iterable[asyncio.Future[Any]], error: Exception) -> None:
    for done in waiting:
        if not done.done():
            done.set_exception(error)
