"""What a hearing calls somebody for, and what a room is told that may not be armed."""

from datetime import timedelta

from central.alarms import open_alarms
from central.fleet import tickets
from central.hearings import watch
from central.hearings.tables import Hearing
from devices.hearings import (
    ArmingRefused,
    HearingArmed,
    HearingClosed,
    HearingOpened,
    HearingSealed,
    RecordingFault,
    RecordingRecovered,
)
from tests.central.courtroom import ROOM, Courtroom
from tests.central.desk import desk

RATE = 16000


def alarms(room: Courtroom) -> dict[str, str]:
    with room.store.read() as session:
        return {alarm.kind: alarm.subject for alarm in open_alarms(session)}


def opened(room: Courtroom, hearing: Hearing) -> HearingOpened:
    return HearingOpened(hearing=hearing.ref, by="agenda", opened_at=room.locker.now, rate=RATE)


def test_a_fault_of_a_recording_is_an_alarm_until_every_fault_is_over(room: Courtroom) -> None:
    hearing = room.plan()
    told = {"hearing": hearing.ref, "at_sample": RATE}
    room.tell(opened(room, hearing), RecordingFault(why="no_sound", **told), RecordingFault(why="disk_full", **told))
    assert alarms(room) == {"recording_fault": hearing.topic}
    room.tell(RecordingRecovered(why="no_sound", **told))
    assert "recording_fault" in alarms(room)
    with desk(room.locker) as at:
        at.sign_in("clerk")
        assert f'href="/hearings/{hearing.id}"' in at.open("/alarms")
    room.tell(RecordingRecovered(why="disk_full", **told))
    assert alarms(room) == {}


def test_a_room_with_an_open_severe_ticket_is_told_so_and_its_refusal_is_an_alarm(room: Courtroom) -> None:
    hearing = room.plan(room.told(after=-24))
    with room.store.write() as session:
        ticket = tickets.report(session, "no sound", ROOM, "", room.locker.now, severity="severe").id
    assert watch.bar(room.store, room.blobs, room.locker.now) == 1
    assert watch.bar(room.store, room.blobs, room.locker.now) == 0
    agenda = room.agenda()
    assert agenda is not None and agenda.tickets == (ticket,)
    room.tell(ArmingRefused(hearing=hearing.ref, tickets=(ticket,)))
    assert alarms(room) == {"arming_refused": hearing.topic}
    with room.store.read() as session:
        assert room.find(session, hearing).state == "scheduled"
    with desk(room.locker) as at:
        at.sign_in("clerk")
        assert f"严重故障单 {ticket} 未了" in at.open(f"/hearings/{hearing.id}")
    room.tell(HearingArmed(hearing=hearing.ref))
    assert alarms(room) == {}


def test_sealed_sound_that_never_comes_is_an_alarm_once(room: Courtroom) -> None:
    hearing = room.plan()
    room.tell(
        opened(room, hearing),
        HearingClosed(hearing=hearing.ref, at_sample=RATE, by="agenda"),
        HearingSealed(hearing=hearing.ref, manifest="a" * 64, signature="token"),
    )
    for later in (timedelta(), watch.LATE + timedelta(minutes=1), watch.LATE + timedelta(minutes=2)):
        with room.store.write() as session:
            watch.sweep(session, room.locker.now + later)
        assert bool(alarms(room)) is bool(later)
    with room.store.read() as session:
        (alarm,) = open_alarms(session)
        assert (alarm.kind, alarm.subject, alarm.times) == ("sound_missing", hearing.topic, 1)


def test_the_page_of_a_case_leads_to_its_hearings(room: Courtroom) -> None:
    hearing = room.plan()
    with desk(room.locker) as at:
        at.sign_in("clerk")
        assert 'href="/hearings/of/1"' in at.open("/dossiers/1")
        assert f'href="/hearings/{hearing.id}"' in at.open("/hearings/of/1")
