"""The lockers drawn as walls, and the dossier with its chain of custody."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Form, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from central.cases import flow as case_flow
from central.cases import service as cases
from central.cases.tables import Volume
from central.custody import board, cells, counter_pages, flow, permits, service, standing
from central.custody.counter_pages import Mover
from central.custody.tables import Cell
from central.fleet.tables import Gateway
from central.people.roles import Actor
from central.rules.service import every
from central.web.here import Now, Reading, go, local, needs, pages, store_of
from central.web.look import page
from central.web.refused import Refused, Said
from central.web.session import safe_next

router = pages()
router.include_router(counter_pages.router)

CabinetReader = Annotated[Actor, Depends(needs("cabinet.read"))]
CabinetKeeper = Annotated[Actor, Depends(needs("cabinet.write"))]
CaseReader = Annotated[Actor, Depends(needs("case.read"))]
CaseWriter = Annotated[Actor, Depends(needs("case.write"))]
CaseStepper = Annotated[Actor, Depends(needs("case.step"))]
Text = Annotated[str, Form()]

SIZE_NAMES = {size: Said(name) for size, name in cells.SIZE_NAMES.items()}
EVENT_NAMES = {event: Said(name) for event, name in flow.EVENT_NAMES.items()}
_AT_DESK: Mapping[str, flow.Event] = {"take_back": "take_back", "bind": "bind", "archive": "archive"}


class VolumeForm(BaseModel):
    """What is filled in for a volume."""

    size: str = "M"
    secret: str = ""
    barcode: str = ""


class Check(BaseModel):
    """What an archivist found in a cell."""

    found: str = ""
    reason: str = ""
    back: str = "/"


@router.get("/lockers")
def lockers(request: Request, by: CabinetReader, session: Reading, view: str = "wall") -> HTMLResponse:
    """Every locker as the wall of doors it is; or as a list."""
    walls = board.walls(session)
    refs = {seen.custody.reserved_for for _, seens in walls for seen in seens if seen.custody}
    gateways = {name: presence for name, presence in session.execute(select(Gateway.name, Gateway.presence))}
    context: dict[str, Any] = {"walls": walls, "gateways": gateways, "names": board.names_of(session, refs)}
    return page(request, "custody/lockers.html", as_list=view == "list", size_names=SIZE_NAMES, **context)


@router.get("/lockers/{cabinet}/{number}")
def cell_page(request: Request, by: CabinetReader, session: Reading, cabinet: str, number: int) -> HTMLResponse:
    """One cell: door, volume, what passed through it."""
    return _cell_page(request, session, _cell(session, cabinet, number))


def _cell_page(
    request: Request, session: Session, found: Cell, refused: Refused | None = None, reason: str = ""
) -> HTMLResponse:
    custody = standing.custody_of(session, found.volume) if found.volume else None
    history = board.history(session, found)
    refs = {ref for move in history for ref in (move.person, move.holder)}
    context: dict[str, Any] = {"custody": custody, "history": history, "names": board.names_of(session, refs)}
    context["move"] = board.move_at(session, found)
    status, said = (refused.status, refused.said) if refused else (200, None)
    context |= {"refused": said, "reason": reason, "drawn_at": f"/lockers/{found.cabinet.name}/{found.number}"}
    return page(request, "custody/cell.html", status, cell=found, size_names=SIZE_NAMES, **context)


@router.get("/lockers/at/{gateway}/{device}/{number}")
def cell_behind(by: CabinetReader, session: Reading, gateway: str, device: str, number: int) -> Response:
    """To the cell behind a door as its gateway names it; to its device if the door belongs to no cabinet."""
    behind = select(Cell).where(Cell.gateway == gateway, Cell.device == device, Cell.device_cell == number)
    found = session.scalars(behind).one_or_none()
    return go(f"/lockers/{found.cabinet.name}/{found.number}" if found else f"/fleet/{gateway}/{device}")


@router.post("/lockers/{cabinet}/{number}/block")
def block(request: Request, by: CabinetKeeper, cabinet: str, number: int, blocked: Text = "") -> Response:
    """Put a cell out of use, or back into it."""
    with store_of(request).write() as session:
        cells.block_cell(session, by, _cell(session, cabinet, number), bool(blocked))
    return go(f"/lockers/{cabinet}/{number}")


@router.get("/dossiers/{case}")
def dossier(
    request: Request, by: CaseReader, session: Reading, now: Now, case: int, volume: int | None = None
) -> HTMLResponse:
    """A dossier: the case, its volumes, and the chain of custody of each with its proofs; of many volumes a piece."""
    return _dossier(request, by, session, now, case, chosen=volume)


@router.get("/volumes/{volume}/card")
def card(
    request: Request, by: CaseReader, session: Reading, now: Now, volume: int, chosen: bool = False
) -> HTMLResponse:
    """One volume as its dossier shows it: what is drawn again when nothing else changed."""
    found = cases.find_volume(session, volume)
    drawn = _volumes(session, by, now, [found]) | {"drawn_at": f"/dossiers/{found.case_id}"}
    return page(request, "custody/volume.html", volume=found, chosen=chosen, **drawn)


@router.get("/volumes/{volume}")
def volume_page(by: CaseReader, session: Reading, volume: int) -> Response:
    """To the dossier, at this volume."""
    return go(_at(cases.find_volume(session, volume)))


@router.get("/permits/{jti}")
def permit_page(by: CaseReader, session: Reading, jti: str) -> Response:
    """To the volume that a permit lets out."""
    return go(_at(permits.find_permit(session, jti).volume))


@router.post("/dossiers/{case}/step")
def step(request: Request, by: CaseStepper, now: Now, case: int, to: Text = "") -> Response:
    """Carry the case one step on."""
    try:
        with store_of(request).write() as session:
            found = cases.find_case(session, case)
            cases.advance(session, by, found, to, local(request, now), service.open_items(session, found))
    except Refused as refused:
        with store_of(request).read() as session:
            return _dossier(request, by, session, now, case, refused=refused)
    return go(f"/dossiers/{case}")


@router.post("/dossiers/{case}/volumes")
def register_volume(
    request: Request, by: CaseWriter, now: Now, case: int, form: Annotated[VolumeForm, Form()]
) -> Response:
    """Add a volume to a case."""
    try:
        with store_of(request).write() as session:
            found, barcode = cases.find_case(session, case), form.barcode.strip() or None
            added = cases.register_volume(
                session, by, found, now, size=form.size, secret=bool(form.secret), barcode=barcode
            )
    except Refused as refused:
        with store_of(request).read() as session:
            return _dossier(request, by, session, now, case, refused=refused, form=form)
    return go(_at(added))


@router.post("/volumes/{volume}/check")
def check(request: Request, by: Mover, now: Now, volume: int, form: Annotated[Check, Form()]) -> Response:
    """An archivist looked into the cell: the volume is there, or it is not."""
    looked = service.confirm if form.found else service.report_missing
    try:
        with store_of(request).write() as session:
            looked(session, by, volume, form.reason, now)
    except Refused as refused:
        with store_of(request).read() as session:
            cell = standing.custody_of(session, cases.find_volume(session, volume)).cell
            if cell is None:
                raise
            return _cell_page(request, session, cell, refused, form.reason)
    return go(safe_next(form.back))


@router.post("/volumes/{volume}/{event}")
def volume_step(request: Request, by: Mover, now: Now, volume: int, event: str, barcode: Text = "") -> Response:
    """A step of one volume that is taken at a desk; after a label on to the next volume that has none."""
    with store_of(request).read() as session:
        case = cases.find_volume(session, volume).case_id
    try:
        with store_of(request).write() as session:
            _take(session, by, volume, event, barcode, now)
            found = cases.find_volume(session, volume)
            bare = [each for each in found.case.volumes if not each.barcode] if event == "label" else []
            return go(_at(bare[0] if bare else found))
    except Refused as refused:
        with store_of(request).read() as session:
            return _dossier(request, by, session, now, case, refused=refused, chosen=volume)


@router.post("/permits/{jti}/revoke")
def revoke(request: Request, by: Mover, now: Now, jti: str) -> HTMLResponse:
    """Stand by a permit no longer; the page says what that cannot undo."""
    with store_of(request).write() as session:
        said = permits.revoke_permit(session, by, jti, now)
    with store_of(request).read() as session:
        permit = permits.find_permit(session, jti)
        return _dossier(request, by, session, now, permit.volume.case_id, chosen=permit.volume_id, said=said)


def _take(session: Session, by: Actor, volume: int, event: str, barcode: str, now: Any) -> None:
    if event == "label":
        cases.set_barcode(session, by, cases.find_volume(session, volume), barcode)
    elif event == "reserve":
        service.reserve(session, by, volume, by.ref, now, now + service.loan(session))
    elif event == "release":
        service.release(session, by, volume, now)
    elif event in _AT_DESK:
        service.at_desk(session, by, volume, _AT_DESK[event], now)
    else:
        raise Refused("没有“{event}”这个步骤。", code="no_such_step", status=404, event=event)


def _dossier(  # noqa: PLR0913  (a page that is drawn after several forms)
    request: Request,
    by: Actor,
    session: Session,
    now: Any,
    case: int,
    *,
    chosen: int | None = None,
    refused: Refused | None = None,
    said: Said | None = None,
    form: VolumeForm | None = None,
) -> HTMLResponse:
    found = cases.find_case(session, case)
    piece = board.piece_of(found.volumes, chosen, request.query_params)
    context = _volumes(session, by, now, piece.volumes)
    context |= {"case_steps": case_flow.steps_from(found.state), "archive_by": cases.archive_by(session, found)}
    context |= {"refused": refused.said if refused else None, "said": said}
    context |= {"types": cases.TYPES, "form": form or VolumeForm(), "sizes": SIZE_NAMES, "shut": case_flow.SHUT}
    context |= {"shown": piece.volumes, "found": piece.found, "first": piece.first, "q": piece.words}
    context |= {"piece": board.PIECE, "drawn_at": f"/dossiers/{case}" + (f"?volume={chosen}" if chosen else "")}
    status = refused.status if refused else 200
    return page(request, "custody/dossier.html", status, case=found, chosen=chosen, **context)


def _volumes(session: Session, by: Actor, now: datetime, volumes: Sequence[Volume]) -> dict[str, Any]:
    """What the cards of these volumes show."""
    where = standing.custody_of_all(session, volumes)
    chains = board.chains(session, volumes)
    live = board.live_permits(session, volumes)
    refs = {ref for moves in chains.values() for move in moves for ref in (move.person, move.holder)}
    refs |= {ref for row in where.values() for ref in (row.holder, row.reserved_for)}
    refs |= {permit.holder for permit in live.values()}
    return {
        "standing": where,
        "chains": chains,
        "permits": live,
        "names": board.names_of(session, refs),
        "steps": {volume.id: standing.possible(session, volume, by, now) for volume in volumes},
        "rules": every(session),
        "event_names": EVENT_NAMES,
    }


def _at(volume: Volume) -> str:
    return f"/dossiers/{volume.case_id}?volume={volume.id}#volume-{volume.id}"


def _cell(session: Session, cabinet: str, number: int) -> Cell:
    found = next((cell for cell in cells.find_cabinet(session, cabinet).cells if cell.number == number), None)
    if found is None:
        raise Refused("{cabinet} 柜没有 {number} 号格口。", code="no_such_cell", status=404, cabinet=cabinet,
                      number=number)  # fmt: skip
    return found
