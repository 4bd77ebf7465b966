"""Before a hearing: is each microphone heard, is time known, is there room on the disk, is there a model. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from devices.agenda import Agenda, AgendaHearing
from devices.hearings import Problem
from devices.microphones import WIDTH
from gateway.hearing.ears import Ear

TIMES_PLANNED = 2
"""So many times the planned length must fit on the disk."""


@dataclass(frozen=True)
class Seen:
    """What the self-test looks at."""

    ears: Mapping[str, Ear | None]
    """By seat; None where the device is not reached."""
    rate: int
    clock_trusted: bool
    free_bytes: int
    has_model: bool | None
    """None where no recogniser is configured."""
    has_words: bool
    taken_by: str | None
    """A hearing that is open in the room."""


def needed_bytes(plan: AgendaHearing, seats: int, rate: int) -> int:
    """Room for twice the planned time, as raw sound."""
    seconds = (plan.closes_at - plan.opens_at).total_seconds()
    return int(TIMES_PLANNED * seconds * rate * WIDTH * seats)


def problems(plan: AgendaHearing, agenda: Agenda, seen: Seen) -> Sequence[Problem]:
    """Everything that is not as it should be."""
    return [*_of_seats(plan, seen), *_of_box(plan, seen), *_of_agenda(plan, agenda, seen)]


def _of_seats(plan: AgendaHearing, seen: Seen) -> Iterable[Problem]:
    for seat, ear in seen.ears.items():
        if ear is None:
            yield Problem(what="device_gone", seat=seat)
        elif ear.sound == "no_signal":
            yield Problem(what="seat_no_signal", seat=seat)
        elif ear.sound == "silence":
            yield Problem(what="seat_silent", seat=seat)
        elif ear.clips:
            yield Problem(what="seat_clips", seat=seat)
    for seat in sorted(set(plan.seats) - set(seen.ears)):
        yield Problem(what="unknown_seat", seat=seat)


def _of_box(plan: AgendaHearing, seen: Seen) -> Iterable[Problem]:
    if not seen.clock_trusted:
        yield Problem(what="clock_not_trusted")
    if seen.free_bytes < needed_bytes(plan, len(seen.ears), seen.rate):
        yield Problem(what="disk_short")
    if seen.has_model is False:
        yield Problem(what="no_model")
    if not seen.has_words:
        yield Problem(what="no_words")


def _of_agenda(plan: AgendaHearing, agenda: Agenda, seen: Seen) -> Iterable[Problem]:
    if seen.taken_by is not None and seen.taken_by != plan.hearing:
        yield Problem(what="room_taken", hearing=seen.taken_by)
    for pair in agenda.clashes():
        if plan in pair:
            other = pair[0] if pair[1] == plan else pair[1]
            yield Problem(what="agenda_clash", hearing=other.hearing)
