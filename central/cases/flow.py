"""The spine of a case as a table (court.md R39): which step leads where, on what ground.

Grounds marked M are from memory: data to check and correct, shown beside the step, never a wall.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

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
    """One way onward, with its ground and how sure we are of it (V confirmed, M from memory, D ours)."""

    from_: str
    event: str
    to: str
    basis: str
    mark: Literal["V", "M", "D"]


STEPS: tuple[CaseStep, ...] = (
    CaseStep("RECEIVED", "立案", "FILED", "收到起诉状后七日内决定是否立案。", "M"),
    CaseStep("FILED", "分案", "ASSIGNED", "立案后分配承办法官。", "D"),
    CaseStep("ASSIGNED", "送达", "SERVED", "立案后五日内送达起诉状副本，答辩期十五日。", "M"),
    CaseStep("SERVED", "开庭审理", "TRIAL", "普通程序审限六个月，简易程序三个月，小额诉讼两个月。", "M"),
    CaseStep("TRIAL", "合议", "DELIBERATION", "合议庭评议；重大疑难案件提交审判委员会。", "D"),
    CaseStep("TRIAL", "裁判", "JUDGED", "独任审理的案件审理后直接裁判。", "D"),
    CaseStep("DELIBERATION", "裁判", "JUDGED", "评议后制作裁判文书。", "D"),
    CaseStep("JUDGED", "宣判送达", "PRONOUNCED", "宣判并送达裁判文书。", "D"),
    CaseStep("PRONOUNCED", "结案", "CLOSED", "卷宗、扫描、编目、录音录像无未完事项方可结案。", "M"),
    CaseStep("CLOSED", "上诉移送", "APPEALED", "判决上诉期十五日，裁定上诉期十日。", "M"),
    CaseStep("CLOSED", "转执行", "ENFORCEMENT", "生效裁判未履行的，依申请执行。", "D"),
    CaseStep("CLOSED", "归档", "ARCHIVED", "案件办结后三个月内归档。", "M"),
    CaseStep("APPEALED", "归档", "ARCHIVED", "上级法院退卷后归档。", "D"),
    CaseStep("ENFORCEMENT", "归档", "ARCHIVED", "执行完毕后归档。", "D"),
)
"""The spine."""


def steps_from(state: str) -> Sequence[CaseStep]:
    """The ways onward from a state."""
    return [step for step in STEPS if step.from_ == state]


def against(step: CaseStep, open_items: Sequence[Said]) -> Sequence[Said]:
    """Why a step cannot be taken: nothing is closed while something of the case is still open."""
    return list(open_items) if step.to == "CLOSED" else []
