"""REST: the alarm desk, worked by programs: alarms seen, handed on and cleared, and whom to call about them."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import Field
from sqlalchemy import select

from central.fleet import desk, duty
from central.fleet.alarm_tables import Contact
from central.fleet.watch_api import AlarmOut, told_of
from central.people.auth import needs
from central.people.roles import Actor
from central.store import newest
from central.web.here import Now, StoreOf
from central.web.rest import After, In, Limit, Out
from central.web.words import SOURCE

router = APIRouter(prefix="/api/v1", tags=["fleet"])

Reader = Annotated[Actor, Depends(needs("fleet.read"))]
Keeper = Annotated[Actor, Depends(needs("fleet.write"))]


class HandOut(Out):
    """Somebody who may act on alarms."""

    ref: str = Field(description="As `whom` and `assigned_to` have it.")
    name: str


class AlarmStepIn(In):
    """What becomes of an alarm."""

    to: Literal["seen", "assigned", "cleared"] = Field(
        description="`seen`: nobody else is called; `cleared` is refused while it is still so."
    )
    whom: str = Field(default="", max_length=80, description="Of `assigned`: a reference; empty, whoever asks.")


class ContactOut(Out):
    """Somebody who is called about alarms."""

    id: int
    name: str
    role: str
    by: str = Field(description="Apprise's scheme; the rest of the address is a secret and told to nobody.")
    least: str = Field(description="The lightest alarm that is told: notice, warning or severe.")
    language: str
    after_min: int = Field(description="Minutes an alarm must have been seen by nobody.")
    days: str = Field(description="Days of the week, Monday is 1.")
    begins: str = Field(description="HH:MM.")
    ends: str = Field(description="HH:MM; a shift may go over midnight.")


class ContactIn(In):
    """Whom to call, when and about what."""

    name: str = Field(max_length=80)
    url: str = Field(default="", max_length=2000, description="Apprise's address; empty: the one there is.")
    role: str = Field(default="it", max_length=16)
    least: Literal["notice", "warning", "severe"] = "warning"
    language: str = Field(default=SOURCE, max_length=2)
    after_min: int = 0
    days: str = Field(default="1234567", max_length=7)
    begins: str = Field(default="00:00", max_length=5)
    ends: str = Field(default="24:00", max_length=5)


class TrialOut(Out):
    """What the provider said of a trial."""

    accepted: bool = Field(description="It took the message; whether it arrived only the contact knows.")


@router.get("/alarms/people")
def alarm_people(store: StoreOf, _: Reader) -> list[HandOut]:
    """Everybody an alarm can be handed to."""
    with store.read() as session:
        return [HandOut.of(each) for each in desk.hands(session)]


@router.get("/alarms/{number}")
def one_alarm(store: StoreOf, _: Reader, number: int) -> AlarmOut:
    """One alarm."""
    with store.read() as session:
        return told_of(desk.one(session, number))


@router.post("/alarms/{number}/steps")
def step_alarm(store: StoreOf, by: Keeper, now: Now, number: int, told: AlarmStepIn) -> AlarmOut:
    """See it, take it or hand it to another, or clear it."""
    with store.write() as session:
        found = desk.one(session, number)
        if told.to == "assigned":
            desk.hand(session, found, told.whom or by.ref, now, actor=by.ref)
        else:
            (desk.see if told.to == "seen" else desk.clear)(session, found, now, actor=by.ref)
        return told_of(found)


@router.get("/contacts")
def contacts(store: StoreOf, _: Reader, limit: Limit = 50, after: After = None) -> list[ContactOut]:
    """Whom to call, newest first."""
    with store.read() as session:
        return [_contact(each) for each in session.scalars(newest(select(Contact), Contact.id, limit, after))]


@router.post("/contacts", status_code=201)
def add_contact(store: StoreOf, by: Keeper, told: ContactIn) -> ContactOut:
    """Call somebody from now on."""
    return _written(store, by, "", told)


@router.put("/contacts/{number}")
def change_contact(store: StoreOf, by: Keeper, number: int, told: ContactIn) -> ContactOut:
    """Call them otherwise."""
    return _written(store, by, str(number), told)


@router.delete("/contacts/{number}", status_code=204)
def remove_contact(store: StoreOf, by: Keeper, number: int) -> None:
    """Call them no longer."""
    with store.write() as session:
        duty.remove_contact(session, number, actor=by.ref)


@router.post("/contacts/{number}/trials")
def try_contact(request: Request, store: StoreOf, _: Keeper, number: int) -> TrialOut:
    """Send a message that only shows whether messages arrive; it may take seconds."""
    state = request.app.state
    return TrialOut(accepted=duty.tried(store, number, state.messages, state.send)[1])


def _written(store: StoreOf, by: Actor, number: str, told: ContactIn) -> ContactOut:
    fields = {name: str(value) for name, value in told.model_dump().items()}
    with store.write() as session:
        return _contact(duty.write_contact(session, fields | {"id": number}, actor=by.ref))


def _contact(contact: Contact) -> ContactOut:
    scheme = contact.url.partition(":")[0]
    return ContactOut.of(contact, by=scheme, begins=_clock(contact.begins), ends=_clock(contact.ends))


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
