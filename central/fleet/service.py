"""The rules of the fleet: who is invited, whom central certifies, who is suspended, and who is who."""

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from central import pki
from central.alarms import Alarm, AlarmKind, clear_alarm
from central.fleet import documents
from central.fleet.facts import (
    CertificateRenewed,
    GatewayEnrolled,
    GatewayInvited,
    GatewayPlaced,
    GatewayReplaced,
    GatewayStateChanged,
)
from central.fleet.tables import Device, Gateway, GatewayKey, Invite
from central.ledger.batch import Sender
from central.ledger.own import record
from central.store import columns_of, tell, wake
from central.web.refused import Refused
from devices.claims import IdentityClaims
from devices.grants import BadToken, read, thumbprint
from devices.topics import RESERVED, BadName, checked_name, is_central

INVITE_LIFE = timedelta(days=1)
HANDED_OVER = timedelta(days=14)
"""As long as a box keeps lines it may have to send again (ledger rule 4), their key and its certificate are good."""
BROKER = "broker"
"""Woken when the broker's list of gateways is to be written again."""
PAGES = frozenset({"availability", "invite", "map"})
"""Pages that stand where the page of a gateway of that name would."""
TURNED_AWAY = "turned away"
"""Woken with the names of gateways whose connection at the broker is to end now."""
ACKED_ANEW = "acked anew"
"""Woken with the names of gateways that are to hear how they stand: who heard `suspended` sends nothing by itself."""
_OF_A_BOX_IN_USE = (
    *(AlarmKind.GATEWAY_LOST, AlarmKind.DEVICES_GONE, AlarmKind.SAFE_MODE),
    *(AlarmKind.CONFIG_REFUSED, AlarmKind.SOFTWARE_REFUSED, AlarmKind.FILES_REFUSED),
)
_FINGERPRINT_DIGITS = 32
_DOOR_S = 60
"""Seconds a gateway's token for our door may live."""
_OFFERED = 300
_G, _K, _D = columns_of(Gateway), columns_of(GatewayKey), columns_of(Device)
_SENDER = select(_G.state, _K.certificate).where(
    _K.gateway_id == _G.id, _G.name == bindparam("name"), _G.state != "revoked", _K.withdrawn_at.is_(None)
)


@dataclass(frozen=True)
class Enrolled:
    """A box that now belongs to the court, and its certificate."""

    gateway: Gateway
    certificate: x509.Certificate


def invite(  # noqa: PLR0913
    session: Session,
    name: str,
    authority: pki.Authority,
    now: datetime,
    *,
    actor: str,
    life: timedelta = INVITE_LIFE,
    configuration: str | None = None,
    replaces: bool = False,
) -> str:
    """A token with which one box may enrol under this name, once; it also names the court's root.

    `configuration` is the blob of the first one it gets, unless its name has one already; `replaces`: it takes over
    name and place of the box that has them. Raises Refused: no gateway may have that name (422), or one has it and
    the box is not to replace it, or none has it to be replaced (409).
    """
    try:
        checked_name(name)
    except BadName as error:
        raise Refused(
            "设备网关名称“{name}”不可用：只能用小写字母、数字和连字符。", code="bad_name", status=422, name=name
        ) from error
    if name in RESERVED or is_central(name):
        raise Refused("“{name}”是法院自己用的名字，网关请换一个名字，例如 locker-a。",
                      code="bad_name", status=422, name=name)  # fmt: skip
    if name in PAGES:
        raise Refused("“{name}”是本系统一个页面的地址，网关不能叫这个名字，请换一个，例如 {name}-a。",
                      code="bad_name", status=422, name=name)  # fmt: skip
    _free_or_to_be_replaced(find(session, name), name, replaces=replaces)
    secret = secrets.token_hex(24)
    made = Invite(gateway=name, secret_hash=_hashed(secret), expires_at=now + life, configuration=configuration)
    made.replaces = replaces
    session.add(made)
    record(session, GatewayInvited(gateway=name, replaces=replaces), actor=actor)
    return f"{secret}.{authority.root_fingerprint[:_FINGERPRINT_DIGITS]}"


def enrol(
    session: Session, token: str, request: str, version: str, authority: pki.Authority, now: datetime
) -> Enrolled:
    """Take a box into the court under the name it was invited as; the box that had it before is turned away.

    Raises Refused: the token is unknown, used or over (403), the name has been taken meanwhile (409), or the request
    cannot be signed (422).
    """
    found = select(Invite).where(Invite.secret_hash == _hashed(token.rpartition(".")[0])).with_for_update()
    invite = session.scalars(found).one_or_none()
    if invite is None or invite.used_at is not None or invite.expires_at < now:
        raise Refused("邀请码无效、已使用或已过期，请让信息部门重新签发。", code="bad_invite", status=403)
    try:
        certificate = authority.certify_gateway(invite.gateway, request.encode(), now)
    except pki.BadRequest as error:
        raise Refused("证书请求无法签发：{why}", code="bad_request", status=422, why=str(error)) from error
    gateway = find(session, invite.gateway)
    if not invite.replaces:
        _free_or_to_be_replaced(gateway, invite.gateway, replaces=False)
    invite.used_at = now
    if gateway is None:
        gateway = Gateway(name=invite.gateway, permit_secret=secrets.token_bytes(32), enrolled_at=now)
        session.add(gateway)
    old = _put_out(session, gateway, now)
    gateway.state, gateway.enrolled_at, gateway.version = "active", now, version[:32] or None
    mark, kid = _admit(session, gateway, certificate, now), thumbprint(pki.key_of(certificate))
    record(session, GatewayEnrolled(gateway=gateway.name, key=kid, certificate=mark))
    if old:
        record(session, GatewayReplaced(gateway=gateway.name, old=old, new=kid))
    clear_alarm(session, AlarmKind.IDENTITY_CONTESTED, gateway.name, at=now)
    if invite.configuration and documents.current(session, gateway, documents.CONFIG) is None:
        documents.desire(session, gateway, documents.CONFIG, invite.configuration, now)
    wake(session, ACKED_ANEW, gateway.name)
    _changed(session, gateway)
    return Enrolled(gateway, certificate)


def _free_or_to_be_replaced(gateway: Gateway | None, name: str, *, replaces: bool) -> None:
    in_use = gateway is not None and gateway.state != "revoked"
    if in_use and not replaces:
        raise Refused("网关“{name}”正在使用。要用新机器接替它，请签发“更换”邀请。",
                      code="in_use", status=409, name=name)  # fmt: skip
    if replaces and gateway is None:
        raise Refused("没有名为“{name}”的网关可以更换。", code="unknown_gateway", status=409, name=name)


def _put_out(session: Session, gateway: Gateway, now: datetime) -> list[str]:
    """Withdraw the keys of the box that has this name; gives their thumbprints, none if no box had it."""
    old = [key for key in gateway.keys if key.withdrawn_at is None]
    for key in old:
        key.withdrawn_at = now
    if old:
        record(session, GatewayStateChanged(gateway=gateway.name, to="revoked", why="replaced"))
        _turn_away(session, gateway)
    return [key.kid for key in old]


def certify_next(
    session: Session, gateway: Gateway, request: str, authority: pki.Authority, now: datetime
) -> x509.Certificate:
    """Certify one more key of an enrolled gateway, to which its journal may hand over (ledger rule 9).

    Asked again with the same key, because an answer was lost, it gives the same certificate. Raises Refused (422).
    """
    try:
        certificate = authority.certify_gateway(gateway.name, request.encode(), now)
    except pki.BadRequest as error:
        raise Refused("证书请求无法签发：{why}", code="bad_request", status=422, why=str(error)) from error
    kid = thumbprint(pki.key_of(certificate))
    for key in gateway.keys:
        if key.kid == kid and key.withdrawn_at is None:
            return x509.load_pem_x509_certificate(key.certificate.encode())
    mark = _admit(session, gateway, certificate, now)
    record(session, CertificateRenewed(gateway=gateway.name, key=kid, certificate=mark))
    tell(session, f"gateway:{gateway.name}")
    return certificate


def handed_over(session: Session, gateway: Gateway, kid: str, at: datetime) -> None:
    """The gateway seals with that key from now on; those it had before end when nothing can be sent again any more."""
    for key in gateway.keys:
        if key.kid == kid:
            key.handed_over_at = None
        elif key.handed_over_at is None:
            key.handed_over_at = at
    tell(session, f"gateway:{gateway.name}")


def ending(session: Session, before: datetime) -> list[str]:
    """The gateways in use whose certificate ends before that."""
    held = select(Gateway.name, GatewayKey.certificate).join(GatewayKey, GatewayKey.gateway_id == Gateway.id)
    in_use = Gateway.state == "active", GatewayKey.withdrawn_at.is_(None), GatewayKey.handed_over_at.is_(None)
    last: dict[str, datetime] = {}
    for name, pem in session.execute(held.where(*in_use)):
        ends = x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc
        last[name] = max(ends, last.get(name, ends))
    return sorted(name for name, ends in last.items() if ends < before)


def sweep(session: Session, now: datetime) -> None:
    """Withdraw the keys that handed over so long ago that no box has lines of theirs."""
    over = select(GatewayKey).where(GatewayKey.withdrawn_at.is_(None), GatewayKey.handed_over_at < now - HANDED_OVER)
    for key in session.scalars(over):
        key.withdrawn_at = now
        _changed(session, key.gateway)


def set_state(
    session: Session,
    gateway: Gateway,
    to: Literal["active", "suspended", "revoked"],
    now: datetime,
    *,
    actor: str | None = None,
    why: str = "",
) -> None:
    """Put a gateway in or out of use; the broker hears of it. What a revoked one sealed before stays proven.

    Raises Refused: a revoked gateway comes back only by enrolment.
    """
    if gateway.state == to:
        return
    if gateway.state == "revoked":
        raise Refused("网关“{name}”已吊销，只能重新邀请注册。", code="revoked", name=gateway.name)
    gateway.state = to
    if to == "revoked":
        for key in gateway.keys:
            key.withdrawn_at = key.withdrawn_at or now
        _turn_away(session, gateway)
        _miss_no_more(session, gateway, now, actor)
    if to == "active":
        clear_alarm(session, AlarmKind.IDENTITY_CONTESTED, gateway.name, at=now, by=actor)
    record(session, GatewayStateChanged(gateway=gateway.name, to=to, why=why), actor=actor)
    wake(session, ACKED_ANEW, gateway.name)
    _changed(session, gateway)


def place(session: Session, gateway: Gateway, floor: str, room: str, tags: Sequence[str], *, actor: str) -> None:
    """Say where it stands, and which groups it belongs to."""
    gateway.floor, gateway.room = floor.strip()[:40], room.strip()[:80]
    gateway.tags = sorted({tag.strip()[:40] for tag in tags if tag.strip()})
    placed = GatewayPlaced(gateway=gateway.name, floor=gateway.floor, room=gateway.room, tags=gateway.tags)
    record(session, placed, actor=actor)
    tell(session, "fleet", f"gateway:{gateway.name}")


def find(session: Session, name: str) -> Gateway | None:
    """The gateway of that name."""
    return session.scalars(select(Gateway).where(Gateway.name == name)).one_or_none()


def gateway_of(session: Session, name: str) -> Gateway:
    """The gateway of that name; raises Refused (404)."""
    found = find(session, name)
    if found is None:
        raise Refused("没有名为“{gateway}”的网关。", code="no_such_gateway", status=404, gateway=name)
    return found


def states(session: Session) -> Mapping[str, str]:
    """Every gateway with its state."""
    return {name: state for name, state in session.execute(select(_G.name, _G.state))}


def names(session: Session) -> Sequence[str]:
    """What a form offers for the name of a gateway: the first of them."""
    return session.scalars(select(_G.name).where(_G.state != "revoked").order_by(_G.name).limit(_OFFERED)).all()


def things(session: Session) -> Sequence[str]:
    """What a form offers for a gateway or `gateway/device`: the first of them."""
    boxes = names(session)[: _OFFERED // 10]
    devices = select(_G.name + "/" + _D.name).where(_D.gateway_id == _G.id, _D.removed_at.is_(None), _G.name.in_(boxes))
    return sorted([*boxes, *session.scalars(devices.limit(_OFFERED))])


def enter_device(session: Session, gateway: Gateway, name: str) -> Device:
    """A device first heard of, in the registry from the next flush on."""
    made = Device(gateway_id=gateway.id, name=name, description={}, states={}, counts={})
    session.add(made)
    return made


def find_device(session: Session, gateway: str, name: str) -> Device | None:
    """A device of a gateway."""
    found = select(Device).join(Gateway).where(Gateway.name == gateway, Device.name == name)
    return session.scalars(found).one_or_none()


def sender(session: Session, name: str) -> Sender | None:
    """What the ledger has to know of a gateway; None if the court has none of that name in use.

    By what is written out: asked for each batch, it does not write out what the ledger has just changed.
    """
    rows = session.connection().execute(_SENDER, {"name": name}).all()
    if not rows:
        return None
    keys = dict(_named_key(certificate) for _, certificate in rows)
    return Sender(name, keys, suspended=rows[0][0] == "suspended")


def authenticate(session: Session, token: str, court: str, now: datetime) -> Gateway:
    """The gateway that signed this HTTP token within the last minute; raises BadToken."""
    name = _claimed_name(token)
    known = sender(session, name)
    gateway = find(session, name)
    if known is None or gateway is None or known.suspended:
        raise BadToken("forged", f"{name!r} is no gateway in use here")
    claims: IdentityClaims = IdentityClaims.of(read("gateway", token, known.keys, name, court, now))
    if claims.exp - claims.iat > _DOOR_S:
        raise BadToken("forged", f"lives longer than {_DOOR_S} s")
    return gateway


def permit_secret_text(gateway: Gateway) -> str:
    """The gateway's permit secret, base64."""
    return base64.b64encode(gateway.permit_secret).decode()


def _admit(session: Session, gateway: Gateway, certificate: x509.Certificate, now: datetime) -> str:
    """Let this key seal for the gateway; gives the certificate's fingerprint."""
    kid, mark = thumbprint(pki.key_of(certificate)), pki.fingerprint(certificate)
    session.flush()
    known = session.scalars(select(GatewayKey).where(GatewayKey.gateway_id == gateway.id, GatewayKey.kid == kid))
    key = known.one_or_none()
    if key is None:
        key = GatewayKey(gateway_id=gateway.id, kid=kid, certificate="", fingerprint="", admitted_at=now)
        session.add(key)
    key.certificate, key.fingerprint, key.withdrawn_at = pki.pem(certificate), mark, None
    return mark


def _miss_no_more(session: Session, gateway: Gateway, now: datetime, actor: str | None) -> None:
    """What only a box in use can lack is no alarm any more."""
    kinds = [*_OF_A_BOX_IN_USE, AlarmKind.DEVICE_GONE, AlarmKind.RULE]
    found = select(Alarm).where(Alarm.kind.in_(kinds), Alarm.cleared_at.is_(None))
    for alarm in session.scalars(found.where(Alarm.subject.startswith(gateway.name, autoescape=True))).all():
        if re.split("[/#]", alarm.subject)[0] == gateway.name:
            clear_alarm(session, AlarmKind(alarm.kind), alarm.subject, at=now, by=actor)


def _turn_away(session: Session, gateway: Gateway) -> None:
    wake(session, BROKER)  # first: what comes back at once must find itself on the list
    wake(session, TURNED_AWAY, gateway.name)


def _changed(session: Session, gateway: Gateway) -> None:
    wake(session, BROKER)
    tell(session, "fleet", f"gateway:{gateway.name}")


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@lru_cache(maxsize=1024)
def _named_key(certificate: str) -> tuple[str, Ed25519PublicKey]:
    key = pki.key_of(x509.load_pem_x509_certificate(certificate.encode()))
    return thumbprint(key), key


def _claimed_name(token: str) -> str:
    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError as error:
        raise BadToken("unreadable", f"no token: {error}") from error
    return str(claims.get("iss", ""))
