"""Custody at a person's hand: deposit, reserve, hand out, take back, archive, check. Times are UTC and passed in.

At a locker nothing here changes custody: it asks a door to open. What the door then does comes back through the
ledger (`projector`, `settle`), and only its closing moves the volume.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from central.alarms import AlarmKind, clear_alarm
from central.cases.service import volume_by_barcode, volume_topic
from central.cases.tables import Case, Volume
from central.custody import flow, settle
from central.custody.cells import find_cabinet, free_cell, must_be_there, tell_cell
from central.custody.facts import (
    BarcodeConfirmed,
    DepositAsked,
    HandOutAsked,
    ReservationReleased,
    VolumeChecked,
    VolumeMissing,
    VolumeReserved,
)
from central.custody.flow import Holder, Situation
from central.custody.holders import holder_of, oneself
from central.custody.standing import cell_of, custody_of, hold, move_of, must_be_possible, situation
from central.custody.tables import Cabinet, Cell, Custody, Move
from central.ledger.own import record
from central.people.roles import Actor, must
from central.people.service import actor_of
from central.rules.service import term_of
from central.store import tell
from central.web.refused import Refused, Said
from central.wishes.service import ask
from devices.locks import OpenCell
from devices.messages import Fact


def begin_deposit(session: Session, person: Actor, volume: int | str, cabinet: int | str, now: datetime) -> Move:
    """A deposit that waits for the volume's barcode to be scanned at the locker; `volume` is a row or a barcode.

    Begun again by the same person it is the same move. Raises Refused: unknown barcode, already stored, moving.
    """
    found, custody = hold(session, volume)
    at = find_cabinet(session, cabinet)
    now_is = situation(session, custody, found, person, now)
    waiting = move_of(session, found.id) if now_is.moving else None
    same = waiting if waiting and waiting.state == "SCAN" and waiting.person == person.ref else None
    _may_go_in(session, custody, now_is, this=same)
    must_be_there(session, at.gateway)
    if same is not None:
        same.be_at(at)
        same.begun_at = now
        return same
    kind = "return" if custody.state == "OUT" else "deposit"
    move = _new_move(session, found, kind, person, now, state="SCAN", holder=custody.holder)
    move.be_at(at)
    settle.say(move, Said("请在 {cabinet} 柜前扫描卷宗条码。", {"cabinet": at.name}))
    line = record(session, DepositAsked(move=move.id, volume=found.ref, cabinet=at.id), actor=person.ref)
    move.prove("asked", line.id)
    return move


def confirm_scan(session: Session, person: Actor, move: int, code: str, now: datetime) -> Move:
    """The barcode was scanned in the page: a cell is chosen and asked to open.

    Raises Refused (another or an unknown barcode, full locker); custody and the move are then unchanged.
    """
    found = find_move(session, move)
    _locked(session, found)
    if found.state != "SCAN":
        raise Refused("这次存卷已不在等待扫码。", code="not_waiting")
    if found.volume.barcode != code.strip():
        raise _other_code(session, found, code)
    return _open_for_deposit(session, person, found, now)


def code_read(session: Session, cabinet: Cabinet, code: str, now: datetime) -> None:
    """The locker's own reader read a code: goes on with the deposit that waits for it there, or tells who waits."""
    waits = select(Move).where(Move.cabinet_id == cabinet.id, Move.state == "SCAN").order_by(Move.id)
    waiting = session.scalars(waits).all()
    fits = next((move for move in waiting if move.volume.barcode == code.strip()), None)
    if fits is None:
        for move in waiting:
            _tell(session, move, _other_code(session, move, code).said)
        return
    _locked(session, fits)
    if fits.state != "SCAN":
        return  # it was read at a desk in the same moment
    try:
        with session.begin_nested():
            _open_for_deposit(session, actor_of(session, fits.person), fits, now)
    except Refused as refused:
        _tell(session, fits, refused.said)


def deposit(session: Session, person: Actor, barcode: str, cabinet: int | str, now: datetime) -> Move:
    """Begin and confirm at once, for whoever has just scanned the barcode at the locker."""
    at = find_cabinet(session, cabinet)
    return _open_free_cell(session, person, begin_deposit(session, person, barcode, at.id, now), at, now)


def cancel(session: Session, person: Actor, move: int) -> Move:
    """End a deposit that still waits for its barcode; raises Refused once a door is asked to open."""
    found = find_move(session, move)
    if found.person != person.ref:
        must(person, "volume.confirm")
    _locked(session, found)
    if found.state != "SCAN":
        raise Refused("柜门已请求打开，不能取消；请关好柜门。", code="too_late")
    settle.end_by_central(session, found, "cancelled", Said("已取消，卷宗的记录未变。"), person.ref)
    return found


def hand_out(
    session: Session,
    person: Actor,
    volume: int | str,
    holder: str | None,
    now: datetime,
    due: datetime | None = None,
) -> Move:
    """Ask the volume's cell to open; once its door is closed again the volume is with `holder` (default: the person).

    Raises Refused with the reason in words; see `standing.possible` for asking beforehand.
    """
    found, custody = hold(session, volume)
    to = holder_of(session, holder) if holder else oneself(person)
    _must(session, custody, found, person, now, "hand_out", to)
    cell = _cell(session, custody)
    must_be_there(session, cell.gateway)
    due = _checked_due(session, due or custody.due, now)
    move = _new_move(session, found, "hand_out", person, now, state="CMD", holder=to.ref, due=due)
    move.be_at(cell.cabinet, cell)
    _ask_to_open(session, move, cell, person, now)
    asked = HandOutAsked(move=move.id, volume=found.ref, cell=cell.ref, holder=to.ref)
    move.prove("asked", record(session, asked, actor=person.ref, cause=move.wish).id)
    return move


def reserve(session: Session, person: Actor, volume: int | str, holder: str, now: datetime, due: datetime) -> Custody:
    """Keep a stored volume for somebody who will have it until `due`; custody itself does not change."""
    found, custody = hold(session, volume)
    to = holder_of(session, holder)
    _must(session, custody, found, person, now, "reserve", to)
    custody.state, custody.reserved_for, custody.due = "RESERVED", to.ref, _checked_due(session, due, now)
    record(session, VolumeReserved(volume=found.ref, holder=to.ref), actor=person.ref)
    tell_volume(session, found)
    return custody


def release(session: Session, person: Actor, volume: int | str, now: datetime) -> Custody:
    """Keep a reserved volume no longer."""
    found, custody = hold(session, volume)
    _must(session, custody, found, person, now, "release")
    custody.state, custody.reserved_for, custody.due = "STORED", None, None
    record(session, ReservationReleased(volume=found.ref), actor=person.ref)
    tell_volume(session, found)
    return custody


def at_desk(session: Session, person: Actor, volume: int | str, event: flow.Event, now: datetime) -> Move:
    """`take_back`, `bind` or `archive`: custody changes by the word of the person who has the volume in hand."""
    found, custody = hold(session, volume)
    if event not in ("take_back", "bind", "archive"):
        raise Refused("“{event}”不在柜台办理。", code="not_at_desk", status=422, event=Said(flow.EVENT_NAMES[event]))
    _must(session, custody, found, person, now, event)
    move = _new_move(session, found, event, person, now, state="COMMITTED", holder=custody.holder)
    before, to = custody.state, flow.next_state(situation(session, custody, found, person, now).state, event)
    custody.state = to or before
    custody.holder, custody.due, custody.overdue_at = (None if event == "archive" else person.ref), None, None
    move.evidence, move.ended_at = "person", now
    clear_alarm(session, AlarmKind.VOLUME_OVERDUE, found.ref, at=now, by=person.ref)
    settle.commit(session, custody, move, before, None)
    return move


def confirm(session: Session, person: Actor, volume: int | str, reason: str, now: datetime) -> Custody:
    """An archivist looked: the volume is where the record says. Ends TAMPER and MISPLACED; the reason is kept."""
    found, custody = hold(session, volume)
    _must(session, custody, found, person, now, "confirm")
    cell = cell_of(session, custody)
    _checked(session, found, "confirm", person, reason, now, VolumeChecked(volume=found.ref))
    custody.tamper_at = custody.misplaced_at = None
    clear_alarm(session, AlarmKind.CUSTODY_UNCLEAR, found.ref, at=now, by=person.ref)
    if cell is not None:
        clear_alarm(session, AlarmKind.DOOR_UNASKED, cell.subject, at=now, by=person.ref)
        tell_cell(session, cell)
    return custody


def report_missing(session: Session, person: Actor, volume: int | str, reason: str, now: datetime) -> Custody:
    """An archivist looked: the volume is not where the record says. The record stays, marked MISPLACED."""
    found, custody = hold(session, volume)
    _must(session, custody, found, person, now, "report_missing")
    _checked(session, found, "report_missing", person, reason, now, VolumeMissing(volume=found.ref))
    custody.misplaced_at = now
    return custody


def find_move(session: Session, move: int) -> Move:
    """The move of that row; raises Refused (404)."""
    found = session.get(Move, move)
    if found is None:
        raise Refused("没有编号为 {move} 的存取记录。", code="no_such_move", status=404, move=move)
    return found


def open_items(session: Session, case: Case) -> Sequence[Said]:
    """What custody has against closing this case: volumes that are out or not in order."""
    said = []
    for volume in case.volumes:
        custody = custody_of(session, volume)
        if custody.state == "OUT":
            said.append(Said("第 {number} 册卷宗尚未归还。", {"number": volume.number}))
        elif custody.sides:
            said.append(Said("第 {number} 册卷宗有待核对。", {"number": volume.number}))
    return said


def loan(session: Session) -> timedelta:
    """How long a volume may be out when nobody says otherwise."""
    return timedelta(days=term_of(session, flow.LOAN))


def tell_volume(session: Session, volume: Volume) -> None:
    """Pages that show this volume are to draw it again."""
    tell(session, volume_topic(volume.id), "cases")


def _locked(session: Session, move: Move) -> None:
    """As it is now: whoever acted on it a moment ago may have carried it on. The volume first, as everybody does."""
    hold(session, move.volume_id)
    session.refresh(move, with_for_update={"of": Move})


def _open_for_deposit(session: Session, person: Actor, move: Move, now: datetime) -> Move:
    (volume, custody), cabinet = hold(session, move.volume_id), move.cabinet
    if cabinet is None:
        raise Refused("这次存卷没有指定卷宗柜。", code="no_such_cabinet")
    _may_go_in(session, custody, situation(session, custody, volume, person, now), this=move)
    must_be_there(session, cabinet.gateway)
    return _open_free_cell(session, person, move, cabinet, now)


def _open_free_cell(session: Session, person: Actor, move: Move, cabinet: Cabinet, now: datetime) -> Move:
    with session.no_autoflush:  # nothing changed so far is a cell; written out now, the move is written twice
        cell = free_cell(session, cabinet, move.volume.size, now)
    cell.state, move.person = "reserved", person.ref
    move.be_at(cabinet, cell)
    tell_cell(session, cell)
    _ask_to_open(session, move, cell, person, now)
    confirmed = BarcodeConfirmed(move=move.id, volume=move.volume.ref, cell=cell.ref)
    line = record(session, confirmed, actor=person.ref, cause=move.wish)
    settle.step(session, move, "scanned", line, Said("正在打开 {cell} 格口。", {"cell": cell.label}))
    return move


def _ask_to_open(session: Session, move: Move, cell: Cell, person: Actor, now: datetime) -> None:
    wish = OpenCell(cell=cell.device_cell)
    move.wish = ask(session, cell.gateway, cell.device, wish, person.ref, f"{move.kind}:{move.id}", now).jti


def _may_go_in(session: Session, custody: Custody, now_is: Situation, this: Move | None = None) -> None:
    cell = cell_of(session, custody)
    if cell is not None:
        raise Refused(
            "按记录，这册卷宗已在 {cell} 格内，不能再存，记录未变。若它就在您手里，请告诉档案员到柜前核对。",
            code="already_stored",
            cell=cell.label,
        )
    must_be_possible(flow.answer(replace(now_is, moving=None) if this else now_is, "deposit"))


def _must(  # noqa: PLR0913  (one step of one volume, by whom, for whom)
    session: Session,
    custody: Custody,
    volume: Volume,
    person: Actor,
    now: datetime,
    event: flow.Event,
    holder: Holder | None = None,
) -> None:
    must_be_possible(flow.answer(situation(session, custody, volume, person, now, holder), event))


def _new_move(session: Session, volume: Volume, kind: str, person: Actor, now: datetime, **fields: Any) -> Move:
    move = Move(volume_id=volume.id, kind=kind, person=person.ref, begun_at=now, lines={}, **fields)
    set_committed_value(move, "volume", volume)
    session.add(move)
    session.flush()
    tell(session, "moves")
    tell_volume(session, volume)
    return move


def _checked(  # noqa: PLR0913  (what was looked at, by whom, why)
    session: Session, volume: Volume, kind: str, person: Actor, reason: str, now: datetime, fact: Fact
) -> None:
    if not reason.strip():
        raise Refused("请写明核对的情况。", code="no_reason", status=422)
    move = _new_move(
        session, volume, kind, person, now, state="COMMITTED", evidence="person", ended_at=now, note=reason[:400]
    )
    move.prove("checked", record(session, fact, actor=person.ref).id)


def _cell(session: Session, custody: Custody) -> Cell:
    cell = cell_of(session, custody)
    if cell is None:
        raise Refused("这册卷宗不在柜内。", code="not_stored")
    return cell


def _checked_due(session: Session, due: datetime | None, now: datetime) -> datetime:
    if due is not None and due <= now:
        raise Refused("归还期限须在今后。", code="bad_due", status=422)
    return due or now + loan(session)


def _other_code(session: Session, move: Move, code: str) -> Refused:
    wanted: dict[str, Any] = {"wanted": move.volume.barcode, "scanned": code}
    if volume_by_barcode(session, code) is None:
        text = "条码 {scanned} 不属于任何登记在册的卷宗；等待的是 {wanted}。卷宗记录未变。"
        return Refused(text, code="unknown_barcode", **wanted)
    return Refused("扫到的 {scanned} 是另一册卷宗；等待的是 {wanted}。卷宗记录未变。", code="other_barcode", **wanted)


def _tell(session: Session, move: Move, said: Said) -> None:
    settle.say(move, said)
    tell(session, move.topic)
