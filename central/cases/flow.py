"""The spine of a case as a table (court.md R39): which step leads where, on what ground.

Its grounds are rules a court may check and correct; they are shown beside the step and are never a wall.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from central.rules.rule import Rule, Term, Unit, declare
from central.web.refused import Said

STATE_NAMES: Mapping[str, str] = {
    "RECEIVED": "收案",
    "FILED": "立案",
    "ASSIGNED": "分案",
    "SERVED": "送达",
    "TRIAL": "审理",
    "DELIBERATION": "合议",
    "JUDGED": "裁判",
    "PRONOUNCED": "宣判送达",
    "CLOSED": "结案",
    "APPEALED": "上诉移送",
    "ENFORCEMENT": "执行",
    "ARCHIVED": "归档",
}
"""Every state and what it is called."""

SHUT = frozenset({"CLOSED", "APPEALED", "ENFORCEMENT", "ARCHIVED"})
"""States of a case that has been closed."""


@dataclass(frozen=True)
class CaseStep:
    """One way onward, with its grounds."""

    from_: str
    event: str
    to: str
    basis: tuple[Rule, ...]


def _term(value: int, unit: Unit, most: int) -> Term:
    return Term(value, unit, 1, most)


_FILED_IN = declare(
    "case.file", "收到起诉状后 {n} 日内决定是否立案。", "民事诉讼法第一百二十六条", mark="M", term=_term(7, "days", 60)
)
_SERVED_IN = declare(
    "case.serve", "立案后 {n} 日内送达起诉状副本。", "民事诉讼法第一百二十八条", mark="M", term=_term(5, "days", 60)
)
_ANSWERED_IN = declare(
    "case.answer", "答辩期 {n} 日。", "民事诉讼法第一百二十八条", mark="M", term=_term(15, "days", 90)
)
_TRIED = (
    declare(
        "case.trial.ordinary", "普通程序审限 {n} 个月。", "民事诉讼法第一百五十二条",
        mark="M", term=_term(6, "months", 36),
    ),
    declare(
        "case.trial.summary", "简易程序审限 {n} 个月。", "民事诉讼法第一百六十四条",
        mark="M", term=_term(3, "months", 36),
    ),
    declare(
        "case.trial.small", "小额诉讼审限 {n} 个月。", "民事诉讼法第一百六十八条",
        mark="M", term=_term(2, "months", 36),
    ),
)  # fmt: skip
_APPEALED_IN = (
    declare(
        "case.appeal.judgment", "判决上诉期 {n} 日。", "民事诉讼法第一百七十一条", mark="M", term=_term(15, "days", 90)
    ),
    declare(
        "case.appeal.ruling", "裁定上诉期 {n} 日。", "民事诉讼法第一百七十一条", mark="M", term=_term(10, "days", 90)
    ),
)
_NOTHING_OPEN = declare("case.close", "卷宗、扫描、编目、录音录像无未完事项方可结案。", mark="M")
ARCHIVED_IN = declare(
    "case.archive", "案件办结后 {n} 个月内归档。", "《人民法院诉讼文书立卷归档办法》", mark="M",
    term=_term(3, "months", 24),
)  # fmt: skip
"""A date to remind of, never a wall."""


def _ours(key: str, text: str) -> tuple[Rule, ...]:
    return (declare(f"case.{key}", text, mark="D"),)


STEPS: tuple[CaseStep, ...] = (
    CaseStep("RECEIVED", "立案", "FILED", (_FILED_IN,)),
    CaseStep("FILED", "分案", "ASSIGNED", _ours("assign", "立案后分配承办法官。")),
    CaseStep("ASSIGNED", "送达", "SERVED", (_SERVED_IN, _ANSWERED_IN)),
    CaseStep("SERVED", "开庭审理", "TRIAL", _TRIED),
    CaseStep("TRIAL", "合议", "DELIBERATION", _ours("deliberate", "合议庭评议；重大疑难案件提交审判委员会。")),
    CaseStep("TRIAL", "裁判", "JUDGED", _ours("single", "独任审理的案件审理后直接裁判。")),
    CaseStep("DELIBERATION", "裁判", "JUDGED", _ours("judge", "评议后制作裁判文书。")),
    CaseStep("JUDGED", "宣判送达", "PRONOUNCED", _ours("pronounce", "宣判并送达裁判文书。")),
    CaseStep("PRONOUNCED", "结案", "CLOSED", (_NOTHING_OPEN,)),
    CaseStep("CLOSED", "上诉移送", "APPEALED", _APPEALED_IN),
    CaseStep("CLOSED", "转执行", "ENFORCEMENT", _ours("enforce", "生效裁判未履行的，依申请执行。")),
    CaseStep("CLOSED", "归档", "ARCHIVED", (ARCHIVED_IN,)),
    CaseStep("APPEALED", "归档", "ARCHIVED", _ours("returned", "上级法院退卷后归档。")),
    CaseStep("ENFORCEMENT", "归档", "ARCHIVED", _ours("enforced", "执行完毕后归档。")),
)
"""The spine."""


def steps_from(state: str) -> Sequence[CaseStep]:
    """The ways onward from a state."""
    return [step for step in STEPS if step.from_ == state]


def against(step: CaseStep, open_items: Sequence[Said]) -> Sequence[Said]:
    """Why a step cannot be taken: nothing is closed while something of the case is still open."""
    return list(open_items) if step.to == "CLOSED" else []
