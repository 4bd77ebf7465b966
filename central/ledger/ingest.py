"""From the broker to the ledger: one thread takes batches in the order they came, commits, and only then acknowledges.

What does not fit the bounded queue is let go: no ack follows, so the gateway sends it again (ledger rule 7).
Several batches that wait are committed together.
"""

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from central.clock import Clock, utc_now
from central.ledger.accept import Accepted, Ledger
from central.ledger.batch import Sender
from central.ledger.lease import Lease
from central.ledger.own import Pen
from central.store import Store
from devices.claims import AckClaims
from devices.grants import sign
from devices.journal import MAX_BATCH_LINES, MAX_LINE, split

_LOG = logging.getLogger(__name__)

MAX_WAITING = 64 * 1024 * 1024
"""Bytes of batches that may wait here: one from each box of a large fleet, or hundreds of full ones."""
_WEIGHT = 1024
"""What a batch weighs besides its lines."""
MAX_OF_ONE = 8
"""Of one gateway: the four it may have under way, and those four sent again. What is beyond it sends once more."""
MAX_NEWS = 1000
_TOGETHER = 8
_TOGETHER_BYTES = 128 * 1024
"""Small batches are committed together up to this."""
_IDLE_S = 5.0
_LET_GO_S = 1.0
AWAY = (DBAPIError, OSError)
"""What the database and the disk raise when they fail."""
_STATES: dict[str, Literal["ok", "fork", "suspended"]] = {"fork": "fork", "suspended": "suspended"}


Senders = Callable[[Session, str], Sender | None]
"""Who a gateway is, by the registry; None if the court has none of that name in use."""


@dataclass
class Counts:
    """What the ingest did since it started; read by `/metrics`."""

    batches: int = 0
    lines: int = 0
    let_go: int = 0
    failed: int = 0
    results: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Waiting:
    gateway: str
    payload: bytes
    seal: str | None
    since: datetime

    @property
    def weight(self) -> int:
        """Bytes it takes up here."""
        return len(self.payload) + _WEIGHT


class Ingest:
    """Owns the thread; `acked` is called in it, after the commit, with each gateway's answer.

    A database or disk that fails only delays: gateways send again. Any other error ends the thread, and `is_alive`
    says so; then central must be started anew.
    """

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        senders: Senders,
        acked: Callable[[Accepted], None],
        lease: Lease,
        clock: Clock = utc_now,
    ) -> None:
        self.counts = Counts()
        self._store = store
        self._ledger = ledger
        self._senders = senders
        self._acked = acked
        self._lease = lease
        self._clock = clock
        self._batches: deque[_Waiting] = deque()
        self._of_one: Counter[str] = Counter()
        self._weight = 0
        self._news: deque[tuple[str, bytes]] = deque(maxlen=MAX_NEWS)
        self._stirred = threading.Condition()
        self._ended = False
        self._busy = 0
        self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)

    def start(self) -> None:
        """Begin to take in."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is under way, let go of what waits (it is sent again), and end."""
        with self._stirred:
            self._ended = True
            self._stirred.notify()
        self._thread.join()

    def put(self, gateway: str, payload: bytes, seal: str | None) -> bool:
        """A batch came; False if it had to be let go. Never blocks; callable from any thread."""
        batch = _Waiting(gateway, payload, seal, self._clock())
        with self._stirred:
            if self._of_one[gateway] >= MAX_OF_ONE or self._weight + batch.weight > MAX_WAITING:
                self.counts.let_go += 1
                return False
            self._batches.append(batch)
            self._of_one[gateway] += 1
            self._weight += batch.weight
            self._stirred.notify()
        return True

    def news(self, gateway: str, payload: bytes) -> None:
        """Lines came ahead of their batch, for display and alarms only. Never blocks; callable from any thread."""
        with self._stirred:
            self._news.extend((gateway, raw) for raw in split(payload) if len(raw) <= MAX_LINE)
            self._stirred.notify()

    @property
    def waiting(self) -> int:
        """Batches not yet committed."""
        return len(self._batches) + self._busy

    @property
    def is_alive(self) -> bool:
        """True while it takes in."""
        return self._thread.is_alive()

    @property
    def lag_s(self) -> float:
        """Seconds the oldest waiting batch waits."""
        with self._stirred:
            oldest = self._batches[0].since if self._batches else None
        return (self._clock() - oldest).total_seconds() if oldest else 0.0

    def _run(self) -> None:
        while True:
            batches, news = self._next()
            if self._ended:
                self._lease.release()
                return
            try:
                held = self._lease.hold()
                if held and news:
                    self._show(news)
                if held and batches:
                    self._take_all(batches)
            except AWAY as error:
                self._failed(error, len(batches))
                with self._stirred:
                    self._stirred.wait(_LET_GO_S)
            finally:
                self._busy = 0

    def _next(self) -> tuple[list[_Waiting], list[tuple[str, bytes]]]:
        with self._stirred:
            if not (self._batches or self._news or self._ended):
                self._stirred.wait(_IDLE_S)
            news = list(self._news)
            self._news.clear()
            batches = list(self._take_out())
            self._busy = len(batches)
        return batches, news

    def _take_out(self) -> Iterator[_Waiting]:
        taken = size = 0
        while self._batches and (taken < _TOGETHER or size < _TOGETHER_BYTES):
            batch = self._batches.popleft()
            taken, size = taken + 1, size + batch.weight
            self._weight -= batch.weight
            self._of_one[batch.gateway] -= 1
            if not self._of_one[batch.gateway]:
                del self._of_one[batch.gateway]
            yield batch

    def _take_all(self, batches: Sequence[_Waiting]) -> None:
        """All in one transaction; if one of them spoils it, each in its own."""
        try:
            self._take(batches)
        except AWAY as error:
            if len(batches) == 1 or (isinstance(error, DBAPIError) and error.connection_invalidated):
                raise
            for batch in batches:
                try:
                    self._take([batch])
                except AWAY as error_of_one:
                    self._failed(error_of_one, 1)

    def _failed(self, error: Exception, batches: int) -> None:
        _LOG.error("nothing was committed, gateways will send again: %s", error)
        self.counts.failed += batches

    def _take(self, batches: Sequence[_Waiting]) -> None:
        answers: dict[str, Accepted] = {}
        with self._store.write() as session:
            for batch in batches:
                sender = self._senders(session, batch.gateway)
                if sender is None:
                    continue
                answer = self._ledger.accept(session, sender, batch.payload, batch.seal)
                answers[batch.gateway] = answer
                self._count(answer)
        for answer in answers.values():
            self._acked(answer)

    def _count(self, answer: Accepted) -> None:
        self.counts.batches += 1
        self.counts.lines += answer.fresh
        self.counts.results[answer.result] = self.counts.results.get(answer.result, 0) + 1

    def _show(self, news: Iterable[tuple[str, bytes]]) -> None:
        with self._store.write() as session:
            for gateway, raw in news:
                self._ledger.notice(session, gateway, raw)


def ack_token(pen: Pen, answer: Accepted, window: int = MAX_BATCH_LINES) -> str | None:
    """Central's signed word on how far a gateway's book is committed; None if the gateway has no book."""
    if answer.book is None:
        return None
    claims = AckClaims(
        iss=pen.court,
        aud=answer.gateway,
        book=answer.book,
        seq=answer.seq,
        head=answer.head,
        window=window,
        iat=int(pen.clock().timestamp()),
        state=_STATES.get(answer.result, "ok"),
    )
    return sign("ack", claims.write(), pen.key, pen.kid, pen.introduction)
