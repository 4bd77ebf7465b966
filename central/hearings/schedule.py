"""Planning hearings: which case, which room, when, and who sits where. Plain functions on a database session."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.blobs import Blobs
from central.cases.service import case_ref, find_case
from central.cases.tables import Case
from central.hearings import agenda
from central.hearings.facts import HearingPlanned, HearingWithdrawn
from central.hearings.rooms import Room, find_room
from central.hearings.tables import Hearing
from central.ledger.own import record
from central.people.roles import Actor, must
from central.people.service import find_person
from central.store import newest, tell
from central.web.refused import Refused
from devices.agenda import ROLE_NAMES, Role

ALL = "hearings"
"""The live topic of the schedule."""
LONGEST = timedelta(hours=14)
"""A hearing is planned for no longer."""
_CORRECTIONS = 500
_IN_THE_WAY = ("scheduled", "armed", "recording", "paused")


@dataclass(frozen=True)
class Plan:
    """What is said of a hearing when it is planned."""

    gateway: str
    opens_at: datetime
    closes_at: datetime
    seats: Mapping[str, str] = field(default_factory=dict)
    """Seat -> role; seats left out are recorded as `other`."""
    presiding: int | None = None
    closed: bool = False
    corrections: Mapping[str, str] = field(default_factory=dict)


def plan(session: Session, blobs: Blobs, person: Actor, case: int, told: Plan, now: datetime) -> Hearing:
    """A new hearing of a case; its room's agenda is published. Raises Refused (clash, over, unknown seat)."""
    must(person, "hearing.write")
    ref = f"h-{secrets.token_hex(6)}"
    hearing = Hearing(ref=ref, case_id=find_case(session, case).id, state="scheduled", planned_at=now, seats={})
    return _set(session, blobs, person, hearing, told, now)


def change(session: Session, blobs: Blobs, person: Actor, hearing: Hearing, told: Plan, now: datetime) -> Hearing:
    """Another time, room or seating; both rooms get their agendas. Raises Refused (it has begun, clash)."""
    must(person, "hearing.write")
    _still_planned(hearing)
    before = hearing.gateway
    _set(session, blobs, person, hearing, told, now)
    if before != hearing.gateway:
        agenda.publish(session, blobs, before, now, actor=person.ref)
    return hearing


def withdraw(session: Session, blobs: Blobs, person: Actor, hearing: Hearing, now: datetime) -> None:
    """It will not take place; it goes from its room's agenda. Raises Refused (it has begun)."""
    must(person, "hearing.write")
    _still_planned(hearing)
    hearing.state = "withdrawn"
    record(session, HearingWithdrawn(hearing=hearing.ref), actor=person.ref)
    agenda.publish(session, blobs, hearing.gateway, now, actor=person.ref)
    tell(session, ALL, hearing.topic)


def find_hearing(session: Session, person: Actor, hearing: int) -> Hearing:
    """The hearing of that number; raises Refused (403, 404)."""
    must(person, "hearing.read")
    found = session.get(Hearing, hearing)
    if found is None:
        raise Refused("没有这场庭审。", code="no_such_hearing", status=404)
    return found


def between(session: Session, begins: datetime, ends: datetime) -> Sequence[Hearing]:
    """What is planned to open in that span, the earliest first; what was withdrawn is left out."""
    found = select(Hearing).where(Hearing.opens_at >= begins, Hearing.opens_at < ends, Hearing.state != "withdrawn")
    return session.scalars(found.order_by(Hearing.opens_at, Hearing.room, Hearing.id)).unique().all()


def listed(session: Session, case: int | None, limit: int, after: int | None) -> Sequence[Hearing]:
    """Hearings, of one case or all, those planned last first; `after`: the last one of the piece before."""
    found = select(Hearing) if case is None else select(Hearing).where(Hearing.case_id == case)
    return session.scalars(newest(found, Hearing.id, limit, after)).unique().all()


def of_case(session: Session, case: int) -> Sequence[Hearing]:
    """Every hearing of a case, the earliest first."""
    return session.scalars(select(Hearing).where(Hearing.case_id == case).order_by(Hearing.opens_at)).unique().all()


def read_corrections(text: str) -> dict[str, str]:
    """Lines `as heard as-written`, a blank between; raises Refused for a line that is not two words."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    wrong = next((" ".join(line) for line in lines if len(line) != 2 or len("".join(line)) > 80), None)
    if wrong is not None or len(lines) > _CORRECTIONS:
        text = "订正词“{line}”不对：每行写两个词，先写听成的，空一格，再写应写的。"
        raise Refused(text, code="bad_correction", status=422, line=wrong or len(lines))
    return {heard: written for heard, written in lines}


def _set(session: Session, blobs: Blobs, person: Actor, hearing: Hearing, told: Plan, now: datetime) -> Hearing:
    room = find_room(session, blobs, told.gateway)  # locked: two that plan at once see one another
    _checked(told, room, now)
    _clash(session, hearing, room, told)
    hearing.gateway, hearing.room = room.gateway, room.name
    hearing.opens_at, hearing.closes_at, hearing.closed = told.opens_at, told.closes_at, told.closed
    hearing.seats = {seat: _role(role) for seat, role in told.seats.items()}
    hearing.presiding_id = find_person(session, told.presiding).id if told.presiding else None
    hearing.corrections, hearing.planned_by = dict(told.corrections), person.ref
    session.add(hearing)
    session.flush()
    hearing.case = session.get_one(Case, hearing.case_id)
    hearing.words = agenda.words_of(blobs, hearing)
    planned = HearingPlanned(
        hearing=hearing.ref, case=case_ref(hearing.case), gateway=hearing.gateway, room=hearing.room,
        opens_at=hearing.opens_at, closes_at=hearing.closes_at, closed=hearing.closed,
    )  # fmt: skip
    record(session, planned, actor=person.ref)
    agenda.publish(session, blobs, hearing.gateway, now, actor=person.ref)
    tell(session, ALL, hearing.topic)
    return hearing


def _still_planned(hearing: Hearing) -> None:
    if not hearing.is_planned:
        raise Refused("这场庭审已经开庭或已撤销，排期不能再改。", code="hearing_begun")


def _checked(told: Plan, room: Room, now: datetime) -> None:
    if told.closes_at <= told.opens_at:
        raise Refused("结束时间要晚于开庭时间。", code="bad_time", status=422)
    if told.closes_at <= now:
        raise Refused("这个时间已经过去，不能再排庭。", code="bad_time", status=422)
    if told.closes_at - told.opens_at > LONGEST:
        raise Refused("一场庭审最多排 {hours} 小时，请分成几场。", code="bad_time", status=422,
                      hours=int(LONGEST.total_seconds() // 3600))  # fmt: skip
    unknown = sorted(set(told.seats) - set(room.seats))
    if unknown:
        raise Refused("“{room}”没有席位“{seat}”。", code="no_such_seat", status=422, room=room.name, seat=unknown[0])


def _clash(session: Session, hearing: Hearing, room: Room, told: Plan) -> None:
    found = select(Hearing).where(
        Hearing.gateway == room.gateway, Hearing.state.in_(_IN_THE_WAY), Hearing.opens_at < told.closes_at,
        Hearing.closes_at > told.opens_at,
    )  # fmt: skip
    with session.no_autoflush:
        others = [other for other in session.scalars(found.order_by(Hearing.opens_at)).unique() if other is not hearing]
    if others:
        other = others[0]
        raise Refused(
            "“{room}”在 {begins} 至 {ends} 已排了{number}，两场撞在一起。请换时间或换法庭，什么也没有改动。",
            code="room_taken", room=room.name, begins=other.opens_at, ends=other.closes_at,
            number=other.case.number if other.case else other.ref,
        )  # fmt: skip


def _role(role: str) -> Role:
    known = next((known for known in ROLE_NAMES if known == role), None)
    if known is None:
        raise Refused("没有“{role}”这个诉讼身份。", code="bad_role", status=422, role=role)
    return known
