"""REST: lockers, deposits, hand-outs, reservations, checks, permits, and where each volume is."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from central.cases import service as cases
from central.cases.api import CaseOut
from central.custody import cells, models, permits, service
from central.custody.chain import chain
from central.custody.door import STATE_NAMES
from central.custody.standing import cell_of, custody_of, possible
from central.custody.tables import Move
from central.people.auth import Acting, Bearer, acting, needs
from central.people.roles import Actor
from central.rules.service import every
from central.store import newest
from central.web import look
from central.web.here import Now, StoreOf
from central.web.rest import After, Limit

router = APIRouter(prefix="/api/v1", tags=["custody"])

Reader = Annotated[Actor, Depends(needs("cabinet.read"))]
CaseReader = Annotated[Actor, Depends(needs("case.read"))]


@router.get("/cabinets")
def cabinets(store: StoreOf, _: Reader) -> list[models.CabinetOut]:
    """Every locker with its cells as they are now."""
    with store.read() as session:
        return [models.cabinet_out(cabinet) for cabinet in cells.cabinets(session)]


@router.get("/cabinets/{name}")
def cabinet(store: StoreOf, _: Reader, name: str) -> models.CabinetOut:
    """One locker by its name."""
    with store.read() as session:
        return models.cabinet_out(cells.find_cabinet(session, name))


@router.put("/cells/{cell}/blocked")
def block(store: StoreOf, actor: Acting, cell: int, told: models.BlockIn) -> models.CellOut:
    """Put a free cell out of use, or back into it."""
    with store.write() as session:
        found = cells.find_cell(session, cell)
        cells.block_cell(session, actor, found, told.blocked)
        return models.cell_out(found)


@router.get("/volumes/{barcode}")
def volume(request: Request, store: StoreOf, actor: CaseReader, now: Now, barcode: str) -> models.StandingOut:
    """Where a volume is, and which steps are possible for whoever asks, or why not."""
    with store.read() as session:
        return _standing(request, session, actor, now, barcode)


@router.get("/volumes/{barcode}/chain")
def volume_chain(request: Request, store: StoreOf, _: CaseReader, barcode: str) -> list[models.LinkOut]:
    """The chain of custody of a volume, oldest first, each step with the ledger line that proves it."""
    words = look.words(request)
    with store.read() as session:
        found = chain(session, cases.find_volume(session, barcode).id)
        return [models.link_out(link, _state_name(link.move), words) for link in found]


@router.post("/deposits", status_code=201)
def deposit(request: Request, store: StoreOf, bearer: Bearer, now: Now, told: models.DepositIn) -> models.MoveOut:
    """Begin a deposit; once the barcode is scanned a cell opens, once its door is shut custody moves."""
    actor = acting(request, bearer)
    begin = service.deposit if told.scanned else service.begin_deposit
    with store.write() as session:
        move = begin(session, actor, told.volume, told.cabinet, now)
    return _move(request, move)  # once the wish is on its way, and so wherever one is asked


@router.post("/moves/{move}/scan")
def scan(request: Request, store: StoreOf, bearer: Bearer, now: Now, move: int, told: models.ScanIn) -> models.MoveOut:
    """The barcode was scanned for a deposit that waits for it."""
    actor = acting(request, bearer)
    with store.write() as session:
        found = service.confirm_scan(session, actor, move, told.code, now)
    return _move(request, found)


@router.delete("/moves/{move}")
def cancel(request: Request, store: StoreOf, actor: Acting, move: int) -> models.MoveOut:
    """Give up a deposit whose barcode was not scanned yet."""
    with store.write() as session:
        return _move(request, service.cancel(session, actor, move))


@router.get("/moves")
def moves(
    request: Request,
    store: StoreOf,
    _: CaseReader,
    limit: Limit = 50,
    after: After = None,
) -> list[models.MoveOut]:
    """Every move, the newest first."""
    with store.read() as session:
        return [_move(request, move) for move in session.scalars(newest(select(Move), Move.id, limit, after))]


@router.get("/moves/{move}")
def one_move(request: Request, store: StoreOf, _: CaseReader, move: int) -> models.MoveOut:
    """A move as it is now."""
    with store.read() as session:
        return _move(request, service.find_move(session, move))


@router.post("/hand-outs", status_code=201)
def hand_out(request: Request, store: StoreOf, bearer: Bearer, now: Now, told: models.HandOutIn) -> models.MoveOut:
    """Open the cell of a volume; once its door is shut again the volume is with the holder (default: oneself)."""
    actor = acting(request, bearer)
    with store.write() as session:
        move = service.hand_out(session, actor, told.volume, told.holder, now, told.due)
    return _move(request, move)


@router.post("/reservations", status_code=201)
def reserve(request: Request, store: StoreOf, actor: Acting, now: Now, told: models.ReserveIn) -> models.StandingOut:
    """Keep a stored volume for somebody."""
    with store.write() as session:
        service.reserve(session, actor, told.volume, told.holder, now, told.due)
        return _standing(request, session, actor, now, told.volume)


@router.delete("/reservations/{barcode}")
def release(request: Request, store: StoreOf, actor: Acting, now: Now, barcode: str) -> models.StandingOut:
    """Keep a volume no longer."""
    with store.write() as session:
        service.release(session, actor, barcode, now)
        return _standing(request, session, actor, now, barcode)


@router.post("/desk", status_code=201)
def at_desk(request: Request, store: StoreOf, actor: Acting, now: Now, told: models.DeskIn) -> models.MoveOut:
    """Take a volume back, bind or archive it, by the word of whoever has it in hand."""
    with store.write() as session:
        return _move(request, service.at_desk(session, actor, told.volume, told.event, now))


@router.post("/checks", status_code=201)
def check(request: Request, store: StoreOf, actor: Acting, now: Now, told: models.CheckIn) -> models.StandingOut:
    """Somebody looked: the volume is where the record says, or it is not."""
    looked = service.confirm if told.found else service.report_missing
    with store.write() as session:
        looked(session, actor, told.volume, told.reason, now)
        return _standing(request, session, actor, now, told.volume)


@router.post("/permits", status_code=201)
def issue_permit(store: StoreOf, actor: Acting, now: Now, told: models.PermitIn) -> models.NewPermit:
    """A permit for one opening; token, PIN and QR code are in this answer and nowhere else."""
    until = now + timedelta(minutes=told.minutes)
    with store.write() as session:
        issued = permits.issue_permit(
            session, actor, told.volume, told.holder, until, now, bearer=told.bearer, due=told.due
        )
        shown = models.permit_out(issued.permit)
        return models.NewPermit(**shown.model_dump(), token=issued.token, pin=issued.pin, svg=issued.svg)


@router.get("/permits/{jti}")
def permit(store: StoreOf, _: CaseReader, jti: str) -> models.PermitOut:
    """A permit as it is now."""
    with store.read() as session:
        return models.permit_out(permits.find_permit(session, jti))


@router.delete("/permits/{jti}")
def revoke_permit(request: Request, store: StoreOf, actor: Acting, now: Now, jti: str) -> models.Revoked:
    """Revoke a permit; the answer says until when a locker may honour it all the same."""
    with store.write() as session:
        return models.Revoked(message=look.words(request).tell(permits.revoke_permit(session, actor, jti, now)))


@router.post("/cases/{case}/steps")
def case_step(store: StoreOf, actor: Acting, now: Now, case: int, told: models.CaseStepIn) -> CaseOut:
    """Carry a case on; it is not closed while a volume is out or not in order."""
    with store.write() as session:
        found = cases.find_case(session, case)
        return CaseOut.of(cases.advance(session, actor, found, told.to, now, service.open_items(session, found)))


def _move(request: Request, move: Move) -> models.MoveOut:
    return models.move_out(move, _state_name(move), look.words(request))


def _state_name(move: Move) -> str:
    return STATE_NAMES.get(move.state, move.state)


def _standing(request: Request, session: Session, actor: Actor, now: Now, barcode: str) -> models.StandingOut:
    found = cases.find_volume(session, barcode)
    custody = custody_of(session, found)
    steps = possible(session, found, actor, now)
    shown = models.Shown(look.words(request), every(session))
    return models.standing_out(found, custody, cell_of(session, custody), steps, shown)
