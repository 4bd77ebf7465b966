"""REST: how long a recording is kept, who holds it, and each step of its disposal."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse
from pydantic import Field
from sqlalchemy.orm import Session

from central.hearings import keeping, schedule, transcript
from central.hearings.export import Taker
from central.hearings.tables import Hearing
from central.hearings.taken_away import taken_away
from central.people.auth import needs
from central.people.roles import Actor
from central.rules.service import in_force
from central.web.here import Now, StoreOf
from central.web.look import words
from central.web.rest import ZIP, After, In, Limit, Out

router = APIRouter()

Reader = Annotated[Actor, Depends(needs("hearing.read"))]
Keeper = Annotated[Actor, Depends(needs("hearing.keep"))]
Event = Literal["classify", "hold", "lift", "propose", "approve"]


class KeepingIn(In):
    """What a step needs; the rest is left out."""

    rule: str = Field(default="", description="classify: permanent, long or short.")
    words: str = Field(default="", max_length=keeping.LONGEST, description="hold, propose: why.")


class KeepingOut(Out):
    """How a recording is kept; what stands here is for whoever may read the hearing."""

    rule: str
    years: int | None = Field(description="How long recordings of that class are kept; none: for ever.")
    basis: str
    due: date | None = Field(description="From which day it may be disposed of; none: never, or it is not closed.")
    hold: str = Field(description="Why nothing of it may go; empty if nobody holds it.")
    reason: str = Field(description="Why it is proposed that it go; empty if nobody proposed it.")
    proposed_by: str
    approved_by: str
    disposed_at: datetime | None
    removed_at: datetime | None = Field(description="When its sound and words were gone from the disk.")
    line: int | None = Field(description="The ledger's line of the last step.")


class AccessOut(Out):
    """Somebody listened, read or copied."""

    id: int
    by: str = Field(description="A reference, such as person:3.")
    what: Literal["listen", "read", "copy"]
    part: str = Field(description="Segment and seat that were heard, or the form of a copy; search: a hit was shown.")
    at: datetime
    line: int = Field(description="The ledger's line that proves it.")


@router.get("/hearings/{hearing}/keeping")
def read_keeping(request: Request, store: StoreOf, by: Reader, hearing: int) -> KeepingOut:
    """How the recording of a hearing is kept."""
    with store.read() as session:
        found = schedule.find_hearing(session, by, hearing)
        return _out(request, session, found, keeping.of(session, hearing))


@router.get("/hearings/{hearing}/accesses")
def read_accesses(
    store: StoreOf,
    by: Keeper,
    hearing: int,
    limit: Limit = 200,
    after: After = None,
) -> list[AccessOut]:
    """Who listened to it, read it or took a copy, the newest first."""
    with store.read() as session:
        found = schedule.find_hearing(session, by, hearing)
        return [AccessOut.of(row) for row in transcript.accesses(session, by, found, after, limit)]


@router.get(
    "/hearings/{hearing}/export.zip",
    response_class=FileResponse,
    responses={200: {"content": {ZIP: {}}, "description": "For `courtside-central verify`."}},
)
def export_hearing(request: Request, store: StoreOf, by: Keeper, now: Now, hearing: int) -> FileResponse:
    """A sealed hearing with sound, words, minutes, lines and their proof. That it was copied is on record."""
    return taken_away(request, store, Taker(by, now), hearing)


@router.post("/hearings/{hearing}/keeping/{event}")
def step_keeping(  # noqa: PLR0913  (who, when, which, what)
    request: Request, store: StoreOf, by: Keeper, now: Now, hearing: int, event: Event, told: KeepingIn
) -> KeepingOut:
    """Class it, hold it, lift that, propose its disposal, approve it; gives how it is kept then."""
    with store.write() as session:
        hand = keeping.Hand(by, schedule.find_hearing(session, by, hearing), now)
        return _out(request, session, hand.hearing, keeping.step(session, hand, event, told.rule, told.words))


def _out(request: Request, session: Session, hearing: Hearing, kept: keeping.Keeping) -> KeepingOut:
    rule, due = in_force(session, keeping.RULES[kept.rule]), keeping.due(session, hearing, kept)
    return KeepingOut.of(kept, years=rule.value, basis=words(request).tell(rule.said), due=due)
