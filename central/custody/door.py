"""The door cycle of one move as a table (court.md R10): what the locker reports, and what it makes of the move."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

State = Literal[
    "SCAN",
    "CMD",
    "ACKED",
    "OPENED",
    "LEFT_OPEN",
    "COMMITTED",
    "CLOSED",
    "OPEN_NOT_DETECTED",
    "STALE_REFUSED",
    "REFUSED",
    "INTERRUPTED",
    "UNANSWERED",
    "CANCELLED",
    "OVERTAKEN",
]
Event = Literal[
    "scanned",
    "taken",
    "opened",
    "left_open",
    "shut",
    "contradicted",
    "not_detected",
    "stale",
    "refused",
    "interrupted",
    "unanswered",
    "cancelled",
    "overtaken",
]

STATE_NAMES: Mapping[str, str] = {
    "SCAN": "等待扫码",
    "CMD": "正在请求开门",
    "ACKED": "柜机已接收",
    "OPENED": "柜门已开",
    "LEFT_OPEN": "柜门未关好",
    "COMMITTED": "已完成",
    "CLOSED": "柜门已关，记录待核",
    "OPEN_NOT_DETECTED": "未检测到开门",
    "STALE_REFUSED": "请求过期被拒",
    "REFUSED": "被拒绝",
    "INTERRUPTED": "中途断电或重启",
    "UNANSWERED": "柜机无应答",
    "CANCELLED": "已取消",
    "OVERTAKEN": "已被其他办理取代",
}
"""What each state is called."""

FAILED = frozenset(
    {
        "OPEN_NOT_DETECTED",
        "STALE_REFUSED",
        "REFUSED",
        "INTERRUPTED",
        "UNANSWERED",
        "CANCELLED",
        "OVERTAKEN",
    }
)
"""Ends in which custody stayed as it was."""


@dataclass(frozen=True)
class DoorStep:
    """One report and where it leads."""

    from_: tuple[State, ...]
    event: Event
    to: State


_ASKED: tuple[State, ...] = ("CMD", "ACKED")
_UNSURE: tuple[State, ...] = ("UNANSWERED", "INTERRUPTED", "OPEN_NOT_DETECTED", "REFUSED")
"""Ends after which the door may yet be seen to have opened: the gateway names the wish, and the door is the truth."""

STEPS: tuple[DoorStep, ...] = (
    DoorStep(("SCAN",), "scanned", "CMD"),
    DoorStep(("CMD", "UNANSWERED"), "taken", "ACKED"),
    DoorStep((*_ASKED, *_UNSURE), "opened", "OPENED"),
    DoorStep(("OPENED", "LEFT_OPEN"), "left_open", "LEFT_OPEN"),
    DoorStep(("OPENED", "LEFT_OPEN"), "shut", "COMMITTED"),
    DoorStep(("OPENED", "LEFT_OPEN"), "contradicted", "CLOSED"),
    DoorStep(_ASKED, "not_detected", "OPEN_NOT_DETECTED"),
    DoorStep((*_ASKED, "UNANSWERED"), "stale", "STALE_REFUSED"),
    DoorStep((*_ASKED, "UNANSWERED"), "refused", "REFUSED"),
    DoorStep((*_ASKED, "UNANSWERED"), "interrupted", "INTERRUPTED"),
    DoorStep(_ASKED, "unanswered", "UNANSWERED"),
    DoorStep(("SCAN",), "cancelled", "CANCELLED"),
    DoorStep(("SCAN", *_ASKED), "overtaken", "OVERTAKEN"),
)
"""The cycle. An opening that fits no row is nobody's: see `projector`."""


def next_state(state: str, event: Event) -> State | None:
    """Where a report leads, None if it does not concern a move in that state."""
    return next((step.to for step in STEPS if step.event == event and state in step.from_), None)
