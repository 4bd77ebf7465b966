"""Hearings in the browser: the schedule, one hearing with its course, what is asked of its courtroom, and it live."""

from collections.abc import Sequence
from typing import Annotated, Any, cast

from fastapi import Depends, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session
from sse_starlette import EventSourceResponse

from central.blobs import NoBlob
from central.hearings import (
    acts,
    board,
    course,
    keeping_pages,
    minutes_pages,
    notes,
    schedule,
    schedule_pages,
    transcript_pages,
)
from central.hearings.live import LiveRooms
from central.hearings.tables import Event
from central.live import HEARTBEAT_S
from central.people.roles import Actor
from central.people.service import name_of
from central.rules.service import in_force
from central.web.here import Now, Reading, blobs_of, go, needs, pages, store_of
from central.web.look import page as drawn
from central.web.refused import Refused
from central.wishes.tables import WishRow
from devices.agenda import ROLE_NAMES

router = pages()
router.include_router(schedule_pages.router)
router.include_router(keeping_pages.router)
router.include_router(minutes_pages.router)
router.include_router(transcript_pages.router)

Reader = Annotated[Actor, Depends(needs("hearing.read"))]
Listener = Annotated[Actor, Depends(needs("hearing.listen"))]
Recorder = Annotated[Actor, Depends(needs("hearing.record"))]
Judge = Annotated[Actor, Depends(needs("hearing.note"))]
Text = Annotated[str, Form()]


@router.get("/hearings/{hearing}")
def one(request: Request, by: Reader, session: Reading, hearing: int) -> HTMLResponse:
    """One hearing: who sits where, how it went, what is missing, and what can be asked of its courtroom."""
    return _one(request, by, session, hearing)


@router.post("/hearings/{hearing}/ask")
def ask(request: Request, by: Recorder, now: Now, hearing: int, act: Text, detail: Text = "") -> Response:
    """Ask its courtroom for an act."""
    try:
        with store_of(request).write() as session:
            acts.ask(session, by, schedule.find_hearing(session, by, hearing), act, detail, now)
    except Refused as refused:
        with store_of(request).read() as session:
            return _one(request, by, session, hearing, refused)
    return go(f"/hearings/{hearing}")


@router.post("/hearings/{hearing}/faults/{event}")
def sign(request: Request, by: Judge, now: Now, hearing: int, event: int, text: Text = "") -> Response:
    """Sign the note on a fault."""
    try:
        with store_of(request).write() as session:
            found = schedule.find_hearing(session, by, hearing)
            notes.sign(session, blobs_of(request), by, found, event, text, now)
    except Refused as refused:
        with store_of(request).read() as session:
            return _one(request, by, session, hearing, refused)
    return go(f"/hearings/{hearing}")


@router.get("/hearings/{hearing}/stream")
def stream(request: Request, by: Listener, hearing: int) -> EventSourceResponse:
    """Its room live: the level of each seat, and words as they come."""
    with store_of(request).read() as session:  # not for as long as the stream lasts
        found = schedule.find_hearing(session, by, hearing)
    rooms = cast(LiveRooms, request.app.state.live_rooms)
    return EventSourceResponse(rooms.of_hearing(found.gateway, found.ref, closed=found.closed), ping=HEARTBEAT_S)


def _one(request: Request, by: Actor, session: Session, hearing: int, refused: Refused | None = None) -> HTMLResponse:
    found = schedule.find_hearing(session, by, hearing)
    told, recorded = course.events(session, hearing), course.segments(session, hearing)
    wish = session.get(WishRow, found.wish) if found.wish else None
    context: dict[str, Any] = {"hearing": found, "events": told, "axis": course.axis(found, told, recorded)}
    context |= {"segments": recorded, "acts": acts.possible(found), "act_names": acts.ACT_NAMES}
    context |= {"reasons": acts.reasons(found), "pause_name": course.pause_name, "course": course}
    context |= {"paused": in_force(session, course.PAUSED), "owed_note": in_force(session, notes.OWED)}
    context |= {"wish": wish, "outcome": acts.outcome(wish) if wish else None, "role_names": ROLE_NAMES}
    context |= {"seated": board.seated(found)}
    context |= {"clock": lambda sample: course.clock(found, sample), "names": _names(session, told)}
    context |= {"notes": {event.id: _text(request, event) for event in told if event.note}}
    context |= {"refused": refused.said if refused else None, "by": by}
    context["drawn_at"] = f"/hearings/{hearing}"
    return drawn(request, "hearings/hearing.html", refused.status if refused else 200, **context)


def _text(request: Request, event: Event) -> str:
    try:
        return blobs_of(request).get(event.note or "").decode()
    except (NoBlob, OSError):
        return ""


def _names(session: Session, told: Sequence[Event]) -> dict[str, str]:
    return {ref: name_of(session, ref) for ref in {event.note_by for event in told} if ref}
