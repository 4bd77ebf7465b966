"""REST: the rules the court works by, and changing them."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import Field
from sqlalchemy.orm import Session

from central.people.auth import Acting, needs
from central.people.roles import Actor
from central.rules import service
from central.web import look
from central.web.here import Now, StoreOf
from central.web.rest import In, Out
from central.web.words import Words

router = APIRouter(prefix="/api/v1", tags=["rules"])

Keeper = Annotated[Actor, Depends(needs("rules.write"))]


class ChangeOut(Out):
    """Something that was changed of a rule; what is null stood as it is declared."""

    value: int | None
    text: str | None
    source: str | None
    checked: bool = Field(description="The court had compared it with the published text.")
    reason: str
    by: str
    at: datetime
    line: int = Field(description="The line that proves it.")


class RuleOut(Out):
    """A rule as it stands in this court."""

    key: str
    text: str = Field(description="The sentence, with its number.")
    source: str | None
    mark: Literal["V", "M", "D"] = Field(description="V confirmed, M from memory and to be checked, D the court's own.")
    value: int | None = Field(description="Its number; null if it has none. Of `yes`: 1 or 0.")
    unit: Literal["days", "months", "years", "yes"] | None
    least: int | None
    most: int | None
    default: int | None
    editable: bool
    changed: bool = Field(description="It differs from what is declared.")
    change: ChangeOut | None = Field(description="The last change.")


class RuleIn(In):
    """What is to change of a rule; the rest stays as it stands."""

    value: int | None = Field(default=None, strict=True, description="For a rule with a number, within its bounds.")
    text: str | None = Field(default=None, description="For a rule without a number.")
    source: str | None = Field(default=None, description="Empty: none is known.")
    checked: bool | None = Field(default=None, description="The court has compared it with the published text.")
    reason: str


class Why(In):
    """A reason."""

    reason: str


@router.get("/rules")
def rules(request: Request, store: StoreOf, _: Acting) -> list[RuleOut]:
    """Every rule."""
    words = look.words(request)
    with store.read() as session:
        return [_rule(stands, words) for stands in service.every(session).values()]


@router.get("/rules/{key}")
def one_rule(request: Request, store: StoreOf, _: Acting, key: str) -> RuleOut:
    """One rule."""
    with store.read() as session:
        return _told(request, session, key)


@router.get("/rules/{key}/changes")
def changes(store: StoreOf, _: Acting, key: str) -> list[ChangeOut]:
    """What was changed of a rule, the last first."""
    with store.read() as session:
        return [ChangeOut.of(row) for row in service.history(session, service.find(key))]


@router.patch("/rules/{key}")
def change(request: Request, store: StoreOf, actor: Keeper, now: Now, key: str, told: RuleIn) -> RuleOut:
    """Change a rule; central's book says who, from what, to what, and the hash of why."""
    wanted = service.Wanted(**told.model_dump())
    with store.write() as session:
        service.change(session, actor, service.find(key), wanted, now)
        return _told(request, session, key)


@router.post("/rules/{key}/default")
def put_back(request: Request, store: StoreOf, actor: Keeper, now: Now, key: str, told: Why) -> RuleOut:
    """Have a rule as it is declared again."""
    with store.write() as session:
        service.put_back(session, actor, service.find(key), told.reason, now)
        return _told(request, session, key)


def _told(request: Request, session: Session, key: str) -> RuleOut:
    return _rule(service.in_force(session, service.find(key)), look.words(request))


def _rule(stands: service.InForce, words: Words) -> RuleOut:
    rule, term, source = stands.rule, stands.rule.term, stands.source
    return RuleOut.of(
        stands,
        key=rule.key,
        text=words.tell(stands.text),
        source=words.tell(source) if source else None,
        unit=term.unit if term else None,
        least=term.least if term else None,
        most=term.most if term else None,
        default=term.value if term else None,
        editable=rule.editable,
    )
