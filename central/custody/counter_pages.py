"""Deposit and hand-out as they are done at a counter, with a barcode reader and without a mouse."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Annotated, Any

from fastapi import Depends, Form, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup
from pydantic import BaseModel
from sqlalchemy.orm import Session

from central.cases import service as cases
from central.cases.tables import Volume
from central.custody import board, door, flow, permits, service, standing
from central.custody.receipts import print_receipt
from central.custody.tables import Move
from central.ledger.tables import LedgerLine
from central.people import service as people
from central.people.roles import Actor
from central.rules.service import term_of
from central.web.here import Now, Reading, go, needs, pages, store_of
from central.web.look import Look, page
from central.web.refused import Refused, Said
from central.wishes.service import outcome
from central.wishes.tables import WishRow
from devices.messages import wire_name
from devices.printers import BytesHandedOver

router = pages()

Mover = Annotated[Actor, Depends(needs("volume.deposit", "volume.hand_out", "volume.confirm"))]
Text = Annotated[str, Form()]

_FOUND = 20


class HandOut(BaseModel):
    """What is filled in to hand a volume out."""

    barcode: str = ""
    holder: str = ""
    due: str = ""
    how: str = "now"


@router.get("/deposit")
def deposit_page(request: Request, by: Mover, session: Reading, barcode: str = "") -> HTMLResponse:
    """Scan a volume to put away; below, what this person may have in hand."""
    return _deposit(request, by, session, barcode)


@router.post("/deposit")
def deposit(request: Request, by: Mover, now: Now, barcode: Text = "", cabinet: Text = "") -> Response:
    """Begin a deposit; the next page waits for the barcode at the locker."""
    try:
        with store_of(request).write() as session:
            move = service.begin_deposit(session, by, barcode.strip(), cabinet, now)
    except Refused as refused:
        with store_of(request).read() as session:
            return _deposit(request, by, session, barcode, refused)
    return go(f"/moves/{move.id}")


@router.get("/moves/{move}")
def move_page(request: Request, by: Mover, session: Reading, move: int) -> HTMLResponse:
    """One move from begun to proven; every step changes by itself."""
    return _move(request, session, service.find_move(session, move))


@router.post("/moves/{move}/scan")
def scan(request: Request, by: Mover, now: Now, move: int, code: Text = "") -> Response:
    """The barcode was read by the reader of this very desk."""
    try:
        with store_of(request).write() as session:
            service.confirm_scan(session, by, move, code, now)
    except Refused as refused:
        with store_of(request).read() as session:
            return _move(request, session, service.find_move(session, move), refused)
    return go(f"/moves/{move}")


@router.post("/moves/{move}/cancel")
def cancel(request: Request, by: Mover, move: int) -> Response:
    """End a deposit before its door is asked to open."""
    with store_of(request).write() as session:
        service.cancel(session, by, move)
    return go(f"/moves/{move}")


@router.post("/moves/{move}/receipt")
def print_again(request: Request, by: Mover, now: Now, move: int) -> Response:
    """Ask for the receipt once more, after the printer was seen to."""
    with store_of(request).write() as session:
        if not print_receipt(session, service.find_move(session, move), by.ref, now):
            raise Refused("这次存取没有可以打印的凭证。", code="no_receipt")
    return go(f"/moves/{move}")


@router.get("/hand-out")
def hand_out_page(request: Request, by: Mover, session: Reading, now: Now, barcode: str = "") -> HTMLResponse:
    """Find a stored volume, then choose who gets it, until when and how."""
    volume = cases.volume_by_barcode(session, barcode) if barcode else None
    if volume is not None:
        return _hand_out(request, by, session, now, volume, HandOut(barcode=barcode))
    found = board.stored(session, [case.id for case in cases.search(session, barcode, _FOUND)]) if barcode else []
    names = board.names_of(session, {row.holder for row in found})
    return page(request, "custody/hand_out.html", volume=None, found=found, names=names, refused=None)


@router.post("/hand-out")
def hand_out(request: Request, by: Mover, now: Now, form: Annotated[HandOut, Form()]) -> Response:
    """Open the cell now, issue a permit, or only reserve."""
    try:
        with store_of(request).write() as session:
            due = _due(request, form.due)
            if form.how == "permit":
                until = min(due, now + timedelta(days=term_of(session, flow.PERMIT_LIFE)))
                issued = permits.issue_permit(session, by, form.barcode, form.holder, until, now, due=due)
                return _permit(request, session, issued)
            if form.how == "reserve":
                row = service.reserve(session, by, form.barcode, form.holder, now, due)
                return go(f"/dossiers/{row.volume.case_id}?volume={row.volume_id}")
            move = service.hand_out(session, by, form.barcode, form.holder or None, now, due)
            return go(f"/moves/{move.id}")
    except Refused as refused:
        with store_of(request).read() as session:
            volume = cases.find_volume(session, form.barcode)
            return _hand_out(request, by, session, now, volume, form, refused)


def _deposit(
    request: Request, by: Actor, session: Session, barcode: str, refused: Refused | None = None
) -> HTMLResponse:
    cabinets = board.rooms(session)
    context: dict[str, Any] = {
        "cabinets": cabinets,
        "chosen": max(cabinets, key=lambda each: each[1])[0].name if cabinets else "",
        "candidates": board.to_deposit(session, by.ref),
    }
    status, said = (refused.status, refused.said) if refused else (200, None)
    return page(request, "custody/deposit.html", status, barcode=barcode, refused=said, **context)


def _move(request: Request, session: Session, move: Move, refused: Refused | None = None) -> HTMLResponse:
    wish = session.get(WishRow, move.wish) if move.wish else None
    receipt = session.get(WishRow, move.receipt_wish) if move.receipt_wish else None
    told = [f"wish:{each.jti}" for each in (wish, receipt) if each is not None and each.waiting]
    topics = [move.topic, *([move.cell.topic] if move.cell else []), *told]
    context: dict[str, Any] = {
        "wish": wish,
        "outcome": outcome(wish) if wish else None,
        "receipt": receipt,
        "receipt_said": _printed(session, receipt) if receipt else None,
        "failed": move.state in door.FAILED,
        "names": board.names_of(session, {move.person, move.holder}),
    }
    status, said = (refused.status, refused.said) if refused else (200, None)
    return page(request, "custody/move.html", status, move=move, topics=topics, refused=said, **context)


def _printed(session: Session, receipt: WishRow) -> Said:
    """What became of the receipt; a printer that reports nothing is not said to have printed."""
    if receipt.waiting:
        return outcome(receipt)
    if receipt.state != "answered":
        return Said("收卷凭证没有打印，卷宗已存入，不受影响。{why}", {"why": outcome(receipt)})
    answer = session.get(LedgerLine, receipt.ended_line)
    if answer is not None and answer.type == wire_name(BytesHandedOver):
        return Said("已送到打印机；这台打印机不报告结果，请看一眼凭证是否已出纸。")
    return Said("收卷凭证已打印，请交给存卷人。")


def _hand_out(  # noqa: PLR0913  (a page that is drawn before and after its form)
    request: Request,
    by: Actor,
    session: Session,
    now: datetime,
    volume: Volume,
    form: HandOut,
    refused: Refused | None = None,
) -> HTMLResponse:
    custody = standing.custody_of(session, volume)
    look: Look = request.app.state.look
    due = form.due or f"{(now + service.loan(session)).astimezone(look.zone):%Y-%m-%d}"
    holder = form.holder or custody.reserved_for or by.ref
    possible = standing.possible(session, volume, by, now, holder)
    context: dict[str, Any] = {
        "custody": custody,
        "holders": _holders(session, by, volume),
        "form": HandOut(barcode=form.barcode, holder=holder, due=due),
        "step": next((each for each in possible if each.event == "hand_out"), None)
        or _no_step(session, volume, by, now),
        "names": board.names_of(session, {custody.holder}),
    }
    status, said = (refused.status, refused.said) if refused else (200, None)
    return page(request, "custody/hand_out.html", status, volume=volume, refused=said, **context)


def _no_step(session: Session, volume: Volume, by: Actor, now: datetime) -> flow.Possible:
    custody = standing.custody_of(session, volume)
    return flow.answer(standing.situation(session, custody, volume, by, now), "hand_out")


def _holders(session: Session, by: Actor, volume: Volume) -> Sequence[tuple[str, str]]:
    """Who may be named: oneself first, then the court's staff, then the parties of the case."""
    staff = [(person.ref, person.name) for person in people.people(session) if person.disabled_at is None]
    parties = [(party.ref, f"{party.part} {party.name}") for party in volume.case.parties]
    return [(by.ref, by.name), *(each for each in staff if each[0] != by.ref), *parties]


def _permit(request: Request, session: Session, issued: permits.Issued) -> HTMLResponse:
    holder = board.names_of(session, {issued.permit.holder})[issued.permit.holder]
    qr = Markup(issued.svg)  # noqa: S704  (drawn by segno from our own token)
    return page(request, "custody/permit.html", permit=issued.permit, pin=issued.pin, qr=qr, holder=holder)


def _due(request: Request, text: str) -> datetime:
    """The end of that day in the court's zone; raises Refused (422)."""
    look: Look = request.app.state.look
    try:
        day = datetime.strptime(text, "%Y-%m-%d")
    except ValueError:
        raise Refused("请选择归还期限。", code="bad_due", status=422) from None
    return datetime.combine(day, time(23, 59), look.zone)
