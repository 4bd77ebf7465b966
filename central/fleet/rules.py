"""Rules as data: when a gateway's figures are an alarm, and when no longer.

threshold   the figure has been beyond the limit for so long; over when it is back at `clear_at`
rate        it grew, over that time, by more than the limit an hour
flapping    the gateway came or went more often than the limit in that time
absence     no heartbeat for so long
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from central.alarms import Alarm, AlarmKind, clear_alarm, raise_alarm
from central.fleet.alarm_tables import AlarmRule, RuleMemory
from central.fleet.tables import Gateway

KINDS = ("threshold", "absence", "rate", "flapping")
PRESENCE = "presence"
_MOST_POINTS = 240
_SIZED = frozenset({"clock_off_s"})
"""Figures of which the size counts, whichever side of zero."""

Points = Sequence[tuple[float, float]]
"""(seconds, value), oldest first."""


def judged(rule: AlarmRule, points: Points, now: float) -> bool | None:
    """True if it is an alarm, False if it is none any more, None if what holds goes on."""
    if not points:
        return None
    if rule.kind == "threshold":
        return _threshold(rule, points, now)
    if rule.kind == "rate":
        if points[-1][0] - points[0][0] < rule.for_s / 2:
            return None
        return _side(rule, _growth(points))
    return _side(rule, float(len(points)))


Memories = Mapping[tuple[int, int], RuleMemory]
"""(rule, gateway) -> what it remembers."""


def memories(session: Session, gateways: Iterable[int]) -> Memories:
    """What rules remember of these gateways."""
    found = session.scalars(select(RuleMemory).where(RuleMemory.gateway_id.in_(gateways)))
    return {(memory.rule_id, memory.gateway_id): memory for memory in found}


def beat(session: Session, gateway: Gateway, figures: Mapping[str, float], now: datetime, known: Memories) -> None:
    """Judge a gateway by one more heartbeat; `known` is all that rules remember of it."""
    for rule in _rules(session, gateway):
        if rule.kind == "absence":
            _clear(session, gateway, rule, now)
        elif rule.kind != "flapping" and rule.figure in figures:
            value = abs(figures[rule.figure]) if rule.figure in _SIZED else figures[rule.figure]
            _judge(session, gateway, rule, value, now, known.get((rule.id, gateway.id)))


def came_or_went(session: Session, gateway: Gateway, now: datetime) -> None:
    """Judge a gateway whose connection was made or lost."""
    for rule in _rules(session, gateway):
        if rule.kind == "flapping":
            _judge(session, gateway, rule, 1.0, now, session.get(RuleMemory, (rule.id, gateway.id)))


def sweep(session: Session, now: datetime) -> None:
    """What time alone brings about: absence, and what flapped and is quiet again."""
    for rule in session.scalars(select(AlarmRule).where(AlarmRule.enabled, AlarmRule.kind == "absence")):
        late = select(Gateway).where(
            Gateway.state == "active",
            Gateway.presence == "ready",
            Gateway.beat_at < now - timedelta(seconds=rule.for_s),
        )
        for gateway in session.scalars(late):
            if _concerns(rule, gateway) and subject_of(gateway.name, rule) not in _open(session):
                _raise(session, gateway, rule, now, (now - (gateway.beat_at or now)).total_seconds())
    for rule in session.scalars(select(AlarmRule).where(AlarmRule.kind == "flapping")).all():
        names = [subject.rpartition("#")[0] for subject in _open(session) if subject.endswith(f"#{rule.id}")]
        flapped = select(RuleMemory, Gateway).join(Gateway, Gateway.id == RuleMemory.gateway_id)
        for memory, gateway in session.execute(flapped.where(RuleMemory.rule_id == rule.id, Gateway.name.in_(names))):
            recent = _recent(memory.points, rule, now)
            if len(recent) <= rule.clear_at and memory.points:
                memory.points = list(recent)
                _clear(session, gateway, rule, now)


def forget(session: Session, rule: AlarmRule, now: datetime) -> None:
    """What this rule remembers is of another rule, and its alarms are none; those of it that still hold come again."""
    session.execute(delete(RuleMemory).where(RuleMemory.rule_id == rule.id))
    found = select(Alarm.subject).where(Alarm.kind == AlarmKind.RULE, Alarm.cleared_at.is_(None))
    for subject in session.scalars(found.where(Alarm.subject.endswith(f"#{rule.id}"))).all():
        clear_alarm(session, AlarmKind.RULE, subject, at=now)


def subject_of(gateway: str, rule: AlarmRule) -> str:
    """What an alarm of a rule is about: the gateway, and which rule."""
    return f"{gateway}#{rule.id}"


def _growth(points: Points) -> float:
    """By how much an hour; what was counted anew from zero did not shrink."""
    (first_at, first), (last_at, last) = points[0], points[-1]
    return max(last - first, 0) * 3600 / ((last_at - first_at) or 1)


def _threshold(rule: AlarmRule, points: Points, now: float) -> bool | None:
    if _side(rule, points[-1][1]) is False:
        return False
    since = now
    for at, value in reversed(points):
        if _side(rule, value) is not True:
            break
        since = at
    return True if now - since >= rule.for_s and _side(rule, points[-1][1]) else None


def _side(rule: AlarmRule, value: float) -> bool | None:
    """Beyond the limit, back at `clear_at`, or between."""
    if (value > rule.limit) if rule.above else (value < rule.limit):
        return True
    return False if ((value <= rule.clear_at) if rule.above else (value >= rule.clear_at)) else None


def _judge(
    session: Session, gateway: Gateway, rule: AlarmRule, value: float, now: datetime, memory: RuleMemory | None
) -> None:
    points = [*_recent(memory.points if memory else (), rule, now), (now.timestamp(), value)][-_MOST_POINTS:]
    is_so = judged(rule, points, now.timestamp())
    if rule.kind == "threshold" and _side(rule, value) is not True:
        points = []  # how long it has been beyond the limit is all that counts, and it is not
    if memory is None and points:
        memory = RuleMemory(rule_id=rule.id, gateway_id=gateway.id, points=[])
        session.add(memory)
    if memory is not None:
        memory.points = [list(point) for point in points]
    if is_so:
        measured = {"threshold": value, "rate": _growth(points)} if points else {}
        _raise(session, gateway, rule, now, measured.get(rule.kind, float(len(points))))
    elif is_so is False:
        _clear(session, gateway, rule, now)


def _recent(points: Sequence[Sequence[float]], rule: AlarmRule, now: datetime) -> list[tuple[float, float]]:
    """Points of the rule's time, and the last one before it."""
    since = now.timestamp() - rule.for_s
    before = [(p[0], p[1]) for p in points if p[0] < since][-1:] if rule.kind == "threshold" else []
    return before + [(p[0], p[1]) for p in points if p[0] >= since]


def _raise(session: Session, gateway: Gateway, rule: AlarmRule, now: datetime, value: float) -> None:
    told = {"rule": rule.name, "figure": rule.figure, "value": round(value, 3), "limit": rule.limit}
    subject = subject_of(gateway.name, rule)
    _open(session).add(subject)
    raise_alarm(session, AlarmKind.RULE, subject, at=now, severity=rule.severity, gateway=gateway.name, **told)


def _rules(session: Session, gateway: Gateway) -> list[AlarmRule]:
    """The rules that concern it, read once a transaction."""
    known: list[AlarmRule] | None = session.info.get("alarm rules")
    if known is None:
        known = session.info["alarm rules"] = list(session.scalars(select(AlarmRule).where(AlarmRule.enabled)))
    return [rule for rule in known if _concerns(rule, gateway)]


def _concerns(rule: AlarmRule, gateway: Gateway) -> bool:
    return not rule.tag or rule.tag in gateway.tags


def _clear(session: Session, gateway: Gateway, rule: AlarmRule, now: datetime) -> None:
    subject = subject_of(gateway.name, rule)
    if subject in _open(session):
        clear_alarm(session, AlarmKind.RULE, subject, at=now)
        _open(session).discard(subject)


def _open(session: Session) -> set[str]:
    """Subjects of the open alarms of rules, read once a transaction."""
    known: set[str] | None = session.info.get("open rule alarms")
    if known is None:
        found = select(Alarm.subject).where(Alarm.kind == AlarmKind.RULE, Alarm.cleared_at.is_(None))
        known = session.info["open rule alarms"] = set(session.scalars(found))
    return known
