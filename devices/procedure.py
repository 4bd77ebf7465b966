"""The states of a recorded hearing and the reasons for which recording may pause, as the rule has them.

The rule is 法释〔2017〕5号, 最高人民法院关于人民法院庭审录音录像的若干规定, in force since 2017-03-01.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

RULE = "法释〔2017〕5号"

HearingState = Literal["scheduled", "armed", "recording", "paused", "closed", "sealed"]
PauseReason = Literal["adjournment", "closed_evidence", "mediation"]
ButtonAct = Literal["start", "pause", "stop"]
"""What a button in the room does; `start` opens the hearing that is due, and goes on after a pause."""


class Basis(NamedTuple):
    """What the rule calls a thing, and where it says so."""

    name: str
    article: str


PAUSE_REASONS: Mapping[PauseReason, Basis] = {
    "adjournment": Basis("休庭", "第三条第（一）项"),
    "closed_evidence": Basis("公开庭审中的不公开举证、质证活动", "第三条第（二）项"),
    "mediation": Basis("不宜录制的调解活动", "第三条第（三）项"),
}
"""Recording is not interrupted by hand for any other reason."""


class Step(NamedTuple):
    """From a state, by a fact (its wire name), to a state; and the article behind it."""

    start: HearingState
    fact: str
    end: HearingState
    article: str


STEPS: tuple[Step, ...] = (
    Step("scheduled", "hearing_armed", "armed", "第二条"),
    Step("armed", "hearing_armed", "armed", "第二条"),
    Step("scheduled", "arming_refused", "scheduled", "第二条"),
    Step("armed", "arming_refused", "scheduled", "第二条"),
    Step("scheduled", "hearing_opened", "recording", "第三条"),
    Step("armed", "hearing_opened", "recording", "第三条"),
    Step("recording", "hearing_paused", "paused", "第三条"),
    Step("paused", "hearing_resumed", "recording", "第三条"),
    Step("recording", "hearing_closed", "closed", "第三条"),
    Step("paused", "hearing_closed", "closed", "第三条"),
    Step("closed", "hearing_sealed", "sealed", "第五条"),
)


def after(state: HearingState, fact: str) -> HearingState | None:
    """The state after that fact, None if the fact does not belong there."""
    return next((step.end for step in STEPS if (step.start, step.fact) == (state, fact)), None)


def may_pause(reason: PauseReason, *, closed: bool) -> bool:
    """Whether the rule knows the reason for such a hearing: evidence is shown in camera only in a public one."""
    return not (closed and reason == "closed_evidence")
