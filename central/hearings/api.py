"""REST: courtrooms, hearings as they are planned and as they went, and what was said at them."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from central.hearings import course, keeping_api, minutes_api, schedule, transcript
from central.hearings.rooms import rooms
from central.hearings.schedule_pages import blobs_of
from central.hearings.spoken import Utterance
from central.hearings.tables import Event, Hearing, Segment
from central.people.auth import needs
from central.people.roles import Actor, person_ref
from central.web.here import Now, StoreOf

router = APIRouter(prefix="/api/v1", tags=["hearings"])
router.include_router(minutes_api.router)
router.include_router(keeping_api.router)

Reader = Annotated[Actor, Depends(needs("hearing.read"))]
Writer = Annotated[Actor, Depends(needs("hearing.write"))]
Listener = Annotated[Actor, Depends(needs("hearing.listen"))]
PRESIDING = Field(default=None, pattern=r"^person:\d{1,9}$", description="`person:3`.", examples=["person:3"])


class RoomOut(BaseModel):
    """A courtroom."""

    gateway: str
    room: str
    seats: list[str]
    connected: bool


class HearingIn(BaseModel):
    """A hearing to plan."""

    model_config = ConfigDict(extra="forbid")

    case: int
    gateway: str = Field(max_length=48, description="The courtroom's gateway.")
    opens_at: AwareDatetime
    closes_at: AwareDatetime
    seats: dict[str, str] = Field(default_factory=dict, description="Seat -> role; those left out are `other`.")
    presiding: str | None = PRESIDING
    closed: bool = Field(default=False, description="Not public (不公开审理).")
    corrections: dict[str, str] = Field(default_factory=dict, description="As it is heard -> as it is to be written.")


class EventOut(BaseModel):
    """One thing the courtroom told; `line` is the ledger's line that proves it."""

    type: str
    at: datetime
    at_sample: int | None
    what: dict[str, Any]
    line: int


class SegmentOut(BaseModel):
    """A stretch of sound; its seats' sound is at `/hearings/{hearing}/sound/{number}/{seat}`."""

    number: int
    from_sample: int
    to_sample: int
    rate: int
    seats: dict[str, bool] = Field(description="Seat -> whether its words are in the transcript.")


class HearingOut(BaseModel):
    """A hearing as it is now."""

    id: int
    ref: str = Field(description="How lines and the room's agenda name it.")
    case: int | None
    gateway: str
    room: str
    opens_at: datetime
    closes_at: datetime
    closed: bool
    seats: dict[str, str]
    presiding: str | None
    state: str = Field(description="scheduled, armed, recording, paused, closed, sealed, withdrawn")
    opened_at: datetime | None
    closed_at: datetime | None
    samples: int
    rate: int
    manifest: str | None = Field(description="SHA-256 of the sealed manifest.")
    seal: str | None = Field(description="The gateway's signature over it.")
    proven_at: datetime | None = Field(description="When central had read every byte of it.")
    proven_line: int | None
    flaws: list[Any] | None
    countersign: str | None = Field(description="Central's signature over it, if there was no flaw.")


class CourseOut(BaseModel):
    """How a hearing went."""

    hearing: HearingOut
    events: list[EventOut]
    segments: list[SegmentOut]


class UtteranceOut(BaseModel):
    """What was said between two silences at one seat."""

    id: int
    seat: str
    from_sample: int
    to_sample: int
    heard: str
    text: str = Field(description="What counts now: as it was corrected, or as it was heard.")
    words: list[tuple[str, int, int, float]] = Field(description="Word, first sample, last, confidence.")


@router.get("/courtrooms")
def courtrooms(request: Request, store: StoreOf, _: Reader) -> list[RoomOut]:
    """Every courtroom, as its gateway's configuration has it."""
    with store.read() as session:
        found = rooms(session, blobs_of(request))
    return [RoomOut(gateway=r.gateway, room=r.name, seats=list(r.seats), connected=r.is_there) for r in found]


@router.post("/hearings", status_code=201)
def plan(request: Request, store: StoreOf, by: Writer, now: Now, told: HearingIn) -> HearingOut:
    """Plan a hearing; its courtroom gets its agenda and opens by it."""
    presiding = int(told.presiding.partition(":")[2]) if told.presiding else None
    planned = schedule.Plan(
        told.gateway, told.opens_at, told.closes_at, told.seats, presiding, told.closed, told.corrections
    )
    with store.write() as session:
        return _hearing(schedule.plan(session, blobs_of(request), by, told.case, planned, now))


@router.get("/hearings/{hearing}")
def one(store: StoreOf, by: Reader, hearing: int) -> CourseOut:
    """A hearing as it is now, what happened at it, and what was recorded."""
    with store.read() as session:
        found = schedule.find_hearing(session, by, hearing)
        return _course(session, found)


@router.get("/hearings/{hearing}/words")
def words(
    store: StoreOf, by: Listener, now: Now, hearing: int, after: Annotated[int, Query(ge=-1)] = -1
) -> list[UtteranceOut]:
    """What was said, in pieces of 200; `after`: `from_sample` of the last one before. That it was read is on record."""
    with store.write() as session:
        found = schedule.find_hearing(session, by, hearing)
        transcript.accessed(session, by, found, "read", "", now)
        return [_utterance(said) for said in transcript.piece(session, hearing, after)]


def _hearing(found: Hearing) -> HearingOut:
    return HearingOut(
        id=found.id, ref=found.ref, case=found.case_id, gateway=found.gateway, room=found.room,
        opens_at=found.opens_at, closes_at=found.closes_at, closed=found.closed, seats=dict(found.seats),
        presiding=person_ref(found.presiding_id) if found.presiding_id else None, state=found.state,
        opened_at=found.opened_at, closed_at=found.closed_at, samples=found.samples or 0, rate=found.rate or 0,
        manifest=found.manifest, seal=found.seal, proven_at=found.proven_at, proven_line=found.proven_line,
        flaws=found.flaws, countersign=found.countersign,
    )  # fmt: skip


def _course(session: Session, found: Hearing) -> CourseOut:
    return CourseOut(
        hearing=_hearing(found),
        events=[_event(event) for event in course.events(session, found.id)],
        segments=[_segment(segment) for segment in course.segments(session, found.id)],
    )


def _event(event: Event) -> EventOut:
    return EventOut(type=event.type, at=event.at, at_sample=event.at_sample, what=event.what, line=event.line)


def _segment(segment: Segment) -> SegmentOut:
    return SegmentOut(
        number=segment.number, from_sample=segment.from_sample, to_sample=segment.to_sample, rate=segment.rate,
        seats={sound.seat: sound.taken is not None for sound in segment.sounds},
    )  # fmt: skip


def _utterance(said: Utterance) -> UtteranceOut:
    return UtteranceOut(
        id=said.id, seat=said.seat, from_sample=said.from_sample, to_sample=said.to_sample, heard=said.heard,
        text=said.text, words=[(word, begins, ends, sure) for word, begins, ends, sure in said.words],
    )  # fmt: skip
