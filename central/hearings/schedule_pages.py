"""The schedule in the browser: a day by room, the days ahead, and the form in which a hearing is planned."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import Depends, Form, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from central.cases import service as cases
from central.cases.numbers import read_number
from central.hearings import board, schedule
from central.hearings.rooms import rooms
from central.hearings.tables import Hearing
from central.people.roles import Actor
from central.store import row_in
from central.web.here import Now, Reading, blobs_of, go, local, needs, pages, store_of
from central.web.look import look_of
from central.web.look import page as drawn
from central.web.refused import Refused
from devices.agenda import ROLE_NAMES

router = pages()

Reader = Annotated[Actor, Depends(needs("hearing.read"))]
Writer = Annotated[Actor, Depends(needs("hearing.write"))]
_SEAT = "seat-"


class HearingForm(BaseModel):
    """What is filled in for a hearing; times are those of the court's zone."""

    case: str = ""
    gateway: str = ""
    day: str = ""
    opens: str = "09:00"
    closes: str = "11:00"
    presiding: str = ""
    closed: str = ""
    corrections: str = ""


async def _seats(request: Request) -> dict[str, str]:
    form = await request.form()
    return {name.removeprefix(_SEAT): str(role) for name, role in form.items() if name.startswith(_SEAT)}


Seats = Annotated[dict[str, str], Depends(_seats)]


@router.get("/hearings/of/{case}")
def of_case(request: Request, by: Reader, session: Reading, case: int) -> HTMLResponse:
    """Every hearing of a case."""
    found = cases.find_case(session, case)
    return drawn(request, "hearings/case.html", case=found, hearings=schedule.of_case(session, case))


@router.get("/hearings")
def day(request: Request, by: Reader, session: Reading, now: Now, day: str = "") -> HTMLResponse:
    """One day, room by room, and what is planned after it."""
    zone = look_of(request).zone
    shown = _date(day) or now.astimezone(zone).date()
    known = rooms(session, blobs_of(request))
    begins = datetime.combine(shown, time(), zone)
    found = schedule.between(session, begins, begins + timedelta(days=1 + board.AHEAD))
    context: dict[str, Any] = {
        "day": shown,
        "today": now.astimezone(zone).date(),
        "topic": schedule.ALL,
        "rooms": known,
    }
    context |= {"rows": board.by_room(found, known, shown, zone), "ahead": board.ahead(found, shown, zone)}
    context |= {"before": shown - timedelta(days=1), "after": shown + timedelta(days=1), "role_names": ROLE_NAMES}
    return drawn(request, "hearings/day.html", **context)


@router.get("/hearings/new")
def new(
    request: Request, by: Writer, session: Reading, now: Now, form: Annotated[HearingForm, Depends()]
) -> HTMLResponse:
    """The form for another hearing."""
    case = cases.case_by_number(session, form.case)
    form.presiding = form.presiding or str(case.judge_id or "" if case else "")
    if not form.day:
        form.day = str(local(request, now).date() + timedelta(days=1))
    return _form(request, session, form, {}, None)


@router.post("/hearings/new")
def plan(request: Request, by: Writer, now: Now, form: Annotated[HearingForm, Form()], seats: Seats) -> Response:
    """Plan it."""
    try:
        with store_of(request).write() as session:
            case = cases.case_by_number(session, read_number(form.case))
            if case is None:
                raise Refused("没有案号为“{number}”的案件。请先登记案件，或核对案号。", code="no_such_case", status=422,
                              number=form.case)  # fmt: skip
            told = _plan(request, form, seats)
            hearing = schedule.plan(session, blobs_of(request), by, case.id, told, now)
    except Refused as refused:
        with store_of(request).read() as session:
            return _form(request, session, form, seats, refused)
    return go(f"/hearings?day={local(request, hearing.opens_at).date()}")


@router.get("/hearings/{hearing}/plan")
def planned(request: Request, by: Writer, session: Reading, hearing: int, gateway: str = "") -> HTMLResponse:
    """The form of a hearing that is planned."""
    found = schedule.find_hearing(session, by, hearing)
    form = _filled(request, found)
    form.gateway = gateway or form.gateway
    return _form(request, session, form, dict(found.seats), None, found)


@router.post("/hearings/{hearing}/plan")
def change(
    request: Request, by: Writer, now: Now, hearing: int, form: Annotated[HearingForm, Form()], seats: Seats
) -> Response:
    """Plan it otherwise."""
    try:
        with store_of(request).write() as session:
            found = schedule.find_hearing(session, by, hearing)
            schedule.change(session, blobs_of(request), by, found, _plan(request, form, seats), now)
    except Refused as refused:
        with store_of(request).read() as session:
            return _form(request, session, form, seats, refused, schedule.find_hearing(session, by, hearing))
    return go(f"/hearings?day={local(request, found.opens_at).date()}")


@router.post("/hearings/{hearing}/withdraw")
def withdraw(request: Request, by: Writer, now: Now, hearing: int) -> Response:
    """It will not take place."""
    with store_of(request).write() as session:
        found = schedule.find_hearing(session, by, hearing)
        schedule.withdraw(session, blobs_of(request), by, found, now)
    return go(f"/hearings?day={local(request, found.opens_at).date()}")


def _form(
    request: Request, session: Session, form: HearingForm, seats: dict[str, str], refused: Refused | None,
    hearing: Hearing | None = None,
) -> HTMLResponse:  # fmt: skip
    known = rooms(session, blobs_of(request))
    chosen = next((room for room in known if room.gateway == form.gateway), known[0] if known else None)
    context: dict[str, Any] = {"form": form, "rooms": known, "chosen": chosen, "hearing": hearing}
    context["seats"] = {seat: seats.get(seat) or board.likely_role(seat) for seat in chosen.seats} if chosen else {}
    context |= {"judges": board.judges(session), "role_names": ROLE_NAMES, "refused": refused.said if refused else None}
    return drawn(request, "hearings/plan.html", refused.status if refused else 200, **context)


def _plan(request: Request, form: HearingForm, seats: dict[str, str]) -> schedule.Plan:
    return schedule.Plan(
        gateway=form.gateway,
        opens_at=_moment(request, form.day, form.opens),
        closes_at=_moment(request, form.day, form.closes),
        seats=seats,
        presiding=row_in(form.presiding),
        closed=bool(form.closed),
        corrections=schedule.read_corrections(form.corrections),
    )


def _filled(request: Request, hearing: Hearing) -> HearingForm:
    opens, closes = local(request, hearing.opens_at), local(request, hearing.closes_at)
    return HearingForm(
        case=hearing.case.number if hearing.case else "", gateway=hearing.gateway, day=str(opens.date()),
        opens=f"{opens:%H:%M}", closes=f"{closes:%H:%M}", presiding=str(hearing.presiding_id or ""),
        closed="1" if hearing.closed else "", corrections="\n".join(f"{k} {v}" for k, v in hearing.corrections.items()),
    )  # fmt: skip


def _moment(request: Request, day: str, clock: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(day), time.fromisoformat(clock), look_of(request).zone)
    except ValueError:
        raise Refused("日期或时间“{text}”不对，例如 2026-11-23 09:30。", code="bad_time", status=422,
                      text=f"{day} {clock}") from None  # fmt: skip


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
