"""How each rule stands in this court, and changing one: with a reason, on record, and never beyond its bounds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.ledger.own import hash_of, record
from central.people.roles import Actor, must
from central.rules.facts import RuleChanged
from central.rules.rule import Mark, Rule, declared
from central.rules.tables import RuleChange
from central.store import tell
from central.web.refused import Refused, Said

TOPIC = "rules"
LONGEST = 300
"""Characters a sentence, a source or a reason may have."""
_CHANGED = "rules changed"
_LAST = select(RuleChange).where(RuleChange.id.in_(select(func.max(RuleChange.id)).group_by(RuleChange.rule)))
T = TypeVar("T", int, str)


@dataclass(frozen=True)
class InForce:
    """A rule as it stands in this court."""

    rule: Rule
    change: RuleChange | None = None
    """The last one, None if there never was any."""

    @property
    def value(self) -> int | None:
        """Its number; None if it has none."""
        if self.rule.term is None:
            return None
        own = self.change.value if self.change else None
        return self.rule.term.value if own is None else own

    @property
    def text(self) -> Said:
        """The sentence, with its number."""
        own = self.change.text if self.change else None
        return Said(self.rule.text, {"n": self.value}) if own is None else Said("{text}", {"text": own})

    @property
    def source(self) -> Said | None:
        """The text it is taken from; None if nobody has named one."""
        own = self.change.source if self.change else None
        if own is not None:
            return Said("{text}", {"text": own}) if own else None
        return Said(self.rule.source) if self.rule.source else None

    @property
    def mark(self) -> Mark:
        """How sure the court is of it: what it has checked itself is confirmed."""
        return "V" if self.rule.mark == "M" and self.change and self.change.checked else self.rule.mark

    @property
    def changed(self) -> bool:
        """True if it differs from what is declared."""
        return self.change is not None and not self.change.is_default

    @property
    def said(self) -> Said:
        """The sentence with its source, as the ground of a step is cited."""
        source = self.source
        return Said("{text}（{source}）", {"text": self.text, "source": source}) if source else self.text


@dataclass(frozen=True)
class Wanted:
    """What is to change of a rule; None stays as it stands."""

    value: int | None = None
    text: str | None = None
    source: str | None = None
    checked: bool | None = None
    reason: str = ""


def in_force(session: Session, rule: Rule) -> InForce:
    """How that rule stands here."""
    return InForce(rule, _changes(session).get(rule.key))


def term_of(session: Session, rule: Rule) -> int:
    """The number of a rule that has one, as this court has set it. Raises ValueError for one that has none."""
    value = in_force(session, rule).value
    if value is None:
        raise ValueError(f"the rule {rule.key} has no number")
    return value


def every(session: Session) -> Mapping[str, InForce]:
    """Each rule by key, in the order of its declaration."""
    return {key: in_force(session, rule) for key, rule in declared().items()}


def find(key: str) -> Rule:
    """The rule of that key; raises Refused (404)."""
    rule = declared().get(key)
    if rule is None:
        raise Refused("没有“{rule}”这条规则。", code="no_such_rule", status=404, rule=key)
    return rule


def history(session: Session, rule: Rule) -> Sequence[RuleChange]:
    """What was changed of it, the last first."""
    return session.scalars(select(RuleChange).where(RuleChange.rule == rule.key).order_by(RuleChange.id.desc())).all()


def change(session: Session, by: Actor, rule: Rule, told: Wanted, now: datetime) -> InForce:
    """Change it. Raises Refused: not allowed, not editable, out of bounds, empty, no reason, nothing new."""
    must(by, "rules.write")
    _must_be_editable(rule)
    stands = in_force(session, rule)
    if told.value is not None:
        _check_number(rule, told.value)
    if told.text is not None and rule.term is not None:
        raise Refused("这条规则只能改数值和依据。", code="no_text", status=422)
    kept = stands.change or RuleChange(value=None, text=None, source=None, checked=False)
    row = RuleChange(
        rule=rule.key,
        value=_own(told.value, rule.term.value if rule.term else None, kept.value),
        text=_own(None if told.text is None else _words(told.text, "规则"), rule.text, kept.text),
        source=_own(None if told.source is None else _short(told.source, "依据"), rule.source, kept.source),
        checked=rule.mark == "M" and (kept.checked if told.checked is None else told.checked),
    )
    after = InForce(rule, row)
    if (str(after.said), after.value, after.mark) == (str(stands.said), stands.value, stands.mark):
        raise Refused("没有改动。", code="no_change", status=422)
    return _write(session, by, stands, row, told.reason, now)


def put_back(session: Session, by: Actor, rule: Rule, reason: str, now: datetime) -> InForce:
    """As it is declared. Raises Refused: not allowed, it is so already, no reason."""
    must(by, "rules.write")
    stands = in_force(session, rule)
    if not stands.changed:
        raise Refused("没有改动。", code="no_change", status=422)
    return _write(session, by, stands, RuleChange(rule=rule.key, checked=False), reason, now)


def _write(session: Session, by: Actor, stands: InForce, row: RuleChange, reason: str, now: datetime) -> InForce:
    after = InForce(stands.rule, row)
    row.reason, row.by, row.at = _words(reason, "理由"), by.ref, now
    told = RuleChanged(
        rule=row.rule, was=stands.value, now=after.value, checked=row.checked, reason=hash_of(row.reason),
        words=hash_of(f"{after.text}\n{after.source or ''}"),
    )  # fmt: skip
    row.line = record(session, told, actor=by.ref).id
    session.add(row)
    session.flush()
    session.info.pop(_CHANGED, None)
    tell(session, TOPIC)
    return after


def _changes(session: Session) -> Mapping[str, RuleChange]:
    """The last change of each rule, read once a transaction."""
    known: Mapping[str, RuleChange] | None = session.info.get(_CHANGED)
    if known is None:
        known = session.info[_CHANGED] = {row.rule: row for row in session.scalars(_LAST)}
    return known


def _own(told: T | None, declared: T | None, kept: T | None) -> T | None:
    """What the court has of its own: nothing where that is what is declared."""
    return kept if told is None else told if told != declared else None


def _must_be_editable(rule: Rule) -> None:
    if rule.mark == "V":
        raise Refused("这一条已与公布的文本核对，不能修改。", code="confirmed")
    if not rule.editable:
        raise Refused("这一条说的是系统怎样做，改文字不会改变做法。", code="not_editable")


def _check_number(rule: Rule, value: int) -> None:
    if rule.term is None:
        raise Refused("这条规则没有数值。", code="no_number", status=422)
    if not rule.term.least <= value <= rule.term.most:
        raise Refused("数值应在 {least} 到 {most} 之间。", code="out_of_bounds", status=422,
                      least=rule.term.least, most=rule.term.most)  # fmt: skip


def _short(text: str, what: str) -> str:
    text = " ".join(text.split())
    if len(text) > LONGEST:
        raise Refused("“{what}”最多 {most} 个字。", code="bad_words", status=422, what=Said(what), most=LONGEST)
    return text


def _words(text: str, what: str) -> str:
    text = _short(text, what)
    if not text:
        raise Refused("请写明{what}。", code="bad_words", status=422, what=Said(what))
    return text
