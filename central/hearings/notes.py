"""The written note that a fault of the recording is owed, signed by the presiding judge (法释〔2017〕5号第四条)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.blobs import Blobs
from central.hearings.facts import FaultNoteSigned
from central.hearings.tables import Event, Hearing
from central.ledger.own import record
from central.people.roles import Actor, must
from central.rules.rule import declare
from central.store import tell
from central.web.refused import Refused
from devices.hearings import RecordingFault
from devices.messages import wire_name

LONGEST = 2000
"""Characters a note may have."""
_FAULT = wire_name(RecordingFault)
OWED = declare(
    "hearing.note", "录音录像有故障的，由操作人员书面说明，经审判长审核签字后归档。", "法释〔2017〕5号第四条", mark="V"
)


def sign(  # noqa: PLR0913  (whose hand, on what, which words, when)
    session: Session, blobs: Blobs, person: Actor, hearing: Hearing, event: int, text: str, now: datetime
) -> Event:  # fmt: skip
    """The presiding judge signs the note on a fault: its hash stands in the ledger under his reference.

    Raises Refused: not the presiding judge, signed before, no such fault, no text.
    """
    must(person, "hearing.note")
    fault = session.scalars(select(Event).where(Event.id == event).with_for_update()).one_or_none()
    if fault is None or fault.hearing_id != hearing.id or fault.type != _FAULT:
        raise Refused("没有这条录音故障。", code="no_such_fault", status=404)
    if hearing.presiding_id is not None and hearing.presiding_id != person.id:
        raise Refused("录音说明须由本案审判长签署。", code="not_presiding", status=403)
    if fault.note is not None:
        raise Refused("这条故障的说明已签署，不能改写。", code="note_signed")
    text = text.strip()
    if not text or len(text) > LONGEST:
        raise Refused("请写明故障的经过和原因，最多 {most} 个字。", code="bad_note", status=422, most=LONGEST)
    fault.note, fault.note_by, fault.note_at = blobs.put(text.encode()), person.ref, now
    signed = FaultNoteSigned(hearing=hearing.ref, fault=fault.line, note=fault.note)
    fault.note_line = record(session, signed, actor=person.ref).id
    tell(session, hearing.topic)
    return fault


def owed(session: Session, hearing: int) -> int:
    """How many faults of a hearing have no note yet."""
    found = select(Event.id).where(Event.hearing_id == hearing, Event.type == _FAULT, Event.note.is_(None))
    return len(session.scalars(found).all())
