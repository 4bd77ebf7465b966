"""What the pages of hearings show, read in few questions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.hearings.rooms import Room
from central.hearings.tables import Hearing
from central.people.tables import Person
from devices.agenda import ROLE_NAMES

AHEAD = 14
"""Days shown after the one that is open."""
_FIRST, _LAST = 8, 18
"""Hours a day's strip shows at least."""


@dataclass(frozen=True)
class Block:
    """One hearing on the strip of its room; left and width as shares of it."""

    hearing: Hearing
    left: float
    width: float


@dataclass(frozen=True)
class RoomDay:
    """One room's day."""

    name: str
    room: Room | None
    """None for a room that no gateway has any more."""
    blocks: Sequence[Block]
    hours: Sequence[tuple[int, float]]
    """Each full hour and where it stands on the strip."""


def by_room(found: Sequence[Hearing], known: Sequence[Room], day: date, zone: tzinfo) -> Sequence[RoomDay]:
    """Each room with its hearings of the day, those without any too."""
    today = [hearing for hearing in found if hearing.opens_at.astimezone(zone).date() == day]
    names = {room.gateway: room.name for room in known}
    names |= {hearing.gateway: hearing.room for hearing in today if hearing.gateway not in names}
    rooms = {room.gateway: room for room in known}
    first = min([_FIRST, *(hearing.opens_at.astimezone(zone).hour for hearing in today)])
    last = max([_LAST, *(_end_hour(hearing, zone) for hearing in today)])
    hours = [(hour, (hour - first) / (last - first)) for hour in range(first, last + 1)]
    return [
        RoomDay(name, rooms.get(gateway), [_block(h, first, last, zone) for h in today if h.gateway == gateway], hours)
        for gateway, name in sorted(names.items(), key=lambda told: (told[1], told[0]))
    ]


def ahead(found: Sequence[Hearing], day: date, zone: tzinfo) -> Mapping[date, Sequence[Hearing]]:
    """What is planned after that day, by day."""
    later: dict[date, list[Hearing]] = {}
    for hearing in found:
        at = hearing.opens_at.astimezone(zone).date()
        if at > day:
            later.setdefault(at, []).append(hearing)
    return later


def judges(session: Session) -> Sequence[Person]:
    """Who may preside, by name."""
    people = session.scalars(select(Person).where(Person.disabled_at.is_(None)).order_by(Person.name))
    return [person for person in people if "judge" in person.roles]


def likely_role(seat: str) -> str:
    """Who most likely sits at a seat of that name: `plaintiff-2` is the plaintiff's."""
    plain = seat.rstrip("-0123456789").replace("-", "_")
    if plain == "judge" and seat in ("judge", "judge-1"):
        return "presiding_judge"
    return plain if plain in ROLE_NAMES else "other"


def _block(hearing: Hearing, first: int, last: int, zone: tzinfo) -> Block:
    opens = hearing.opens_at.astimezone(zone)
    left = (opens.hour + opens.minute / 60 - first) / (last - first)
    long = (hearing.closes_at - hearing.opens_at) / timedelta(hours=1) / (last - first)
    return Block(hearing, left, min(long, 1 - left))


def _end_hour(hearing: Hearing, zone: tzinfo) -> int:
    opens, closes = hearing.opens_at.astimezone(zone), hearing.closes_at.astimezone(zone)
    return 24 if closes.date() > opens.date() else _up(closes)


def _up(at: datetime) -> int:
    return at.hour + (1 if at.minute else 0)


def seated(hearing: Hearing) -> Mapping[str, str]:
    """Seat -> who sits there, as far as the case and the presiding judge say; of several parties, all their names."""
    parties = hearing.case.parties if hearing.case else ()
    names = {role: "、".join(one.name for one in parties if one.part == called) for role, called in ROLE_NAMES.items()}
    if hearing.presiding:
        names["presiding_judge"] = hearing.presiding.name
    return {seat: names[role] for seat, role in hearing.seats.items()}
