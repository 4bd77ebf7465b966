"""Sound without words goes to idle rooms as work: never to a busy one, to another after a kill, counted once."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from central.hearings import backlog, transcript
from central.hearings.spoken import Utterance
from central.hearings.tables import Hearing
from central.web.refused import Refused
from central.wishes import service as wishes
from central.wishes.tables import WishRow
from devices import speech
from devices.box import GATEWAY, WishInterrupted, WishRefused
from devices.hearings import HearingClosed, HearingOpened, HearingSealed, SeatSound, SegmentRecorded, SegmentTranscribed
from devices.transcribing import TRANSCRIBER, TranscribeSegment
from tests.central.courtroom import ROOM, Courtroom

RATE = 16000
B, C = "courtroom-b", "courtroom-c"


def words(room: Courtroom, number: int, *said: str) -> str:
    """The blob of one judge's utterances, a second each from the start of the segment."""
    begins = (number - 1) * 10 * RATE
    told = []
    for second, text in enumerate(said):
        at = begins + second * RATE
        word = speech.Word(word=text, from_sample=at, to_sample=at + RATE // 2)
        told.append(speech.Utterance(from_sample=at, to_sample=at + RATE // 2, words=(word,)))
    blob = speech.Words(
        seat="judge", from_sample=begins, to_sample=begins + 10 * RATE, rate=RATE, model="m", utterances=tuple(told)
    )
    return room.blobs.put(blob.model_dump_json().encode())


def held(room: Courtroom, *, closed: bool = False) -> Hearing:
    """A sealed, proven hearing of three segments of ten seconds, of which only the first has words."""
    hearing, now = room.plan(room.told(closed=closed)), room.locker.now
    room.tell(HearingOpened(hearing=hearing.ref, by="agenda", opened_at=now, rate=RATE, closed=closed))
    for number in (1, 2, 3):
        sound = SeatSound(sound=room.blobs.put(f"{closed} {number}".encode()), device="t", channel=1,
                          words=words(room, 1, "开庭", "起立") if number == 1 else None)  # fmt: skip
        begins = (number - 1) * 10 * RATE
        room.tell(SegmentRecorded(hearing=hearing.ref, number=number, from_sample=begins, to_sample=begins + 10 * RATE,
                                  rate=RATE, at=now, seats={"judge": sound}))  # fmt: skip
    room.tell(
        HearingClosed(hearing=hearing.ref, at_sample=30 * RATE, by="agenda"),
        HearingSealed(hearing=hearing.ref, manifest="a" * 64, signature="token", words_owed=(2, 3)),
    )
    with room.store.write() as session:
        room.find(session, hearing).proven_at = now
    return hearing


def hand_out(room: Courtroom) -> dict[str, tuple[str, TranscribeSegment]]:
    """Room -> id and wish of what it has been asked now."""
    with room.store.read() as session:
        known = set(session.scalars(select(WishRow.jti)))
    count = backlog.hand_out(room.store, room.blobs, lambda: room.locker.now)
    with room.store.read() as session:
        new = [row for row in session.scalars(select(WishRow)) if row.jti not in known]
        asked = {row.gateway: (row.jti, row.wish) for row in new if row.device == TRANSCRIBER}
    assert len(asked) == count
    return {gateway: (jti, wish) for gateway, (jti, wish) in asked.items() if isinstance(wish, TranscribeSegment)}


def answer(room: Courtroom, hearing: Hearing, number: int, gateway: str, cause: str | None, *said: str) -> None:
    """A room tells the words of a segment."""
    told = SegmentTranscribed(hearing=hearing.ref, number=number, words={"judge": words(room, number, *said)})
    room.tell(told, gateway=gateway, device=TRANSCRIBER, cause=cause)


def said(room: Courtroom, hearing: Hearing) -> list[str]:
    """The transcript, when all that came is taken in."""
    transcript.take_in(room.store, room.blobs, lambda: room.locker.now)
    with room.store.read() as session:
        found = select(Utterance).where(Utterance.hearing_id == hearing.id).order_by(Utterance.from_sample)
        return [one.heard for one in session.scalars(found).unique()]


def test_each_idle_room_gets_a_segment_with_what_its_neighbours_have(room: Courtroom) -> None:
    hearing = held(room)
    asked = hand_out(room)
    assert {gateway: wish.number for gateway, (_, wish) in asked.items()} == {B: 2, C: 3}, f"{ROOM} has no recogniser"
    one = asked[B][1].seats["judge"]
    assert one.before is not None and one.after is not None
    assert (one.told_to, asked[C][1].seats["judge"].told_to) == (RATE + RATE // 2, None)
    assert hand_out(room) == {}, "both are at work"
    answer(room, hearing, 2, B, asked[B][0], "请书记员")
    answer(room, hearing, 3, C, asked[C][0], "闭庭")
    assert said(room, hearing) == ["开庭", "起立", "请书记员", "闭庭"]
    with room.store.read() as session:
        assert {wishes.find(session, jti).state for jti, _ in asked.values()} == {"answered"}
    assert hand_out(room) == {}


def test_a_room_with_a_hearing_near_or_that_is_away_is_left_alone(room: Courtroom) -> None:
    held(room)
    room.plan(room.told(gateway=B, after=3))
    room.locker.now = room.opens_at + timedelta(hours=2, minutes=1)
    assert set(hand_out(room)) == {C}


def test_the_work_of_a_killed_box_goes_to_another_and_is_counted_once(room: Courtroom) -> None:
    hearing = held(room)
    room.plan(room.told(gateway=C, after=-24.9, hours=0.2))  # one room is left
    killed, wish = hand_out(room)[B]
    room.locker.now += timedelta(minutes=30)
    room.tell(WishInterrupted(wish="transcribe_segment"), gateway=B, device=GATEWAY, cause=killed)
    again = hand_out(room)
    assert {gateway: asked.number for gateway, (_, asked) in again.items()} == {C: 3}, "whom nobody has, first"
    answer(room, hearing, 3, C, again[C][0], "闭庭")
    third = hand_out(room)
    assert {gateway: asked.number for gateway, (_, asked) in third.items()} == {C: wish.number}
    answer(room, hearing, wish.number, C, third[C][0], "请书记员")
    assert said(room, hearing) == ["开庭", "起立", "请书记员", "闭庭"]
    answer(room, hearing, wish.number, B, killed, "请", "书记员")
    assert said(room, hearing) == ["开庭", "起立", "请书记员", "闭庭"]


def test_words_that_nobody_asked_that_room_for_are_refused(room: Courtroom) -> None:
    hearing = held(room)
    jti, wish = hand_out(room)[B]
    for gateway, cause, number in ((C, jti, wish.number), (B, None, wish.number), (B, jti, 3)):
        with pytest.raises(Refused, match="的法庭"):
            answer(room, hearing, number, gateway, cause, "假话")
    clerks = SegmentTranscribed(hearing=hearing.ref, number=wish.number, words={"clerk": words(room, 2, "假话")})
    with pytest.raises(Refused, match="的法庭"):
        room.tell(clerks, gateway=B, device=TRANSCRIBER, cause=jti)
    assert said(room, hearing) == ["开庭", "起立"]


def test_sound_nobody_can_read_is_not_handed_out_again_and_a_box_without_a_model_rests(room: Courtroom) -> None:
    held(room)
    asked = hand_out(room)
    room.tell(WishRefused(why="rejected", detail="no FLAC"), gateway=B, device=TRANSCRIBER, cause=asked[B][0])
    room.tell(WishRefused(why="device_offline", detail="no model"), gateway=C, device=TRANSCRIBER, cause=asked[C][0])
    assert hand_out(room) == {}
    room.locker.now += timedelta(minutes=11)
    assert {wish.number for _, wish in hand_out(room).values()} == {asked[C][1].number}


def test_sound_of_a_hearing_that_is_not_public_goes_to_no_other_room(room: Courtroom) -> None:
    held(room, closed=True)
    assert hand_out(room) == {}
