"""The gateway's journal: what must not be lost is on disk here before anything else happens with it."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from sqlite3 import Connection
from types import MappingProxyType
from typing import Self

from devices.box import PermitRefused, PermitUsed, WishInterrupted, WishTaken
from devices.claims import PermitClaims, WishClaims
from devices.journal import ZERO, line_hash
from devices.messages import Fact
from gateway import journal_ids, journal_retention
from gateway.clock import Clock
from gateway.journal_store import Head, Segment, Store, Why, Written, raw_at, read_only
from gateway.journal_writer import Committed, Declined, Writer

KEPT_S = 14 * 86400
"""Acknowledged lines stay this long on the box (ledger rule 4)."""
JTI_KEPT_S = 86400
"""An id is forgotten this long after its token expired."""
PIN_TRIES = 5
_SAVE_ACK_S = 1.0
"""Acks are saved no more often: each costs the disk a sync, and a lost one comes again."""


class Repeated(Declined):
    """A wish or permit with this id was taken before; nothing may move again."""


class LockedOut(Declined):
    """Too many wrong PINs were tried with this permit."""


class Journal:
    """The open journal, as an async context; used from the event loop only.

    `key` is the thumbprint of the key that seals from here on, `old_keys` are those that can still seal what is
    older. At the start a new journal gets its first line (ledger rule 1), a new key is told (rule 9), and every
    wish taken but not settled becomes WishInterrupted (rule 11). `listeners` are called after each commit.
    """

    def __init__(self, path: Path, gateway: str, key: str, clock: Clock, old_keys: Collection[str] = ()) -> None:
        self.path = path
        self.gateway = gateway
        self.clock = clock
        self.listeners: list[Callable[[Committed], None]] = []
        self.head = Head(0, 0, ZERO)
        self.segments: tuple[Segment, ...] = ()
        self.written_before = 0
        """Running number of the last line of earlier runs."""
        self.acked = 0
        """Running number of the last line that central was known to have committed when the journal was opened."""
        self._key = key
        self._old_keys = old_keys
        self._states: dict[tuple[str, str], str] = {}
        self._memos: dict[str, str] = {}
        self._acked_unsaved: tuple[int, int] | None = None
        self._writer: Writer
        self.reader: Connection
        """The database for looking only."""

    async def __aenter__(self) -> Self:
        """Open it; raises sqlite3.Error, OSError, BadLine when there is no journal to be had."""
        self._writer = Writer(lambda: Store(self.path, self.gateway, self.clock), self._committed)
        await self._writer.start(self._start)
        self.reader = read_only(self.path)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Write what waits and close."""
        self._save_acked()
        self.reader.close()
        await self._writer.stop()

    @property
    def book(self) -> str:
        """Name of the open book."""
        return self.segments[-1].book

    @property
    def states(self) -> Mapping[tuple[str, str], str]:
        """(device, property) -> value, as last journalled."""
        return MappingProxyType(self._states)

    def state_of(self, device: str, property_: str) -> str | None:
        """The last journalled value, None if there never was one."""
        return self._states.get((device, property_))

    async def append(self, device: str, fact: Fact, cause: str | None = None) -> Written:
        """Keep a fact; returns when it survives a power cut. Raises JournalFull, JournalClosed, BadLine."""
        return await self._writer.write(lambda store: store.append_fact(device, fact, cause), is_fact=True)

    async def take_wish(self, claims: WishClaims) -> Written:
        """Put the wish's id and a WishTaken line on disk; only then may a byte leave (ledger rule 11).

        Raises Repeated for an id taken before, JournalFull, JournalClosed. Call `settle` when its end is known.
        """
        cell = claims.body.get("cell")
        taken = WishTaken(wish=claims.type, cell=cell if isinstance(cell, int) else None)

        def job(store: Store) -> Written:
            if not journal_ids.take(store.db, claims.jti, claims.exp, claims.device, claims.type):
                raise Repeated(claims.jti)
            return store.append_fact(claims.device, taken, claims.jti)

        return await self._writer.write(job)

    async def expect_permit(self, claims: PermitClaims) -> None:
        """See that the permit may still open its cell, before a PIN is asked for. Raises Repeated, LockedOut."""
        await self._writer.write(lambda store: _must_be_usable(store, claims))

    async def use_permit(self, claims: PermitClaims) -> Written:
        """Put the permit's id and a PermitUsed line on disk; only then may the cell open, and only once.

        Raises Repeated, LockedOut, JournalFull, JournalClosed. Call `settle` when the lock has been asked.
        """

        def job(store: Store) -> Written:
            _must_be_usable(store, claims)
            journal_ids.take(store.db, claims.jti, claims.exp, claims.device, "permit")
            return store.append_fact(claims.device, PermitUsed(cell=claims.cell), claims.jti)

        return await self._writer.write(job)

    async def settle(self, jti: str) -> None:
        """The device has been asked or refused: a crash from now on interrupts nothing."""
        await self._writer.write(lambda store: journal_ids.settle(store.db, jti))

    async def wrong_pin(self, claims: PermitClaims) -> int:
        """Count a wrong PIN and journal the refusal; gives the tries left, 0 when the permit is locked out."""

        def job(store: Store) -> int:
            left = max(PIN_TRIES - journal_ids.count_wrong_pin(store.db, claims.jti, claims.exp), 0)
            refused = PermitRefused(why="wrong_pin" if left else "locked_out", jti=claims.jti)
            store.append_fact(claims.device, refused)
            return left

        return await self._writer.write(job)

    async def remember(self, name: str, value: str) -> None:
        """Keep a word of our own under a name, outside the chain."""

        def job(store: Store) -> None:
            store.remember(name, value)

        await self._writer.write(job)
        self._memos[name] = value

    def recall(self, name: str) -> str | None:
        """What was last remembered under that name."""
        return self._memos.get(name)

    def note_acked(self, n: int, iat: int) -> None:
        """Central has committed up to running number `n`, it said at `iat`. May be lost: central says it again."""
        if self._acked_unsaved is None:
            asyncio.get_running_loop().call_later(_SAVE_ACK_S, self._save_acked)
        self._acked_unsaved = (n, iat)

    async def open_book(self, why: Why, follows: str | None, acked: int) -> None:
        """Close the book, open another, and tell there anew what lies beyond line `acked` (ledger rule 3).

        `follows` is the head central holds of the old book. Raises JournalFull, JournalClosed.
        """
        await self._writer.write(lambda store: _next_book(store, self._key, why, follows, acked))

    async def change_key(self, key: str) -> None:
        """Tell that key in a line the old one still seals; later lines are the new key's (ledger rule 9).

        Raises JournalFull, JournalClosed.
        """

        def job(store: Store) -> None:
            if store.segments[-1].key != key:
                store.change_key(key)

        await self._writer.write(job)
        self._key = key

    async def prune(self) -> None:
        """Let go of lines and ids whose time is over; nothing while time is not trusted."""
        if not self.clock.trusted:
            return
        self._save_acked()
        now = int(self.clock.now().timestamp())
        await self._writer.write(lambda store: journal_ids.forget(store.db, now - JTI_KEPT_S))
        while await self._writer.write(lambda store: journal_retention.prune(store.db, now - KEPT_S, store.head.n)):
            pass

    def _save_acked(self) -> None:
        if self._acked_unsaved is not None:
            n, iat = self._acked_unsaved
            self._acked_unsaved = None
            self._writer.post(lambda store: store.note_acked(n, iat))

    def _committed(self, committed: Committed) -> None:
        self.head, self.segments = committed.head, committed.segments
        self._states.update(committed.states)
        for listener in self.listeners:
            listener(committed)

    def _start(self, store: Store) -> None:
        self.written_before = store.head.n
        self.acked = store.acked
        self._memos = store.memos()
        self._states = store.states()
        if not store.segments:
            store.open_book(self._key, "new")
        elif store.segments[-1].key != self._key:
            _take_up_key(store, self._key, self._old_keys, self.acked)
        for jti, device, wish in journal_ids.unsettled(store.db):
            store.append_fact(device, WishInterrupted(wish=wish), jti)
            journal_ids.settle(store.db, jti)


def _take_up_key(store: Store, key: str, old_keys: Collection[str], acked: int) -> None:
    if store.segments[-1].key in old_keys:
        store.change_key(key)
        return
    # The old key is gone, so nothing can seal its lines any more: they go into a book of the new key.
    last = raw_at(store.db, acked)
    _next_book(store, key, "new", line_hash(last) if last else None, acked)


def _next_book(store: Store, key: str, why: Why, follows: str | None, acked: int) -> None:
    untold = store.close_books(acked)
    store.open_book(key, why, follows)
    for lines in untold:
        store.tell_anew(lines)


def _must_be_usable(store: Store, claims: PermitClaims) -> None:
    if journal_ids.wrong_pins(store.db, claims.jti) >= PIN_TRIES:
        raise LockedOut(claims.jti)
    if journal_ids.is_taken(store.db, claims.jti):
        raise Repeated(claims.jti)
