"""Where facts enter: what is taken, what is skipped, what is refused, and what the gateway is told."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select

from central.alarms import AlarmKind, open_alarms
from central.ledger.accept import Accepted, Ledger, newest_book
from central.ledger.batch import Sender
from central.ledger.tables import Book, Fork, LedgerLine, Seal
from central.store import Store
from devices.box import GATEWAY, KeyChanged
from devices.grants import keys_of, thumbprint
from devices.journal import ZERO, join, line_hash
from devices.locks import DoorChanged

from .box import Box
from .conftest import COURT


@pytest.fixture
def box() -> Box:
    """A gateway with ten lines."""
    box = Box()
    box.doors(9)
    return box


@pytest.fixture
def take(store: Store) -> Callable[..., Accepted]:
    """Takes in a batch in a transaction of its own."""
    ledger = Ledger(COURT)

    def take(sender: Sender, payload: bytes, seal: str | None) -> Accepted:
        with store.write() as session:
            return ledger.accept(session, sender, payload, seal)

    return take


def raws(store: Store) -> list[bytes]:
    """Every stored line of gateways."""
    with store.read() as session:
        return list(session.scalars(select(LedgerLine.raw).order_by(LedgerLine.id)))


def alarms(store: Store) -> list[tuple[str, str]]:
    """Open alarms."""
    with store.read() as session:
        return [(alarm.kind, alarm.subject) for alarm in open_alarms(session)]


@pytest.mark.parametrize(
    ("device", "type_", "cause"),
    [("d" * 65, "x", None), ("wall-a", "t" * 65, None), ("wall-a", "x", "c" * 65), ("\0", "x", None), ("w", "x", "\0")],
)
def test_a_line_no_database_could_hold_is_refused_whole_on_each(
    store: Store, device: str, type_: str, cause: str | None
) -> None:
    box = Box()
    box.write_raw(type_, {}, device, cause)
    with store.write() as session:
        answer = Ledger(COURT).accept(session, box.sender, *box.batch())
        assert (answer.result, answer.seq) == ("refused", 0)
        assert [alarm.kind for alarm in open_alarms(session)] == [AlarmKind.CHAIN_BROKEN]


def test_a_sealed_batch_is_stored_byte_by_byte_and_acknowledged(store: Store, box: Box, take) -> None:
    answer = take(box.sender, *box.batch())
    assert answer == Accepted("locker-a", "stored", "book-1", 10, box.head, 10)
    assert raws(store) == box.raws
    assert alarms(store) == []


def test_lines_sent_again_are_skipped_and_the_ack_repeated(store: Store, box: Box, take) -> None:
    take(box.sender, *box.batch(1, 6))
    assert take(box.sender, *box.batch(1, 6)) == Accepted("locker-a", "again", "book-1", 6, box_head(box, 6), 0)
    assert take(box.sender, *box.batch(4, 10)) == Accepted("locker-a", "stored", "book-1", 10, box.head, 4)
    assert raws(store) == box.raws
    assert alarms(store) == []


def test_after_a_gap_the_gateway_is_told_where_to_resume_and_nothing_is_lost(store: Store, box: Box, take) -> None:
    take(box.sender, *box.batch(1, 3))
    answer = take(box.sender, *box.batch(7, 10))
    assert (answer.result, answer.seq, answer.head) == ("gap", 3, box_head(box, 3))
    assert take(box.sender, *box.batch(4, 10)).seq == 10
    assert raws(store) == box.raws
    assert alarms(store) == []


def test_a_book_central_has_never_seen_is_asked_for_from_its_first_line(store: Store, box: Box, take) -> None:
    answer = take(box.sender, *box.batch(5, 10))
    assert (answer.result, answer.book, answer.seq, answer.head) == ("gap", "book-1", 0, ZERO)


@pytest.mark.parametrize("at", [1, 5, 10])
def test_a_flipped_byte_refuses_the_batch_whole(store: Store, box: Box, take, at: int) -> None:
    payload, seal = box.batch()
    altered = list(box.raws)
    altered[at - 1] = altered[at - 1].replace(b'"boot0001"', b'"boot0002"')
    answer = take(box.sender, join(altered), seal)
    assert (answer.result, answer.book, answer.seq) == ("refused", "book-1", 0)
    assert alarms(store) == [(AlarmKind.CHAIN_BROKEN, "locker-a")]
    assert take(box.sender, payload, seal).seq == 10


def test_a_wrong_seal_a_missing_seal_and_a_foreign_name_are_refused_with_an_alarm(store: Store, box: Box, take) -> None:
    payload, seal = box.batch()
    stranger = Box("locker-b")
    for wrong in (None, "no token", stranger.seal(1, box.raws), box.seal(1, box.raws, iss="locker-b")):
        assert take(box.sender, payload, wrong).result == "refused"
    assert take(stranger.sender, payload, seal).result == "refused"
    assert raws(store) == []
    assert set(alarms(store)) == {(AlarmKind.BAD_SEAL, "locker-a"), (AlarmKind.BAD_SEAL, "locker-b")}


def test_a_seal_over_other_numbers_or_another_head_is_refused(store: Store, box: Box, take) -> None:
    payload, _ = box.batch()
    for wrong in ({"seq": 9}, {"first": 2, "seq": 11}, {"head": "0" * 64}):
        assert take(box.sender, payload, box.seal(1, box.raws, **wrong)).result == "refused"
    assert raws(store) == []


def test_more_than_a_batch_may_hold_is_refused(store: Store, take) -> None:
    box = Box()
    box.doors(500)
    assert take(box.sender, *box.batch()).result == "refused"
    assert take(box.sender, *box.batch(1, 500)).seq == 500


def test_a_book_that_does_not_open_as_its_gateway_and_key_is_refused(store: Store, take) -> None:
    mine, other = Box("locker-a"), Box("locker-b")
    sender = Sender("locker-a", keys_of([mine.key.public_key(), other.key.public_key()]))
    mine.key = other.key  # its first line still names the key it had
    assert take(sender, *mine.batch()).result == "refused"
    other.name = "locker-a"  # its first line still names the gateway it was
    assert take(sender, *other.batch()).result == "refused"
    assert raws(store) == []


def test_another_history_under_the_same_numbers_is_a_fork_both_kept(store: Store, box: Box, take) -> None:
    take(box.sender, *box.batch())
    image = Box(key=box.key)
    image.doors(4)
    image.write(DoorChanged(cell=2, door="open"))
    image.doors(6)
    answer = take(box.sender, *image.batch())
    assert (answer.result, answer.seq, answer.head) == ("fork", 10, box.head)
    assert take(box.sender, *image.batch()).result == "fork"
    with store.read() as session:
        kept = list(session.scalars(select(Fork.raw).order_by(Fork.seq)))
    assert kept == image.raws[5:]
    assert raws(store) == box.raws
    assert alarms(store) == [(AlarmKind.FORK, "locker-a")]


def test_a_history_that_parts_exactly_at_the_head_is_a_fork_too(store: Store, box: Box, take) -> None:
    take(box.sender, *box.batch())
    image = Box(key=box.key)
    image.doors(8)
    image.write(DoorChanged(cell=2, door="open"))
    image.doors(3)
    assert take(box.sender, *image.batch(11, 13)).result == "fork"


def test_a_forked_book_takes_no_more_and_the_next_book_does(store: Store, box: Box, take) -> None:
    take(box.sender, *box.batch(1, 5))
    image = Box(key=box.key)
    image.write(DoorChanged(cell=9, door="open"))
    take(box.sender, *image.batch())
    assert take(box.sender, *box.batch(6, 10)).result == "fork"
    box.begin("book-2", follows=box.head, why="fork")
    box.doors(3)
    assert take(box.sender, *box.batch()) == Accepted("locker-a", "stored", "book-2", 4, box.head, 4)
    with store.read() as session:
        newest = newest_book(session, "locker-a")
    assert newest is not None
    assert (newest.book, newest.why) == ("book-2", "fork")


def test_a_restored_disk_that_opens_another_book_is_seen_and_alarmed(store: Store, box: Box, take) -> None:
    take(box.sender, *box.batch())
    box.begin("book-2", follows=ZERO, why="restored_disk")
    assert take(box.sender, *box.batch()).result == "stored"
    assert alarms(store) == [(AlarmKind.FORK, "locker-a")]


def test_a_restored_central_asks_again_for_what_it_lost(store: Store, box: Box, take) -> None:
    take(box.sender, *box.batch(1, 4))  # the backup ends here; the gateway had acks up to 10
    assert take(box.sender, *box.batch(8, 10)).seq == 4
    assert take(box.sender, *box.batch(5, 10)).seq == 10
    assert raws(store) == box.raws


def test_the_next_key_seals_only_if_central_certified_it_and_the_old_one_said_so(store: Store, box: Box, take) -> None:
    old, new = box.key, Ed25519PrivateKey.generate()
    box.write(KeyChanged(key=thumbprint(new.public_key())), GATEWAY)
    changed = len(box.raws)
    handed_over = box.batch()
    assert take(box.sender, *handed_over).result == "refused"
    both = Sender(box.name, keys_of([old.public_key(), new.public_key()]))
    assert take(both, *handed_over).seq == changed
    box.doors(2)
    assert take(both, *box.batch(changed + 1)).result == "refused"
    box.key = new
    assert take(both, *box.batch(changed + 1)).seq == changed + 2
    assert alarms(store) == [(AlarmKind.BAD_SEAL, "locker-a")]


def test_a_key_certified_but_never_announced_seals_nothing(store: Store, box: Box, take) -> None:
    take(box.sender, *box.batch(1, 5))
    old, box.key = box.key, Ed25519PrivateKey.generate()
    both = Sender(box.name, keys_of([old.public_key(), box.key.public_key()]))
    answer = take(both, *box.batch(6, 10))
    assert (answer.result, answer.seq) == ("refused", 5)


def test_lines_after_a_change_of_key_are_not_taken_from_the_old_one(store: Store, box: Box, take) -> None:
    new = Ed25519PrivateKey.generate()
    box.write(KeyChanged(key=thumbprint(new.public_key())), GATEWAY)
    box.doors(1)
    both = Sender(box.name, keys_of([box.key.public_key(), new.public_key()]))
    assert take(both, *box.batch()).result == "refused"
    assert raws(store) == []


def test_a_suspended_gateway_is_told_so_and_nothing_is_taken(store: Store, box: Box, take) -> None:
    take(box.sender, *box.batch(1, 5))
    suspended = Sender(box.name, box.sender.keys, suspended=True)
    answer = take(suspended, *box.batch(6, 10))
    assert (answer.result, answer.seq) == ("suspended", 5)
    assert len(raws(store)) == 5


def test_two_centrals_that_take_the_same_batches_at_once_store_each_line_once(store: Store, database: str) -> None:
    box = Box()
    box.doors(199)
    other = Store(database)
    start = threading.Barrier(2)

    def take_all(store: Store) -> None:
        ledger = Ledger(COURT)
        start.wait()
        for first in range(1, 201, 20):
            with store.write() as session:
                ledger.accept(session, box.sender, *box.batch(first, first + 19))

    with ThreadPoolExecutor(2) as centrals:
        for done in [centrals.submit(take_all, each) for each in (store, other)]:
            done.result()
    other.close()
    assert raws(store) == box.raws
    assert alarms(store) == []
    with store.read() as session:
        assert session.scalar(select(func.count()).select_from(Seal)) == 10
        assert session.scalar(select(func.count()).select_from(Book)) == 1


def box_head(box: Box, seq: int) -> str:
    """Hash of one of its lines."""
    return line_hash(box.raws[seq - 1])
