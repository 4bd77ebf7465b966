"""Figures of gateways over hours to years: each heartbeat counted into a row of five minutes, an hour and a day.

A row holds, for each figure, least, most, sum and how often it was told. Rows of five minutes stay two days, of an
hour sixty, of a day five years: at most 3,841 rows a gateway, whatever happens.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, and_, delete, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from central.store import Base
from central.sweeping import Sweep

KEPT: Mapping[int, timedelta] = {300: timedelta(days=2), 3600: timedelta(days=60), 86400: timedelta(days=5 * 365)}
"""Seconds a row stands for -> how long it is kept."""
SPANS: Mapping[str, tuple[int, timedelta]] = {
    "day": (300, timedelta(days=1)),
    "month": (3600, timedelta(days=31)),
    "year": (86400, timedelta(days=366)),
    "all": (86400, timedelta(days=5 * 365)),
}
"""What a page may ask for -> the rows it is drawn from, and how far back."""
_PRUNE_EVERY = timedelta(minutes=10)


class FigureRow(Base):
    """What one gateway's figures were in one stretch of time."""

    __tablename__ = "gateway_figures"

    gateway_id: Mapped[int] = mapped_column(ForeignKey("gateways.id"), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    """Seconds it stands for."""
    at: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Where it begins, seconds since 1970."""
    told: Mapped[dict[str, Any]]
    """Figure -> [least, most, sum, count]."""


Rows = Mapping[tuple[int, int, int], FigureRow]
"""(gateway, seconds a row stands for, where it begins) -> row."""


def rows(session: Session, now: Mapping[int, datetime]) -> Rows:
    """The rows that heartbeats of these gateways at these times will be counted in, as far as there are any."""
    begins = {(step, int(at.timestamp()) // step * step) for at in now.values() for step in KEPT}
    of_then = or_(*(and_(FigureRow.step == step, FigureRow.at == at) for step, at in begins))
    found = session.scalars(select(FigureRow).where(FigureRow.gateway_id.in_(now), of_then))
    return {(row.gateway_id, row.step, row.at): row for row in found}


def count_in(session: Session, gateway_id: int, figures: Mapping[str, float], now: datetime, known: Rows) -> None:
    """Take one heartbeat into the rows of its time; `known` are all there are of that time."""
    seconds = int(now.timestamp())
    for step in KEPT:
        key = (gateway_id, step, seconds - seconds % step)
        row = known.get(key)
        if row is None:
            row = FigureRow(gateway_id=gateway_id, step=step, at=key[2], told={})
            session.add(row)
        row.told = {**row.told, **{name: _joined(row.told.get(name), value) for name, value in figures.items()}}


def series(session: Session, gateway_id: int, span: str, now: datetime) -> dict[str, Any]:
    """`at` and, for each figure, the mean at each of them (None where it was not told). Raises KeyError."""
    step, back = SPANS[span]
    since = int((now - back).timestamp())
    found = select(FigureRow).where(FigureRow.gateway_id == gateway_id, FigureRow.step == step, FigureRow.at >= since)
    rows = session.scalars(found.order_by(FigureRow.at)).all()
    names = sorted({name for row in rows for name in row.told})
    return {
        "at": [row.at for row in rows],
        "figures": {name: [_mean(row.told.get(name)) for row in rows] for name in names},
    }


def pruning() -> Sweep:
    """A sweep that lets go of rows past their time, now and then."""
    last = datetime.min.replace(tzinfo=UTC)

    def sweep(session: Session, now: datetime) -> None:
        nonlocal last
        if now - last < _PRUNE_EVERY:
            return
        last = now
        for step, kept in KEPT.items():
            old = int((now - kept).timestamp())
            session.execute(delete(FigureRow).where(FigureRow.step == step, FigureRow.at < old))

    return sweep


def _joined(before: Sequence[float] | None, value: float) -> list[float]:
    if before is None:
        return [value, value, value, 1]
    least, most, total, count = before
    return [min(least, value), max(most, value), round(total + value, 3), count + 1]


def _mean(told: Sequence[float] | None) -> float | None:
    return round(told[2] / told[3], 3) if told else None
