"""What a courtroom reports becomes the course of a hearing; what is asked of it travels as a signed wish."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import select

from central.hearings import acts, course, notes
from central.hearings.live import LiveRooms
from central.hearings.tables import Event, Hearing
from central.web.refused import Refused
from devices.hearings import (
    ButtonPressed,
    ButtonRefused,
    Caption,
    DriftMeasured,
    HearingArmed,
    HearingClosed,
    HearingOpened,
    HearingPaused,
    HearingResumed,
    HearingSealed,
    Levels,
    MomentMarked,
    PauseHearing,
    Problem,
    RecordingFault,
    RecordingRecovered,
    SeatSound,
    SegmentRecorded,
    SegmentTranscribed,
    SoundGap,
)
from devices.microphones import MicrophoneLost
from tests.central.courtroom import ROOM, Courtroom
from tests.central.desk import desk

RATE = 16000


def segment(hearing: Hearing, number: int, begins: float, ends: float, room: Courtroom) -> SegmentRecorded:
    seats = {
        seat: SeatSound(sound=room.blobs.put(f"{seat} {number}".encode()), device="table-a", channel=channel)
        for channel, seat in enumerate(("judge", "plaintiff"), 1)
    }
    return SegmentRecorded(hearing=hearing.ref, number=number, from_sample=round(begins * RATE),
                           to_sample=round(ends * RATE), rate=RATE, at=room.locker.now, seats=seats)  # fmt: skip


def held(room: Courtroom, hearing: Hearing) -> None:
    """A hearing of a minute, with a pause of ten seconds, a gap of two and a fault, until it is sealed."""
    ref = hearing.ref
    room.tell(
        HearingArmed(hearing=ref, problems=(Problem(what="no_model"), Problem(what="seat_silent", seat="clerk"))),
        HearingOpened(hearing=ref, by="agenda", opened_at=room.locker.now, rate=RATE),
        segment(hearing, 1, 0, 20, room),
        HearingPaused(hearing=ref, reason="adjournment", at_sample=20 * RATE, by="button"),
        HearingResumed(hearing=ref, at_sample=30 * RATE, by="wish"),
        MicrophoneLost(seat="plaintiff", why="device_gone"),
        RecordingFault(hearing=ref, why="recorder_stopped", at_sample=40 * RATE),
        SoundGap(hearing=ref, from_sample=40 * RATE, to_sample=42 * RATE, why="recorder_stopped"),
        RecordingRecovered(hearing=ref, why="recorder_stopped", at_sample=42 * RATE),
        MomentMarked(hearing=ref, mark="evidence-1", at_sample=45 * RATE, by="button"),
        segment(hearing, 2, 30, 40, room),
        segment(hearing, 3, 42, 60, room),
        HearingClosed(hearing=ref, at_sample=60 * RATE, by="agenda"),
        HearingSealed(hearing=ref, manifest="a" * 64, signature="token"),
    )


def now(room: Courtroom, hearing: Hearing) -> Hearing:
    with room.store.read() as session:
        return room.find(session, hearing)


def fault(room: Courtroom, hearing: Hearing) -> Event:
    with room.store.read() as session:
        found = select(Event).where(Event.hearing_id == hearing.id, Event.type == "recording_fault")
        return session.scalars(found).one()


def test_the_lines_of_a_courtroom_carry_a_hearing_from_the_schedule_to_its_seal(room: Courtroom) -> None:
    hearing = room.plan()
    room.tell(HearingArmed(hearing=hearing.ref))
    assert now(room, hearing).state == "armed"
    held(room, hearing)
    sealed = now(room, hearing)
    assert (sealed.state, sealed.samples, sealed.rate, sealed.manifest) == ("sealed", 60 * RATE, RATE, "a" * 64)
    with room.store.read() as session:
        events, segments = course.events(session, hearing.id), course.segments(session, hearing.id)
        axis = course.axis(sealed, events, segments)
    assert [(piece.what, round(piece.seconds)) for piece in axis] == [
        ("recorded", 20), ("recorded", 10), ("recorded", 18), ("paused", 10), ("gap", 2),
    ]  # fmt: skip
    assert sum(piece.width for piece in axis) == pytest.approx(1)
    assert "microphone_lost" in [event.type for event in events]


def test_the_page_says_how_far_a_fast_sample_clock_came_apart_from_the_time(room: Courtroom) -> None:
    hearing = room.plan()
    room.tell(
        HearingOpened(hearing=hearing.ref, by="agenda", opened_at=room.locker.now, rate=RATE),
        DriftMeasured(hearing=hearing.ref, device="table-a", ppm=100.0, seconds=7190),
        DriftMeasured(hearing=hearing.ref, device="table-b", ppm=-20.5, seconds=7190),
        HearingClosed(hearing=hearing.ref, at_sample=7200 * RATE, by="agenda"),
    )
    with desk(room.locker) as at:
        at.sign_in("judge")
        shown = at.open(f"/hearings/{hearing.id}")
    assert "table-a 的采样时钟每百万快 100.0（测了 7190 秒），全程差 720 毫秒" in shown
    assert "table-b 的采样时钟每百万慢 20.5（测了 7190 秒），全程差 148 毫秒" in shown


def test_a_devices_sound_is_laid_anew_after_a_pause_and_after_it_was_gone_but_counted_on_over_what_was_lost(
    room: Courtroom,
) -> None:
    hearing = room.plan()
    ref = hearing.ref
    room.tell(
        HearingOpened(hearing=ref, by="agenda", opened_at=room.locker.now, rate=RATE),
        segment(hearing, 1, 0, 10, room),
        segment(hearing, 2, 10, 20, room),
        SoundGap(hearing=ref, from_sample=20 * RATE, to_sample=21 * RATE, why="lost"),
        segment(hearing, 3, 21, 30, room),
        SoundGap(hearing=ref, from_sample=30 * RATE, to_sample=33 * RATE, why="device_gone"),
        segment(hearing, 4, 33, 40, room),
        HearingPaused(hearing=ref, reason="adjournment", at_sample=40 * RATE, by="button"),
        HearingResumed(hearing=ref, at_sample=50 * RATE, by="button"),
        segment(hearing, 5, 50, 60, room),
        DriftMeasured(hearing=ref, device="table-a", ppm=100.0, seconds=7190),
    )
    with room.store.read() as session:
        events, segments = course.events(session, hearing.id), course.segments(session, hearing.id)
        assert course.laid(events, segments) == {1: 0, 2: 0, 3: 0, 4: 33 * RATE, 5: 50 * RATE}
        assert course.drift(events) == {"table-a": 100.0}


def test_a_button_pressed_in_the_room_and_one_that_did_nothing_stand_in_the_course(room: Courtroom) -> None:
    hearing = room.plan()
    room.tell(
        HearingOpened(hearing=hearing.ref, by="button", opened_at=room.locker.now, rate=RATE),
        ButtonPressed(button="blue", does="pause"),
        ButtonRefused(button="blue", why="rejected", detail="closed_evidence is no reason"),
    )
    with desk(room.locker) as at:
        at.sign_in("judge")
        shown = at.open(f"/hearings/{hearing.id}")
    assert "按了按钮“blue”" in shown
    assert "按钮“blue”没有起作用：closed_evidence is no reason" in shown


def test_a_line_told_again_by_a_restored_box_doubles_no_segment_and_moves_no_state_back(room: Courtroom) -> None:
    hearing = room.plan()
    held(room, hearing)
    room.tell(HearingArmed(hearing=hearing.ref), segment(hearing, 1, 0, 20, room))
    assert now(room, hearing).state == "sealed"
    with room.store.read() as session:
        assert [s.number for s in course.segments(session, hearing.id)] == [1, 2, 3]


def test_words_that_come_later_belong_to_their_segment(room: Courtroom) -> None:
    hearing = room.plan()
    held(room, hearing)
    room.tell(SegmentTranscribed(hearing=hearing.ref, number=2, words={"judge": "b" * 64}))
    with room.store.read() as session:
        words = {sound.seat: sound.words for sound in course.segments(session, hearing.id)[1].sounds}
    assert words == {"judge": "b" * 64, "plaintiff": None}
    with pytest.raises(Refused, match="没有第 9 段录音"):
        room.tell(SegmentTranscribed(hearing=hearing.ref, number=9, words={}))


def test_a_recording_nobody_planned_here_is_taken_in_and_another_rooms_is_refused(room: Courtroom) -> None:
    room.tell(HearingOpened(hearing="by-hand", by="button", opened_at=room.locker.now, rate=RATE))
    with room.store.read() as session:
        hearing = session.scalars(select(Hearing)).unique().one()
    assert (hearing.case, hearing.gateway, hearing.state) == (None, ROOM, "recording")
    with pytest.raises(Refused, match="不在“courtroom-b”的法庭"):
        room.tell(HearingClosed(hearing="by-hand", at_sample=1, by="button"), gateway="courtroom-b")


def test_a_pause_is_asked_as_a_signed_wish_and_only_for_a_reason_of_the_rule(room: Courtroom) -> None:
    hearing = room.plan(room.told(closed=True))
    opened = HearingOpened(hearing=hearing.ref, by="agenda", opened_at=room.locker.now, rate=RATE, closed=True)
    room.tell(opened)
    clerk, at = room.actor(), room.locker.now
    for detail in ("coffee", "closed_evidence"):
        with pytest.raises(Refused, match="法定的原因"), room.store.write() as session:
            acts.ask(session, clerk, room.find(session, hearing), "pause", detail, at)
    with pytest.raises(Refused, match="状态不能办"), room.store.write() as session:
        acts.ask(session, clerk, room.find(session, hearing), "resume", "", at)
    with room.store.write() as session:
        row = acts.ask(session, clerk, room.find(session, hearing), "pause", "adjournment", at)
    assert row.wish == PauseHearing(hearing=hearing.ref, reason="adjournment")
    assert (row.gateway, row.device, row.reason) == (ROOM, "courtroom", f"hearing:{hearing.id}")
    with pytest.raises(Refused, match="没有“操作庭审录音”"), room.store.write() as session:
        acts.ask(session, room.actor("archivist"), room.find(session, hearing), "close", "", at)


def test_the_note_on_a_fault_is_signed_once_and_by_the_presiding_judge_alone(room: Courtroom) -> None:
    hearing = room.plan()
    held(room, hearing)
    event, at = fault(room, hearing), room.locker.now + timedelta(hours=1)
    with pytest.raises(Refused, match="没有“签署录音说明”"), room.store.write() as session:
        notes.sign(session, room.blobs, room.actor(), room.find(session, hearing), event.id, "停电", at)
    with room.store.write() as session:
        found = room.find(session, hearing)
        assert notes.owed(session, hearing.id) == 1
        notes.sign(session, room.blobs, room.actor("judge"), found, event.id, " 停电两秒。 ", at)
    signed = fault(room, hearing)
    assert room.blobs.get(signed.note or "").decode() == "停电两秒。" and signed.note_by == room.actor("judge").ref
    with pytest.raises(Refused, match="已签署"), room.store.write() as session:
        notes.sign(session, room.blobs, room.actor("judge"), room.find(session, hearing), event.id, "又", at)
    with room.store.write() as session:
        room.find(session, hearing).presiding_id = room.actor("clerk").id
    with pytest.raises(Refused, match="须由本案审判长签署"), room.store.write() as session:
        notes.sign(session, room.blobs, room.actor("judge"), room.find(session, hearing), event.id, "又", at)


def test_the_page_tells_the_course_and_takes_the_note(room: Courtroom) -> None:
    hearing = room.plan()
    held(room, hearing)
    with desk(room.locker) as at:
        at.sign_in("judge")
        shown = at.open(f"/hearings/{hearing.id}")
        for words in (
            "宣布开庭",
            "休庭",
            "缺失 2.0 秒",
            "录音程序中断",
            "已封存",
            "语音识别没有就绪",
            "标记 evidence-1",
        ):
            assert words in shown, words
        shown = at.send(f"/hearings/{hearing.id}/faults/{fault(room, hearing).id}", text="市电中断两秒。")
        assert "市电中断两秒。" in shown and "李法官签署" in shown


async def first(stream: AsyncIterator[object], wanted: int) -> list[dict[str, object]]:
    found = []
    async for event in stream:
        data = getattr(event, "data", "open")
        found.append(json.loads(data) if data != "open" else {"open": True})
        if len(found) == wanted:
            break
    return found


@pytest.mark.parametrize("closed", [False, True])
async def test_a_page_hears_its_own_hearing_and_no_word_of_one_that_is_not_public(closed: bool) -> None:
    rooms = LiveRooms()
    listening = asyncio.create_task(first(rooms.of_hearing(ROOM, "h-1", closed=closed), 3 if not closed else 2))
    while not rooms.audience.watches(ROOM):  # noqa: ASYNC110  (the task is not under way before)
        await asyncio.sleep(0)
    for ref in ("h-2", "h-1"):
        told = Caption(hearing=ref, seat="judge", spoken="final", text="现在 开庭", from_sample=0, to_sample=9)
        rooms.heard(ROOM, "captions", told.model_dump_json().encode())
    rooms.heard(ROOM, "captions", b"no caption")
    rooms.heard(ROOM, "levels", Levels(hearing="h-1", seats={"judge": -12.5}).model_dump_json().encode())
    async with asyncio.timeout(20):
        heard = await listening
    assert heard[-1]["seats"] == {"judge": -12.5}
    assert [one["hearing"] for one in heard if "text" in one] == ([] if closed else ["h-1"])
    with suppress(StopAsyncIteration):
        rooms.close()
