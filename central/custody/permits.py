"""Permits: one opening of one cell, given ahead, honoured at the locker even while central is down (ledger rule 12).

A permit cannot be called back from a gateway that is out of reach. Revoking ends central's own consent and keeps the
cell from being used for anything else until the permit would have expired; the person who revokes is told so.
"""

import io
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import segno
from sqlalchemy import select
from sqlalchemy.orm import Session

from central.alarms import AlarmKind, raise_alarm
from central.custody import flow, settle
from central.custody.cells import tell_cell
from central.custody.facts import PermitIssued, PermitRevoked
from central.custody.holders import holder_of
from central.custody.service import loan, tell_volume
from central.custody.standing import cell_of, held, hold, must_be_possible, situation
from central.custody.tables import IN_THE_INDEX, Move, Permit
from central.fleet.tables import Gateway
from central.ledger.own import pen_of, record
from central.ledger.projection import LineView
from central.people.roles import Actor, must
from central.store import tell
from central.web.refused import Refused, Said
from devices.box import PermitRefused
from devices.claims import PermitClaims
from devices.grants import LEEWAY_S, MAX_PERMIT, pin_check, sign

_USED_LATE = timedelta(minutes=10)
_NOT_OPENED = Said("凭证已使用，但锁没有打开，卷宗仍记录在柜内。请到现场查看，必要时另签凭证。")


@dataclass(frozen=True)
class Issued:
    """A permit as it is shown, this once: nothing of token and PIN is kept."""

    permit: Permit
    token: str
    pin: str | None
    """Six digits; None for a bearer permit."""
    svg: str
    """The QR code."""


def issue_permit(  # noqa: PLR0913  (who may take what until when, and how it is proven)
    session: Session,
    person: Actor,
    volume: int | str,
    holder: str,
    until: datetime,
    now: datetime,
    *,
    bearer: bool = False,
    due: datetime | None = None,
) -> Issued:
    """A permit for `holder` to take the volume out once before `until`; raises Refused with the reason in words."""
    must(person, "permit.issue")
    found, custody = hold(session, volume)
    to = holder_of(session, holder)
    must_be_possible(flow.answer(situation(session, custody, found, person, now, to), "hand_out"))
    cell = cell_of(session, custody)
    if cell is None:
        raise Refused("这册卷宗不在柜内。", code="not_stored")
    if not now < until <= now + timedelta(days=PermitClaims.MAX_DAYS):
        raise Refused("凭证有效期最长 {days} 天。", code="bad_until", status=422, days=PermitClaims.MAX_DAYS)
    jti, pin = secrets.token_urlsafe(9), None if bearer else f"{secrets.randbelow(10**6):06d}"
    permit = Permit(
        jti=jti,
        volume=found,
        cell=cell,
        issued_by=person.ref,
        holder=to.ref,
        bearer=bearer,
        due=due or custody.due or now + loan(session),
        issued_at=now,
        expires_at=until,
        state="LIVE",
        refused=0,
    )
    token = _token(session, permit, pin)
    issued = PermitIssued(volume=found.ref, cell=cell.ref, holder=to.ref, bearer=bearer, expires=int(until.timestamp()))
    permit.issued_line = record(session, issued, actor=person.ref, cause=jti).id
    session.add(permit)
    session.flush()
    _tell(session, permit)
    return Issued(permit, token, pin, _qr(token))


def revoke_permit(session: Session, person: Actor, jti: str, now: datetime) -> Said:
    """Central no longer stands by it; gives what the person must know: no gateway can be made to forget it."""
    must(person, "permit.issue")
    permit = find_permit(session, jti)
    session.refresh(permit, with_for_update={"of": Permit})  # it may have been used a moment ago
    if permit.state != "LIVE":
        raise Refused("这张凭证已使用、撤销或过期。", code="permit_over")
    permit.state, permit.ended_at = "REVOKED", now
    record(session, PermitRevoked(volume=permit.volume.ref), actor=person.ref, cause=jti)
    _tell(session, permit)
    return Said(
        "凭证已撤销。但柜机不经联网也能识别凭证，{until} 前持证人仍可能开门取卷；在此之前该格口不另作他用。",
        {"until": permit.expires_at},
    )


def find_permit(session: Session, jti: str) -> Permit:
    """The permit of that id; raises Refused (404)."""
    permit = session.get(Permit, jti)
    if permit is None:
        raise Refused("没有编号为 {jti} 的凭证。", code="no_such_permit", status=404, jti=jti)
    return permit


def used(session: Session, line: LineView, device_cell: int) -> None:
    """A gateway let a permit open its cell: a hand-out to its holder begins, however long ago that was.

    A revoked or expired permit that a gateway honoured did open the door; the record says so.
    """
    permit = session.get(Permit, line.cause, with_for_update={"of": Permit}) if line.cause else None
    if permit is None or permit.cell.gateway != line.gateway or permit.cell.device_cell != device_cell:
        return
    if permit.state == "USED":
        _repeated(session, permit, line)
        return
    permit.state, permit.ended_at, permit.used_line = "USED", line.at, line.id
    _tell(session, permit)
    if held(session, permit.volume).cell_id != permit.cell_id or not _give_way(session, permit):
        return
    move = Move(
        volume_id=permit.volume_id,
        kind="hand_out",
        state="ACKED",
        cabinet_id=permit.cell.cabinet_id,
        cell_id=permit.cell_id,
        person=permit.holder,
        holder=permit.holder,
        due=permit.due,
        permit=permit.jti,
        begun_at=line.at,
        lines={"asked": permit.issued_line, "taken": line.id},
    )
    session.add(move)
    session.flush()
    tell_volume(session, permit.volume)
    tell(session, "moves")


def refused(session: Session, line: LineView, fact: PermitRefused) -> None:
    """A gateway turned a permit away; one shown again after use is an alarm."""
    permit = session.get(Permit, fact.jti or line.cause) if fact.jti or line.cause else None
    if permit is None or permit.cell.gateway != line.gateway:
        return
    permit.refused += 1
    _tell(session, permit)
    if fact.why == "repeated":
        _repeated(session, permit, line)
    elif permit.state == "USED":
        # the gateway had taken it when the lock would not obey
        opening = select(Move).where(Move.permit == permit.jti, Move.state == "ACKED")
        for move in session.scalars(opening):
            settle.fail(session, move, "refused", line, _NOT_OPENED)


def expire(session: Session, now: datetime) -> None:
    """End permits whose time is over, and openings by permit of which nothing more was heard."""
    over = now - timedelta(seconds=LEEWAY_S)
    ended = select(Permit).where(Permit.state == "LIVE", Permit.expires_at < over)
    for permit in session.scalars(ended.with_for_update(of=Permit)):
        permit.state, permit.ended_at = "EXPIRED", permit.expires_at
        _tell(session, permit)
    silent = select(Move).where(
        Move.state.in_(("CMD", "ACKED")), Move.permit.is_not(None), Move.begun_at < now - _USED_LATE
    )
    for move in session.scalars(silent):
        settle.end_by_central(session, move, "unanswered", Said("凭证已使用，但没有收到柜门打开的报告。请到现场查看。"))


def _token(session: Session, permit: Permit, pin: str | None) -> str:
    pen, cell = pen_of(session), permit.cell
    secret = session.scalars(select(Gateway.permit_secret).where(Gateway.name == cell.gateway)).one_or_none()
    if secret is None:
        raise Refused("柜机“{gateway}”尚未接入。", code="no_such_gateway", gateway=cell.gateway)
    claims = PermitClaims(
        iss=pen.court,
        aud=cell.gateway,
        jti=permit.jti,
        exp=int(permit.expires_at.timestamp()),
        at=f"{cell.device}/{cell.device_cell}",
        pin=pin_check(secret, permit.jti, pin) if pin else None,
    )
    token = sign("permit", claims.write(), pen.key, pen.kid)
    if len(token) > MAX_PERMIT:
        raise Refused(
            "凭证二维码最多 {limit} 个字符，这张需要 {length} 个：法院、柜机或设备的名称太长，请改短。",
            code="permit_too_long",
            limit=MAX_PERMIT,
            length=len(token),
        )
    return token


def _qr(token: str) -> str:
    drawn = io.BytesIO()
    segno.make(token, error="m", micro=False).save(drawn, kind="svg", omitsize=True, xmldecl=False)
    return drawn.getvalue().decode()


def _repeated(session: Session, permit: Permit, line: LineView) -> None:
    raise_alarm(session, AlarmKind.PERMIT_REPEATED, f"permit:{permit.jti}", at=line.at, cell=permit.cell_id)


def _give_way(session: Session, permit: Permit) -> bool:
    """Whatever waits for this volume ends, for the permit opened first. False if its door stands open already."""
    rivals = select(Move).where(Move.volume_id == permit.volume_id, Move.state.in_(IN_THE_INDEX))
    for rival in session.scalars(rivals):
        settle.end_by_central(session, rival, "overtaken", Said("卷宗已凭取卷凭证开柜取出，这次办理作废。"))
        if rival.under_way:
            return False
    session.flush()
    return True


def _tell(session: Session, permit: Permit) -> None:
    tell(session, f"permit:{permit.jti}", "permits")
    tell_volume(session, permit.volume)
    tell_cell(session, permit.cell)
