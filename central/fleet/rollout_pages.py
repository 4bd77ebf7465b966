"""Roll-outs: one change or release for many gateways, wave after wave, with progress; where each gateway stands.

A change may hold passwords as configurations do: only who may change gateways sees it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import case, select
from sqlalchemy.orm import Session

from central.fleet import documents, files, rollout, service, software
from central.fleet.pages import gateway_state
from central.fleet.service import gateway_of
from central.fleet.tables import Gateway, Rollout, RolloutBox
from central.store import columns_of
from central.web.here import Now, Reading, blobs_of, go, needs, pages, store_of
from central.web.look import page
from central.web.refused import Refused

router = pages()

Keeper = Annotated[Any, Depends(needs("fleet.write"))]
_SHOWN, _BOXES = 50, 200
_G = columns_of(Gateway)
_OFFERED = (_G.name, _G.state, _G.presence, _G.version, _G.floor, _G.room, _G.tags)


@dataclass(frozen=True)
class Chosen:
    """Whom a roll-out is for: gateways by name, and one of `rollout.groups` or `all`."""

    names: Sequence[str] = ()
    group: str = ""

    def of(self, session: Session) -> Sequence[Gateway]:
        """Those named and those of the group, each once. Raises Refused (404)."""
        named = {name: gateway_of(session, name) for name in self.names}
        return [*({each.name: each for each in rollout.of_group(session, self.group)} | named).values()]


def changed(request: Request, title: str, patch: str, chosen: Chosen, now: datetime, *, actor: str) -> Rollout:
    """Begin to change configurations. Raises Refused."""
    with store_of(request).read() as session:
        rollout.check(session, blobs_of(request), patch, chosen.of(session))
    with store_of(request).write() as session:
        return rollout.make(session, title, patch, chosen.of(session), now, actor=actor)


def released(request: Request, release: str, chosen: Chosen, now: datetime, *, actor: str) -> Rollout:
    """Begin to bring a release of the software. Raises Refused."""
    with store_of(request).write() as session:
        gateways = chosen.of(session)
        sha256 = software.signed(blobs_of(request), request.app.state.pen, software.newest(session, release))
        return rollout.bring(session, release, documents.SOFTWARE, sha256, gateways, now, actor=actor)


def equipped(request: Request, number: int, chosen: Chosen, now: datetime, *, actor: str) -> Rollout:
    """Begin to bring a speech model or a logo. Raises Refused."""
    with store_of(request).write() as session:
        gateways, brought = chosen.of(session), files.one(session, number)
        sha256 = files.signed(blobs_of(request), request.app.state.pen, brought)
        return rollout.bring(session, brought.name, brought.document, sha256, gateways, now, actor=actor)


@router.get("/rollouts")
def rollouts(
    request: Request, by: Keeper, session: Reading, picked: Annotated[list[str] | None, Query()] = None
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
        made = changed(request, title, patch, Chosen(gateways or (), group), now, actor=by.ref)
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
        made = released(request, release, Chosen(gateways or (), group), now, actor=by.ref)
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
        made = equipped(request, number, Chosen(gateways or (), group), now, actor=by.ref)
    except Refused as refused:
        with store_of(request).read() as session:
            return _page(request, session, gateways or [], refused, group=group, number=str(number))
    return go(f"/rollouts/{made.id}")


@router.get("/rollouts/{number}")
def one(request: Request, by: Keeper, session: Reading, number: int) -> HTMLResponse:
    """How far it is, box by box; where there are too many, those first that somebody may have to look after."""
    found = rollout.one(session, number)
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
        rollout.go_on(session, rollout.one(session, number), to, actor=by.ref)
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
    everyone = select(*_OFFERED).where(_G.state == "active").order_by(_G.floor, _G.room, _G.name)
    chosen, others = everyone.where(_G.name.in_(picked)), max(0, _BOXES - len(picked))
    gateways = [
        *(session.execute(chosen).all() if picked else ()),
        *session.execute(everyone.where(_G.name.not_in(picked)).limit(others)).all(),
    ]
    return page(
        request,
        "fleet/rollouts.html",
        refused.status if refused else 200,
        drawn_at="/rollouts",
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
