"""Central's own book."""

from itertools import pairwise

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from central.ledger.own import Pen, record, take_pen
from central.ledger.tables import CENTRAL, Book, LedgerLine, Seal
from central.store import Store
from devices.box import GATEWAY, Started, Stopped
from devices.grants import keys_of, read
from devices.journal import line_hash, read_chain, read_line

from .conftest import COURT


def sealed(store: Store, key: Ed25519PrivateKey) -> list[tuple[int, int]]:
    """First and last line under each seal, oldest first; each seal is central's, on the head of its last line."""
    with store.read() as session:
        hashes = {row.seq: row.hash for row in session.scalars(select(LedgerLine))}
        tokens = session.scalars(select(Seal.token).order_by(Seal.id)).all()
        (book,) = session.scalars(select(Book.book)).all()
    told = [read("seal", token, keys_of([key.public_key()]), CENTRAL, COURT) for token in tokens]
    assert [(claims["book"], claims["head"]) for claims in told] == [(book, hashes[claims["seq"]]) for claims in told]
    return [(claims["first"], claims["seq"]) for claims in told]


def test_what_is_recorded_is_a_sealed_chain_that_begins_with_its_book(
    store: Store, court_key: Ed25519PrivateKey
) -> None:
    with store.write() as session:
        record(session, Started(version="1", catalogue="0" * 64), actor="person:3")
        record(session, Stopped(), device=GATEWAY, cause="wish-0001")
    with store.read() as session:
        rows = list(session.scalars(select(LedgerLine).order_by(LedgerLine.id)))
        book = session.scalars(select(Book)).one()
    lines = read_chain([row.raw for row in rows], 1, "0" * 64)
    assert [line.type for line in lines] == ["book_opened", "started", "stopped"]
    assert lines[1].body["actor"] == "person:3"
    assert lines[2].cause == rows[2].cause == "wish-0001"
    assert (book.seq, book.head) == (3, line_hash(rows[-1].raw))
    assert sealed(store, court_key) == [(1, 3)]
    assert all(before.at <= after.at for before, after in pairwise(rows))


def test_what_is_recorded_is_there_for_who_asks_in_the_same_transaction(
    store: Store, court_key: Ed25519PrivateKey
) -> None:
    with store.write() as session:
        line = record(session, Stopped())
        assert session.get_one(LedgerLine, line.id).hash == line.hash
        record(session, Stopped())
    assert sealed(store, court_key) == [(1, 2), (3, 3)]


def test_a_savepoint_that_is_undone_takes_its_lines_with_it_and_the_chain_goes_on(
    store: Store, court_key: Ed25519PrivateKey
) -> None:
    with store.write() as session:
        record(session, Stopped(), cause="before")
        with pytest.raises(ValueError), session.begin_nested():
            record(session, Stopped(), cause="undone")
            raise ValueError
        record(session, Stopped(), cause="after")
    with pytest.raises(ValueError), store.write() as session:
        record(session, Stopped(), cause="undone")
        raise ValueError
    with store.write() as session:
        record(session, Stopped(), cause="later")
    with store.read() as session:
        raws = session.scalars(select(LedgerLine.raw).order_by(LedgerLine.id)).all()
    assert [line.cause for line in read_chain(raws, 1, "0" * 64)] == [None, "before", "after", "later"]
    assert sealed(store, court_key) == [(1, 2), (3, 3), (4, 4)]


def test_another_key_opens_another_book_that_follows(store: Store) -> None:
    with store.write() as session:
        record(session, Stopped())
    take_pen(store, Pen(COURT, Ed25519PrivateKey.generate()))
    with store.write() as session:
        record(session, Stopped())
    with store.read() as session:
        first, second = session.scalars(select(Book).order_by(Book.id))
        opened = session.scalars(select(LedgerLine).where(LedgerLine.book_id == second.id, LedgerLine.seq == 1)).one()
    assert (first.state, second.state, second.follows) == ("closed", "open", first.head)
    assert read_line(opened.raw).body["follows"] == first.head
