"""The text of the minutes (法庭笔录): who took part and what was said, as it counts now. Its hash is what is signed."""

from collections.abc import Sequence
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from central.hearings.spoken import Utterance
from central.hearings.tables import Hearing
from devices.agenda import ROLE_NAMES, Role


class Taker(BaseModel):
    """Somebody who took part, and whose signature belongs under the text. `key` is a seat, or `presiding`, `clerk`."""

    model_config = ConfigDict(frozen=True)

    key: str
    role: Role
    name: str = ""
    """Empty where nobody has said it."""


class Line(BaseModel):
    """One thing that was said."""

    model_config = ConfigDict(frozen=True)

    utterance: int
    role: Role
    at_s: int
    """Seconds after the opening."""
    text: str


class Minutes(BaseModel):
    """The whole text; written as JSON it is the blob whose hash is signed."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    hearing: str
    court: str
    case: str
    cause: str
    room: str
    closed: bool
    """Not public."""
    opened_at: AwareDatetime
    closed_at: AwareDatetime
    takers: tuple[Taker, ...]
    said: tuple[Line, ...]

    def write(self) -> bytes:
        """As it is kept and hashed."""
        return self.model_dump_json(indent=1).encode()


def written(hearing: Hearing, court: str, clerk: str, said: Sequence[Utterance]) -> Minutes:
    """The minutes of a hearing as they read now; `clerk` is who draws them up."""
    case, opened = hearing.case, hearing.opened_at or hearing.opens_at
    lines = [
        Line(utterance=one.id, role=hearing.seats.get(one.seat, "other"),
             at_s=int(hearing.seconds(one.from_sample)), text=one.text)
        for one in said
    ]  # fmt: skip
    return Minutes(
        hearing=hearing.ref, court=court, case=case.number if case else "", cause=case.cause if case else "",
        room=hearing.room, closed=hearing.closed, opened_at=opened, closed_at=hearing.closed_at or opened,
        takers=tuple(_takers(hearing, clerk)), said=tuple(lines),
    )  # fmt: skip


def changed(minutes: Minutes, now: Minutes) -> int:
    """How many utterances read otherwise now, are new or are gone."""
    before, after = {one.utterance: one for one in minutes.said}, {one.utterance: one for one in now.said}
    return sum(before.get(number) != after.get(number) for number in before.keys() | after.keys())


def _takers(hearing: Hearing, clerk: str) -> Sequence[Taker]:
    presiding = hearing.presiding.name if hearing.presiding else ""
    takers = [Taker(key="presiding", role="presiding_judge", name=presiding)]
    others = [(seat, role) for seat, role in hearing.seats.items() if role not in ("presiding_judge", "clerk")]
    takers += [Taker(key=seat, role=role, name=_party(hearing, role)) for seat, role in others]
    return [*takers, Taker(key="clerk", role="clerk", name=clerk)]


def _party(hearing: Hearing, role: Role) -> str:
    """The party's name, where the case has just one of that role."""
    names = [party.name for party in hearing.case.parties if party.part == ROLE_NAMES[role]] if hearing.case else []
    return names[0] if len(names) == 1 else ""
