"""REST: the life of a wish."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from central.people.auth import needs
from central.people.roles import Actor
from central.web import look
from central.web.here import StoreOf
from central.wishes import service

router = APIRouter(prefix="/api/v1", tags=["wishes"])


class WishOut(BaseModel):
    """What was asked of a device and how far it came."""

    id: str
    gateway: str
    device: str
    type: str
    body: dict[str, Any]
    actor: str = Field(description="A reference, such as person:3.")
    reason: str
    state: str = Field(description="asked, sent, taken, answered, refused, expired, interrupted")
    why: str | None
    message: str = Field(description="How it stands, in words.")
    asked_at: datetime
    sent_at: datetime | None
    taken_at: datetime | None
    ended_at: datetime | None
    lines: dict[str, int] = Field(description="Step -> number of the ledger line that proves it.")


@router.get("/wishes/{jti}")
def wish(request: Request, store: StoreOf, _: Annotated[Actor, Depends(needs("cabinet.read"))], jti: str) -> WishOut:
    """One wish by its id."""
    with store.read() as session:
        row = service.find(session, jti)
    lines = {"asked": row.asked_line, "taken": row.taken_line, "ended": row.ended_line}
    return WishOut(
        id=row.jti,
        message=look.words(request).tell(service.outcome(row)),
        lines={step: line for step, line in lines.items() if line is not None},
        **{name: getattr(row, name) for name in _SAME},
    )


_SAME = (
    *("gateway", "device", "type", "body", "actor", "reason", "state", "why"),
    *("asked_at", "sent_at", "taken_at", "ended_at"),
)
