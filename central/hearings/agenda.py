"""The document from which a courtroom acts alone: rooms, seats and references; what names a person stays in a blob."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.blobs import Blobs
from central.fleet import documents, tickets
from central.fleet.service import find
from central.hearings.tables import Hearing
from devices.agenda import AGENDA, Agenda, AgendaHearing
from devices.speech import WordList

_KEPT = timedelta(days=1)
"""So long after its planned end a hearing stays on the agenda, for a room that opens it late."""
_ON_IT = ("scheduled", "armed", "recording", "paused")


def publish(session: Session, blobs: Blobs, gateway: str, now: datetime, *, actor: str | None = None) -> None:
    """Have the gateway of a courtroom get its agenda as it is now; nothing happens if that is what it has."""
    box = find(session, gateway)
    if box is None:
        return
    session.flush()
    document = agenda_of(session, gateway, now).model_dump_json(exclude_defaults=True)
    documents.desire(session, box, AGENDA, blobs.put(document.encode()), now, actor=actor)


def agenda_of(session: Session, gateway: str, now: datetime) -> Agenda:
    """What is planned for the room of that gateway, the earliest first."""
    found = select(Hearing).where(
        Hearing.gateway == gateway, Hearing.state.in_(_ON_IT), Hearing.closes_at > now - _KEPT
    )
    planned = session.scalars(found.order_by(Hearing.opens_at, Hearing.id)).unique()
    return Agenda(hearings=tuple(_entry(hearing) for hearing in planned), tickets=barred(session, gateway))


def barred(session: Session, gateway: str) -> tuple[int, ...]:
    """The severe tickets that stand against arming a room of that gateway."""
    return tuple(sorted(ticket.id for ticket in tickets.severe_open(session, gateway)))


def words_of(blobs: Blobs, hearing: Hearing) -> str:
    """The blob with the words of a hearing's case: parties, cause, and what is to be written as."""
    case = hearing.case
    told = [*(party.name for party in case.parties), case.cause] if case else []
    words = WordList(phrases=tuple(dict.fromkeys(told)), corrections=hearing.corrections)
    return blobs.put(words.model_dump_json().encode())


def _entry(hearing: Hearing) -> AgendaHearing:
    return AgendaHearing(
        hearing=hearing.ref, room=hearing.room, opens_at=hearing.opens_at, closes_at=hearing.closes_at,
        closed=hearing.closed, seats=dict(hearing.seats), words=hearing.words,
    )  # fmt: skip
