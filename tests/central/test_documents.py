"""Documents that gateways are to have: a version that only grows, a signed list that names the current ones."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from central.fleet import documents
from central.fleet.tables import DesiredDocument, Gateway
from central.ledger.own import Pen
from central.ledger.tables import CENTRAL, Book
from central.store import Store
from devices.claims import DesiredClaims
from devices.grants import keys_of, read
from devices.topics import BadName, GatewayTopics

from .conftest import COURT

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ONE, TWO = "1" * 64, "2" * 64


@pytest.fixture
def boxes(store: Store) -> tuple[Gateway, Gateway]:
    with store.write() as session:
        made = tuple(Gateway(name=name, permit_secret=b"x" * 32, enrolled_at=NOW) for name in ("room-1", "room-2"))
        session.add_all(made)
    return made[0], made[1]


def lists(store: Store, key: Ed25519PrivateKey, after: int = 0) -> dict[str, dict[str, str]]:
    """Gateway -> name -> hash, as the posts say it."""
    with store.read() as session:
        posts = list(documents.posts(session, Pen(COURT, key), after=after))
    told = {}
    for post in posts:
        gateway = post.topic.split("/")[3]
        assert post.retain and post.topic == GatewayTopics(COURT, gateway).desired
        claims: DesiredClaims = DesiredClaims.of(
            read("desired", post.payload, keys_of([key.public_key()]), COURT, gateway)
        )
        told[gateway] = {name: document.sha256 for name, document in claims.documents.items()}
    return told


def test_the_list_names_the_newest_of_each_name(
    store: Store, court_key: Ed25519PrivateKey, boxes: tuple[Gateway, Gateway]
) -> None:
    with store.write() as session:
        documents.desire(session, boxes[0], "agenda", ONE, NOW)
        documents.desire(session, boxes[0], "agenda", TWO, NOW)
        documents.desire(session, boxes[0], "config", ONE, NOW)
        last = documents.desire(session, boxes[1], "agenda", ONE, NOW)
    assert lists(store, court_key) == {"room-1": {"agenda": TWO, "config": ONE}, "room-2": {"agenda": ONE}}
    assert lists(store, court_key, after=last.id - 1) == {"room-2": {"agenda": ONE}}
    assert lists(store, court_key, after=last.id) == {}


def test_the_same_again_is_no_new_version_and_another_always_is(store: Store, boxes: tuple[Gateway, Gateway]) -> None:
    with store.write() as session:
        first = documents.desire(session, boxes[0], "agenda", ONE, NOW)
        assert documents.desire(session, boxes[0], "agenda", ONE, NOW + timedelta(hours=1)) is first
        second = documents.desire(session, boxes[0], "agenda", TWO, NOW - timedelta(days=1))
        back = documents.desire(session, boxes[0], "agenda", ONE, NOW - timedelta(days=1))
    assert first.version < second.version < back.version


def test_a_court_from_a_backup_goes_on_above_what_it_forgot(store: Store, boxes: tuple[Gateway, Gateway]) -> None:
    forgotten = int(NOW.timestamp())
    with store.write() as session:
        after = documents.desire(session, boxes[0], "agenda", TWO, NOW + timedelta(minutes=1))
    assert after.version > forgotten


def test_a_revoked_gateway_is_told_nothing(
    store: Store, court_key: Ed25519PrivateKey, boxes: tuple[Gateway, Gateway]
) -> None:
    with store.write() as session:
        documents.desire(session, boxes[0], "agenda", ONE, NOW)
        session.merge(boxes[0]).state = "revoked"
    assert lists(store, court_key) == {}


def test_a_name_that_is_none_is_refused(store: Store, boxes: tuple[Gateway, Gateway]) -> None:
    with store.write() as session, pytest.raises(BadName):
        documents.desire(session, boxes[0], "../agenda", ONE, NOW)


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_whoever_is_numbered_holds_centrals_book_so_that_a_later_number_is_a_later_commit(
    store: Store, boxes: tuple[Gateway, Gateway]
) -> None:
    with store.write() as session:
        documents.desire(session, boxes[0], "agenda", ONE, NOW)
    numbered = []

    def another_asks(session: Session, _: object) -> None:
        if any(isinstance(each, DesiredDocument) for each in session.new):
            book = select(Book).where(Book.gateway == CENTRAL).with_for_update(nowait=True)
            with pytest.raises(OperationalError, match="lock"), store.write() as other:
                other.scalars(book).one()
            numbered.append(session)

    with store.write() as session:
        event.listen(session, "after_flush", another_asks)
        documents.desire(session, boxes[1], "agenda", TWO, NOW)
    assert len(numbered) == 1
