"""REST: courtrooms, hearings as they are planned and as they went, and what was said at them."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import AwareDatetime, Field
from sqlalchemy.orm import Session

from central.hearings import course, doors, keeping_api, minutes_api, schedule, transcript
from central.hearings.rooms import rooms
from central.hearings.tables import Hearing, Segment
from central.people.auth import needs
from central.people.roles import Actor, person_ref
from central.web.here import Now, StoreOf, blobs_of
from central.web.rest import After, In, Limit, Out

router = APIRouter(prefix="/api/v1", tags=["hearings"])
router.include_router(minutes_api.router)
router.include_router(keeping_api.router)

Reader = Annotated[Actor, Depends(needs("hearing.read"))]
Writer = Annotated[Actor, Depends(needs("hearing.write"))]
Listener = Annotated[Actor, Depends(needs("hearing.listen"))]
_FLAC = {"content": {doors.FLAC: {}}, "description": "FLAC, whole or the stretch of it that was asked for."}
PRESIDING = Field(default=None, pattern=r"^person:\d{1,9}$", description="`person:3`.", examples=["person:3"])


class RoomOut(Out):
    """A courtroom."""

    gateway: str
    room: str
    seats: list[str]
    connected: bool


class HearingIn(In):
    """A hearing to plan."""

    case: int
    gateway: str = Field(max_length=48, description="The courtroom's gateway.")
    opens_at: AwareDatetime
    closes_at: AwareDatetime
    seats: dict[str, str] = Field(default_factory=dict, description="Seat -> role; those left out are `other`.")
    presiding: str | None = PRESIDING
    closed: bool = Field(default=False, description="Not public (不公开审理).")
    corrections: dict[str, str] = Field(default_factory=dict, description="As it is heard -> as it is to be written.")


class EventOut(Out):
    """One thing the courtroom told; `line` is the ledger's line that proves it."""

    type: str
    at: datetime
    at_sample: int | None
    what: dict[str, Any]
    line: int


class SegmentOut(Out):
    """A stretch of sound; its seats' sound is at `/api/v1/hearings/{hearing}/sound/{number}/{seat}`."""

    number: int
    from_sample: int
    to_sample: int
    rate: int
    seats: dict[str, bool] = Field(description="Seat -> whether its words are in the transcript.")


class HearingOut(Out):
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


class CourseOut(Out):
    """How a hearing went."""

    hearing: HearingOut
    events: list[EventOut]
    segments: list[SegmentOut]


class UtteranceOut(Out):
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


@router.get("/hearings")
def hearings(
    store: StoreOf,
    _: Reader,
    case: Annotated[int | None, Query(description="Those of one case.")] = None,
    limit: Limit = 50,
    after: After = None,
) -> list[HearingOut]:
    """Hearings, those planned last first; what was withdrawn among them."""
    with store.read() as session:
        return [_hearing(found) for found in schedule.listed(session, case, limit, after)]


@router.get("/hearings/{hearing}")
def one_hearing(store: StoreOf, by: Reader, hearing: int) -> CourseOut:
    """A hearing as it is now, what happened at it, and what was recorded."""
    with store.read() as session:
        found = schedule.find_hearing(session, by, hearing)
        return _course(session, found)


@router.get("/hearings/{hearing}/words")
def words(
    store: StoreOf,
    by: Listener,
    now: Now,
    hearing: int,
    limit: Limit = 200,
    after: After = None,
) -> list[UtteranceOut]:
    """What was said, in the order it was begun. That it was read is on record."""
    with store.write() as session:
        found = schedule.find_hearing(session, by, hearing)
        transcript.accessed(session, by, found, "read", "", now)
        return [UtteranceOut.of(said) for said in transcript.piece(session, hearing, after, limit)]


@router.get("/hearings/{hearing}/sound/{number}/{seat}", response_class=Response, responses={200: _FLAC, 206: _FLAC})
def sound(  # noqa: PLR0913  (the parts of an address, and a header)
    request: Request, store: StoreOf, by: Listener, now: Now, hearing: int, number: int, seat: str,
    range_: Annotated[str | None, Header(alias="range", description="A stretch of it.")] = None,
) -> Response:  # fmt: skip
    """One seat's sound in one segment, or that of all its seats (`mixed`). That it was listened to is on record."""
    with store.write() as session:
        found = schedule.find_hearing(session, by, hearing)
        heard = transcript.sound_of(session, hearing, number, seat)
        transcript.accessed(session, by, found, "listen", f"{number} {seat}", now)
    return doors.sound(blobs_of(request), heard, range_)


def _hearing(found: Hearing) -> HearingOut:
    presiding = person_ref(found.presiding_id) if found.presiding_id else None
    return HearingOut.of(
        found, case=found.case_id, presiding=presiding, samples=found.samples or 0, rate=found.rate or 0
    )


def _course(session: Session, found: Hearing) -> CourseOut:
    return CourseOut(
        hearing=_hearing(found),
        events=[EventOut.of(event) for event in course.events(session, found.id)],
        segments=[_segment(segment) for segment in course.segments(session, found.id)],
    )


def _segment(segment: Segment) -> SegmentOut:
    return SegmentOut.of(segment, seats={sound.seat: sound.taken is not None for sound in segment.sounds})
