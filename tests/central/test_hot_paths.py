"""What is asked at every door, scan and sweep finds its rows by an index, however old the court grows."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import event

from central.alarms import AlarmKind, clear_alarm, raise_alarm
from central.custody import service
from central.custody.permits import issue_permit
from central.custody.service import code_read
from central.custody.tables import Cabinet
from central.fleet import glance, notify
from central.fleet.alarm_tables import Contact
from central.fleet.glance import Filter
from central.people import sessions
from central.store import Store
from central.wishes.outbox import WishOutbox
from devices.locks import DoorLeftOpen
from tests.central.desk import messages
from tests.central.locker import BOX, Locker
from tests.central.test_custody import deposit, hand_out, stored
from tests.kit.databases import sqlite_in

GROWING = (
    *("moves", "wishes", "permits", "custody", "volumes", "ledger_lines", "ledger_seals", "sign_ins"),
    *("alarms", "alarm_notices"),
)


@pytest.fixture
def locker(tmp_path: Path, court_key: Ed25519PrivateKey, up_to_date: Path) -> Iterator[Locker]:
    store = Store(sqlite_in(tmp_path, up_to_date))
    yield Locker(store, court_key, tmp_path / "blobs")
    store.close()


@contextmanager
def asked(store: Store) -> Iterator[dict[str, Any]]:
    """The questions that are asked meanwhile, with their values."""
    questions: dict[str, Any] = {}

    def note(_: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")) and not many:
            questions[statement] = values

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield questions
    finally:
        event.remove(store.engine, "before_cursor_execute", note)


def scans(store: Store, questions: dict[str, Any]) -> list[str]:
    """Those that read a growing table from one end to the other, and what the database says it would do."""
    found = []
    with store.engine.connect() as connection:
        for question, values in questions.items():
            plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {question}", values)]
            whole = [step for step in plan if re.fullmatch(rf"SCAN ({'|'.join(GROWING)})( .*)?", step)]
            found += [f"{step}: {question}" for step in whole]
    return found


def a_days_work(locker: Locker) -> None:
    stored(locker)
    move = hand_out(locker)
    locker.tell(DoorLeftOpen(cell=1, seconds=60), move.wish)
    locker.cycle(move)
    locker.opens(2, None)
    locker.shuts(2)
    locker.cycle(deposit(locker, "HS-0002"))
    with locker.store.write() as session:
        until = locker.now.replace(hour=23)
        issued = issue_permit(session, locker.who("clerk"), "HS-0002", locker.who("judge").ref, until, locker.now)
    locker.uses_permit(issued.permit.jti, locker.cell(2).device_cell)
    with locker.store.write() as session:
        code_read(session, session.get_one(Cabinet, 1), "unknown", locker.now)


def the_sweeps(locker: Locker) -> None:
    locker.later(seconds=2)
    with locker.store.write() as session:
        sessions.sweep(session, locker.now)


def the_outbox(locker: Locker) -> None:
    outbox = WishOutbox(locker.store, locker.pen)
    deposit(locker)
    outbox.sent(outbox.due())


def the_calls(locker: Locker) -> None:
    with locker.store.write() as session:
        session.add(Contact(name="孙工", url="x://"))
        for subject in ("wall-a", "wall-b"):
            raise_alarm(session, AlarmKind.DEVICE_GONE, f"{BOX}/{subject}", at=locker.now)
    for minute in (1, 2, 9):
        now = locker.now + timedelta(minutes=minute)
        with locker.store.write() as session:
            for call in notify.due(session, now, messages(locker)):
                notify.sent(session, call, True, now)
            clear_alarm(session, AlarmKind.DEVICE_GONE, f"{BOX}/wall-a", at=now)


@pytest.mark.parametrize("work", [a_days_work, the_sweeps, the_outbox, the_calls])
def test_nothing_asked_often_reads_a_growing_table_through(locker: Locker, work: Callable[[Locker], None]) -> None:
    with asked(locker.store) as questions:
        work(locker)
    assert len(questions) > 3
    assert scans(locker.store, questions) == []


def test_the_map_counts_boxes_in_the_order_of_an_index(locker: Locker) -> None:
    with asked(locker.store) as questions, locker.store.read() as session:
        glance.look(session, Filter(state="waiting"))
    counting = next(iter(questions))
    with locker.store.engine.connect() as connection:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {counting}", questions[counting])]
    assert plan[:2] == ["CO-ROUTINE anon_1", "SCAN gateways USING COVERING INDEX ix_gateways_glance"]
    assert [step for step in plan if "TEMP" in step] == []


def test_what_a_wish_has_at_hand_it_does_not_ask_for_again(locker: Locker) -> None:
    stored(locker)
    person = locker.who("clerk")
    for wish, most in ((service.hand_out, 5), (service.deposit, 6)):
        with asked(locker.store) as questions, locker.store.write() as session:
            move = wish(session, person, "HS-0001", "A" if wish is service.deposit else None, locker.now)
        assert len([question for question in questions if question.startswith("SELECT")]) <= most
        assert move.cell is not None and move.cell.label == "A-01"
        locker.cycle(move)
