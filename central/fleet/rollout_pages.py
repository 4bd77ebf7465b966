"""Roll-outs: one change or release for many gateways, wave after wave, with progress; where each gateway stands."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from central.fleet import documents, files, rollout, service, software
from central.fleet.config_pages import blobs_of
from central.fleet.pages import gateway_of, gateway_state
from central.fleet.tables import Gateway, Rollout, RolloutBox
from central.web.here import Now, Reading, go, needs, pages, store_of
from central.web.look import page
from central.web.refused import Refused

router = pages()

Reader = Annotated[Any, Depends(needs("fleet.read"))]
Keeper = Annotated[Any, Depends(needs("fleet.write"))]
_SHOWN = 50


@router.get("/rollouts")
def rollouts(
    request: Request, by: Reader, session: Reading, picked: Annotated[list[str] | None, Query()] = None
) -> HTMLResponse:
    """The roll-outs, newest first, and the form for another, for those that were picked on the map."""
    return _page(request, session, picked or [])


@router.post("/rollouts")
def make(
    request: Request,
    by: Keeper,
    now: Now,
    title: Annotated[str, Form()] = "",
    patch: Annotated[str, Form()] = "",
    gateways: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Begin one."""
    patch = patch.replace("\r\n", "\n")
    try:
        with store_of(request).write() as session:
            chosen = [gateway_of(session, name) for name in gateways or []]
            made = rollout.make(session, blobs_of(request), title, patch, chosen, now, actor=by.ref)
    except Refused as refused:
        with store_of(request).read() as session:
            return _page(request, session, gateways or [], refused, title=title, patch=patch)
    return go(f"/rollouts/{made.id}")


@router.post("/rollouts/software")
def bring(
    request: Request,
    by: Keeper,
    now: Now,
    release: Annotated[str, Form()] = "",
    gateways: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Begin to bring a release of the software to gateways."""
    try:
        with store_of(request).write() as session:
            chosen = [gateway_of(session, name) for name in gateways or []]
            sha256 = software.signed(blobs_of(request), request.app.state.pen, software.newest(session, release))
            made = rollout.bring(session, release, documents.SOFTWARE, sha256, chosen, now, actor=by.ref)
    except Refused as refused:
        with store_of(request).read() as session:
            return _page(request, session, gateways or [], refused, release=release)
    return go(f"/rollouts/{made.id}")


@router.post("/rollouts/files")
def bring_files(
    request: Request,
    by: Keeper,
    now: Now,
    number: Annotated[int, Form()],
    gateways: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Begin to bring a speech model or a logo to gateways."""
    try:
        with store_of(request).write() as session:
            chosen, brought = [gateway_of(session, name) for name in gateways or []], files.one(session, number)
            sha256 = files.signed(blobs_of(request), request.app.state.pen, brought)
            made = rollout.bring(session, brought.name, brought.document, sha256, chosen, now, actor=by.ref)
    except Refused as refused:
        with store_of(request).read() as session:
            return _page(request, session, gateways or [], refused, number=str(number))
    return go(f"/rollouts/{made.id}")


@router.get("/rollouts/{number}")
def one(request: Request, by: Reader, session: Reading, number: int) -> HTMLResponse:
    """How far it is, box by box."""
    return page(request, "fleet/rollout.html", rollout=_rollout(session, number))


@router.post("/rollouts/{number}/{to}")
def go_on(request: Request, by: Keeper, number: int, to: str) -> Response:
    """Let it go on, pause it, or stop it."""
    with store_of(request).write() as session:
        rollout.go_on(session, _rollout(session, number), to, actor=by.ref)
    return go(f"/rollouts/{number}")


@router.post("/fleet/{gateway}/place")
def place(
    request: Request,
    by: Keeper,
    gateway: str,
    floor: Annotated[str, Form()] = "",
    room: Annotated[str, Form()] = "",
    tags: Annotated[str, Form()] = "",
) -> Response:
    """Say where a gateway stands and which groups it belongs to."""
    with store_of(request).write() as session:
        service.place(session, gateway_of(session, gateway), floor, room, tags.split(), actor=by.ref)
    return go(f"/fleet/{gateway}")


def _page(
    request: Request, session: Session, picked: Sequence[str], refused: Refused | None = None, **typed: str
) -> HTMLResponse:
    shown = select(Rollout).options(selectinload(Rollout.boxes)).order_by(Rollout.id.desc()).limit(_SHOWN)
    everyone = select(Gateway).where(Gateway.state == "active").order_by(Gateway.floor, Gateway.room, Gateway.name)
    gateways = session.scalars(everyone).all()
    return page(
        request,
        "fleet/rollouts.html",
        refused.status if refused else 200,
        rollouts=session.scalars(shown).all(),
        gateways=gateways,
        releases=software.releases(session),
        file_sets=files.sets(session),
        picked=picked,
        gateway_state=gateway_state,
        typed=typed,
        refused=refused.said if refused else None,
    )


def _rollout(session: Session, number: int) -> Rollout:
    boxes = selectinload(Rollout.boxes).joinedload(RolloutBox.gateway)
    found = session.scalars(select(Rollout).where(Rollout.id == number).options(boxes)).one_or_none()
    if found is None:
        raise Refused("没有第 {n} 号推送。", code="no_such_rollout", status=404, n=str(number))
    return found
