"""The fleet at a glance: what fits a filter is counted by the database, and only what is drawn is fetched."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, false, func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from central.fleet.tables import Device, Gateway
from central.places import in_order
from central.store import columns_of

BOXES, ROOMS = 150, 500
"""Boxes, or rooms, drawn at most: no more are taken in at a glance."""
TONES = ("broken", "person", "waiting", "away", "working")
"""The worst first."""
_LONGEST = 200
"""Characters that are looked for: more than anything found by them has."""
_SHOWN = ("working", "person", "broken", "away", "waiting")
"""As the counts of a tile are told."""
_G, _D = columns_of(Gateway), columns_of(Device)
_GONE = select(_D.gateway_id).where(_D.presence == "gone", _D.removed_at.is_(None))
_Places = dict[tuple[str, str], dict[str, int]]
"""(floor, room) -> tone -> boxes."""
_SAYS = (_G.state, _G.presence, _G.safe, _G.clock_trusted)
_LACKS = _G.id.in_(_GONE)


def _toned(of: ReadOnlyColumnCollection[str, Any], broken: ColumnElement[bool]) -> ColumnElement[str]:
    """A box's tone by what it says itself; one that is there and of which that holds is broken."""
    return case(
        (of.state == "suspended", "broken"),
        (of.state != "active", "away"),
        (of.presence == "lost", "broken"),
        (of.presence == "init", "waiting"),
        (of.presence != "ready", "away"),
        (broken, "broken"),
        (~of.clock_trusted, "person"),
        else_="working",
    )


toned = _toned(_G, or_(_G.safe, _LACKS))
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
    counts: Mapping[str, int] = field(default_factory=dict)
    """Tone -> boxes, where there are any."""

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
    fitting = _fitting(session, asked)
    places = _tally(session, fitting)
    counts: dict[str, int] = defaultdict(int)
    for of in places.values():
        for tone, boxes in of.items():
            counts[tone] += boxes
    if asked.state:
        fitting.append(toned == asked.state)
        places = {place: {asked.state: of[asked.state]} for place, of in places.items() if of.get(asked.state)}
    number = counts[asked.state] if asked.state else sum(counts.values())
    tiles = {} if each or number <= BOXES else _tiles(places)
    spots = _spots(session, fitting) if number and not tiles else {}
    return Glance(counts, number, spots, tiles)


def floors(session: Session) -> Sequence[str]:
    """Every floor a box stands on."""
    return sorted(filter(None, _words(session, _G.floor)), key=in_order)


def tagged(tag: str) -> ColumnElement[bool]:
    """Boxes that bear that tag."""
    return cast(_G.tags, String).contains(json.dumps(tag[:_LONGEST]), autoescape=True)


def _fitting(session: Session, asked: Filter) -> list[ColumnElement[bool]]:
    told = asked.q.strip().lower()[:_LONGEST]
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
        fitting.append(or_(_has_device(session, told), *named))
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


def _tally(session: Session, fitting: Sequence[ColumnElement[bool]]) -> _Places:
    """How many boxes of each floor and room are how.

    An index has them in the order in which they are counted here, by what they say themselves; then the few that lack
    a device are counted again, apart.
    """
    said = select(_G.floor, _G.room, *_SAYS, func.count().label("boxes")).where(*fitting)
    alike = said.group_by(_G.floor, _G.room, *_SAYS).subquery().c
    tones = select(alike.floor, alike.room, _toned(alike, alike.safe), alike.boxes)
    places: _Places = defaultdict(lambda: defaultdict(int))
    for floor, room, tone, boxes in session.execute(tones).all():
        places[floor, room][tone] += boxes
    there = (_G.state == "active", _G.presence == "ready", ~_G.safe)
    lacking = select(_G.floor, _G.room, _G.clock_trusted, func.count()).where(*there, _LACKS, *fitting)
    for floor, room, trusted, boxes in session.execute(lacking.group_by(_G.floor, _G.room, _G.clock_trusted)):
        places[floor, room]["working" if trusted else "person"] -= boxes
        places[floor, room]["broken"] += boxes
    return places


def _tiles(places: _Places) -> dict[str, list[Tile]]:
    """Rooms that stand for their boxes or, where even they are too many, floors; none if there is but one."""
    tiles: dict[tuple[str, str | None], Tile] = {}
    for floor, name in sorted(places, key=lambda place: (in_order(place[0]), in_order(place[1]))):
        room = name if len(places) <= ROOMS else None
        tile = tiles.setdefault((floor, room), Tile(floor, room))
        of = places[floor, name]
        tile.counts = {tone: n for tone in _SHOWN if (n := tile.counts.get(tone, 0) + of.get(tone, 0))}
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
