"""The fleet as a place: floors, rooms, boxes and devices at a glance; and how much of the time they were there."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from central.fleet import availability
from central.fleet.pages import gateway_state
from central.fleet.tables import Gateway
from central.web.here import Now, Reading, needs, pages
from central.web.look import page, words
from central.web.states import STATES

router = pages()

Reader = Annotated[Any, Depends(needs("fleet.read"))]
_TONES = ("broken", "person", "waiting", "away", "working")
"""The worst first."""

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
) -> HTMLResponse:
    """The gateways that fit, where they stand. The address is the view: keep it as a bookmark."""
    everyone = session.scalars(
        select(Gateway).options(selectinload(Gateway.devices)).order_by(Gateway.floor, Gateway.room, Gateway.name)
    ).all()
    shown = [each for each in everyone if _fits(each, q, floor, tag) and (not state or tone(each) == state)]
    return page(
        request,
        "fleet/map.html",
        places=_places(shown),
        shown=len(shown),
        floors=sorted({each.floor for each in everyone if each.floor}),
        tags=sorted({tag for each in everyone for tag in each.tags}),
        counts={name: sum(tone(each) == name for each in everyone) for name in ("working", "person", "broken", "away")},
        tone=tone,
        gateway_state=gateway_state,
        chosen={"q": q, "floor": floor, "tag": tag, "state": state},
    )


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


def _fits(gateway: Gateway, q: str, floor: str, tag: str) -> bool:
    names = [gateway.name, gateway.room, *(f"{device.name} {device.product}" for device in gateway.devices_now)]
    return (
        (not floor or gateway.floor == floor)
        and (not tag or tag in gateway.tags)
        and any(q.strip().lower() in name.lower() for name in names)
    )


def _places(gateways: Sequence[Gateway]) -> Place:
    places: dict[str, dict[str, list[Gateway]]] = {}
    for gateway in gateways:
        places.setdefault(gateway.floor, {}).setdefault(gateway.room, []).append(gateway)
    return places


def _plain(text: str) -> str:
    """Nothing a spreadsheet would take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text
