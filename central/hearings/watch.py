"""What a hearing calls somebody for: a fault of its recording, a room that may not arm, sound that does not come."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.alarms import Alarm, AlarmKind, clear_alarm, raise_alarm
from central.blobs import Blobs
from central.fleet import documents
from central.fleet.service import find
from central.hearings import agenda
from central.hearings.tables import Event, Hearing
from central.store import Store
from devices.agenda import AGENDA, Agenda
from devices.hearings import (
    ArmingRefused,
    HearingArmed,
    HearingClosed,
    HearingOpened,
    RecordingFault,
    RecordingRecovered,
)
from devices.messages import Fact, wire_name

LATE = timedelta(hours=2)
"""So long after its end a hearing's last sound may be on its way."""
_AHEAD = timedelta(days=1)


def told(session: Session, hearing: Hearing, fact: Fact, at: datetime) -> None:
    """Call for somebody, or say that it is over, as the courtroom told it."""
    match fact:
        case RecordingFault(why=why):
            raise_alarm(session, AlarmKind.RECORDING_FAULT, hearing.topic, at=at, why=why)
        case RecordingRecovered(why=why) if not _troubled(session, hearing, why):
            clear_alarm(session, AlarmKind.RECORDING_FAULT, hearing.topic, at=at)
        case HearingClosed():
            clear_alarm(session, AlarmKind.RECORDING_FAULT, hearing.topic, at=at)
        case ArmingRefused(tickets=barring):
            raise_alarm(session, AlarmKind.ARMING_REFUSED, hearing.topic, at=at, tickets=list(barring))
        case HearingArmed() | HearingOpened():
            clear_alarm(session, AlarmKind.ARMING_REFUSED, hearing.topic, at=at)
        case _:
            pass


def proven(session: Session, hearing: Hearing, at: datetime) -> None:
    """All its sound is here; what is not as it was sealed calls for somebody."""
    clear_alarm(session, AlarmKind.SOUND_MISSING, hearing.topic, at=at)
    if hearing.flaws:
        raise_alarm(session, AlarmKind.SOUND_ALTERED, hearing.topic, at=at, flaws=len(hearing.flaws))


def sweep(session: Session, now: datetime) -> None:
    """A sealed hearing whose sound is not all here long after its end calls for somebody."""
    late = select(Hearing).where(Hearing.state == "sealed", Hearing.proven_at.is_(None), Hearing.closed_at < now - LATE)
    for hearing in session.scalars(late).unique():
        called = select(Alarm.id).where(Alarm.kind == AlarmKind.SOUND_MISSING, Alarm.subject == hearing.topic)
        if session.scalars(called.limit(1)).first() is None:
            raise_alarm(session, AlarmKind.SOUND_MISSING, hearing.topic, at=now)


def bar(store: Store, blobs: Blobs, now: datetime) -> int:
    """Tell rooms whose hearings are near which severe tickets are open; gives how many were told otherwise now."""
    with store.read() as session:
        near = select(Hearing.gateway).distinct().where(
            Hearing.state.in_(("scheduled", "armed")), Hearing.opens_at < now + _AHEAD, Hearing.closes_at > now
        )  # fmt: skip
        names = session.scalars(near).all()
        changed = [name for name in names if agenda.barred(session, name) != _told(session, blobs, name)]
    for name in changed:
        with store.write() as session:
            agenda.publish(session, blobs, name, now)
    return len(changed)


def _told(session: Session, blobs: Blobs, gateway: str) -> tuple[int, ...]:
    """What the room was told last."""
    box = find(session, gateway)
    document = documents.current(session, box, AGENDA) if box else None
    return Agenda.model_validate_json(blobs.get(document.sha256)).tickets if document else ()


def _troubled(session: Session, hearing: Hearing, recovered: str) -> bool:
    """Whether another fault of the hearing is not over yet."""
    types = (wire_name(RecordingFault), wire_name(RecordingRecovered))
    found = select(Event).where(Event.hearing_id == hearing.id, Event.type.in_(types)).order_by(Event.id)
    stands = {str(event.what["why"]): event.type == types[0] for event in session.scalars(found)}
    return any(is_on for why, is_on in stands.items() if why != recovered)
