"""Poison: a line that cannot be projected stops its own subject and nothing else."""

from collections.abc import Sequence

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from central.alarms import AlarmKind, open_alarms, raise_alarm
from central.ledger.accept import Ledger
from central.ledger.parking import parked_lines
from central.ledger.projection import LineView
from central.ledger.tables import LedgerLine
from central.store import Store
from devices.journal import Line
from devices.locks import DoorChanged

from .box import Box
from .conftest import COURT


class Doors:
    """Writes every door into an alarm's params, and stumbles over one cell while told to."""

    types = frozenset({"door_changed"})

    def __init__(self, stumbles_over: int | None = None) -> None:
        self.stumbles_over = stumbles_over
        self.seen: list[tuple[int, str]] = []

    def project(self, session: Session, line: LineView) -> None:
        """Take in one door."""
        fact = line.fact
        assert isinstance(fact, DoorChanged)
        raise_alarm(session, AlarmKind.DOOR_UNASKED, line.subject, door=fact.door)
        if fact.cell == self.stumbles_over:
            raise LookupError(f"no cell {fact.cell}")
        self.seen.append((fact.cell, fact.door))


class ManyDoors(Doors):
    """Takes a whole batch at once."""

    def project_batch(self, session: Session, lines: Sequence[LineView]) -> None:
        """Take in all of them."""
        for line in lines:
            self.project(session, line)


class DoorsOfTwo(Doors):
    """Is concerned by cell 2 alone."""

    def concerns(self, session: Session, gateway: str, lines: Sequence[Line]) -> Sequence[Line]:
        """Those of cell 2."""
        assert gateway == "locker-a"
        return [line for line in lines if line.body["cell"] == 2]


class NoDatabase(Doors):
    """Meets a database that fails."""

    def project(self, session: Session, line: LineView) -> None:
        """Fail as a database fails."""
        raise OperationalError("SELECT 1", {}, Exception("disk full"))


def box_of(*cells: int) -> Box:
    """A gateway whose doors opened in this order."""
    box = Box()
    for cell in cells:
        box.write(DoorChanged(cell=cell, door="open"))
    return box


def waiting(store: Store) -> list[tuple[str, str]]:
    """What waits parked."""
    with store.read() as session:
        return [(parked.subject, parked.why) for parked, _ in parked_lines(session)]


@pytest.mark.parametrize("kind", [Doors, ManyDoors])
def test_a_line_that_cannot_be_projected_is_kept_parked_and_acked_and_the_rest_goes_on(store: Store, kind) -> None:
    box, doors = box_of(1, 2, 1, 3, 2), kind(stumbles_over=2)
    ledger = Ledger(COURT, [doors])
    with store.write() as session:
        answer = ledger.accept(session, box.sender, *box.batch())
    assert (answer.result, answer.seq) == ("stored", 6)
    assert waiting(store) == [("locker-a/wall-a/2", "LookupError: no cell 2"), ("locker-a/wall-a/2", "")]
    with store.read() as session:
        stored = list(session.scalars(select(LedgerLine.raw).order_by(LedgerLine.id)))
        open_ = {(alarm.kind, alarm.subject) for alarm in open_alarms(session)}
    assert stored == box.raws
    assert (AlarmKind.POISON, "locker-a/wall-a/2") in open_
    assert (AlarmKind.DOOR_UNASKED, "locker-a/wall-a/2") not in open_  # what the failed line wrote is undone
    assert doors.seen[-3:] == [(1, "open"), (1, "open"), (3, "open")]


def test_parked_lines_are_projected_in_order_when_retried(store: Store) -> None:
    box, doors = box_of(2, 2), Doors(stumbles_over=2)
    ledger = Ledger(COURT, [doors])
    with store.write() as session:
        ledger.accept(session, box.sender, *box.batch())
    with store.write() as session:
        assert ledger.retry(session, "locker-a/wall-a/2") == 2
    doors.stumbles_over = None
    box.write(DoorChanged(cell=2, door="shut"))
    with store.write() as session:
        ledger.accept(session, box.sender, *box.batch(4))
    assert doors.seen == []  # still behind the two that wait
    with store.write() as session:
        assert ledger.retry(session, "locker-a/wall-a/2") == 0
    assert doors.seen == [(2, "open"), (2, "open"), (2, "shut")]
    assert waiting(store) == []
    with store.read() as session:
        assert AlarmKind.POISON not in {alarm.kind for alarm in open_alarms(session)}


def test_a_line_of_a_type_nobody_knows_is_parked_and_other_subjects_go_on(store: Store) -> None:
    box, doors = Box(), Doors()
    box.write_raw("door_painted", {"cell": 1, "colour": "red"})
    box.write(DoorChanged(cell=1, door="open"))
    box.write(DoorChanged(cell=2, door="open"))
    with store.write() as session:
        Ledger(COURT, [doors]).accept(session, box.sender, *box.batch())
    assert waiting(store) == [("locker-a/wall-a/1", "no fact is called 'door_painted' here"), ("locker-a/wall-a/1", "")]
    assert doors.seen == [(2, "open")]


def test_what_concerns_no_projector_is_stored_and_shown_to_none(store: Store) -> None:
    box, doors = box_of(1, 2, 3, 2), DoorsOfTwo()
    box.write_raw("door_painted", {"cell": 1, "colour": "red"})
    with store.write() as session:
        answer = Ledger(COURT, [doors]).accept(session, box.sender, *box.batch())
    assert (answer.result, answer.seq) == ("stored", 6)
    assert doors.seen == [(2, "open"), (2, "open")]
    assert waiting(store) == [("locker-a/wall-a/1", "no fact is called 'door_painted' here")]


def test_a_line_that_concerns_one_of_two_projectors_is_shown_to_that_and_to_whoever_wants_its_type(
    store: Store,
) -> None:
    box, sieve, all_of_them = box_of(1, 2), DoorsOfTwo(), Doors()
    with store.write() as session:
        Ledger(COURT, [sieve, all_of_them]).accept(session, box.sender, *box.batch())
    assert all_of_them.seen == [(1, "open"), (2, "open")]
    assert (2, "open") in sieve.seen


def test_a_known_fact_whose_body_makes_no_sense_is_parked(store: Store) -> None:
    box = Box()
    box.write_raw("door_changed", {"cell": "seven", "door": "ajar"})
    with store.write() as session:
        Ledger(COURT, [Doors()]).accept(session, box.sender, *box.batch())
    ((subject, why),) = waiting(store)
    assert subject == "locker-a/wall-a"
    assert why.startswith("UnreadableMessage")


def test_when_the_database_fails_nothing_is_committed_and_nothing_parked(store: Store) -> None:
    box = box_of(1)
    with pytest.raises(OperationalError), store.write() as session:
        Ledger(COURT, [NoDatabase()]).accept(session, box.sender, *box.batch())
    with store.read() as session:
        assert session.execute(text("SELECT count(*) FROM ledger_lines")).scalar_one() == 0
