"""The fleet as a place: floors, rooms, boxes and devices at a glance; and how much of the time they were there."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Depends, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import ColumnElement, String, case, cast, exists, func, or_, select
from sqlalchemy.orm import selectinload

from central.fleet import availability, views
from central.fleet.pages import gateway_state
from central.fleet.tables import Device, Gateway
from central.web.here import Now, Reading, go, needs, pages, store_of
from central.web.look import Look, page, words
from central.web.states import STATES

router = pages()

Reader = Annotated[Any, Depends(needs("fleet.read"))]
_TONES = ("broken", "person", "waiting", "away", "working")
"""The worst first."""

_SHOWN = 300
"""Boxes drawn at most; a court has more only beyond what anybody takes in at a glance."""
_GONE = exists().where(Device.gateway_id == Gateway.id, Device.removed_at.is_(None), Device.presence == "gone")
toned = case(
    (Gateway.state == "suspended", "broken"),
    (Gateway.state != "active", "away"),
    (Gateway.presence == "lost", "broken"),
    (Gateway.presence == "init", "waiting"),
    (Gateway.presence != "ready", "away"),
    (or_(Gateway.safe, _GONE), "broken"),
    (~Gateway.clock_trusted, "person"),
    else_="working",
)
"""The same as `tone`, by the database."""

Place = Mapping[str, Mapping[str, Sequence[Gateway]]]
"""Floor -> room -> gateways."""


@router.get("/fleet/map")
def fleet_map(  # noqa: PLR0913
    request: Request,
    by: Reader,
    session: Reading,
    q: str = "",
    floor: str = "",
    tag: str = "",
    state: Literal["", "working", "broken", "person", "away"] = "",
    pick: bool = False,
) -> HTMLResponse:
    """The gateways that fit, where they stand; with `pick` some of them can be chosen, to ask them all the same."""
    fitting = _fitting(q, floor, tag)
    asked = select(Gateway).where(*fitting)
    if state:
        asked = asked.where(toned == state)
    shown = session.scalars(
        asked.options(selectinload(Gateway.devices)).order_by(Gateway.floor, Gateway.room, Gateway.name).limit(_SHOWN)
    ).all()
    counted = session.execute(select(toned, func.count()).select_from(Gateway).where(*fitting).group_by(toned))
    counts = {name: number for name, number in counted}
    chosen = {"q": q, "floor": floor, "tag": tag, "state": state}
    return page(
        request,
        "fleet/map.html",
        places=_places(shown),
        shown=len(shown),
        more=sum(counts.values()) if not state else counts.get(state, 0),
        floors=session.scalars(
            select(Gateway.floor).where(Gateway.floor != "").distinct().order_by(Gateway.floor)
        ).all(),
        counts={name: counts.get(name, 0) for name in ("working", "person", "broken", "away")},
        tone=tone,
        gateway_state=gateway_state,
        chosen=chosen,
        pick=pick,
        filtered=urlencode({name: value for name, value in chosen.items() if value}),
        views=views.seen_by(session, by.ref),
        by=by.ref,
    )


@router.post("/fleet/map/views")
def save_view(
    request: Request,
    by: Reader,
    name: Annotated[str, Form()] = "",
    query: Annotated[str, Form(max_length=400)] = "",
    shared: Annotated[bool, Form()] = False,
) -> Response:
    """Save a filter under a name; only who looks after the fleet shares one."""
    with store_of(request).write() as session:
        view = views.save(session, name, query, owner=by.ref, shared=shared and _keeps(request, by))
    return go(f"/fleet/map?{view.query}")


@router.post("/fleet/map/views/{number}/remove")
def remove_view(request: Request, by: Reader, number: int) -> Response:
    """Forget a saved filter."""
    with store_of(request).write() as session:
        views.remove(session, number, owner=by.ref, keeps_shared=_keeps(request, by))
    return go("/fleet/map")


@router.get("/fleet/availability")
def report(request: Request, by: Reader, session: Reading, now: Now, days: int = 30) -> HTMLResponse:
    """By room and by model, the worst first."""
    days = min(max(days, 1), 366)
    told = availability.report(session, now - timedelta(days=days), now)
    return page(request, "fleet/availability.html", report=told, days=days)


@router.get("/fleet/availability.csv")
def report_csv(request: Request, by: Reader, session: Reading, now: Now, days: int = 30) -> Response:
    """The same for a spreadsheet."""
    told = availability.report(session, now - timedelta(days=min(max(days, 1), 366)), now)
    say = words(request).say
    text = io.StringIO()
    table = csv.writer(text)
    heads = ("类别", "名称", "数量", "失联次数", "失联分钟", "可用率")
    table.writerow([say(head) for head in heads])
    for kind, rows in (("房间", told.rooms), ("型号", told.models)):
        for row in rows:
            minutes = round(row.down.total_seconds() / 60, 1)
            table.writerow([say(kind), _plain(row.name), row.things, row.outages, minutes, row.share])
    headers = {"Content-Disposition": "attachment; filename=availability.csv"}
    return Response("\ufeff" + text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def tone(gateway: Gateway) -> str:
    """How a gateway is at a glance: the worst of itself and its devices."""
    own = STATES.get(gateway_state(gateway))
    tones = [own.tone if own else "away"]
    if gateway.is_there:
        tones += ["broken" for device in gateway.devices_now if device.presence == "gone"]
        tones += ["broken"] if gateway.safe else []
        tones += ["person"] if not gateway.clock_trusted else []
    return next(each for each in _TONES if each in tones)


def _keeps(request: Request, by: Any) -> bool:
    look: Look = request.app.state.look
    return look.may(by, "fleet.write")


def _fitting(q: str, floor: str, tag: str) -> list[ColumnElement[bool]]:
    told = q.strip().lower()
    fitting: list[ColumnElement[bool]] = []
    if floor:
        fitting.append(Gateway.floor == floor)
    if tag:
        fitting.append(cast(Gateway.tags, String).contains(json.dumps(tag), autoescape=True))
    if told:
        device = exists().where(
            Device.gateway_id == Gateway.id,
            Device.removed_at.is_(None),
            or_(*(func.lower(name).contains(told, autoescape=True) for name in (Device.name, Device.product))),
        )
        named = [func.lower(name).contains(told, autoescape=True) for name in (Gateway.name, Gateway.room)]
        fitting.append(or_(*named, device))
    return fitting


def _places(gateways: Sequence[Gateway]) -> Place:
    places: dict[str, dict[str, list[Gateway]]] = {}
    for gateway in gateways:
        places.setdefault(gateway.floor, {}).setdefault(gateway.room, []).append(gateway)
    return places


def _plain(text: str) -> str:
    """Nothing a spreadsheet would take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text
