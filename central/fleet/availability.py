"""How much of the time gateways and devices were there, from the alarms that said they were not."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row as Told
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from central.alarms import Alarm
from central.fleet.tables import Device, Gateway
from central.store import columns_of

_DOWN = ("gateway_lost", "device_gone")
_G, _D = columns_of(Gateway), columns_of(Device)
_NOW = _D.removed_at.is_(None)


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

    def add(self, things: int, span: timedelta, outage: tuple[int, timedelta]) -> None:
        """So many things that were looked at for so long and were all away alike."""
        self.things += things
        self.outages += things * outage[0]
        self.down += things * outage[1]
        self.span += things * span

    def row(self, name: str) -> Row:
        """What is shown of it."""
        return Row(name, self.things, self.outages, self.down, round(max(0.0, 1 - self.down / self.span), 6))


def report(session: Session, since: datetime, until: datetime) -> Report:
    """What was there between the two."""
    outages = _outages(session, since, until)
    rooms: dict[str, _Sum] = defaultdict(_Sum)
    models: dict[str, _Sum] = defaultdict(_Sum)
    boxes: dict[int, tuple[str, timedelta]] = {}
    everyone = select(_G.id, _G.name, _G.floor, _G.room, _G.enrolled_at).where(_G.state != "revoked")
    for number, name, floor, room, enrolled in session.execute(everyone).all():
        span = until - max(since, enrolled)
        if span > timedelta(0):
            boxes[number] = name, span
            rooms[" ".join(part for part in (floor, room) if part) or name].add(1, span, _one(outages.get(name, ())))
    for number, model, things in _things(session):
        if number in boxes:
            name, span = boxes[number]
            models[model].add(things, span, _one(outages.get(name, ())))
    by_themselves = {subject.partition("/")[0] for subject in outages if "/" in subject}
    singly = select(_D.gateway_id, _D.name, _D.product).join(Gateway, _G.id == _D.gateway_id)
    for number, device, model in session.execute(singly.where(_NOW, _G.name.in_(by_themselves))):
        if number in boxes:
            name, span = boxes[number]
            with_its_box = outages.get(name, ())
            if own := outages.get(f"{name}/{device}"):
                models[model or device].add(-1, span, _one(with_its_box))
                models[model or device].add(1, span, _one([*own, *with_its_box]))
    return Report(since, until, _rows(rooms), _rows(models))


def _things(session: Session) -> Iterator[Told[int, str, int]]:
    """How many of which model each gateway has; what names no driver goes by its own name."""
    for model, which in ((_D.product, _D.product != ""), (_D.name, _D.product == "")):
        counted = select(_D.gateway_id, model, func.count()).where(_NOW, which).group_by(model, _D.gateway_id)
        yield from session.execute(counted).all()


def _outages(session: Session, since: datetime, until: datetime) -> Mapping[str, list[tuple[datetime, datetime]]]:
    found = select(Alarm.subject, Alarm.raised_at, Alarm.cleared_at).where(
        Alarm.kind.in_(_DOWN), Alarm.raised_at < until, or_(Alarm.cleared_at.is_(None), Alarm.cleared_at > since)
    )
    spells: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for subject, begun, ended in session.execute(found).all():
        spells[subject].append((max(begun, since), min(ended or until, until)))
    return spells


def _one(spells: Iterable[tuple[datetime, datetime]]) -> tuple[int, timedelta]:
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
