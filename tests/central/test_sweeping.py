"""What time brings about, beside people who work."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from central.store import Store, Turns
from central.sweeping import sweeping
from tests.kit.databases import sqlite_in
from tests.kit.process import until

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


async def test_who_waits_to_write_waits_for_one_sweep_and_not_for_all(
    tmp_path: Path, up_to_date: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("central.sweeping.EVERY_S", 0)
    store, order = Store(sqlite_in(tmp_path, up_to_date)), list[str]()
    turns, loop, over = store._turns, asyncio.get_running_loop(), asyncio.Event()
    assert isinstance(turns, Turns)

    def work() -> None:
        with store.write():
            order.append("clerk")

    clerk = Thread(target=work)

    def first(_: Session, __: datetime) -> None:
        order.append("first")
        if not clerk.ident:
            clerk.start()
            until("the clerk waits", lambda: turns.waiting == 1)
        raise OperationalError("SELECT", {}, Exception("the database is away"))

    def second(_: Session, __: datetime) -> None:
        order.append("second")
        loop.call_soon_threadsafe(over.set)

    sweeps = asyncio.create_task(sweeping(store, lambda: NOW, (first, second)))
    async with asyncio.timeout(60):
        await over.wait()
    sweeps.cancel()
    with suppress(asyncio.CancelledError):
        await sweeps
    await asyncio.to_thread(clerk.join)
    store.close()
    assert order[:3] == ["first", "clerk", "second"]
