"""From a transcript to signed minutes as a table (court.md R27): which step leads where, on what ground."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from central.rules.rule import Rule, declare
from central.web.refused import Said

State = Literal["", "DRAFT", "READ_BACK", "OBJECTED", "CORRECTING", "SIGNED", "REPLACED"]
Event = Literal["draw_up", "read_back", "object", "grant", "refuse", "sign", "decline"]


@dataclass(frozen=True)
class Step:
    """One way onward, with its ground."""

    from_: State
    event: Event
    to: State
    basis: Rule


_CIVIL = "民事诉讼法第一百五十条"
_MADE = declare(
    "hearing.minutes.made",
    "经审判人员、书记员、诉讼参与人核对签字后，作为法庭笔录。",
    "法释〔2017〕5号第六条",
    mark="V",
)
_READ = declare(
    "hearing.minutes.read", "法庭笔录应当当庭宣读，也可以告知当事人和其他诉讼参与人阅读。", _CIVIL, mark="M"
)
_OBJECT = declare("hearing.minutes.object", "认为对自己的陈述记录有遗漏或者差错的，有权申请补正。", _CIVIL, mark="M")
_GRANT = declare("hearing.minutes.grant", "书记员可以播放庭审录音进行核对、补正。", "法释〔2017〕5号第七条", mark="V")
_REFUSE = declare("hearing.minutes.refuse", "不予补正的，应当将申请记录在案。", "法释〔2017〕5号第七条", mark="V")
_SIGN = declare("hearing.minutes.sign", "法庭笔录由当事人和其他诉讼参与人签名或者盖章。", _CIVIL, mark="M")
_DECLINE = declare("hearing.minutes.decline", "拒绝签名盖章的，记明情况附卷。", _CIVIL, mark="M")
_AGAIN = declare("hearing.minutes.again", "签过的文本原样保留；文字再有更正，另立新的文本，重新核对签字。", mark="D")

STEPS: tuple[Step, ...] = (
    Step("", "draw_up", "DRAFT", _MADE),
    Step("DRAFT", "draw_up", "REPLACED", _AGAIN),
    Step("DRAFT", "read_back", "READ_BACK", _READ),
    Step("READ_BACK", "object", "OBJECTED", _OBJECT),
    Step("OBJECTED", "object", "OBJECTED", _OBJECT),
    Step("OBJECTED", "grant", "CORRECTING", _GRANT),
    Step("OBJECTED", "refuse", "READ_BACK", _REFUSE),
    Step("CORRECTING", "refuse", "CORRECTING", _REFUSE),
    Step("CORRECTING", "grant", "CORRECTING", _GRANT),
    Step("CORRECTING", "draw_up", "REPLACED", _AGAIN),
    Step("READ_BACK", "draw_up", "REPLACED", _AGAIN),
    Step("READ_BACK", "sign", "READ_BACK", _SIGN),
    Step("READ_BACK", "decline", "READ_BACK", _DECLINE),
    Step("SIGNED", "draw_up", "SIGNED", _AGAIN),
)
"""A text that was drawn up anew leaves the one before REPLACED, unless that was signed by all: it stays SIGNED."""

EVENT_NAMES: Mapping[Event, str] = {
    "draw_up": "形成笔录文本",
    "read_back": "宣读核对",
    "object": "申请补正",
    "grant": "准予补正",
    "refuse": "不予补正，记录在案",
    "sign": "签名",
    "decline": "拒绝签名，记明情况",
}


@dataclass(frozen=True)
class Standing:
    """What a step may depend on, of the newest text of a hearing."""

    state: State
    over: bool
    """The hearing is closed."""
    waiting: int
    """Segments whose words are on their way."""
    open_objections: int
    changed: int
    """Utterances that read otherwise now than in this text."""


def to(state: str, event: str, open_objections: int = 0) -> State | None:
    """The state after that event, None if it does not belong there; `open_objections` that are left after it."""
    step = next((step for step in STEPS if (step.from_, step.event) == (state, event)), None)
    if step is None:
        return None
    return "OBJECTED" if (step.from_, event) == ("OBJECTED", "refuse") and open_objections else step.to


def steps(standing: Standing) -> Sequence[tuple[Step, Said | None]]:
    """Each step that leads onward from here, and why it cannot be taken now; None if it can."""
    return [(step, _against(step, standing)) for step in STEPS if step.from_ == standing.state]


def against(event: str, standing: Standing) -> Said | None:
    """Why that cannot be done now, None if it can."""
    found = [why for step, why in steps(standing) if step.event == event]
    return found[0] if found else Said("笔录现在的状态不能办这件事，什么也没有改动。请看页面上的最新状态。")


def _against(step: Step, standing: Standing) -> Said | None:
    if step.event == "draw_up" and not standing.over:
        return Said("闭庭后才能形成笔录文本。")
    if step.event == "draw_up" and standing.waiting:
        return Said("还有 {n} 段录音没有转写完，等文字到齐再形成笔录文本。", {"n": standing.waiting})
    if step.event == "draw_up" and step.from_ and not standing.changed:
        return Said("文字没有变化，不必另立文本。")
    if step.event == "sign" and standing.changed:
        return Said("这份文本形成后又有 {n} 处更正，签名的应是新的文本。", {"n": standing.changed})
    return None
