"""A fact told anew in another book is stored again and taken in once."""

import pytest

from central.ledger.accept import Ledger
from central.store import Store
from devices.journal import line_hash

from .box import Box
from .conftest import COURT
from .test_ledger_parking import Doors

OPEN = {"cell": 3, "door": "open"}


def told_anew(store: Store, places: list[object]) -> int:
    """How often the door is taken in when it is told once, and anew with these places."""
    doors, box = Doors(), Box()
    ledger = Ledger(COURT, (doors,))
    box.write_raw("door_changed", OPEN)
    _take(store, ledger, box)
    box.begin("book-2", follows=box.head, why="restored_disk")
    box.write_raw("door_changed", OPEN | {"again": {"at": "2026-03-02T04:00:02.000Z", "as": places}})
    _take(store, ledger, box)
    return len(doors.seen)


def _take(store: Store, ledger: Ledger, box: Box) -> None:
    with store.write() as session:
        assert ledger.accept(session, box.sender, *box.batch()).result == "stored"


@pytest.mark.parametrize(
    "places", [[], [["book-1", 2, "0" * 64]], [["book-9", 2, "0" * 64]], [["book-1", -1, "x"]], ["book-1"], [[]]]
)
def test_what_the_ledger_does_not_hold_is_news(store: Store, places: list[object]) -> None:
    assert told_anew(store, places) == 2


def test_what_the_ledger_holds_is_stored_and_not_taken_in_again(store: Store) -> None:
    doors, box = Doors(), Box()
    ledger = Ledger(COURT, (doors,))
    first = line_hash(box.write_raw("door_changed", OPEN))
    _take(store, ledger, box)
    box.begin("book-2", follows=box.head, why="restored_disk")
    places = [["book-1", 2, first], ["book-x", 7, "0" * 64]]
    box.write_raw("door_changed", OPEN | {"again": {"at": "2026-03-02T04:00:02.000Z", "as": places}})
    _take(store, ledger, box)
    assert doors.seen == [(3, "open")]
