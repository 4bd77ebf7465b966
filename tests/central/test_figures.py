"""Figures of gateways: heartbeats thinned out into a bounded table, shown over any span, and told to Prometheus."""

import asyncio
import json
from datetime import timedelta

from sqlalchemy import func, select

from central.fleet import duty, figures
from central.fleet.presence import Presence
from central.fleet.tables import Gateway
from devices.health import Heartbeat

from .desk import Desk
from .locker import BOX, Locker


def beat(queue: float, at: float = 0) -> Heartbeat:
    return Heartbeat(at=at, uptime_s=1, queue=queue, disk_free_mb=100, disk_used=0.5, memory_mb=50, load=0.1)


def test_a_heartbeat_is_kept_with_how_far_its_clock_is_off(locker: Locker) -> None:
    presence = Presence(locker.store, lambda: locker.now)
    presence.beat(BOX, beat(7, locker.now.timestamp() + 31536000).model_dump_json().encode())
    presence.beat("stranger", beat(7).model_dump_json().encode())
    for bad in (b"", b"[]", b'{"at": 1}', b'{"at": "x"}', beat(1).model_dump_json().replace("50", "1e999").encode()):
        presence.beat(BOX, bad)
    presence.write(*presence.take(), presence.take_beats())
    with locker.store.read() as session:
        gateway = session.scalars(select(Gateway).where(Gateway.name == BOX)).one()
        assert gateway.health["queue"] == 7 and gateway.health["clock_off_s"] == 31536000
        assert gateway.beat_at == locker.now and "temperature_c" not in gateway.health


async def test_a_heartbeat_is_written_down_at_once_though_its_box_was_seen_a_moment_ago(locker: Locker) -> None:
    written = asyncio.Event()
    loop = asyncio.get_running_loop()
    locker.store.on_tell(lambda topics: loop.call_soon_threadsafe(written.set))
    presence = Presence(locker.store, lambda: locker.now)
    running = asyncio.create_task(presence.run())
    async with asyncio.timeout(20):
        presence.saw(BOX)
        await written.wait()
        written.clear()
        presence.beat(BOX, beat(7).model_dump_json().encode())
        await written.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    with locker.store.read() as session:
        gateway = session.scalars(select(Gateway).where(Gateway.name == BOX)).one()
        assert gateway.health["queue"] == 7


def test_figures_are_means_of_their_stretch_and_what_is_old_is_let_go(locker: Locker) -> None:
    with locker.store.write() as session:
        for minute in range(0, 120, 10):
            for queue in (0.0, 10.0):
                at = locker.now + timedelta(minutes=minute)
                figures.count_in(session, 1, {"queue": queue + minute}, at, figures.rows(session, {1: at}))
    later = locker.now + timedelta(minutes=119)
    with locker.store.read() as session:
        day = figures.series(session, 1, "day", later)
        assert day["figures"]["queue"] == [minute + 5.0 for minute in range(0, 120, 10)]
        assert figures.series(session, 1, "month", later)["figures"]["queue"] == [30.0, 90.0]
        assert figures.series(session, 1, "year", later)["figures"]["queue"] == [60.0]
    sweep = figures.pruning()
    with locker.store.write() as session:
        sweep(session, locker.now + timedelta(days=70))
        left = select(figures.FigureRow.step, func.count()).group_by(figures.FigureRow.step)
        assert [tuple(row) for row in session.execute(left)] == [(86400, 1)]


def test_the_page_of_a_box_has_its_figures_over_the_span_asked_for(at: Desk, locker: Locker) -> None:
    with locker.store.write() as session:
        gateway = session.scalars(select(Gateway).where(Gateway.name == BOX)).one()
        figures.count_in(session, gateway.id, {"queue": 3}, locker.now, {})
    at.sign_in("it")
    assert 'data-figures="/fleet/locker-a/figures.json?span=month"' in at.open(f"/fleet/{BOX}?span=month")
    told = json.loads(at.open(f"/fleet/{BOX}/figures.json"))
    assert told["figures"] == {"queue": [3.0]} and len(told["at"]) == 1
    at.open(f"/fleet/{BOX}/figures.json?span=century", 422)


def test_every_figure_has_a_name_on_the_page_of_a_box_and_in_the_rules(at: Desk, locker: Locker) -> None:
    at.sign_in("it")
    box, rules = at.open(f"/fleet/{BOX}"), at.open("/alarms/rules")
    assert [name for name in duty.FIGURES if f'data-figure="{name}"' not in box] == []
    assert [name for name in duty.FIGURES if f'<option value="{name}"' not in rules] == []
    assert "磁盘占用 &gt; 90 %" in rules or "磁盘占用 > 90 %" in rules
