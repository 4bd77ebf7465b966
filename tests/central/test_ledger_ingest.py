"""From queue to ledger: order, acks after the commit, a bounded queue, and one central at a time."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.ledger.accept import Accepted, Ledger
from central.ledger.batch import Sender
from central.ledger.ingest import MAX_OF_ONE, MAX_WAITING, Ingest, ack_token
from central.ledger.lease import LIFE, Lease
from central.ledger.own import Pen
from central.ledger.projection import LineView
from central.ledger.tables import LedgerLine
from central.store import Store
from devices.claims import AckClaims
from devices.grants import keys_of, read
from devices.journal import MAX_BATCH_BYTES

from .box import NOON, Box
from .conftest import COURT

Start = Callable[..., Ingest]


class Answers:
    """Acks as they come, each with what the database held at that moment."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._came = threading.Condition()
        self.all: list[tuple[Accepted, int]] = []

    def __call__(self, answer: Accepted) -> None:
        """One more."""
        with self._store.read() as session:
            stored = session.scalar(select(func.count()).select_from(LedgerLine)) or 0
        with self._came:
            self.all.append((answer, stored))
            self._came.notify_all()

    def wait_for(self, seq: int) -> Accepted:
        """The first ack that reaches this line."""
        with self._came:
            assert self._came.wait_for(lambda: any(answer.seq >= seq for answer, _ in self.all), 30)
            return next(answer for answer, _ in self.all if answer.seq >= seq)


@pytest.fixture
def answers(store: Store) -> Answers:
    """Collects acks."""
    return Answers(store)


@pytest.fixture
def start(store: Store, answers: Answers) -> Iterator[Start]:
    """Starts ingests that end with the test."""
    started: list[Ingest] = []

    def start(box: Box, holder: str = "central", ledger: Ledger | None = None) -> Ingest:
        def senders(_: Session, gateway: str) -> Sender | None:
            return box.sender if gateway == box.name else None

        ingest = Ingest(store, ledger or Ledger(COURT), senders, answers, Lease(store, "ingest", holder))
        started.append(ingest)
        ingest.start()
        return ingest

    yield start
    for ingest in started:
        ingest.stop()


def test_batches_are_taken_in_the_order_they_came_and_acked_after_the_commit(start: Start, answers: Answers) -> None:
    box = Box()
    box.doors(99)
    ingest = start(box)
    for first in range(1, 101, 20):
        assert ingest.put(box.name, *box.batch(first, first + 9))
        assert ingest.put(box.name, *box.batch(first + 10, first + 19))
        answers.wait_for(first + 19)
    assert all(stored >= answer.seq for answer, stored in answers.all)
    assert ingest.counts.lines == 100
    assert ingest.counts.results == {"stored": 10}


def test_what_comes_from_a_stranger_is_passed_over(start: Start, answers: Answers) -> None:
    box = Box()
    ingest = start(box)
    ingest.put("nobody", b"", None)
    ingest.put(box.name, *box.batch())
    assert answers.wait_for(1).gateway == box.name
    assert len(answers.all) == 1


def test_a_full_queue_lets_go_of_what_comes(store: Store, answers: Answers) -> None:
    ingest = Ingest(store, Ledger(COURT), lambda _, __: None, answers, Lease(store, "ingest", "central"))
    full = b"x" * MAX_BATCH_BYTES
    taken = next(number for number in count() if not ingest.put(f"box-{number}", full, None))
    assert 0.9 * MAX_WAITING < taken * len(full) < MAX_WAITING
    assert ingest.counts.let_go == 1


def test_the_queue_holds_a_small_batch_of_each_box_of_a_large_fleet(store: Store, answers: Answers) -> None:
    ingest = Ingest(store, Ledger(COURT), lambda _, __: None, answers, Lease(store, "ingest", "central"))
    assert all(ingest.put(f"box-{number}", b"x" * 4096, None) for number in range(10_000))


def test_one_gateway_cannot_fill_the_queue_and_what_was_let_go_is_taken_when_sent_again(
    store: Store, answers: Answers
) -> None:
    box = Box()
    box.doors(9)
    ingest = Ingest(store, Ledger(COURT), lambda _, __: box.sender, answers, Lease(store, "ingest", "central"))
    for _ in range(MAX_OF_ONE):
        assert ingest.put(box.name, *box.batch(1, 5))
    assert not ingest.put(box.name, *box.batch(6, 10))
    assert ingest.put("another", b"", None)
    assert ingest.counts.let_go == 1
    ingest.start()
    answers.wait_for(5)
    while not ingest.put(box.name, *box.batch(6, 10)):
        pass
    answers.wait_for(10)
    ingest.stop()


def test_news_reaches_watchers_without_entering_the_ledger(store: Store, start: Start, answers: Answers) -> None:
    class Watch:
        types = frozenset({"door_changed"})

        def __init__(self) -> None:
            self.seen = threading.Event()

        def notice(self, session: Session, line: LineView) -> None:
            self.seen.set()

    box, watch = Box(), Watch()
    box.doors(1)
    ingest = start(box, ledger=Ledger(COURT, watchers=[watch]))
    ingest.news(box.name, b"no line\n" + b"\n".join(box.raws))
    assert watch.seen.wait(30)
    with store.read() as session:
        assert session.scalar(select(func.count()).select_from(LedgerLine)) == 0


def test_only_the_holder_of_the_lease_takes_in_until_it_is_given_up_or_over(store: Store) -> None:
    now = [NOON]
    mono = [0.0]
    first = Lease(store, "ingest", "a", lambda: now[0], lambda: mono[0])
    second = Lease(store, "ingest", "b", lambda: now[0], lambda: mono[0])
    assert first.hold()
    assert not second.hold()
    assert Lease(store, "ingest", "a", lambda: now[0]).hold()  # the same after a restart: no waiting
    now[0] += LIFE + timedelta(seconds=1)
    mono[0] += 60
    assert second.hold()
    assert not first.hold()
    second.release()
    mono[0] += 60
    assert first.hold()


def test_an_ack_says_signed_how_far_the_book_is_committed() -> None:
    key, at = Ed25519PrivateKey.generate(), datetime(2026, 3, 2, tzinfo=UTC)
    token = ack_token(Pen(COURT, key, lambda: at), Accepted("locker-a", "fork", "book-1", 7, "a" * 64), 100)
    assert token is not None
    claims = AckClaims.of(read("ack", token, keys_of([key.public_key()]), COURT, "locker-a"))
    assert (claims.book, claims.seq, claims.window, claims.state) == ("book-1", 7, 100, "fork")
    assert ack_token(Pen(COURT, key), Accepted("locker-a", "refused", None)) is None
