"""The fleet at a glance: what fits a filter is counted by the database, and only what is drawn is fetched."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from sqlalchemy import ColumnElement, Row, String, and_, case, cast, false, func, or_, select
from sqlalchemy.orm import Session

from central.fleet.tables import Device, Gateway
from central.places import in_order
from central.store import columns_of

BOXES, ROOMS = 150, 500
"""Boxes, or rooms, drawn at most: no more are taken in at a glance."""
TONES = ("broken", "person", "waiting", "away", "working")
"""The worst first."""
_G, _D = columns_of(Gateway), columns_of(Device)
_GONE = select(_D.gateway_id).where(_D.presence == "gone", _D.removed_at.is_(None))
toned = case(
    (_G.state == "suspended", "broken"),
    (_G.state != "active", "away"),
    (_G.presence == "lost", "broken"),
    (_G.presence == "init", "waiting"),
    (_G.presence != "ready", "away"),
    (or_(_G.safe, _G.id.in_(_GONE)), "broken"),
    (~_G.clock_trusted, "person"),
    else_="working",
)
"""The worst of a box and its devices."""


@dataclass(frozen=True)
class Filter:
    """What is looked for; what is empty asks for nothing."""

    q: str = ""
    """Part of the name of a box, a room, a device or its driver."""
    floor: str = ""
    room: str = ""
    tag: str = ""
    state: str = ""
    """A tone."""
    unplaced: bool = False
    """Those that nobody said the room of and, without a floor asked for, the floor of."""


@dataclass(frozen=True)
class Lamp:
    """One device of a box."""

    name: str
    product: str
    tone: str


@dataclass(frozen=True)
class Spot:
    """One box where it stands."""

    name: str
    state: str
    """As pages name it."""
    tone: str
    safe: bool
    lamps: Sequence[Lamp]


@dataclass
class Tile:
    """A room of many, or a floor, with how many of its boxes are how."""

    floor: str
    room: str | None = None
    """None for the floor as a whole."""
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def tone(self) -> str:
        """That of its worst box."""
        return next(tone for tone in TONES if tone in self.counts)


@dataclass(frozen=True)
class Glance:
    """What is drawn: boxes by floor and room, or so many boxes that rooms stand for them, or floors."""

    counts: Mapping[str, int]
    """Tone -> boxes that fit, of whatever tone is asked for."""
    fitting: int
    spots: Mapping[str, Mapping[str, Sequence[Spot]]]
    """Floor -> room -> boxes."""
    tiles: Mapping[str, Sequence[Tile]]
    """Floor -> its rooms, or itself."""

    @property
    def drawn(self) -> int:
        """Boxes drawn one by one."""
        return sum(len(spots) for rooms in self.spots.values() for spots in rooms.values())


def look(session: Session, asked: Filter, *, each: bool = False) -> Glance:
    """The boxes that fit; with `each` one by one even if there are too many to draw them all."""
    fitting, place = _fitting(session, asked), (_G.floor, _G.room)
    tally = select(*place, toned, func.count()).where(*fitting).group_by(*place, toned)
    groups = sorted(session.execute(tally).all(), key=lambda group: (in_order(group[0]), in_order(group[1])))
    counts: dict[str, int] = defaultdict(int)
    for _, _, tone, number in groups:
        counts[tone] += number
    if asked.state:
        fitting.append(toned == asked.state)
        groups = [group for group in groups if group[2] == asked.state]
    number = sum(group[3] for group in groups)
    tiles = {} if each or number <= BOXES else _tiles(groups)
    return Glance(counts, number, {} if tiles else _spots(session, fitting), tiles)


def floors(session: Session) -> Sequence[str]:
    """Every floor a box stands on."""
    return sorted(session.scalars(select(_G.floor).where(_G.floor != "").distinct()), key=in_order)


def tagged(tag: str) -> ColumnElement[bool]:
    """Boxes that bear that tag."""
    return cast(_G.tags, String).contains(json.dumps(tag), autoescape=True)


def _fitting(session: Session, asked: Filter) -> list[ColumnElement[bool]]:
    told = asked.q.strip().lower()
    fitting: list[ColumnElement[bool]] = []
    if asked.floor:
        fitting.append(_G.floor == asked.floor)
    if asked.room:
        fitting.append(_G.room == asked.room)
    if asked.unplaced:
        fitting.append(and_(_G.room == "", _G.floor == asked.floor))
    if asked.tag:
        fitting.append(tagged(asked.tag))
    if told:
        named = [func.lower(name).contains(told, autoescape=True) for name in (_G.name, _G.room)]
        fitting.append(or_(*named, _has_device(session, told)))
    return fitting


def _has_device(session: Session, told: str) -> ColumnElement[bool]:
    """Boxes with a device of which the name or driver holds this; a fleet has many devices and few such words."""
    found: list[ColumnElement[bool]] = []
    for column in (_D.name, _D.product):
        words = _words(session, column)
        if fitting := [word for word in words if told in word.lower()]:
            found.append(column.in_(fitting))
    return _G.id.in_(select(_D.gateway_id).where(or_(*found), _D.removed_at.is_(None))) if found else false()


def _words(session: Session, column: ColumnElement[str]) -> Sequence[str]:
    """The different values of an indexed column, one step of the index each."""
    first = select(func.min(column).label("word")).cte("words", recursive=True)
    following = select(func.min(column)).where(column > first.c.word).scalar_subquery()
    words = first.union_all(select(following).where(first.c.word.is_not(None)))
    return session.scalars(select(words.c.word).where(words.c.word.is_not(None))).all()


def _tiles(groups: Sequence[Row[str, str, str, int]]) -> dict[str, list[Tile]]:
    """Rooms that stand for their boxes or, where even they are too many, floors; none if there is but one."""
    rooms = {(floor, room) for floor, room, _, _ in groups}
    tiles: dict[tuple[str, str | None], Tile] = {}
    for floor, name, tone, number in groups:
        room = name if len(rooms) <= ROOMS else None
        tile = tiles.setdefault((floor, room), Tile(floor, room))
        tile.counts[tone] = tile.counts.get(tone, 0) + number
    if len(tiles) == 1:
        return {}
    return {floor: list(on) for floor, on in groupby(tiles.values(), key=lambda tile: tile.floor)}


def _spots(session: Session, fitting: Sequence[ColumnElement[bool]]) -> dict[str, dict[str, list[Spot]]]:
    asked = select(_G.id, _G.name, _G.floor, _G.room, _G.state, _G.presence, _G.safe, toned).where(*fitting)
    found = session.execute(asked.order_by(_G.floor, _G.room, _G.name).limit(BOXES)).all()
    rows = sorted(found, key=lambda row: (in_order(row.floor), in_order(row.room)))
    there = {row.id for row in rows if (row.state, row.presence) == ("active", "ready")}
    lamps = _lamps(session, [row.id for row in rows], there)
    spots: dict[str, dict[str, list[Spot]]] = {}
    for number, name, floor, room, state, presence, safe, tone in rows:
        spot = Spot(name, state_word(state, presence), tone, safe, lamps[number])
        spots.setdefault(floor, {}).setdefault(room, []).append(spot)
    return spots


def _lamps(session: Session, boxes: Sequence[int], there: set[int]) -> Mapping[int, list[Lamp]]:
    asked = select(_D.gateway_id, _D.name, _D.product, _D.presence).where(
        _D.gateway_id.in_(boxes), _D.removed_at.is_(None)
    )
    lamps: dict[int, list[Lamp]] = defaultdict(list)
    shown = {"gone": "broken", "back": "working"}
    for box, name, product, presence in session.execute(asked.order_by(_D.gateway_id, _D.name)):
        lamps[box].append(Lamp(name, product, shown.get(presence, "away") if box in there else "away"))
    return lamps


def state_word(state: str, presence: str) -> str:
    """The state of a box as pages name it: what the court decided, else what its connection says."""
    if state != "active":
        return f"gateway:{state}"
    return f"gateway:{presence if presence != 'unknown' else 'never'}"
