"""Custody of a volume as a table (court.md R10): which step leads where, who may take it, on what ground.

The main road runs REGISTERED -> LABELLED -> STORED -> RESERVED -> OUT -> RETURNED -> BOUND -> ARCHIVED. OVERDUE,
MISPLACED and TAMPER stand beside it: they say that something is wrong without saying that the volume moved.
Nothing here touches a table: a `Situation` goes in, answers in words come out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from central.cases.flow import ARCHIVED_IN
from central.people.roles import ACTION_NAMES, Actor, may
from central.rules.rule import Rule, Term, declare
from central.web.refused import Said
from devices.claims import PermitClaims

State = Literal["REGISTERED", "LABELLED", "STORED", "RESERVED", "OUT", "RETURNED", "BOUND", "ARCHIVED"]
Side = Literal["OVERDUE", "MISPLACED", "TAMPER"]
Event = Literal[
    "label", "deposit", "reserve", "release", "hand_out", "take_back", "bind", "archive", "confirm", "report_missing"
]

STATE_NAMES: Mapping[str, str] = {
    "REGISTERED": "已登记",
    "LABELLED": "已贴码",
    "STORED": "在柜",
    "RESERVED": "已预约",
    "OUT": "已取出",
    "RETURNED": "已交回",
    "BOUND": "已装订",
    "ARCHIVED": "已归档",
    "OVERDUE": "逾期未还",
    "MISPLACED": "位置不符",
    "TAMPER": "柜门异常开启",
}
"""What each state is called."""

EVENT_NAMES: Mapping[str, str] = {
    "label": "贴条码",
    "deposit": "存入卷宗柜",
    "reserve": "预约",
    "release": "取消预约",
    "hand_out": "取出",
    "take_back": "当面交回",
    "bind": "装订",
    "archive": "归档",
    "confirm": "核对确认",
    "report_missing": "报告位置不符",
}
"""What each step is called."""


@dataclass(frozen=True)
class Holder:
    """Who is to have the volume: a person of the court or a party, and whether secret side volumes may go there."""

    ref: str
    name: str
    staff: bool


@dataclass(frozen=True)
class Situation:
    """All that decides what may happen to one volume now."""

    state: State
    sides: frozenset[Side]
    person: Actor
    now: datetime
    secret: bool
    """A side volume (副卷)."""
    case_closed: bool
    moving: str | None = None
    """The event under way at a locker, None if nothing moves."""
    permit_until: datetime | None = None
    """End of a live permit."""
    reserved_for: Holder | None = None
    holder: Holder | None = None
    """For whom the step is meant, None while nobody is named."""


Guard = Callable[[Situation], Said | None]
"""Says why not, None if nothing stands against it."""


@dataclass(frozen=True)
class Step:
    """One way from a state to the next."""

    from_: State | Side
    event: Event
    to: State | None
    """None: the step only ends or sets a side state."""
    guards: tuple[Guard, ...]
    basis: Rule


@dataclass(frozen=True)
class Possible:
    """One step as seen from now: free to take, or why not."""

    event: Event
    to: State | None
    why_not: tuple[Said, ...]
    basis: Rule

    @property
    def allowed(self) -> bool:
        """True if nothing stands against it."""
        return not self.why_not


LOAN = declare("custody.loan", "没有另定期限的，取出后 {n} 天内归还。", mark="D", term=Term(7, "days", 1, 365))
PERMIT_LIFE = declare(
    "custody.permit",
    "没有另定期限的，取卷凭证 {n} 天内有效。",
    mark="D",
    term=Term(3, "days", 1, PermitClaims.MAX_DAYS),
)
_REGISTERED = declare("custody.register", "诉讼材料收到即登记，一卷一码。", mark="D")
_LOCKER = declare("custody.locker", "卷宗存取以柜门开合为凭：柜门关闭之时，保管责任转移。", mark="D")
_RESERVED = declare("custody.reserve", "预约只约定取卷人与归还期限，不转移保管责任。", mark="D")
_DESK = declare("custody.desk", "当面交回由接收人确认，保管责任转给接收人。", mark="D")
_CHECKED = declare("custody.check", "柜门无人请求而开启的，柜内卷宗须经档案员核对。", mark="D")
declare("custody.secret", "副卷不对外，仅限本院审判及档案人员取用。", mark="D")

NOT_ALLOWED = "您没有“{action}”的权限。"


def allowed_to(action: str) -> Guard:
    """The person's roles must carry the action."""

    def guard(situation: Situation) -> Said | None:
        if may(situation.person, action):
            return None
        return Said(NOT_ALLOWED, {"action": Said(ACTION_NAMES[action])})

    return guard


def nothing_moves(situation: Situation) -> Said | None:
    """One move at a time."""
    if situation.moving is None:
        return None
    return Said("这册卷宗正在办理“{event}”，请先完成或取消。", {"event": Said(EVENT_NAMES[situation.moving])})


def no_permit(situation: Situation) -> Said | None:
    """While a permit lives, its bearer may come at any moment."""
    if situation.permit_until is None:
        return None
    return Said("这册卷宗已签发取卷凭证，{until} 前有效。请先撤销凭证。", {"until": situation.permit_until})


def in_order(situation: Situation) -> Said | None:
    """What may be tampered with or elsewhere is looked at before it moves on."""
    if "TAMPER" in situation.sides:
        return Said("存放这册卷宗的柜门曾无人请求而开启，须由档案员核对后才能取出。")
    if "MISPLACED" in situation.sides:
        return Said("这册卷宗的位置与记录不符，须由档案员核对后才能办理。")
    return None


def fit_holder(situation: Situation) -> Said | None:
    """Secret side volumes go to court staff only."""
    if situation.holder is None or not situation.secret or situation.holder.staff:
        return None
    return Said("副卷只能交给本院审判及档案人员，不能交给{name}。", {"name": situation.holder.name})


def fit_reservation(situation: Situation) -> Said | None:
    """A reserved volume goes to whom it is reserved for."""
    wanted, holder = situation.reserved_for, situation.holder
    if wanted is None or holder is None or wanted.ref == holder.ref:
        return None
    return Said("这册卷宗已为{name}预约，请先取消预约。", {"name": wanted.name})


def closed(situation: Situation) -> Said | None:
    """Only a closed case is bound and archived."""
    return None if situation.case_closed else Said("案件尚未结案，不能装订归档。")


_DEPOSIT = (allowed_to("volume.deposit"), nothing_moves)
_RESERVE = (allowed_to("volume.reserve"), nothing_moves, no_permit, in_order, fit_holder)
_HAND_OUT = (allowed_to("volume.hand_out"), nothing_moves, no_permit, in_order, fit_holder, fit_reservation)
_ARCHIVE = (allowed_to("volume.archive"), nothing_moves, closed)
_CONFIRM = (allowed_to("volume.confirm"), nothing_moves)

STEPS: tuple[Step, ...] = (
    Step("REGISTERED", "label", "LABELLED", (allowed_to("volume.label"),), _REGISTERED),
    Step("LABELLED", "deposit", "STORED", _DEPOSIT, _LOCKER),
    Step("STORED", "reserve", "RESERVED", _RESERVE, _RESERVED),
    Step("STORED", "hand_out", "OUT", _HAND_OUT, _LOCKER),
    Step("STORED", "report_missing", None, _CONFIRM, _CHECKED),
    Step("RESERVED", "release", "STORED", (allowed_to("volume.reserve"), nothing_moves, no_permit), _RESERVED),
    Step("RESERVED", "hand_out", "OUT", _HAND_OUT, _LOCKER),
    Step("RESERVED", "report_missing", None, _CONFIRM, _CHECKED),
    Step("OUT", "deposit", "STORED", _DEPOSIT, _LOCKER),
    Step("OUT", "take_back", "RETURNED", (allowed_to("volume.deposit"), nothing_moves), _DESK),
    Step("RETURNED", "deposit", "STORED", _DEPOSIT, _LOCKER),
    Step("RETURNED", "bind", "BOUND", _ARCHIVE, ARCHIVED_IN),
    Step("BOUND", "archive", "ARCHIVED", _ARCHIVE, ARCHIVED_IN),
)
"""The main road."""

SIDE_STEPS: tuple[Step, ...] = (
    Step("TAMPER", "confirm", None, _CONFIRM, _CHECKED),
    Step("MISPLACED", "confirm", None, _CONFIRM, _CHECKED),
)
"""How a side state ends by a person's word; OVERDUE ends by the volume coming back."""


def possible(situation: Situation) -> list[Possible]:
    """The steps from here, each free to take or with every reason why not."""
    here = {situation.state, *situation.sides}
    steps = [step for step in (*STEPS, *SIDE_STEPS) if step.from_ in here]
    return [Possible(step.event, step.to, _against(step, situation), step.basis) for step in steps]


def next_state(state: State, event: Event) -> State | None:
    """Where an event leads from a state, None if the table knows no such step."""
    return next((step.to for step in STEPS if step.from_ == state and step.event == event), None)


def answer(situation: Situation, event: Event) -> Possible:
    """What stands against one event; a step the table does not know is refused by its state."""
    found = [each for each in possible(situation) if each.event == event]
    if found:
        return found[0]
    params = {"state": Said(STATE_NAMES[situation.state]), "event": Said(EVENT_NAMES[event])}
    return Possible(event, None, (Said("卷宗现为“{state}”，不能“{event}”。", params),), _REGISTERED)


def _against(step: Step, situation: Situation) -> tuple[Said, ...]:
    said = (guard(situation) for guard in step.guards)
    return tuple(one for one in said if one is not None)
