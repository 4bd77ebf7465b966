"""What central has not committed yet: which batch goes next, and what an ack means (ledger rules 3, 4, 7).

No I/O but reading the journal; the broker link publishes what `next_batch` gives and tells what it hears.
The backlog stays on disk: an outbox holds four batches at most, however long central was away.

An ack can say five things: *further* (the usual), *no further* (a batch did not arrive or did not fit: soon once
more), *back* (central was restored: again from there), *ahead of us* or *another hash than ours* (our disk was
restored), and `fork`. The last three end the book; the next one tells anew what central lacks.
"""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from devices.claims import AckClaims, SealClaims
from devices.journal import MAX_BATCH_BYTES, MAX_BATCH_LINES, ZERO, join, line_hash
from gateway.journal import Journal
from gateway.journal_store import Segment, Why, raw_at, raws

UNDER_WAY = 4
"""Batches published and not acknowledged at most."""
_SOON_S = 1.0
_FIRST_RESEND_S = (5.0, 10.0)
_LAST_RESEND_S = 60.0

Seal = Callable[[str, SealClaims], str]
"""Signs with the key of that thumbprint."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines as they travel, their seal, and the running number of the last."""

    payload: bytes
    seal: str
    last: int
    lines: int


@dataclass(frozen=True, slots=True)
class _UnderWay:
    last: int
    since: float
    first_time: bool


class Outbox:
    """The unacknowledged end of a journal. `mono` tells seconds; `jitter(a, b)` picks a time between them."""

    def __init__(
        self,
        journal: Journal,
        court: str,
        seal: Seal,
        *,
        mono: Callable[[], float],
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self.suspended = False
        """Central says two boxes share this identity; nothing is to be published (ledger rule 8)."""
        self.acked = journal.acked
        """Running number of the last line central has committed."""
        self.ack_ms: float | None = None
        """How long the last batch took from here to central's word, None before the first."""
        self._journal = journal
        self._court = court
        self._seal = seal
        self._mono = mono
        self._jitter = jitter
        self._window = MAX_BATCH_LINES
        self._under_way: deque[_UnderWay] = deque()
        self._next = self.acked + 1
        self._furthest = journal.written_before
        self._tries = 0
        self._resend_at = 0.0
        self._changing_book = False

    @property
    def unacknowledged(self) -> int:
        """How many lines central has not committed, as far as known."""
        return self._journal.head.n - self.acked

    def keeps_waiting(self, n: int) -> bool:
        """True if line `n`, just written, cannot go now: others are before it, or enough is under way."""
        return self._next < n or len(self._under_way) >= UNDER_WAY

    def next_batch(self) -> Batch | None:
        """The batch to publish now, None while there is none or enough is under way."""
        if self.suspended or self._changing_book or len(self._under_way) >= UNDER_WAY:
            return None
        found = self._stretch(self._next)
        if found is None:
            return None
        batch = self._make(*found)
        now = self._mono()
        if not self._under_way:
            self._resend_at = now + self._patience()
        self._under_way.append(_UnderWay(batch.last, now, batch.last > self._furthest))
        self._furthest = max(self._furthest, batch.last)
        self._next = batch.last + 1
        return batch

    def resend_in(self) -> float | None:
        """Seconds until what is under way counts as lost, None if nothing is."""
        return max(self._resend_at - self._mono(), 0.0) if self._under_way else None

    def go_back(self) -> None:
        """What is under way counts as lost: begin again after the last ack."""
        self._under_way.clear()
        self._next = self.acked + 1

    def time_is_up(self) -> None:
        """No ack came: send again, and be more patient than the last time."""
        self._tries += 1
        self.go_back()

    async def heard(self, ack: AckClaims) -> None:
        """Take in what central says. Raises JournalFull, JournalClosed when a book has to be opened and cannot be."""
        self._window = min(ack.window, MAX_BATCH_LINES)
        self.suspended = ack.state == "suspended"
        segment = self._segment_of(ack.book, ack.seq)
        if segment is None:
            return  # a book of an earlier disk: central will hear of ours
        n = segment.n_of(ack.seq)
        is_open = ack.book == self._journal.book
        why = self._contradiction(segment, n, ack)
        if why is None and self._is_gone_after(n):
            await self._change_book("new", n, ack)
        elif why is None:
            self._moved(n, ack.iat)
        elif is_open:
            await self._change_book(why, n, ack)

    def _is_gone_after(self, n: int) -> bool:
        """Central was restored to before what is still kept here: its chain cannot be continued."""
        found = self._stretch(n + 1)
        return found is not None and raw_at(self._journal.reader, found[1]) is None

    def _stretch(self, first: int) -> tuple[Segment, int, int] | None:
        """The next lines to be sent from `first` on: their segment, the first's running number, and the end."""
        end = self._journal.head.n + 1
        for segment in self._journal.segments:
            start = max(first, segment.n)
            stop = segment.stop if segment.stop is not None else end
            if start < stop:
                return segment, start, min(stop, start + self._window)
        return None

    def _make(self, segment: Segment, start: int, stop: int) -> Batch:
        lines: list[bytes] = []
        size = 0
        for raw in raws(self._journal.reader, start, stop):
            size += len(raw) + 1
            if size > MAX_BATCH_BYTES and lines:
                break
            lines.append(raw)
        last = start + len(lines) - 1
        claims = SealClaims(
            iss=self._journal.gateway,
            aud=self._court,
            book=segment.book,
            first=segment.seq_at(start),
            seq=segment.seq_at(last),
            head=line_hash(lines[-1]),
        )
        return Batch(join(lines), self._seal(segment.key, claims), last, len(lines))

    def _segment_of(self, book: str, seq: int) -> Segment | None:
        found = None
        for segment in self._journal.segments:
            if segment.book == book and (found is None or segment.seq <= seq):
                found = segment
        return found

    def _contradiction(self, segment: Segment, n: int, ack: AckClaims) -> Why | None:
        if ack.state == "fork":
            return "fork"
        if n > self._journal.head.n or (segment.stop is not None and n >= segment.stop):
            return "restored_disk"
        if ack.seq == 0:
            return None if ack.head == ZERO else "fork"
        raw = raw_at(self._journal.reader, n)
        return "restored_disk" if raw is not None and line_hash(raw) != ack.head else None

    def _moved(self, n: int, iat: int) -> None:
        now = self._mono()
        if n < self.acked:
            self.acked = n
            self.go_back()
        elif n == self.acked:
            if self._under_way:
                self._resend_at = min(self._resend_at, now + self._soon())
            return
        self.acked = n
        self._next = max(self._next, n + 1)
        self._tries = 0
        self._resend_at = now + self._patience()
        self._journal.note_acked(n, iat)
        arrived = None
        while self._under_way and self._under_way[0].last <= n:
            arrived = self._under_way.popleft()
        if arrived and arrived.last == n and arrived.first_time:
            self.ack_ms = round((now - arrived.since) * 1000, 1)
            self._journal.clock.learn(iat, now - arrived.since)

    async def _change_book(self, why: Why, n: int, ack: AckClaims) -> None:
        raw = raw_at(self._journal.reader, n)
        agreed = n if why == "new" or (raw and line_hash(raw) == ack.head) else min(self.acked, n)
        self._changing_book = True
        try:
            await self._journal.open_book(why, None if ack.head == ZERO else ack.head, agreed)
        finally:
            self._changing_book = False
        self.acked = agreed
        self._journal.note_acked(agreed, ack.iat)
        self._under_way.clear()
        self._next, self._tries = agreed + 1, 0

    def _soon(self) -> float:
        return self._jitter(_SOON_S, min(_SOON_S * 2 ** (self._tries + 1), _LAST_RESEND_S))

    def _patience(self) -> float:
        least, most = _FIRST_RESEND_S
        return self._jitter(least, min(most * 2**self._tries, _LAST_RESEND_S))
