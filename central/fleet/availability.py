"""How much of the time gateways and devices were there, from the alarms that said they were not."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Subquery, and_, case, extract, func, or_, select
from sqlalchemy.orm import Session

from central.alarms import Alarm
from central.fleet.tables import Device, Gateway
from central.store import columns_of

_DOWN = ("gateway_lost", "device_gone")
_G, _D = columns_of(Gateway), columns_of(Device)
_ENROLLED = extract("epoch", _G.enrolled_at)
_UNPLACED = and_(_G.floor == "", _G.room == "")
_PLACE = (_G.floor, _G.room, case((_UNPLACED, _G.name), else_=""))
"""Where a gateway stands; one of which nobody said it goes by its own name."""
_MODEL = case((_D.product == "", _D.name), else_=_D.product)
"""What a device is; one that names no driver goes by its own name."""
_NOW = _D.removed_at.is_(None)
_NONE = (0, timedelta(0))


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


class _Sum:
    """Things of one room or model."""

    def __init__(self) -> None:
        self.things = self.outages = 0
        self.down = self.span = timedelta(0)

    def add(self, things: int, span: timedelta, outage: tuple[int, timedelta] = _NONE) -> None:
        """So many things, looked at for so long altogether; and of one of them, how often and how long it was away."""
        self.things += things
        self.outages += outage[0]
        self.down += outage[1]
        self.span += span

    def row(self, name: str) -> Row:
        """What is shown of it."""
        return Row(name, self.things, self.outages, self.down, round(max(0.0, 1 - self.down / self.span), 6))


def report(session: Session, since: datetime, until: datetime) -> Report:
    """What was there between the two: what never was away is counted by the database, the others one by one."""
    outages = _outages(session, since, until)
    ailing = {subject.partition("/")[0] for subject in outages}
    rooms: dict[str, _Sum] = defaultdict(_Sum)
    models: dict[str, _Sum] = defaultdict(_Sum)
    looked_at = (_G.state != "revoked", _G.enrolled_at < until)
    well, others = (*looked_at, _G.name.not_in(ailing)), (*looked_at, _G.name.in_(ailing))
    span = until.timestamp() - case((_G.enrolled_at > since, _ENROLLED), else_=since.timestamp())
    for of_place, which in (((_G.floor, _G.room), ~_UNPLACED), ((_G.name,), _UNPLACED)):  # each in an index's own order
        counted = select(*of_place, func.count(), func.sum(span)).where(*well, which).group_by(*of_place)
        for *place, things, seconds in session.execute(counted).all():
            rooms[_named(place)].add(things, timedelta(seconds=float(seconds)))
    for of in map(_counted, (_D.product, _D.name), (_D.product != "", _D.product == "")):
        summed = select(of.c.model, func.sum(of.c.things), func.sum(of.c.things * span)).group_by(of.c.model)
        summed = summed.join(Gateway, _G.id == of.c.gateway_id).where(*well)
        for model, things, seconds in session.execute(summed).all():
            models[model].add(int(things), timedelta(seconds=float(seconds)))
    for *place, name, enrolled in session.execute(select(*_PLACE, _G.name, _G.enrolled_at).where(*others)).all():
        rooms[_named(place)].add(1, until - max(since, enrolled), _together(outages.get(name, ())))
    singly = select(_MODEL, _D.name, _G.name, _G.enrolled_at).join(Gateway, _G.id == _D.gateway_id)
    for model, device, name, enrolled in session.execute(singly.where(_NOW, *others)).all():
        away = _together([*outages.get(name, ()), *outages.get(f"{name}/{device}", ())])
        models[model].add(1, until - max(since, enrolled), away)
    return Report(since, until, _rows(rooms), _rows(models))


def _counted(model: ColumnElement[str], which: ColumnElement[bool]) -> Subquery:
    """How many of which model each gateway has, in an index's own order."""
    counted = select(_D.gateway_id, model.label("model"), func.count().label("things")).where(_NOW, which)
    return counted.group_by(model, _D.gateway_id).subquery()


def _named(place: Iterable[str]) -> str:
    return " ".join(part for part in place if part)


def _outages(session: Session, since: datetime, until: datetime) -> Mapping[str, list[tuple[datetime, datetime]]]:
    found = select(Alarm.subject, Alarm.raised_at, Alarm.cleared_at).where(
        Alarm.kind.in_(_DOWN), Alarm.raised_at < until, or_(Alarm.cleared_at.is_(None), Alarm.cleared_at > since)
    )
    spells: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for subject, begun, ended in session.execute(found).all():
        spells[subject].append((max(begun, since), min(ended or until, until)))
    return spells


def _together(spells: Iterable[tuple[datetime, datetime]]) -> tuple[int, timedelta]:
    """(outages, down) of one thing; what overlaps is counted once."""
    down, last, count = timedelta(0), None, 0
    for begun, ended in sorted(spells):
        count += 1
        start = begun if last is None else max(begun, last)
        if ended > start:
            down += ended - start
        last = ended if last is None else max(last, ended)
    return count, down


def _rows(found: Mapping[str, _Sum]) -> list[Row]:
    rows = [each.row(name) for name, each in found.items()]
    return sorted(rows, key=lambda row: (row.share, row.name))
