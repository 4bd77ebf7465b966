"""What runs beside requests goes on, though what it needs is away for a moment or damaged."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from central.blobs import Blobs, WrongBlob
from central.clock import utc_now
from central.dossiers import crew, work
from central.hearings import writing_up
from central.running import Admission
from central.settings import Settings
from central.store import Store


async def heard(event: asyncio.Event) -> None:
    async with asyncio.timeout(30):
        await event.wait()


async def test_a_seat_outlives_a_database_that_is_away(
    tmp_path: Path, up_to_date: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, looked, loop = Store(f"sqlite:///{up_to_date}"), list[str](), asyncio.get_running_loop()
    again, bell = asyncio.Event(), asyncio.Event()

    def waits(*_: object) -> bool:
        looked.append("looked")
        if len(looked) == 1:
            loop.call_soon_threadsafe(bell.set)
            raise OperationalError("SELECT", {}, Exception("the server closed the connection"))
        loop.call_soon_threadsafe(again.set)
        return False

    monkeypatch.setattr(work, "waits", waits)
    seat = asyncio.create_task(crew._Seat(Settings(court="c", home=tmp_path), store, utc_now, bell).keep())
    try:
        await heard(again)
    finally:
        seat.cancel()
        store.close()


async def test_a_damaged_blob_of_one_hearing_holds_up_nothing_else(
    tmp_path: Path, up_to_date: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, loop, done = Store(f"sqlite:///{up_to_date}"), asyncio.get_running_loop(), asyncio.Event()

    def damaged(*_: object) -> int:
        raise WrongBlob("it was altered where it lies")

    def well(then: Callable[[], None]) -> Callable[..., int]:
        def doing(*_: Any) -> int:
            loop.call_soon_threadsafe(then)
            return 0

        return doing

    monkeypatch.setattr(writing_up, "_LOOK_S", 0)
    monkeypatch.setattr(writing_up.transcript, "take_in", damaged)
    monkeypatch.setattr(writing_up.watch, "bar", well(done.set))
    async with writing_up.at_work(store, Blobs(tmp_path / "blobs"), utc_now):
        await heard(done)
    store.close()


async def test_a_list_that_could_not_be_written_is_written_as_soon_as_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, tried, written = asyncio.get_running_loop(), list[str](), asyncio.Event()

    def write() -> None:
        tried.append("tried")
        if len(tried) == 1:
            raise OSError("No space left on device")
        loop.call_soon_threadsafe(written.set)

    monkeypatch.setattr("central.running._OWED_S", 0)
    admission = Admission(write)
    admission.renew()
    keeping = asyncio.create_task(admission.run())
    try:
        await heard(written)
    finally:
        keeping.cancel()


def test_lists_are_written_one_after_another() -> None:
    told, begun, go_on = list[str](), Event(), Event()

    def write() -> None:
        told.append("begins")
        begun.set()
        go_on.wait(30)
        told.append("ends")

    admission = Admission(write)
    first, second = Thread(target=admission.renew), Thread(target=admission.renew)
    first.start()
    assert begun.wait(30)
    second.start()
    assert not admission._turn.acquire(blocking=False)
    go_on.set()
    first.join()
    second.join()
    assert told == ["begins", "ends"] * 2
