"""REST: how long a recording is kept, who holds it, and each step of its disposal."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from central.hearings import keeping, schedule
from central.hearings.keeping_pages import take
from central.hearings.tables import Hearing
from central.people.auth import needs
from central.people.roles import Actor
from central.rules.service import in_force
from central.web.here import Now, StoreOf

router = APIRouter()

Reader = Annotated[Actor, Depends(needs("hearing.read"))]
Keeper = Annotated[Actor, Depends(needs("hearing.keep"))]
Event = Literal["classify", "hold", "lift", "propose", "approve"]


class KeepingIn(BaseModel):
    """What a step needs; the rest is left out."""

    model_config = ConfigDict(extra="forbid")

    rule: str = Field(default="", description="classify: permanent, long or short.")
    words: str = Field(default="", max_length=keeping.LONGEST, description="hold, propose: why.")


class KeepingOut(BaseModel):
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


@router.get("/hearings/{hearing}/keeping")
def read(store: StoreOf, by: Reader, hearing: int) -> KeepingOut:
    """How the recording of a hearing is kept."""
    with store.read() as session:
        found = schedule.find_hearing(session, by, hearing)
        return _out(session, found, keeping.of(session, hearing))


@router.post("/hearings/{hearing}/keeping/{event}")
def step(store: StoreOf, by: Keeper, now: Now, hearing: int, event: Event, told: KeepingIn) -> KeepingOut:
    """Class it, hold it, lift that, propose its disposal, approve it; gives how it is kept then."""
    with store.write() as session:
        hand = keeping.Hand(by, schedule.find_hearing(session, by, hearing), now)
        return _out(session, hand.hearing, take(session, hand, event, told.rule, told.words))


def _out(session: Session, hearing: Hearing, kept: keeping.Keeping) -> KeepingOut:
    rule = in_force(session, keeping.RULES[kept.rule])
    return KeepingOut(
        rule=kept.rule, years=rule.value, basis=str(rule.source or ""), due=keeping.due(session, hearing, kept),
        hold=kept.hold, reason=kept.reason, proposed_by=kept.proposed_by, approved_by=kept.approved_by,
        disposed_at=kept.disposed_at, removed_at=kept.removed_at, line=kept.line,
    )  # fmt: skip
