"""Deposit and hand-out as they are done at a counter, with a barcode reader and without a mouse."""

from datetime import datetime, time, timedelta
from typing import Annotated, Any, cast
from urllib.parse import urlencode

from fastapi import Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup
from pydantic import BaseModel
from sqlalchemy.orm import Session

from central.cases import service as cases
from central.cases.tables import Volume
from central.custody import board, door, flow, holders, permits, service, standing
from central.custody.receipts import print_receipt
from central.custody.tables import Move
from central.ledger.tables import LedgerLine
from central.people.roles import Actor
from central.rules.service import term_of
from central.web.here import Now, Reading, go, local, needs, pages, store_of
from central.web.look import look_of, page
from central.web.refused import Refused, Said
from central.wishes.service import outcome
from central.wishes.tables import WishRow
from devices.messages import wire_name
from devices.printers import BytesHandedOver

router = pages()

_may_move = needs("volume.deposit", "volume.hand_out", "volume.confirm")


def mover(request: Request) -> Actor:
    """Who moves volumes here. A form that ends in a wish asks by itself: another thread costs a wish its share."""
    return cast(Actor, _may_move(request))


Mover = Annotated[Actor, Depends(mover)]
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
def scan(request: Request, now: Now, move: int, code: Text = "") -> Response:
    """The barcode was read by the reader of this very desk."""
    by = mover(request)
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
def hand_out_page(
    request: Request, by: Mover, session: Reading, now: Now, form: Annotated[HandOut, Query()]
) -> HTMLResponse:
    """Find a stored volume, then choose who gets it, until when and how."""
    barcode = form.barcode
    volume = cases.volume_by_barcode(session, barcode) if barcode else None
    if volume is not None:
        return _hand_out(request, by, session, now, volume, form)
    found = board.stored(session, [case.id for case in cases.search(session, barcode, _FOUND)]) if barcode else []
    names = board.names_of(session, {ref for row in found for ref in (row.holder, row.reserved_for)})
    return page(request, "custody/hand_out.html", volume=None, found=found, names=names, refused=None)


@router.get("/hand-out/holders")
def holders_offered(request: Request, by: Mover, session: Reading, barcode: str = "", holder: str = "") -> HTMLResponse:
    """Whom somebody who has typed that may mean."""
    found = holders.offered(session, cases.find_volume(session, barcode), holder)
    return page(request, "custody/holders.html", offered=found)


@router.post("/hand-out")
def hand_out(request: Request, now: Now, form: Annotated[HandOut, Form()]) -> Response:
    """Open the cell now, issue a permit, or only reserve."""
    by = mover(request)
    try:
        with store_of(request).write() as session:
            due = _due(request, form.due)
            holder = _named(session, form)
            to = holder or by.ref
            if form.how == "look":
                return go(f"/hand-out?{urlencode({'barcode': form.barcode, 'holder': to, 'due': form.due})}")
            if form.how == "permit":
                until = min(due, now + timedelta(days=term_of(session, flow.PERMIT_LIFE)))
                issued = permits.issue_permit(session, by, form.barcode, to, until, now, due=due)
                return _permit(request, session, issued)
            if form.how == "reserve":
                row = service.reserve(session, by, form.barcode, to, now, due)
                return go(f"/dossiers/{row.volume.case_id}?volume={row.volume_id}")
            move = service.hand_out(session, by, form.barcode, holder, now, due)
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
        "volume": cases.volume_by_barcode(session, barcode) if refused else None,
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
    context["drawn_at"] = f"/moves/{move.id}"
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
    due = form.due or f"{local(request, now + service.loan(session)):%Y-%m-%d}"
    holder = "" if refused else form.holder or custody.reserved_for or ""
    written = holders.written(session, holder) if holder else form.holder
    possible = standing.possible(session, volume, by, now, holder or by.ref)
    context: dict[str, Any] = {
        "custody": custody,
        "form": HandOut(barcode=form.barcode, holder=written, due=due),
        "step": next((each for each in possible if each.event == "hand_out"), None)
        or _no_step(session, volume, by, now),
        "names": board.names_of(session, {custody.holder, custody.reserved_for}),
    }
    status, said = (refused.status, refused.said) if refused else (200, None)
    return page(request, "custody/hand_out.html", status, volume=volume, refused=said, **context)


def _named(session: Session, form: HandOut) -> str | None:
    """Whom the form names; None if nobody, and then the volume is not looked for here. Raises Refused (404, 422)."""
    typed = form.holder.strip()
    if not typed:
        return None
    volume = cases.find_volume(session, form.barcode)
    fits = holders.offered(session, volume, typed) if form.how == "look" else []
    return holders.named(session, volume, fits[0] if len(fits) == 1 else typed)


def _no_step(session: Session, volume: Volume, by: Actor, now: datetime) -> flow.Possible:
    custody = standing.custody_of(session, volume)
    return flow.answer(standing.situation(session, custody, volume, by, now), "hand_out")


def _permit(request: Request, session: Session, issued: permits.Issued) -> HTMLResponse:
    holder = board.names_of(session, {issued.permit.holder})[issued.permit.holder]
    qr = Markup(issued.svg)  # noqa: S704  (drawn by segno from our own token)
    return page(request, "custody/permit.html", permit=issued.permit, pin=issued.pin, qr=qr, holder=holder)


def _due(request: Request, text: str) -> datetime:
    """The end of that day in the court's zone; raises Refused (422)."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d")
    except ValueError:
        raise Refused("请选择归还期限。", code="bad_due", status=422) from None
    return datetime.combine(day, time(23, 59), look_of(request).zone)
