"""REST: the texts of minutes, and each step of their flow with its ground."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import Base64Bytes, Field

from central.hearings import certified, minutes, minutes_flow, schedule
from central.hearings.minutes_steps import hand_of, take
from central.hearings.minutes_tables import MinutesText
from central.people.auth import needs
from central.people.roles import Actor
from central.rules.service import in_force
from central.web import look
from central.web.here import Now, StoreOf
from central.web.rest import In, Out

router = APIRouter()

Listener = Annotated[Actor, Depends(needs("hearing.listen"))]
Corrector = Annotated[Actor, Depends(needs("hearing.correct"))]
Event = Literal["draw_up", "read_back", "object", "grant", "refuse", "sign", "decline"]


class StepIn(In):
    """What a step needs; the rest is left out."""

    how: str = Field(default="", description="read_back: aloud, read or screen.")
    key: str = Field(default="", description="object, sign, decline: who, as `takers` of the text names them.")
    name: str = Field(default="", max_length=80, description="sign, decline: their name.")
    words: str = Field(default="", max_length=1000, description="object, grant, refuse, decline: what, or why.")
    objection: int = Field(default=0, description="grant, refuse: which.")
    drawing: str = Field(default="", description="sign: the signature, `data:image/png;base64,...`.")
    signature: Base64Bytes | None = Field(default=None, description="sign: instead, CMS over `to_sign`.")


class ObjectionOut(Out):
    """What somebody asked to be corrected."""

    id: int
    key: str
    says: str
    line: int
    decided: str = Field(description="granted, refused, or empty while it is open.")
    reason: str


class SignatureOut(Out):
    """Who signed, or declined to."""

    key: str
    name: str
    drawn: str | None = Field(description="SHA-256 of the PNG.")
    certified: str | None = Field(description="SHA-256 of the CMS signature by a certificate.")
    subject: str = Field(description="Whose certificate, and who issued it.")
    issuer: str
    declined: str
    at: datetime
    line: int


class TextOut(Out):
    """One text of the minutes; it never changes."""

    number: int
    text: str = Field(description="SHA-256: what is signed.")
    state: str = Field(description="DRAFT, READ_BACK, OBJECTED, CORRECTING, SIGNED, REPLACED")
    at: datetime
    line: int
    to_sign: dict[str, str] = Field(description="What each signs by certificate: this line as UTF-8, without an end.")
    minutes: dict[str, Any] = Field(description="The text itself: who took part, and what was said.")
    objections: list[ObjectionOut]
    signatures: list[SignatureOut]


class StepOut(Out):
    """A step that leads onward, its ground, and why it cannot be taken now."""

    event: str
    to: str
    basis: str
    why_not: str | None


class MinutesOut(Out):
    """Every text of a hearing's minutes, the newest first, and what can be done."""

    texts: list[TextOut]
    changed: int = Field(description="Utterances that read otherwise now than in the newest text.")
    steps: list[StepOut]


@router.get("/hearings/{hearing}/minutes")
def read_minutes(request: Request, store: StoreOf, by: Listener, now: Now, hearing: int) -> MinutesOut:
    """The minutes of a hearing."""
    words = look.words(request)
    with store.read() as session:
        hand = hand_of(request, session, by, now, hearing)
        texts = minutes.texts(session, hearing)
        stands = minutes.standing(session, hand, next(iter(texts), None))
        steps = [
            StepOut(event=step.event, to=step.to, basis=words.tell(in_force(session, step.basis).said),
                    why_not=words.tell(why) if why else None)
            for step, why in minutes_flow.steps(stands)
        ]  # fmt: skip
        return MinutesOut(texts=[_text(hand, text) for text in texts], changed=stands.changed, steps=steps)


@router.post("/hearings/{hearing}/minutes/{event}")
def step_minutes(  # noqa: PLR0913  (who, when, which, what)
    request: Request, store: StoreOf, by: Corrector, now: Now, hearing: int, event: Event, told: StepIn
) -> TextOut:
    """Take a step; gives the newest text."""
    with store.write() as session:
        schedule.find_hearing(session, by, hearing)
        hand = hand_of(request, session, by, now, hearing)
        text = take(session, hand, event, told)
        session.flush()
        return _text(hand, text)


def _text(hand: minutes.Hand, text: MinutesText) -> TextOut:
    whole = minutes.read(hand.blobs, text)
    to_sign = {
        taker.key: certified.to_sign(hand.hearing.ref, text.number, taker.key, text.text).decode()
        for taker in whole.takers
    }
    return TextOut.of(text, to_sign=to_sign, minutes=whole.model_dump(mode="json"))
