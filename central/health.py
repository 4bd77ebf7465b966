"""`/healthz` for whoever restarts things, `/metrics` for Prometheus."""

from collections.abc import Callable, Iterable
from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from pydantic import BaseModel
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from central.alarms import Alarm
from central.fleet.tables import Gateway
from central.ledger.tables import Parked
from central.running import Running
from central.store import Store

MAX_LAG_S = 60.0
"""Beyond that, facts wait too long to call central healthy."""

Now = Callable[[], Running | None]
"""What runs at the moment; None while starting or stopping."""


class Health(BaseModel):
    """How central is; 503 if anything is wrong but the broker, whose absence restarting central does not mend."""

    ok: bool
    database: str
    broker: str
    ingest_lag_s: float
    ended: list[str]


def health_routes(store: Store, now: Now) -> APIRouter:
    """Both routes."""
    router = APIRouter()
    registry = CollectorRegistry()
    registry.register(_Figures(store, now))

    @router.get("/healthz")
    def healthz(response: Response) -> Health:
        """How central is."""
        health = look(store, now())
        response.status_code = 200 if health.ok else 503
        return health

    @router.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        return Response(generate_latest(registry), media_type="text/plain; version=0.0.4; charset=utf-8")

    return router


def look(store: Store, running: Running | None) -> Health:
    """How things are at this moment."""
    try:
        with store.read() as session:
            session.execute(text("SELECT 1"))
        database = "ok"
    except DBAPIError as error:
        database = str(error.orig)
    if running is None:
        return Health(ok=False, database=database, broker="starting", ingest_lag_s=0, ended=[])
    lag, ended = running.ingest.lag_s, running.ailing
    return Health(
        ok=database == "ok" and lag < MAX_LAG_S and not ended,
        database=database,
        broker="connected" if running.link.connected.is_set() else "lost",
        ingest_lag_s=round(lag, 3),
        ended=ended,
    )


class _Figures(Collector):
    def __init__(self, store: Store, now: Now) -> None:
        self._store = store
        self._now = now

    def collect(self) -> Iterable[Metric]:
        """Figures as they are when asked for."""
        running = self._now()
        if running is not None:
            yield from _ingest_figures(running)
        with self._store.read() as session:
            states = session.execute(select(Gateway.presence, func.count()).group_by(Gateway.presence)).all()
            alarms = session.execute(
                select(Alarm.kind, func.count()).where(Alarm.cleared_at.is_(None)).group_by(Alarm.kind)
            )
            gateways = GaugeMetricFamily("courtside_gateways", "Gateways by presence", labels=["presence"])
            for presence, count in states:
                gateways.add_metric([presence], count)
            open_ = GaugeMetricFamily("courtside_alarms_open", "Open alarms by kind", labels=["kind"])
            for kind, count in alarms:
                open_.add_metric([kind], count)
            beats = session.execute(select(Gateway.name, Gateway.health).where(Gateway.state == "active")).all()
            parked = session.scalar(select(func.count()).select_from(Parked)) or 0
        yield gateways
        yield from self._of_gateways(beats)
        yield open_
        yield GaugeMetricFamily("courtside_parked_lines", "Lines that wait to be projected", value=parked)

    @staticmethod
    def _of_gateways(beats: Iterable[Any]) -> Iterable[Metric]:
        names = ("queue", "disk_used", "temperature_c", "clock_off_s", "ack_ms", "devices_gone")
        told = {n: GaugeMetricFamily(f"courtside_gateway_{n}", "Newest heartbeat", labels=["gateway"]) for n in names}
        for gateway, health in beats:
            for name in names:
                if name in health:
                    told[name].add_metric([gateway], health[name])
        yield from told.values()


def _ingest_figures(running: Running) -> Iterable[Metric]:
    counts = running.ingest.counts
    yield CounterMetricFamily("courtside_ingest_lines", "Lines committed since start", value=counts.lines)
    yield CounterMetricFamily("courtside_ingest_let_go", "Batches let go, to be sent again", value=counts.let_go)
    yield CounterMetricFamily("courtside_ingest_failed", "Batches the database failed on", value=counts.failed)
    yield GaugeMetricFamily("courtside_ingest_waiting", "Batches not yet committed", value=running.ingest.waiting)
    yield GaugeMetricFamily("courtside_ingest_lag_seconds", "Age of the oldest of them", value=running.ingest.lag_s)
    results = CounterMetricFamily("courtside_ingest_batches", "Batches by what became of them", labels=["result"])
    for result, count in dict(counts.results).items():
        results.add_metric([result], count)
    yield results
    connected = 1 if running.link.connected.is_set() else 0
    yield GaugeMetricFamily("courtside_broker_connected", "1 while connected", value=connected)
