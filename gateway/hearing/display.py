"""What people in the room see beside the bench: is it recorded, is every seat heard, and what is to be done now.

It needs nobody above this box, and holds no name and no case: a hearing is its reference. Each view counts one up, so
that a display that hears no next one knows that what it shows may be stale, and goes blank.
"""

import asyncio
from collections.abc import Callable, Set
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Literal

from pydantic import BaseModel, ConfigDict

from devices.agenda import AgendaHearing, Role
from devices.hearings import Fault
from devices.microphones import WIDTH
from devices.procedure import PauseReason
from gateway.hearing.recording import Recording
from gateway.hearing.room import Room
from gateway.hearing.selftest import needed_bytes
from gateway.stations.panel import Panel
from gateway.supervise import Up

SHOWN_S = 0.25
SPEAKS_S = 0.5
"""So long after the last loud sample somebody still speaks."""
State = Literal["idle", "armed", "recording", "paused", "closed", "broken"]
SeatSounds = Literal["speaks", "heard", "silence", "too_loud", "no_signal", "device_gone"]
Task = Literal[
    "disk_full",
    "no_sound",
    "seats_dead",
    "clock_unset",
    "too_loud",
    "tickets",
    "disk_short",
    "long_silence",
    "no_model",
    "idle",
    "armed",
    "recording",
    "paused",
    "closed",
]
"""What is to be done now: the first of these that applies, the gravest first; at the end there is nothing wrong."""
DEAD: Set[SeatSounds] = {"no_signal", "device_gone"}


class SeatView(BaseModel):
    """One seat: how it sounds now; `db` below full scale, None where nothing comes."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    seat: str
    role: Role | None
    """Who sits there in the hearing that is shown."""
    sounds: SeatSounds
    db: float | None


class RoomView(BaseModel):
    """What the display shows."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    look: int = 0
    """One more each time."""
    state: Literal[State, "away"] = "away"
    room: str = ""
    hearing: str | None = None
    not_public: bool = False
    opened_at: datetime | None = None
    opens_at: datetime | None = None
    """When the next is to be opened, if none is open."""
    reason: PauseReason | None = None
    seats: tuple[SeatView, ...] = ()
    has_model: bool | None = None
    """None where nothing is to be written down."""
    disk_hours: float = 0
    """Hours of sound for which there is room."""
    clock_trusted: bool = False
    task: Task = "idle"
    buttons: bool = False
    """There are buttons to open, pause and close."""


@dataclass(frozen=True)
class Stands:
    """How it stands with a courtroom."""

    recording: Recording | None
    """Open, or closed and not yet sealed."""
    faults: Set[Fault]
    due: AgendaHearing | None
    """The next hearing of the day."""
    mono: float
    clock_trusted: bool
    free_bytes: int
    tickets: bool
    """A severe ticket keeps it from being armed."""


async def show(panel: Panel[RoomView], room: Room, stands: Callable[[], Stands], up: Up) -> None:
    """Show each moment anew, until cancelled."""
    await up()
    for look in count(1):
        panel.show(view(room, stands()).model_copy(update={"look": look}))
        await asyncio.sleep(SHOWN_S)


def view(room: Room, stands: Stands) -> RoomView:
    """What people see of it now."""
    recording = stands.recording
    plan = recording.plan if recording else stands.due
    opened = recording.course.opened if recording else None
    paused = recording.course.paused if recording else None
    seats = tuple(_seat(room, seat, plan, stands.mono) for seat in room.settings.seats)
    bytes_an_hour = 3600 * room.rate * WIDTH * len(room.settings.seats)
    state = _state(room, stands)
    return RoomView(
        state=state,
        room=room.settings.room,
        hearing=plan.hearing if plan else None,
        not_public=plan.closed if plan else False,
        opened_at=opened.opened_at if opened else None,
        opens_at=plan.opens_at if plan and not recording else None,
        reason=paused.reason if paused else None,
        seats=seats,
        has_model=room.has_model,
        disk_hours=round(stands.free_bytes / bytes_an_hour, 1),
        clock_trusted=stands.clock_trusted,
        task=_task(room, stands, state, seats),
        buttons=bool(room.settings.buttons),
    )


def _state(room: Room, stands: Stands) -> State:
    if stands.recording is None:
        return "armed" if stands.due else "idle"
    match stands.recording.course.state:
        case "paused":
            return "paused"
        case "closed" | "sealed":
            return "closed"
    is_live = any(track.is_live(stands.mono) for track in room.tracks.values())
    return "recording" if is_live and "disk_full" not in stands.faults else "broken"


def _seat(room: Room, seat: str, plan: AgendaHearing | None, mono: float) -> SeatView:
    track, role = room.tracks[room.settings.seats[seat].device], plan.seats.get(seat) if plan else None
    ear = room.ears[seat]
    if ear is None or not track.is_live(mono):
        return SeatView(seat=seat, role=role, sounds="device_gone", db=None)
    sounds: SeatSounds = ear.sound
    if ear.clips:
        sounds = "too_loud"
    elif sounds == "heard" and ear.spoke < SPEAKS_S * room.rate:
        sounds = "speaks"
    return SeatView(seat=seat, role=role, sounds=sounds, db=ear.peak_db)


def _task(room: Room, stands: Stands, state: State, seats: tuple[SeatView, ...]) -> Task:
    sounds = {seat.sounds for seat in seats}
    waits = stands.due is not None and stands.recording is None
    wrong: list[tuple[bool, Task]] = [
        ("disk_full" in stands.faults, "disk_full"),
        (state == "broken" or sounds <= DEAD, "no_sound"),
        (bool(sounds & DEAD), "seats_dead"),
        (waits and not stands.clock_trusted, "clock_unset"),
        ("too_loud" in sounds, "too_loud"),
        (waits and stands.tickets, "tickets"),
        (waits and _is_short(room, stands), "disk_short"),
        ("long_silence" in stands.faults, "long_silence"),
        (room.has_model is False, "no_model"),
    ]
    return next((task for is_so, task in wrong if is_so), "recording" if state == "broken" else state)


def _is_short(room: Room, stands: Stands) -> bool:
    return stands.due is not None and stands.free_bytes < needed_bytes(stands.due, len(room.settings.seats), room.rate)
