"""Central's own book."""

from itertools import pairwise

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from central.ledger.own import Pen, record, take_pen
from central.ledger.tables import CENTRAL, Book, LedgerLine, Seal
from central.store import Store
from devices.box import GATEWAY, Started, Stopped
from devices.grants import keys_of, read
from devices.journal import line_hash, read_chain, read_line

from .conftest import COURT


def test_what_is_recorded_is_a_sealed_chain_that_begins_with_its_book(
    store: Store, court_key: Ed25519PrivateKey
) -> None:
    with store.write() as session:
        record(session, Started(version="1", catalogue="0" * 64), actor="person:3")
        record(session, Stopped(), device=GATEWAY, cause="wish-0001")
    with store.read() as session:
        rows = list(session.scalars(select(LedgerLine).order_by(LedgerLine.id)))
        seals = list(session.scalars(select(Seal).order_by(Seal.id)))
        book = session.scalars(select(Book)).one()
    lines = read_chain([row.raw for row in rows], 1, "0" * 64)
    assert [line.type for line in lines] == ["book_opened", "started", "stopped"]
    assert lines[1].body["actor"] == "person:3"
    assert lines[2].cause == rows[2].cause == "wish-0001"
    assert (book.seq, book.head) == (3, line_hash(rows[-1].raw))
    for seal, row in zip(seals, rows, strict=True):
        claims = read("seal", seal.token, keys_of([court_key.public_key()]), CENTRAL, COURT)
        assert (claims["book"], claims["seq"], claims["head"]) == (book.book, row.seq, row.hash)
    assert all(before.at <= after.at for before, after in pairwise(rows))


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
