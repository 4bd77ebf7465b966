"""Roll-outs: one change or release for many gateways, wave after wave, with progress; where each gateway stands."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import case, select
from sqlalchemy.orm import Session

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
_SHOWN, _BOXES = 50, 200


@router.get("/rollouts")
def rollouts(
    request: Request, by: Reader, session: Reading, picked: Annotated[list[str] | None, Query()] = None
) -> HTMLResponse:
    """The roll-outs, newest first, and the form for another, for those that were picked on the map."""
    return _page(request, session, picked or [])


@router.post("/rollouts")
def make(  # noqa: PLR0913
    request: Request,
    by: Keeper,
    now: Now,
    title: Annotated[str, Form()] = "",
    patch: Annotated[str, Form()] = "",
    gateways: Annotated[list[str] | None, Form()] = None,
    group: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """Begin one."""
    patch = patch.replace("\r\n", "\n")
    try:
        with store_of(request).write() as session:
            chosen = _chosen(session, gateways, group)
            made = rollout.make(session, blobs_of(request), title, patch, chosen, now, actor=by.ref)
    except Refused as refused:
        with store_of(request).read() as session:
            return _page(request, session, gateways or [], refused, group=group, title=title, patch=patch)
    return go(f"/rollouts/{made.id}")


@router.post("/rollouts/software")
def bring(
    request: Request,
    by: Keeper,
    now: Now,
    release: Annotated[str, Form()] = "",
    gateways: Annotated[list[str] | None, Form()] = None,
    group: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """Begin to bring a release of the software to gateways."""
    try:
        with store_of(request).write() as session:
            chosen = _chosen(session, gateways, group)
            sha256 = software.signed(blobs_of(request), request.app.state.pen, software.newest(session, release))
            made = rollout.bring(session, release, documents.SOFTWARE, sha256, chosen, now, actor=by.ref)
    except Refused as refused:
        with store_of(request).read() as session:
            return _page(request, session, gateways or [], refused, group=group, release=release)
    return go(f"/rollouts/{made.id}")


@router.post("/rollouts/files")
def bring_files(
    request: Request,
    by: Keeper,
    now: Now,
    number: Annotated[int, Form()],
    gateways: Annotated[list[str] | None, Form()] = None,
    group: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """Begin to bring a speech model or a logo to gateways."""
    try:
        with store_of(request).write() as session:
            chosen, brought = _chosen(session, gateways, group), files.one(session, number)
            sha256 = files.signed(blobs_of(request), request.app.state.pen, brought)
            made = rollout.bring(session, brought.name, brought.document, sha256, chosen, now, actor=by.ref)
    except Refused as refused:
        with store_of(request).read() as session:
            return _page(request, session, gateways or [], refused, group=group, number=str(number))
    return go(f"/rollouts/{made.id}")


@router.get("/rollouts/{number}")
def one(request: Request, by: Reader, session: Reading, number: int) -> HTMLResponse:
    """How far it is, box by box; where there are too many, those first that somebody may have to look after."""
    found = _rollout(session, number)
    last = case((RolloutBox.state == "kept", 1), else_=0)
    boxes = select(RolloutBox.id, RolloutBox.wave, RolloutBox.state, RolloutBox.why, Gateway.name)
    boxes = boxes.join(Gateway).where(RolloutBox.rollout_id == number)
    progress = rollout.progress(session, [number])[number]
    order = (last, RolloutBox.wave.desc(), RolloutBox.id) if progress.boxes > _BOXES else (RolloutBox.id,)
    shown = session.execute(boxes.order_by(*order).limit(_BOXES)).all()
    return page(request, "fleet/rollout.html", rollout=found, boxes=shown, progress=progress)


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
    shown = session.scalars(select(Rollout).order_by(Rollout.id.desc()).limit(_SHOWN)).all()
    first = case((Gateway.name.in_(picked), 0), else_=1)
    everyone = select(Gateway).where(Gateway.state == "active")
    everyone = everyone.order_by(first, Gateway.floor, Gateway.room, Gateway.name).limit(max(_BOXES, len(picked)))
    gateways = session.scalars(everyone).all()
    return page(
        request,
        "fleet/rollouts.html",
        refused.status if refused else 200,
        rollouts=shown,
        progress=rollout.progress(session, [each.id for each in shown]),
        gateways=gateways,
        groups=rollout.groups(session),
        releases=software.releases(session),
        file_sets=files.sets(session),
        picked=picked,
        gateway_state=gateway_state,
        typed=typed,
        refused=refused.said if refused else None,
    )


def _rollout(session: Session, number: int) -> Rollout:
    found = session.get(Rollout, number)
    if found is None:
        raise Refused("没有第 {n} 号推送。", code="no_such_rollout", status=404, n=str(number))
    return found


def _chosen(session: Session, names: Sequence[str] | None, group: str) -> Sequence[Gateway]:
    """Those named and those of a group, each once. Raises Refused (404)."""
    named = {name: gateway_of(session, name) for name in names or []}
    return [*({each.name: each for each in rollout.of_group(session, group)} | named).values()]
