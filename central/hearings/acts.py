"""What a clerk or judge asks of the courtroom: open, pause for a reason of the rule, go on, close, mark a moment."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from central.hearings.tables import Hearing
from central.people.roles import Actor, must
from central.store import tell
from central.web.refused import Refused, Said
from central.wishes import service as wishes
from central.wishes.tables import WishRow
from devices.hearings import COURTROOM, CloseHearing, MarkMoment, OpenHearing, PauseHearing, ResumeHearing
from devices.messages import Wish
from devices.procedure import PAUSE_REASONS, PauseReason, may_pause

Act = Literal["open", "pause", "resume", "close", "mark"]

ACT_NAMES: Mapping[Act, str] = {
    "open": "宣布开庭",
    "pause": "暂停录音",
    "resume": "继续录音",
    "close": "闭庭",
    "mark": "标记此刻",
}
"""Every act and what it is called."""

_WHEN: Mapping[Act, frozenset[str]] = {
    "open": frozenset({"scheduled", "armed"}),
    "mark": frozenset({"recording"}),
    "pause": frozenset({"recording"}),
    "resume": frozenset({"paused"}),
    "close": frozenset({"recording", "paused"}),
}


def possible(hearing: Hearing) -> Sequence[Act]:
    """What can be asked of its courtroom in the state it is in."""
    return [act for act, states in _WHEN.items() if hearing.state in states]


def reasons(hearing: Hearing) -> Sequence[PauseReason]:
    """For which reasons this hearing may pause."""
    return [reason for reason in PAUSE_REASONS if may_pause(reason, closed=hearing.closed)]


def ask(session: Session, person: Actor, hearing: Hearing, act: str, detail: str, now: datetime) -> WishRow:
    """Ask its courtroom, by a signed wish; what it does then is the answer. `detail`: reason of a pause, or a mark.

    Raises Refused: not in this state, no reason of the rule.
    """
    must(person, "hearing.record")
    known = next((known for known in possible(hearing) if known == act), None)
    if known is None:
        raise Refused("庭审现在的状态不能办这件事，什么也没有改动。请看页面上的最新状态。", code="wrong_state")
    wish = _wish(hearing, known, detail.strip())
    row = wishes.ask(session, hearing.gateway, COURTROOM, wish, person.ref, f"hearing:{hearing.id}", now)
    hearing.wish = row.jti
    tell(session, hearing.topic)
    return row


def outcome(row: WishRow) -> Said:
    """How it stands with what was asked, in a sentence for the person who asked."""
    if row.state == "refused":
        return Said("法庭没有照办：{detail}。录音状态没有改变。", {"detail": row.detail or row.why or ""})
    if row.state == "expired" and row.sent_at is None:
        return Said("请求没有送出：与法庭的连接中断。录音照旧；请在法庭里按按钮。")
    if row.state == "expired":
        return Said("法庭没有应答。录音照旧；恢复联系后，实际情况会自动补记。")
    return Said(wishes.STATE_NAMES[row.state])


def _wish(hearing: Hearing, act: Act, detail: str) -> Wish:
    if act == "pause":
        reason = next((reason for reason in reasons(hearing) if reason == detail), None)
        if reason is None:
            text = "录音只能因法定的原因暂停：请从列出的原因中选一个。"
            raise Refused(text, code="no_legal_reason", status=422)
        return PauseHearing(hearing=hearing.ref, reason=reason)
    if act == "mark":
        return MarkMoment(hearing=hearing.ref, mark=detail or "mark")
    plain = {"open": OpenHearing, "resume": ResumeHearing, "close": CloseHearing}
    return plain[act](hearing=hearing.ref)
