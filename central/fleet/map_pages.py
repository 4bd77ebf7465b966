"""The fleet as a place: floors, rooms, boxes and devices at a glance; and how much of the time they were there."""

import csv
import io
from dataclasses import asdict, replace
from datetime import timedelta
from functools import lru_cache, partial
from typing import Annotated, Any, Literal
from urllib.parse import quote_plus, urlencode

from fastapi import Depends, Form, Request
from fastapi.responses import HTMLResponse, Response

from central.fleet import availability, glance, views
from central.fleet.glance import Filter, Tile
from central.web.here import Now, Reading, go, needs, pages, store_of
from central.web.look import look_of, page, words

router = pages()

_quoted = lru_cache(8192)(quote_plus)
Reader = Annotated[Any, Depends(needs("fleet.read"))]


@router.get("/fleet/map")
def fleet_map(  # noqa: PLR0913
    request: Request,
    by: Reader,
    session: Reading,
    q: str = "",
    floor: str = "",
    room: str = "",
    tag: str = "",
    state: Literal["", "working", "broken", "person", "waiting", "away"] = "",
    unplaced: bool = False,
    pick: bool = False,
) -> HTMLResponse:
    """The gateways that fit, where they stand; with `pick` some of them can be chosen, to ask them all the same."""
    chosen = Filter(q, floor, room, tag, state, unplaced)
    return page(
        request,
        "fleet/map.html",
        seen=glance.look(session, chosen, each=pick),
        floors=glance.floors(session),
        chosen=chosen,
        pick=pick,
        filtered=_address(chosen),
        address=partial(_onward, _address(replace(chosen, floor="", room="", unplaced=False))),
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


def _keeps(request: Request, by: Any) -> bool:
    look = look_of(request)
    return look.may(by, "fleet.write")


def _address(chosen: Filter) -> str:
    """A filter as it stands in the map's address."""
    return urlencode({name: 1 if value is True else value for name, value in asdict(chosen).items() if value})


def _onward(rest: str, tile: Tile) -> str:
    """The address of what a tile stands for, with the rest of the filter."""
    floor = f"floor={_quoted(tile.floor)}" if tile.floor else ""
    room = f"room={_quoted(tile.room)}" if tile.room else ""
    unplaced = "unplaced=1" if tile.room == "" or not tile.floor else ""
    return "&".join(filter(None, (rest, floor, room, unplaced)))


def _plain(text: str) -> str:
    """Nothing a spreadsheet would take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text
