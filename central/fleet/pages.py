"""The fleet: gateways, what each device says of itself, alarms, and letting a new box in."""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from sqlalchemy import Row, case, func, or_, select
from sqlalchemy.orm import Session

from central.alarms import Alarm, heaviest, open_alarms
from central.blobs import Blobs
from central.fleet import configuration, documents, figures, service, tickets
from central.fleet.catalogue import catalogue_of
from central.fleet.glance import TONES, state_word, toned
from central.fleet.service import gateway_of
from central.fleet.tables import Device, Gateway, GatewayKey
from central.ledger.tables import Book
from central.store import columns_of
from central.web.here import Now, Reading, blobs_of, go, needs, pages, store_of
from central.web.look import page
from central.web.refused import Refused, Said
from central.web.states import STATES

router = pages()

Reader = Annotated[Any, Depends(needs("fleet.read"))]
Keeper = Annotated[Any, Depends(needs("fleet.write"))]

_COUNTS: Mapping[str, Said] = {
    "noise": Said("杂字节"),
    "retries": Said("重问次数"),
    "late": Said("迟到的答复"),
    "timeouts": Said("没有答复"),
}
_LISTED = 10
"""Gateways on a page of the list, with all that their devices say."""
_G, _D, _K, _B = columns_of(Gateway), columns_of(Device), columns_of(GatewayKey), columns_of(Book)
_BOX = (_G.id, _G.name, _G.state, _G.presence, _G.simulated, _G.clock_trusted, _G.last_seen)
_DEVICE = (
    *(_D.gateway_id, _D.name, _D.product, _D.presence, _D.verified),
    *(_D.description, _D.states, _D.counts),
)
_WORST_FIRST = case({tone: order for order, tone in enumerate(TONES)}, value=toned)
_DOORS = {"open", "shut"}
_CELL = re.compile(r"cell-(\d+)")
_NAMES: Mapping[str, Said] = {"status": Said("就绪与纸")}


@router.get("/fleet")
def fleet(
    request: Request, by: Reader, session: Reading, at: Annotated[int, Query(alias="page", ge=1)] = 1
) -> HTMLResponse:
    """Every gateway with its devices, page by page, those first with which something is wrong."""
    pages = max(1, math.ceil((session.scalar(select(func.count()).select_from(Gateway)) or 0) / _LISTED))
    at = min(at, pages)
    # An index answers who is here; whole gateways would be read to be put in order.
    everyone = select(_G.id, _WORST_FIRST.label("worst")).order_by("worst", _G.name)
    here = everyone.limit(_LISTED).offset((at - 1) * _LISTED).subquery()
    listed = select(*_BOX).join(here, here.c.id == _G.id).order_by(here.c.worst, _G.name)
    gateways = session.execute(listed).all()
    devices = _devices_of(session, [gateway.id for gateway in gateways])
    context = {"devices": devices, "at_page": at, "pages": pages, "alarms": open_alarms(session, 5)}
    return page(
        request, "fleet/fleet.html", gateways=gateways, gateway_state=gateway_state, summary=_summary, **context
    )


@router.get("/fleet/invite")
def invite_page(request: Request, by: Keeper, session: Reading) -> HTMLResponse:
    """The form to let a new box in."""
    return page(request, "fleet/invite.html", token=None, name="", refused=None, gateways=service.names(session))


@router.post("/fleet/invite")
def invite(
    request: Request,
    by: Keeper,
    now: Now,
    name: Annotated[str, Form()] = "",
    like: Annotated[str, Form()] = "",
    replaces: Annotated[bool, Form()] = False,
) -> HTMLResponse:
    """An invitation, shown this once; the box gets the configuration of the gateway it is to be `like`."""
    try:
        token = invited(request, name.strip(), like, now, replaces=replaces, actor=by.ref)
    except Refused as refused:
        context: dict[str, Any] = {"token": None, "name": name, "refused": refused.said, "gateways": []}
        return page(request, "fleet/invite.html", refused.status, **context)
    expires, url = now + service.INVITE_LIFE, request.app.state.public_url
    return page(request, "fleet/invite.html", token=token, expires_at=expires, url=url, replaces=replaces)


def invited(request: Request, name: str, like: str, now: datetime, *, replaces: bool, actor: str) -> str:
    """The token of an invitation; `like` as for the form. Raises Refused."""
    state = request.app.state
    with store_of(request).write() as session:
        first = configuration_of(session, state.blobs, gateway_of(session, like)) if like else None
        return service.invite(session, name, state.authority, now, actor=actor, configuration=first, replaces=replaces)


@router.post("/fleet/{gateway}/revoke")
def revoke(request: Request, by: Keeper, now: Now, gateway: str) -> Response:
    """Put a gateway out of use for good."""
    with store_of(request).write() as session:
        service.set_state(session, gateway_of(session, gateway), "revoked", now, actor=by.ref)
    return go(f"/fleet/{gateway}")


@router.get("/fleet/{gateway}")
def gateway_page(
    request: Request, by: Reader, session: Reading, gateway: str, span: Literal["day", "month", "year", "all"] = "day"
) -> HTMLResponse:
    """One gateway: presence, books, certificates, devices."""
    found = gateway_of(session, gateway)
    of_books = select(_B.book, _B.seq, _B.state, _B.key).where(_B.gateway == gateway).order_by(_B.id.desc())
    of_keys = select(_K.kid, _K.fingerprint, _K.handed_over_at, _K.withdrawn_at).where(_K.gateway_id == found.id)
    keys = session.execute(of_keys.order_by(_K.id)).all()
    good = {key.kid for key in keys if key.withdrawn_at is None}
    context = {
        "gateway": found,
        "books": _stand(session.execute(of_books).all(), good),
        "keys": keys,
        "devices": _devices_of(session, [found.id])[found.id],
        "brought": documents.newest(session, found, (documents.SOFTWARE, documents.MODEL, documents.LOGO)),
    }
    context |= {"alarms": _alarms(session, gateway), "tickets": tickets.open_of(session, gateway)}
    return page(request, "fleet/gateway.html", gateway_state=gateway_state, span=span, **context)


def _stand(books: Sequence[Row[Any]], good: Collection[str]) -> Sequence[tuple[Row[Any], str]]:
    """Each book, the newest first, and how it stands: only the newest is written on, and only by a key that is good."""
    return [
        (book, book.state if book.state != "open" else "closed" if number else "open" if book.key in good else "ended")
        for number, book in enumerate(books)
    ]


@router.get("/fleet/{gateway}/figures.json")
def figures_of(
    by: Reader, session: Reading, now: Now, gateway: str, span: Literal["day", "month", "year", "all"] = "day"
) -> JSONResponse:
    """A gateway's figures over that time, for the plots of its page."""
    return JSONResponse(figures.series(session, gateway_of(session, gateway).id, span, now))


@router.get("/fleet/{gateway}/{device}")
def device_page(request: Request, by: Reader, session: Reading, gateway: str, device: str) -> HTMLResponse:
    """One device, drawn from its self-description and the states it told; nothing here knows its kind."""
    found = next((each for each in gateway_of(session, gateway).devices if each.name == device), None)
    if found is None:
        raise Refused("网关 {gateway} 上没有名为“{device}”的设备。", code="no_such_device", status=404,
                      gateway=gateway, device=device)  # fmt: skip
    counts = [(name, _COUNTS.get(name) or Said("{name}", {"name": name}), n) for name, n in found.counts.items()]
    told = catalogue_of(blobs_of(request), found.gateway) or {}
    obeys = told.get("drivers", {}).get(found.product, {}).get("obeys", ())
    context = {"gateway": found.gateway, "device": found, "properties": properties(found), "counts": counts}
    context |= {
        "alarms": _alarms(session, f"{gateway}/{device}"),
        "tickets": tickets.open_of(session, gateway, device),
    }
    return page(request, "fleet/device.html", gateway_state=gateway_state, obeys=obeys, **context)


def _alarms(session: Session, about: str) -> Sequence[Alarm]:
    """Open alarms of a gateway and what hangs on it, or of a device and its cells, the worst first."""
    of_it = or_(Alarm.subject == about, *(Alarm.subject.startswith(f"{about}{sign}", autoescape=True) for sign in "/#"))
    found = select(Alarm).where(Alarm.cleared_at.is_(None), of_it)
    return session.scalars(found.order_by(heaviest(Alarm.severity), Alarm.last_at.desc()).limit(_LISTED)).all()


def configuration_of(session: Session, blobs: Blobs, gateway: Gateway) -> str:
    """The blob of the configuration a gateway is to have."""
    return blobs.put(configuration.text_of(session, blobs, gateway).encode())


def _devices_of(session: Session, gateways: Sequence[int]) -> Mapping[int, Sequence[Any]]:
    """The present devices of each of these gateways, by name."""
    found: dict[int, list[Any]] = {gateway: [] for gateway in gateways}
    asked = select(*_DEVICE).where(_D.gateway_id.in_(gateways), _D.removed_at.is_(None))
    for device in session.execute(asked.order_by(_D.gateway_id, _D.name)).all():
        found[device.gateway_id].append(device)
    return found


def gateway_state(gateway: Gateway | Row[Any]) -> str:
    """The state of a gateway as pages name it."""
    return state_word(gateway.state, gateway.presence)


def properties(device: Device) -> list[dict[str, Any]]:
    """The properties of a device's Homie node with their values."""
    described: Mapping[str, Mapping[str, Any]] = device.description.get("properties", {})
    names = sorted(described.keys() - {"presence"}, key=_counting)
    return [_property(name, described[name], device.states.get(name)) for name in names]


def _property(name: str, described: Mapping[str, Any], value: Any) -> dict[str, Any]:
    return {
        "id": name,
        "name": _called(name, described),
        "datatype": described.get("datatype", ""),
        "format": described.get("format", ""),
        "unit": f" {described['unit']}" if described.get("unit") else "",
        "value": value,
        "states": _states(value),
    }


def _called(name: str, described: Mapping[str, Any]) -> Said:
    """What a property is called: in our words where we have some, else as the device says."""
    cell = _CELL.fullmatch(name)
    if cell is not None:
        return Said("第 {n} 格", {"n": cell[1]})
    return _NAMES.get(name) or Said("{name}", {"name": described.get("name", name)})


def _counting(name: str) -> list[tuple[int, str]]:
    """To sort as people count: cell-2 before cell-10."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", name)]


def _states(value: Any) -> Sequence[str]:
    """The states that a value is made of, as pages name them; none if there are no words for it."""
    parts = dict.fromkeys(str(value).split(","))
    keys = [f"door:{part}" if part in _DOORS else f"value:{part}" for part in parts]
    return keys if all(key in STATES for key in keys) else []


def _summary(device: Row[Any]) -> Sequence[tuple[Mapping[str, Any], int]]:
    """The present state in a line: different values with how many properties have each, at most four."""
    described: Mapping[str, Mapping[str, Any]] = device.description.get("properties", {})
    names: dict[Any, list[str]] = {}
    for name in described.keys() - {"presence"}:
        if (value := device.states.get(name)) is not None:
            names.setdefault(value, []).append(name)
    first = sorted(
        ((min(alike, key=_counting), len(alike)) for alike in names.values()), key=lambda of: _counting(of[0])
    )
    return [(_property(name, described[name], device.states[name]), times) for name, times in first[:4]]
