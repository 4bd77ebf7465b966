"""How long a recording is kept, who may hold it, and its disposal: by rule, for a reason, by two people, on record.

What is disposed of are sound and words; course, manifest, signatures and minutes stay, so that what was there shows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from central.hearings.facts import DisposalApproved, DisposalProposed, HearingHeld, KeepingSet
from central.hearings.tables import Hearing
from central.ledger.own import hash_of, record
from central.people.roles import Actor, must
from central.rules.rule import Rule, Term, declare
from central.rules.service import in_force
from central.store import Base, BigId, tell
from central.web.refused import Refused
from devices.messages import Fact

LONGEST = 1000


_ARCHIVES = "《人民法院诉讼档案管理办法》"
NAMES: Mapping[str, str] = {"permanent": "永久", "long": "长期", "short": "短期"}
"""The classes; a recording nobody has classed is kept for ever."""
RULES: Mapping[str, Rule] = {
    "permanent": declare(
        "hearing.keep", "庭审录音录像随案归档，没有定期限的永久保管。", "法释〔2017〕5号第五条", mark="M"
    ),
    "long": declare(
        "hearing.keep.long", "长期保管的，闭庭后保管 {n} 年。", _ARCHIVES, mark="M", term=Term(60, "years", 1, 200)
    ),
    "short": declare(
        "hearing.keep.short", "短期保管的，闭庭后保管 {n} 年。", _ARCHIVES, mark="M", term=Term(20, "years", 1, 200)
    ),
}
"""By which rule each is kept: one without a number is kept for ever."""


class Keeping(Base):
    """How one hearing's recording is kept."""

    __tablename__ = "hearing_keeping"

    hearing_id: Mapped[int] = mapped_column(ForeignKey("hearings.id"), primary_key=True)
    rule: Mapped[str] = mapped_column(String(10), default="permanent")
    hold: Mapped[str] = mapped_column(Text, default="")
    """Why nothing of it may go, whatever the rule says; empty if nobody holds it."""
    reason: Mapped[str] = mapped_column(Text, default="")
    """Why it is proposed that it go."""
    proposed_by: Mapped[str] = mapped_column(String(80), default="")
    approved_by: Mapped[str] = mapped_column(String(80), default="")
    disposed_at: Mapped[datetime | None]
    line: Mapped[int | None] = mapped_column(BigId)
    """The line of the last step."""
    removed_at: Mapped[datetime | None]
    """When its sound and words were gone from the disk."""


@dataclass(frozen=True)
class Hand:
    """Who acts on the keeping of which hearing, and when."""

    person: Actor
    hearing: Hearing
    now: datetime


def of(session: Session, hearing: int) -> Keeping:
    """How it is kept; as nobody has said otherwise, for ever."""
    found = session.get(Keeping, hearing)
    return found or Keeping(hearing_id=hearing, rule="permanent", hold="", reason="", proposed_by="", approved_by="")


def due(session: Session, hearing: Hearing, keeping: Keeping) -> date | None:
    """From which day it may be disposed of; None: never, or it is not closed."""
    years, closed = in_force(session, RULES[keeping.rule]).value, hearing.closed_at
    if years is None or closed is None:
        return None
    day = closed.date()
    leap = (day.month, day.day) == (2, 29)
    return date(day.year + years, 3, 1) if leap else day.replace(year=day.year + years)


def step(session: Session, hand: Hand, event: str, rule: str, words: str) -> Keeping:
    """Take a step by its name. Raises Refused."""
    match event:
        case "classify":
            return classify(session, hand, rule)
        case "hold" if not words.strip():
            text = "请写明内容，最多 {most} 个字。"
            raise Refused(text, code="bad_words", status=422, most=LONGEST)
        case "hold":
            return hold(session, hand, words)
        case "lift":
            return hold(session, hand, "")
        case "propose":
            return propose(session, hand, words)
        case "approve":
            return approve(session, hand)
        case _:
            raise Refused("没有这个步骤。", code="no_such_step", status=404)


def classify(session: Session, hand: Hand, rule: str) -> Keeping:
    """Put it into a class. Raises Refused."""
    must(hand.person, "hearing.keep")
    if rule not in RULES:
        raise Refused("没有这种保管期限。", code="no_such_rule", status=422)
    keeping = _there(session, hand)
    keeping.rule, keeping.reason, keeping.proposed_by = rule, "", ""
    return _told(session, hand, keeping, KeepingSet(hearing=hand.hearing.ref, rule=rule))


def hold(session: Session, hand: Hand, why: str) -> Keeping:
    """Nothing of it may go until that is lifted: an empty reason lifts it. Raises Refused."""
    must(hand.person, "hearing.keep")
    keeping = _there(session, hand)
    keeping.hold, keeping.reason, keeping.proposed_by = why.strip()[:LONGEST], "", ""
    told = HearingHeld(hearing=hand.hearing.ref, why=hash_of(keeping.hold) if keeping.hold else "")
    return _told(session, hand, keeping, told)


def propose(session: Session, hand: Hand, reason: str) -> Keeping:
    """The first of two: it may go, for this reason. Raises Refused: not due, held, not sealed, no reason."""
    must(hand.person, "hearing.keep")
    keeping, reason = _there(session, hand), reason.strip()
    _may_go(session, hand, keeping)
    if not reason or len(reason) > LONGEST:
        raise Refused("请写明内容，最多 {most} 个字。", code="bad_words", status=422, most=LONGEST)
    keeping.reason, keeping.proposed_by = reason, hand.person.ref
    return _told(session, hand, keeping, DisposalProposed(hearing=hand.hearing.ref, reason=hash_of(reason)))


def approve(session: Session, hand: Hand) -> Keeping:
    """The second: sound and words go. Raises Refused: nobody proposed it, the same person, not due, held."""
    must(hand.person, "hearing.keep")
    keeping = _there(session, hand)
    _may_go(session, hand, keeping)
    if not keeping.proposed_by:
        raise Refused("还没有人提出销毁。", code="not_proposed")
    if keeping.proposed_by == hand.person.ref:
        raise Refused("销毁要由另一个人核准。", code="same_person", status=403)
    keeping.approved_by, keeping.disposed_at = hand.person.ref, hand.now
    told = DisposalApproved(
        hearing=hand.hearing.ref, manifest=hand.hearing.manifest or "", rule=keeping.rule,
        years=in_force(session, RULES[keeping.rule]).value,
        reason=hash_of(keeping.reason), proposed_by=keeping.proposed_by,
    )  # fmt: skip
    return _told(session, hand, keeping, told)


def against(session: Session, hand: Hand, keeping: Keeping) -> Refused | None:
    """Why it cannot be disposed of now; None if it can."""
    day = due(session, hand.hearing, keeping)
    if hand.hearing.state != "sealed":
        return Refused("封存的录音才能销毁。", code="not_sealed")
    if keeping.hold:
        return Refused("录音已被要求保全，不能销毁。", code="held")
    if day is None:
        return Refused("定为永久保管的录音不销毁。", code="not_due")
    return Refused("保管期限未满，不能销毁。", code="not_due") if hand.now.date() < day else None


def _may_go(session: Session, hand: Hand, keeping: Keeping) -> None:
    if (why := against(session, hand, keeping)) is not None:
        raise why


def _there(session: Session, hand: Hand) -> Keeping:
    """Locked by its hearing, so that two who act at once wait for one another."""
    session.scalars(select(Hearing.id).where(Hearing.id == hand.hearing.id).with_for_update(of=Hearing)).one()
    keeping = of(session, hand.hearing.id)
    if keeping.disposed_at is not None:
        raise Refused("这场庭审的录音已经销毁。", code="disposed")
    session.add(keeping)
    return keeping


def _told(session: Session, hand: Hand, keeping: Keeping, fact: Fact) -> Keeping:
    keeping.line = record(session, fact, actor=hand.person.ref).id
    tell(session, hand.hearing.topic)
    return keeping
