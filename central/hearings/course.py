"""The course of one hearing as its page shows it: the axis drawn, what happened, what is missing, what is owed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from central.hearings.tables import Event, Hearing, Segment
from central.rules.rule import declare
from central.web.states import Tone
from devices.procedure import PAUSE_REASONS, RULE

_LEAST = 0.002
"""A gap is drawn at least so wide, that it is seen."""

GAP_WORDS: Mapping[str, str] = {
    "lost": "声音在途中丢失",
    "device_gone": "话筒设备断开",
    "recorder_stopped": "录音程序中断",
    "disk_full": "磁盘已满",
}
FAULT_WORDS: Mapping[str, str] = {
    "no_sound": "没有声音送来",
    "disk_full": "磁盘已满",
    "clock_stepped": "时钟被拨动",
    "long_silence": "长时间没有人声",
    "recorder_stopped": "录音程序中断",
    "sound_damaged": "录音文件损坏",
}
TROUBLE_WORDS: Mapping[str, str] = {
    "seat_silent": "席位没有声音",
    "seat_no_signal": "席位没有信号",
    "seat_clips": "席位声音过大",
    "device_gone": "话筒设备没有接上",
    "clock_not_trusted": "时钟未校准",
    "disk_short": "磁盘空间不够两倍庭审时长",
    "no_model": "语音识别没有就绪，先录音后转写",
    "no_words": "本案词表还没有取到",
    "room_taken": "法庭正被占用",
    "agenda_clash": "日程相撞",
    "unknown_seat": "日程里有法庭没有的席位",
}
BY_WORDS: Mapping[str, str] = {"agenda": "按日程", "button": "按按钮", "wish": "应请求"}
PAUSED = declare("hearing.pause", "录音只能因法定的原因暂停。", "法释〔2017〕5号第三条", mark="V")
PAUSES = {
    reason: declare(f"hearing.pause.{reason}", basis.name, RULE + basis.article, mark="V")
    for reason, basis in PAUSE_REASONS.items()
}
"""The reasons for a pause; the courtroom itself knows them and takes no other."""


@dataclass(frozen=True)
class Piece:
    """A stretch of the axis; left and width as shares of the whole."""

    tone: Tone
    what: str
    left: float
    width: float
    seconds: float


def events(session: Session, hearing: int) -> Sequence[Event]:
    """What happened, in order."""
    return session.scalars(select(Event).where(Event.hearing_id == hearing).order_by(Event.id)).all()


def segments(session: Session, hearing: int) -> Sequence[Segment]:
    """What was recorded, in order."""
    found = select(Segment).where(Segment.hearing_id == hearing).options(selectinload(Segment.sounds))
    return session.scalars(found.order_by(Segment.from_sample, Segment.number)).all()


def laid(told: Sequence[Event], recorded: Sequence[Segment]) -> Mapping[int, int]:
    """Number of a segment -> the sample at which its device's sound was last laid on the axis by the clock.

    Since then its samples were counted on, over what the source or the disk lost too (`gateway/hearing/track.py`).
    """
    gaps = (event for event in told if event.type == "sound_gap" and event.what["why"] in ("lost", "disk_full"))
    counted = {(gap.at_sample, gap.to_sample) for gap in gaps}
    found: dict[int, int] = {}
    last: dict[str, Segment] = {}
    for segment in recorded:
        device = device_of(segment)
        before = last.get(device)
        hole = (before.to_sample, segment.from_sample) if before else None
        goes_on = hole is not None and (hole[0] == hole[1] or hole in counted)
        found[segment.number] = found[before.number] if before and goes_on else segment.from_sample
        last[device] = segment
    return found


def device_of(segment: Segment) -> str:
    """The device whose seats a segment has; "" of one that has none."""
    return segment.sounds[0].device if segment.sounds else ""


def drift(told: Sequence[Event]) -> Mapping[str, float]:
    """Device -> by how many parts per million its samples came too fast, of each of which it was measured."""
    return {event.what["device"]: event.what["ppm"] for event in told if event.type == "drift_measured"}


def axis(hearing: Hearing, told: Sequence[Event], recorded: Sequence[Segment]) -> Sequence[Piece]:
    """Recorded, paused and missing stretches; gaps come last, for they must not be covered."""
    pieces = [_piece(hearing, "working", "recorded", s.from_sample, s.to_sample) for s in recorded]
    paused: int | None = None
    for event in told:
        if event.type == "hearing_paused":
            paused = event.at_sample
        elif event.type in ("hearing_resumed", "hearing_closed") and paused is not None:
            pieces.append(_piece(hearing, "waiting", "paused", paused, event.at_sample or paused))
            paused = None
    if paused is not None:
        pieces.append(_piece(hearing, "waiting", "paused", paused, hearing.samples))
    gaps = [event for event in told if event.type == "sound_gap"]
    return pieces + [_piece(hearing, "broken", "gap", e.at_sample or 0, e.to_sample or 0) for e in gaps]


def pause_name(reason: str) -> str:
    """What the rule calls a reason for a pause."""
    return next((rule.text for known, rule in PAUSES.items() if known == reason), reason)


def seconds(event: Event, hearing: Hearing) -> float:
    """How long it lasted."""
    return round(hearing.seconds((event.to_sample or 0) - (event.at_sample or 0)), 2)


def drifted_ms(event: Event, hearing: Hearing) -> int:
    """By how many milliseconds a device's sound and the box's clock differ at the end of the hearing."""
    return abs(round(hearing.seconds(hearing.samples) * float(event.what["ppm"]) / 1000))


def clock(hearing: Hearing, sample: int | None) -> str:
    """Hours, minutes and seconds after it was opened."""
    whole = int(hearing.seconds(sample or 0))
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def _piece(hearing: Hearing, tone: Tone, what: str, begins: int, ends: int) -> Piece:
    whole = max(hearing.samples, 1)
    width = max((ends - begins) / whole, _LEAST)
    return Piece(tone, what, min(begins / whole, 1 - _LEAST), width, hearing.seconds(ends - begins))
