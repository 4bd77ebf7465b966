"""The agenda of a courtroom: a document (a blob) that central makes and a gateway keeps, so that it can act alone.

It names rooms, seats and references; what names a person is in the blob of words a hearing points to.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

AGENDA = "agenda"
"""The name of the document among those central desires."""

Role = Literal[
    "presiding_judge",
    "judge",
    "assessor",
    "clerk",
    "prosecutor",
    "plaintiff",
    "defendant",
    "accused",
    "third_party",
    "agent",
    "defender",
    "witness",
    "expert",
    "interpreter",
    "other",
]

ROLE_NAMES: Mapping[Role, str] = {
    "presiding_judge": "审判长",
    "judge": "审判员",
    "assessor": "人民陪审员",
    "clerk": "书记员",
    "prosecutor": "公诉人",
    "plaintiff": "原告",
    "defendant": "被告",
    "accused": "被告人",
    "third_party": "第三人",
    "agent": "诉讼代理人",
    "defender": "辩护人",
    "witness": "证人",
    "expert": "鉴定人",
    "interpreter": "翻译人员",
    "other": "其他",
}
"""What the procedural laws call those who speak."""

HEARING_ID = r"^[a-z0-9][a-z0-9-]{0,39}$"
HearingId = Annotated[str, Field(pattern=HEARING_ID)]
"""Opaque: it says nothing of the case."""


class AgendaHearing(BaseModel):
    """One planned hearing."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    hearing: HearingId
    room: str
    opens_at: AwareDatetime
    """It is opened at this time, by itself."""
    closes_at: AwareDatetime
    """Planned; it goes on while someone speaks."""
    closed: bool = False
    """Not public (不公开审理): no caption leaves the room."""
    seats: dict[str, Role] = Field(default_factory=dict)
    """Seat of the room -> who sits there. Seats that are not named are recorded all the same, as `other`."""
    words: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    """Blob of a `devices.speech.WordList`."""

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.closes_at <= self.opens_at:
            raise ValueError(f"hearing {self.hearing} closes before it opens")
        return self


class Agenda(BaseModel):
    """Every hearing of one gateway's rooms in the days ahead."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    hearings: tuple[AgendaHearing, ...] = ()
    tickets: tuple[int, ...] = ()
    """Severe trouble tickets that are open against this gateway; while there is one, no hearing is armed."""

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        names = [hearing.hearing for hearing in self.hearings]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"on the agenda twice: {', '.join(sorted(twice))}")
        return self

    def find(self, hearing: str) -> AgendaHearing | None:
        """The hearing of that id."""
        return next((planned for planned in self.hearings if planned.hearing == hearing), None)

    def of_room(self, room: str) -> Sequence[AgendaHearing]:
        """The hearings of a room, the earliest first."""
        return sorted((h for h in self.hearings if h.room == room), key=lambda h: (h.opens_at, h.hearing))

    def clashes(self) -> Sequence[tuple[AgendaHearing, AgendaHearing]]:
        """Pairs that want the same room at the same time."""
        ordered = sorted(self.hearings, key=lambda h: (h.room, h.opens_at, h.hearing))
        return [
            (first, second)
            for index, first in enumerate(ordered)
            for second in ordered[index + 1 :]
            if first.room == second.room and second.opens_at < first.closes_at
        ]
