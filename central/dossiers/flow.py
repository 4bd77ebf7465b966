"""What is brought in, a document and a dossier as tables (court.md R11, R12): which step leads where, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from central.rules.rule import Rule, declare
from central.web.refused import Said


@dataclass(frozen=True)
class Step:
    """One way onward, with its ground."""

    of: Literal["intake", "document", "dossier"]
    from_: str
    event: str
    to: str
    basis: Rule


def _ours(key: str, text: str) -> Rule:
    return declare(f"dossier.{key}", text, mark="D")


LOCK = declare("dossier.lock", "结案时目录冻结并封签，此后只能查阅。", mark="M")
STEPS: tuple[Step, ...] = (
    Step("intake", "WAITING", "open", "READING", _ours("open", "文件在单独的进程里打开，不影响其他工作。")),
    Step("intake", "WAITING", "refuse", "REFUSED", _ours("refuse", "打不开或有危险的文件不收，并说明原因。")),
    Step("intake", "SCANNING", "close", "READING",
         _ours("close", "扫描站关闭任务：清点的张数都已扫描，或差异已有人说明。")),
    Step("intake", "READING", "read", "DONE", _ours("read", "每一页都已识别，或已说明为何未能识别。")),
    Step("intake", "DONE", "turn", "READING",
         _ours("turn", "转正的是另做的图像，重新识别；原来的图像保存不变。")),
    Step("document", "PROPOSED", "confirm", "CONFIRMED", _ours("confirm", "编目由人确认，系统只提出建议。")),
    Step("document", "CONFIRMED", "move", "CONFIRMED", _ours("move", "确认后仍可调整，直到结案锁定。")),
    Step("dossier", "OPEN", "lock", "LOCKED", LOCK),
)  # fmt: skip
"""The three machines. A locked dossier is never opened again; what comes later is bound in a new volume."""


def against_locking(waiting: int, unplaced: int, unconfirmed: int) -> Sequence[Said]:
    """Why a dossier cannot be locked yet: files under way, documents without a place, documents nobody confirmed."""
    said = []
    if waiting:
        said.append(Said("电子卷宗还有 {n} 份材料正在识别。", {"n": waiting}))
    if unplaced:
        said.append(Said("电子卷宗还有 {n} 份文书没有归类。", {"n": unplaced}))
    if unconfirmed:
        said.append(Said("电子卷宗还有 {n} 份文书的编目未经确认。", {"n": unconfirmed}))
    return said
