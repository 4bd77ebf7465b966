"""Asking devices, and keeping account of what became of each wish. Times are UTC and passed in."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from central.ledger.own import Pen, pen_of, record
from central.link import Post
from central.store import tell, wake
from central.web.refused import Refused, Said
from central.wishes.facts import WishAsked, WishExpired
from central.wishes.tables import WAITING, WishRow
from devices.box import GATEWAY
from devices.claims import WISH_LIFE_S, WishClaims
from devices.grants import LEEWAY_S, sign
from devices.hearings import COURTROOM
from devices.messages import Wish, write_body
from devices.scanning import SCANNING
from devices.topics import GatewayTopics
from devices.transcribing import TRANSCRIBER

OUTBOX = "wishes"
"""What is woken when a new wish waits to be sent."""

STATE_NAMES: Mapping[str, str] = {
    "asked": "已请求",
    "sent": "已发出",
    "taken": "设备已接收",
    "answered": "已完成",
    "refused": "被拒绝",
    "expired": "无人应答",
    "interrupted": "中途断电或重启",
}
"""What each state of a wish is called."""

_REFUSALS: Mapping[str, str] = {
    "forged": "{box}认为请求的签名不可信，已拒绝，{nothing}。请通知信息技术人员。",
    "expired": "请求到达{box}时已过期，{nothing}。请重新操作。",
    "not_for_us": "请求送错了设备，已拒绝，{nothing}。请通知信息技术人员。",
    "repeated": "{box}已执行过这个请求，不会重复执行。",
    "retained": "{box}拒绝了被保留的旧请求，{nothing}。请通知信息技术人员。",
    "unreadable": "{box}看不懂这个请求，可能需要升级，{nothing}。请通知信息技术人员。",
    "unknown_device": "{box}上没有名为“{device}”的设备，{nothing}。请检查设备配置。",
    "clock_not_trusted": "{box}的时钟未校准，为安全起见不照办，{nothing}。请通知信息技术人员。",
    "device_offline": "设备“{device}”连接不上，{nothing}。请稍后重试或通知信息技术人员。",
    "device_busy": "设备“{device}”正忙，{nothing}。请稍后重试。",
    "device_fault": "设备“{device}”有故障（卡住或损坏），需要有人去看。",
    "rejected": "设备“{device}”不接受这个请求：{detail}",
    "open_not_detected": "锁已释放，但没有检测到柜门打开。柜门可能卡住，请到现场查看。",
}
_OUT_OF_PAPER = "打印机“{device}”有故障（卡纸、缺纸或损坏），需要有人去看。"
_BOXES: Mapping[str, str] = {"locks": "这台柜机", COURTROOM: "法庭的网关", SCANNING: "扫描工位的网关"}
_BOX = "这台网关"
_NOTHING: Mapping[str, str] = {
    "locks": "柜门没有打开",
    "printers": "什么也没有打印",
    "cameras": "镜头没有转动",
    "displays": "屏幕没有变化",
    COURTROOM: "录音照旧",
    SCANNING: "什么也没有扫描",
    TRANSCRIBER: "录音没有转写",
}
"""What did not happen, by the kind of device that was asked."""
_NOTHING_AT_ALL = "什么也没有动"
_LOOK: Mapping[str, str] = {
    "locks": "请到现场看柜门是否打开",
    "printers": "请看打印机是否已经打印",
    "cameras": "请看镜头是否已经转动",
    "displays": "请看屏幕是否已经变化",
    COURTROOM: "请到法庭看录音是否照旧",
}
"""Where to look when nothing answered."""
_LATER = "请稍后再看结果"


def ask(  # noqa: PLR0913  (whom, what, who, why, when: each is said by the caller)
    session: Session, gateway: str, device: str, wish: Wish, actor: str, reason: str, now: datetime
) -> WishRow:
    """Ask this of a device: the row, a line in central's own book, and the outbox woken, in this transaction.

    `actor` is a reference (`person:3`), `reason` a code (`deposit:12`); both travel to the gateway.
    """
    jti = secrets.token_urlsafe(9)
    body = write_body(wish)
    asked = WishAsked(gateway=gateway, device=device, wish=wish.type, body=body, reason=reason)
    line = record(session, asked, actor=actor, cause=jti)
    expires = now + timedelta(seconds=WISH_LIFE_S)
    row = WishRow(
        jti=jti,
        gateway=gateway,
        device=device,
        type=wish.type,
        body=body,
        actor=actor,
        reason=reason,
        state="asked",
        asked_at=now,
        expires_at=expires,
        answer_by=expires + timedelta(seconds=LEEWAY_S + wish.patience_s),
        asked_line=line.id,
    )
    session.add(row)
    tell(session, topic(jti), reason)
    wake(session, OUTBOX, post(row, pen_of(session)))
    return row


def find(session: Session, jti: str) -> WishRow:
    """The wish of that id; raises Refused (404)."""
    row = session.get(WishRow, jti)
    if row is None:
        raise Refused("没有编号为 {jti} 的请求。", code="no_such_wish", status=404, jti=jti)
    return row


def pending(session: Session, now: datetime, limit: int = 100) -> Sequence[WishRow]:
    """Wishes that wait to be sent and still live, oldest first."""
    waits = select(WishRow).where(WishRow.state == "asked", WishRow.expires_at > now)
    return session.scalars(waits.order_by(WishRow.asked_at, WishRow.jti).limit(limit)).all()


def mark_sent(session: Session, jtis: Sequence[str], now: datetime) -> None:
    """The broker has taken these; one that the gateway already answered keeps its later state."""
    session.execute(update(WishRow).where(WishRow.jti.in_(jtis), WishRow.sent_at.is_(None)).values(sent_at=now))
    session.execute(update(WishRow).where(WishRow.jti.in_(jtis), WishRow.state == "asked").values(state="sent"))
    tell(session, *(topic(jti) for jti in jtis))


def post(row: WishRow, pen: Pen) -> Post:
    """The wish as it travels, addressed and signed by central, worthless WISH_LIFE_S after it was asked."""
    claims = WishClaims(
        iss=pen.court,
        aud=row.gateway,
        jti=row.jti,
        iat=int(row.asked_at.timestamp()),
        exp=int(row.expires_at.timestamp()),
        actor=row.actor,
        reason=row.reason,
        device=row.device,
        type=row.type,
        body=row.body,
    )
    signed = sign("wish", claims.write(), pen.key, pen.kid)
    return Post(GatewayTopics(pen.court, row.gateway).wish, signed, expires=row.expires_at, ref=row.jti)


def expire(session: Session, now: datetime) -> Sequence[WishRow]:
    """End what got no answer within life and patience; gives the rows that ended now."""
    late = select(WishRow).where(WishRow.state.in_(WAITING), WishRow.answer_by < now)
    rows = session.scalars(late.order_by(WishRow.asked_at).with_for_update(skip_locked=True)).all()
    for row in rows:
        line = record(session, WishExpired(sent=row.sent_at is not None), cause=row.jti)
        end(session, row, "expired", now, line.id)
    return rows


def end(session: Session, row: WishRow, state: str, at: datetime, line: int) -> None:
    """The wish is over, as this line proves."""
    row.state, row.ended_at, row.ended_line = state, at, line
    tell(session, topic(row.jti), row.reason)


def outcome(row: WishRow) -> Said:
    """How it stands with a wish, in a sentence for the person who asked."""
    kind = getattr(Wish.registry.get(row.type), "kind", "")
    told = {
        "box": Said(_BOXES.get(kind, _BOX)),
        "nothing": Said(_NOTHING.get(kind, _NOTHING_AT_ALL)),
        "look": Said(_LOOK.get(kind, _LATER)),
        "device": row.body.get("device", row.device) if row.device == GATEWAY else row.device,
        "detail": row.detail or row.why or "",
    }
    if (row.device, row.why) == (GATEWAY, "device_busy"):
        return Said("“{device}”正在开庭或扫描，没有打断它。请在结束后再试。", told)
    if row.state == "refused":
        text = _REFUSALS.get(row.why or "", "{box}拒绝了请求：{detail}")
        return Said(_OUT_OF_PAPER if (row.why, kind) == ("device_fault", "printers") else text, told)
    if row.state == "expired" and row.sent_at is None:
        return Said("请求没有送出：与{box}的连接中断，{nothing}。请稍后重试。", told)
    if row.state == "expired":
        return Said("{box}没有应答。{look}；恢复联系后，实际情况会自动补记。", told)
    return Said(STATE_NAMES[row.state])


def topic(jti: str) -> str:
    """The live topic of a wish."""
    return f"wish:{jti}"
