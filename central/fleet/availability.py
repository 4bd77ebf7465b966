"""How much of the time gateways and devices were there, from the alarms that said they were not."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from central.alarms import Alarm
from central.fleet.tables import Gateway

_DOWN = ("gateway_lost", "device_gone")


@dataclass(frozen=True)
class Row:
    """One room or model over the time looked at."""

    name: str
    things: int
    outages: int
    down: timedelta
    share: float
    """Of the time all of them were there, 0 to 1."""


@dataclass(frozen=True)
class Report:
    """Rows by room and by model of device, the worst first."""

    since: datetime
    until: datetime
    rooms: list[Row]
    models: list[Row]


def report(session: Session, since: datetime, until: datetime) -> Report:
    """What was there between the two."""
    outages = _outages(session, since, until)
    rooms: dict[str, list[tuple[timedelta, int, timedelta]]] = defaultdict(list)
    models: dict[str, list[tuple[timedelta, int, timedelta]]] = defaultdict(list)
    everyone = select(Gateway).where(Gateway.state != "revoked").options(selectinload(Gateway.devices))
    for gateway in session.scalars(everyone):
        span = until - max(since, gateway.enrolled_at)
        if span <= timedelta(0):
            continue
        place = " ".join(part for part in (gateway.floor, gateway.room) if part) or gateway.name
        rooms[place].append(_one(outages.get(gateway.name, []), span))
        for device in gateway.devices_now:
            spells = outages.get(f"{gateway.name}/{device.name}", []) + outages.get(gateway.name, [])
            models[device.product or device.name].append(_one(spells, span))
    return Report(since, until, _rows(rooms), _rows(models))


def _outages(session: Session, since: datetime, until: datetime) -> Mapping[str, list[tuple[datetime, datetime]]]:
    found = select(Alarm.subject, Alarm.raised_at, Alarm.cleared_at).where(
        Alarm.kind.in_(_DOWN), Alarm.raised_at < until, or_(Alarm.cleared_at.is_(None), Alarm.cleared_at > since)
    )
    spells: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for subject, begun, ended in session.execute(found):
        spells[subject].append((max(begun, since), min(ended or until, until)))
    return spells


def _one(spells: Iterable[tuple[datetime, datetime]], span: timedelta) -> tuple[timedelta, int, timedelta]:
    """(down, outages, span) of one thing; what overlaps is counted once."""
    down, last, count = timedelta(0), None, 0
    for begun, ended in sorted(spells):
        count += 1
        start = begun if last is None else max(begun, last)
        if ended > start:
            down += ended - start
        last = ended if last is None else max(last, ended)
    return down, count, span


def _rows(found: Mapping[str, list[tuple[timedelta, int, timedelta]]]) -> list[Row]:
    rows = []
    for name, things in found.items():
        down = sum((each[0] for each in things), timedelta(0))
        span = sum((each[2] for each in things), timedelta(0))
        share = max(0.0, 1 - down / span)
        rows.append(Row(name, len(things), sum(each[1] for each in things), down, round(share, 6)))
    return sorted(rows, key=lambda row: (row.share, row.name))
