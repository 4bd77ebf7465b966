"""Minutes drawn up, read back, objected to and signed: what is signed is the text's hash, and a text never changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session, joinedload

from central.blobs import Blobs
from central.hearings import certified, drawn, keeping, minutes_flow
from central.hearings.facts import (
    MinutesCertified,
    MinutesDrawnUp,
    MinutesObjected,
    MinutesReadBack,
    MinutesSigned,
    ObjectionDecided,
    SigningDeclined,
)
from central.hearings.minutes_flow import Standing
from central.hearings.minutes_tables import MinutesText, Objection, Signature
from central.hearings.minutes_text import Minutes, Taker, changed, written
from central.hearings.schedule import ALL
from central.hearings.tables import Hearing, Segment, Sound
from central.hearings.transcript import whole
from central.ledger.own import hash_of, record
from central.people.roles import Actor, must
from central.store import tell
from central.web.refused import Refused
from devices.messages import Fact

HOW_NAMES: Mapping[str, str] = {"aloud": "当庭宣读", "read": "自行阅读", "screen": "对照屏幕核对"}
"""How a text is read back."""
NO_AUTHORITIES = (
    "本院还没有列出可信的证书颁发机构，现在只能在签名板上签名。"
    "要用证书签名，请管理员在 central.yaml 的 signature_authorities 写明一个 PEM 文件，里面是这些机构的证书。"
)
LONGEST = 1000
_OVER = ("closed", "sealed")
_UNDER_WAY = ("DRAFT", "READ_BACK", "OBJECTED", "CORRECTING")


@dataclass(frozen=True)
class Hand:
    """Who acts on which hearing's minutes, and when; `court` is its name for people.

    `authorities`: the certificates (PEM) of those whose certificates sign; empty if the court trusts none.
    """

    person: Actor
    hearing: Hearing
    blobs: Blobs
    court: str
    now: datetime
    authorities: bytes = b""


def texts(session: Session, hearing: int) -> Sequence[MinutesText]:
    """Every text of a hearing, the newest first."""
    found = select(MinutesText).where(MinutesText.hearing_id == hearing).order_by(MinutesText.number.desc())
    return session.scalars(found).all()


def waiting(session: Session, person: Actor, limit: int) -> Sequence[MinutesText]:
    """Texts that wait for this person, the oldest first: a clerk's own until all have signed, a judge's to sign."""
    own = and_(MinutesText.by == person.ref, MinutesText.state.in_(_UNDER_WAY))
    signed = exists().where(Signature.minutes_id == MinutesText.id, Signature.key == "presiding")
    presided = and_(Hearing.presiding_id == person.id, MinutesText.state == "READ_BACK", ~signed)
    found = select(MinutesText).join(MinutesText.hearing).where(or_(own, presided))
    found = found.options(joinedload(MinutesText.hearing).joinedload(Hearing.case))
    return session.scalars(found.order_by(MinutesText.at, MinutesText.id).limit(limit)).all()


def read(blobs: Blobs, text: MinutesText) -> Minutes:
    """A text as it was drawn up. Raises NoBlob, WrongBlob."""
    return Minutes.model_validate_json(blobs.get(text.text))


def standing(session: Session, hand: Hand, newest: MinutesText | None) -> Standing:
    """How it stands with the minutes of a hearing."""
    on_their_way = select(func.count(Sound.segment_id.distinct())).join(Segment).where(
        Segment.hearing_id == hand.hearing.id, Sound.words.is_not(None), Sound.taken.is_(None)
    )  # fmt: skip
    gone = keeping.of(session, hand.hearing.id).disposed_at is not None
    differs = changed(read(hand.blobs, newest), _now(session, hand)) if newest and not gone else 0
    return Standing(
        state=newest.state if newest else "",  # type: ignore[arg-type]
        over=hand.hearing.state in _OVER,
        waiting=session.scalar(on_their_way) or 0,
        open_objections=sum(not objection.decided for objection in newest.objections) if newest else 0,
        changed=differs,
    )


def draw_up(session: Session, hand: Hand) -> MinutesText:
    """A text of the transcript as it reads now. Raises Refused: not closed, words owed, nothing changed since."""
    must(hand.person, "hearing.correct")
    newest = _newest(session, hand)
    _may("draw_up", standing(session, hand, newest))
    if newest is not None:
        newest.state = minutes_flow.to(newest.state, "draw_up") or newest.state
    number = newest.number + 1 if newest else 1
    sha256 = hand.blobs.put(_now(session, hand).write())
    line = _record(session, hand, MinutesDrawnUp(hearing=hand.hearing.ref, number=number, text=sha256))
    text = MinutesText(hearing_id=hand.hearing.id, number=number, text=sha256, state="DRAFT", by=hand.person.ref,
                       at=hand.now, line=line, objections=[], signatures=[])  # fmt: skip
    session.add(text)
    return text


def read_back(session: Session, hand: Hand, how: str) -> MinutesText:
    """It was read to those who took part, or by them. Raises Refused."""
    text = _at(session, hand, "read_back")
    if how not in HOW_NAMES:
        raise Refused("请选择核对的方式。", code="bad_how", status=422)
    told = MinutesReadBack(hearing=hand.hearing.ref, number=text.number, text=text.text, how=how)
    text.read_how, text.read_at, text.read_line = how, hand.now, _record(session, hand, told)
    return _step(text, "read_back")


def object_to(session: Session, hand: Hand, key: str, says: str) -> MinutesText:
    """Somebody who took part asks for a correction. Raises Refused."""
    text = _at(session, hand, "object")
    taker, says = _taker(hand, text, key), _words(says)
    told = MinutesObjected(hearing=hand.hearing.ref, number=text.number, key=taker.key, says=hash_of(says))
    line = _record(session, hand, told)
    text.objections.append(Objection(key=taker.key, says=says, by=hand.person.ref, at=hand.now, line=line))
    return _step(text, "object")


def decide(session: Session, hand: Hand, objection: int, reason: str, *, granted: bool) -> MinutesText:
    """The correction is made, or the refusal recorded with its reason. Raises Refused."""
    event = "grant" if granted else "refuse"
    text, reason = _at(session, hand, event), _words(reason)
    found = next((one for one in text.objections if one.id == objection and not one.decided), None)
    if found is None:
        raise Refused("没有这项待处理的补正申请。", code="no_such_objection", status=404)
    told = ObjectionDecided(hearing=hand.hearing.ref, number=text.number, objection=found.line, granted=granted,
                            reason=hash_of(reason))  # fmt: skip
    found.decided, found.reason = "granted" if granted else "refused", reason
    found.decided_by, found.decided_at, found.decided_line = hand.person.ref, hand.now, _record(session, hand, told)
    left = sum(not one.decided for one in text.objections)
    text.state = minutes_flow.to(text.state, event, left) or text.state
    return text


def sign(session: Session, hand: Hand, key: str, name: str, drawing: str) -> MinutesText:
    """Somebody signs on the pad; the judge and the clerk in their own sessions. Raises Refused."""
    text = _at(session, hand, "sign")
    taker, name = _unsigned(hand, text, key), _named(name)
    _must_be_own(hand, text, taker)
    image = hand.blobs.put(drawn.png(drawing))
    told = MinutesSigned(hearing=hand.hearing.ref, number=text.number, text=text.text, key=taker.key, drawn=image)
    line = _record(session, hand, told)
    text.signatures.append(Signature(key=taker.key, name=name, drawn=image, by=hand.person.ref, at=hand.now, line=line))
    return _signed_by_all(hand, text)


def certify(session: Session, hand: Hand, key: str, name: str, signature: bytes) -> MinutesText:
    """Somebody signed by their own certificate, which has to bear their name. Raises Refused."""
    text = _at(session, hand, "sign")
    taker, name = _unsigned(hand, text, key), _named(name)
    _must_be_own(hand, text, taker)
    if not hand.authorities:
        raise Refused(NO_AUTHORITIES, code="no_authorities")
    content = certified.to_sign(hand.hearing.ref, text.number, taker.key, text.text)
    found = certified.check(content, signature, hand.authorities, hand.now)
    owner = (taker.name if taker.key in ("presiding", "clerk") else "") or name
    if not certified.bears(found, owner):
        raise Refused("证书写的是“{subject}”，不是“{name}”。请用签名人本人的证书。", code="certificate_of_another",
                      status=422, subject=found.subject, name=owner)  # fmt: skip
    cms, trusted = hand.blobs.put(signature), hand.blobs.put(hand.authorities)
    told = MinutesCertified(hearing=hand.hearing.ref, number=text.number, text=text.text, key=taker.key,
                            signature=cms, authorities=trusted)  # fmt: skip
    signed = Signature(key=taker.key, name=name, certified=cms, subject=found.subject, issuer=found.issuer,
                       by=hand.person.ref, at=hand.now, line=_record(session, hand, told))  # fmt: skip
    text.signatures.append(signed)
    return _signed_by_all(hand, text)


def decline(session: Session, hand: Hand, key: str, name: str, reason: str) -> MinutesText:
    """Somebody will not sign; it is noted why. Raises Refused."""
    text = _at(session, hand, "decline")
    taker, name, reason = _unsigned(hand, text, key), _named(name), _words(reason)
    told = SigningDeclined(hearing=hand.hearing.ref, number=text.number, text=text.text, key=taker.key,
                           reason=hash_of(reason))  # fmt: skip
    line = _record(session, hand, told)
    text.signatures.append(
        Signature(key=taker.key, name=name, declined=reason, by=hand.person.ref, at=hand.now, line=line)
    )
    return _signed_by_all(hand, text)


def _newest(session: Session, hand: Hand) -> MinutesText | None:
    """Locked, so that two who act at once wait for one another."""
    session.scalars(select(Hearing.id).where(Hearing.id == hand.hearing.id).with_for_update(of=Hearing)).one()
    return next(iter(texts(session, hand.hearing.id)), None)


def _at(session: Session, hand: Hand, event: str) -> MinutesText:
    """The newest text, if that can be done with it now."""
    must(hand.person, "hearing.correct")
    text = _newest(session, hand)
    if text is None:
        raise Refused("还没有形成笔录文本。", code="no_minutes", status=404)
    _may(event, standing(session, hand, text))
    return text


def _may(event: str, stands: Standing) -> None:
    if (why := minutes_flow.against(event, stands)) is not None:
        raise Refused(why.text, code="wrong_state", **why.params)


def _step(text: MinutesText, event: str) -> MinutesText:
    text.state = minutes_flow.to(text.state, event) or text.state
    return text


def _signed_by_all(hand: Hand, text: MinutesText) -> MinutesText:
    keys = {taker.key for taker in read(hand.blobs, text).takers}
    if keys <= {signature.key for signature in text.signatures}:
        text.state = "SIGNED"
    return text


def _now(session: Session, hand: Hand) -> Minutes:
    clerk = _clerk(session, hand)
    return written(hand.hearing, hand.court, clerk, whole(session, hand.hearing.id))


def _clerk(session: Session, hand: Hand) -> str:
    """Who drew up the first text stays its clerk."""
    first = texts(session, hand.hearing.id)[-1:]
    takers = read(hand.blobs, first[0]).takers if first else ()
    return next((taker.name for taker in takers if taker.key == "clerk"), hand.person.name)


def _taker(hand: Hand, text: MinutesText, key: str) -> Taker:
    taker = next((taker for taker in read(hand.blobs, text).takers if taker.key == key), None)
    if taker is None:
        raise Refused("这份笔录里没有这个人。", code="no_such_taker", status=404)
    return taker


def _unsigned(hand: Hand, text: MinutesText, key: str) -> Taker:
    taker = _taker(hand, text, key)
    if any(signature.key == key for signature in text.signatures):
        raise Refused("已经签过这份文本。", code="signed_before")
    return taker


def not_own(hand: Hand, text: MinutesText, key: str) -> Refused | None:
    """Why it cannot be signed there in this session: a judge's and a clerk's signature is given in their own."""
    presiding = hand.hearing.presiding_id
    if key == "presiding" and presiding is not None and presiding != hand.person.id:
        return Refused("审判长的签名要由本人登录后签。", code="not_presiding", status=403)
    if key == "clerk" and text.by != hand.person.ref:
        return Refused("书记员的签名要由形成文本的书记员本人签。", code="not_the_clerk", status=403)
    return None


def _must_be_own(hand: Hand, text: MinutesText, taker: Taker) -> None:
    if (why := not_own(hand, text, taker.key)) is not None:
        raise why


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 80:
        raise Refused("请写明签名人的姓名。", code="no_name", status=422)
    return name


def _words(text: str) -> str:
    text = text.strip()
    if not text or len(text) > LONGEST:
        raise Refused("请写明内容，最多 {most} 个字。", code="bad_words", status=422, most=LONGEST)
    return text


def _record(session: Session, hand: Hand, fact: Fact) -> int:
    tell(session, ALL, hand.hearing.topic)
    return record(session, fact, actor=hand.person.ref).id
