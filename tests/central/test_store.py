"""The store: one transaction, and who hears of it when."""

from datetime import UTC, datetime, timedelta, timezone
from threading import Thread

import pytest
from sqlalchemy import text

from central.alarms import AlarmKind, clear_alarm, open_alarms, raise_alarm
from central.store import Store, Turns, tell, wake
from tests.kit.process import until

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Unwell(Exception):
    """Something went wrong inside a transaction."""


def test_a_transaction_that_fails_leaves_nothing_and_tells_nobody(store: Store) -> None:
    told: list[frozenset[str]] = []
    store.on_tell(told.append)
    with pytest.raises(Unwell), store.write() as session:
        raise_alarm(session, AlarmKind.FORK, "locker-a")
        raise Unwell
    with store.read() as session:
        assert open_alarms(session) == []
    assert told == []


def test_listeners_hear_after_the_commit_what_was_touched(store: Store) -> None:
    seen: list[tuple[str, int]] = []

    def count(what: str) -> None:
        with store.read() as session:
            seen.append((what, len(open_alarms(session))))

    store.on_tell(lambda topics: count(",".join(sorted(topics))))
    store.on_wake("wishes", lambda: count("woken"))
    with store.write() as session:
        raise_alarm(session, AlarmKind.FORK, "locker-a")
        tell(session, "cell:wall-a/7")
        wake(session, "wishes")
    assert seen == [("woken", 1), ("alarms,cell:wall-a/7", 1)]


def test_who_wants_to_write_again_comes_after_those_who_waited() -> None:
    turns, order = Turns(), list[str]()

    def write(name: str) -> None:
        with turns:
            order.append(name)

    threads = [Thread(target=write, args=(name,)) for name in ("first", "second")]
    with turns:
        for number, thread in enumerate(threads, 1):
            thread.start()
            until("it waits", lambda number=number: turns.waiting == number)  # type: ignore[misc]
    write("again")
    for thread in threads:
        thread.join()
    assert order == ["first", "second", "again"]


def test_a_transaction_inside_another_is_a_fault_and_no_silence() -> None:
    turns = Turns()
    with turns, pytest.raises(RuntimeError, match="inside another"), turns:
        pass
    with turns:
        assert turns.waiting == 0


def test_a_moment_comes_back_in_utc_whatever_zone_it_went_in_with(store: Store) -> None:
    there = NOW.astimezone(timezone(timedelta(hours=8)))
    with store.write() as session:
        raise_alarm(session, AlarmKind.FORK, "locker-a", at=there)
    with store.read() as session:
        (alarm,) = open_alarms(session)
    assert alarm.raised_at == NOW
    assert alarm.raised_at.tzinfo is UTC


def test_an_alarm_is_open_once_and_counts_until_it_is_cleared(store: Store) -> None:
    with store.write() as session:
        raise_alarm(session, AlarmKind.POISON, "locker-a/wall-a", at=NOW, why="first")
        raise_alarm(session, AlarmKind.POISON, "locker-a/wall-a", at=NOW + timedelta(hours=1), why="second")
    with store.read() as session:
        (alarm,) = open_alarms(session)
        assert (alarm.times, alarm.params, alarm.raised_at) == (2, {"why": "second"}, NOW)
    with store.write() as session:
        assert clear_alarm(session, AlarmKind.POISON, "locker-a/wall-a", at=NOW, by="person:1")
        assert not clear_alarm(session, AlarmKind.POISON, "locker-a/wall-a")
        assert raise_alarm(session, AlarmKind.POISON, "locker-a/wall-a").times == 1


def test_sqlite_commits_are_durable(store: Store) -> None:
    if store.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL is durable by default")
    with store.read() as session:
        assert session.execute(text("PRAGMA synchronous")).scalar_one() == 2
        assert session.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"


def test_one_who_hears_and_fails_keeps_nobody_else_from_hearing(store: Store) -> None:
    heard = []

    def full() -> None:
        raise OSError("the disk is full")

    store.on_wake("list", full)
    store.on_wake("list", lambda: heard.append("list"))
    store.on_wake("others", lambda: heard.append("others"))
    store.on_tell(heard.append)
    with pytest.raises(OSError, match="full"), store.write() as session:
        wake(session, "list")
        wake(session, "others")
        tell(session, "fleet")
    assert heard == ["list", "others", frozenset({"fleet"})]
