"""Hearings in the browser: the schedule, and one hearing with its course."""

from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse

from central.hearings import schedule, schedule_pages
from central.people.roles import Actor
from central.web.here import Reading, needs, pages
from central.web.look import page as drawn
from devices.agenda import ROLE_NAMES

router = pages()
router.include_router(schedule_pages.router)

Reader = Annotated[Actor, Depends(needs("hearing.read"))]


@router.get("/hearings/{hearing}")
def one(request: Request, by: Reader, session: Reading, hearing: int) -> HTMLResponse:
    """One hearing: case, room, time, and who sits where."""
    context: dict[str, Any] = {"hearing": schedule.find_hearing(session, by, hearing), "role_names": ROLE_NAMES}
    return drawn(request, "hearings/hearing.html", **context)
