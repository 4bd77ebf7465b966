"""What was said: taken in once, corrected without overwriting, found in Chinese, played from the seat's own channel."""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from central.hearings import minutes, transcript
from central.hearings.spoken import Access, Utterance
from central.hearings.tables import Hearing
from central.web.refused import Refused
from devices import speech
from devices.hearings import HearingOpened, SeatSound, SegmentRecorded, SegmentTranscribed
from tests.central.courtroom import Courtroom
from tests.central.desk import desk

RATE = 16000
SOUND = bytes(range(256)) * 40


def words(seat: str, begins: float, *said: str, sure: float = 0.9) -> bytes:
    """One utterance a text, its words apart by blanks, half a second each."""
    utterances, at = [], round(begins * RATE)
    for text in said:
        spoken = []
        for word in text.split():
            spoken.append(speech.Word(word=word, from_sample=at, to_sample=at + RATE // 2, confidence=sure))
            at += RATE // 2
        utterances.append(speech.Utterance(from_sample=spoken[0].from_sample, to_sample=at, words=tuple(spoken)))
    told = speech.Words(seat=seat, from_sample=round(begins * RATE), to_sample=at, rate=RATE, model="m",
                        utterances=tuple(utterances))  # fmt: skip
    return told.model_dump_json().encode()


def recorded(room: Courtroom, hearing: Hearing, number: int, said: dict[str, bytes], *, here: bool = True) -> None:
    """A segment of ten seconds with these words; `here`: their blobs have come."""
    seats = {}
    for channel, (seat, blob) in enumerate(said.items(), 1):
        sha256 = room.blobs.put(blob) if here else "e" * 64
        seats[seat] = SeatSound(sound=room.blobs.put(SOUND + seat.encode()), words=sha256, device="t", channel=channel)
    begins = (number - 1) * 10 * RATE
    room.tell(SegmentRecorded(hearing=hearing.ref, number=number, from_sample=begins, to_sample=begins + 10 * RATE,
                              rate=RATE, at=room.locker.now, seats=seats))  # fmt: skip


@pytest.fixture
def hearing(room: Courtroom) -> Iterator[Hearing]:
    found = room.plan(room.told(corrections={"张见国": "张建国"}))
    room.tell(HearingOpened(hearing=found.ref, by="agenda", opened_at=room.locker.now, rate=RATE))
    recorded(
        room,
        found,
        1,
        {"judge": words("judge", 1, "现在 开庭"), "plaintiff": words("plaintiff", 5, "张见国 借 了 八 万 元")},
    )
    yield found


def take_in(room: Courtroom) -> int:
    return transcript.take_in(room.store, room.blobs, lambda: room.locker.now)


def said(room: Courtroom, hearing: Hearing) -> list[Utterance]:
    with room.store.read() as session:
        return list(transcript.piece(session, hearing.id))


def test_words_are_taken_in_once_as_heard_and_the_cases_words_correct_beside_them(
    room: Courtroom, hearing: Hearing
) -> None:
    assert (take_in(room), take_in(room)) == (2, 0)
    first, second = said(room, hearing)
    assert (first.seat, first.heard, first.fixed) == ("judge", "现在开庭", None)
    assert (second.heard, second.text) == ("张见国借了八万元", "张建国借了八万元")
    assert [correction.by for correction in second.corrections] == ["words"]


def test_words_still_on_their_way_are_waited_for_and_do_not_hold_up_others(room: Courtroom, hearing: Hearing) -> None:
    recorded(room, hearing, 2, {"judge": b""}, here=False)
    recorded(room, hearing, 3, {"judge": words("judge", 21, "闭庭")})
    assert take_in(room) == 3
    late = room.blobs.put(words("judge", 12, "休庭"))
    room.tell(SegmentTranscribed(hearing=hearing.ref, number=2, words={"judge": late}))
    assert take_in(room) == 1
    assert [one.heard for one in said(room, hearing)][-2:] == ["休庭", "闭庭"]


def test_words_that_never_come_do_not_hold_up_those_behind_them(room: Courtroom, hearing: Hearing) -> None:
    for number in range(2, 53):
        recorded(room, hearing, number, dict.fromkeys(("judge", "clerk", "plaintiff", "defendant"), b""), here=False)
    recorded(room, hearing, 53, {"judge": words("judge", 521, "闭庭")})
    assert take_in(room) == 3
    assert said(room, hearing)[-1].heard == "闭庭"


def test_words_that_cannot_be_read_hold_up_no_minutes_and_may_come_again(room: Courtroom, hearing: Hearing) -> None:
    recorded(room, hearing, 2, {"judge": b"no words at all"})
    assert (take_in(room), take_in(room)) == (2, 0)
    with room.store.read() as session:
        hand = minutes.Hand(room.actor(), room.find(session, hearing), room.blobs, "", room.locker.now)
        assert minutes.standing(session, hand, None).waiting == 0
    again = room.blobs.put(words("judge", 12, "休庭"))
    room.tell(SegmentTranscribed(hearing=hearing.ref, number=2, words={"judge": again}))
    assert take_in(room) == 1
    assert said(room, hearing)[-1].heard == "休庭"


def test_a_correction_never_overwrites_what_was_heard_nor_the_correction_before(
    room: Courtroom, hearing: Hearing
) -> None:
    take_in(room)
    first = said(room, hearing)[0]
    for by, text in (("clerk", "现在开庭。"), ("judge", "现在正式开庭。")):
        with room.store.write() as session:
            found = room.find(session, hearing)
            transcript.correct(session, room.actor(by), found, first.id, text, room.locker.now)
    again = said(room, hearing)[0]
    assert (again.heard, again.text) == ("现在开庭", "现在正式开庭。")
    refs = [room.actor("clerk").ref, room.actor("judge").ref]
    assert [(c.text, c.by) for c in again.corrections] == list(zip(["现在开庭。", "现在正式开庭。"], refs, strict=True))
    with pytest.raises(Refused, match="没有“更正笔录”"), room.store.write() as session:
        transcript.correct(
            session, room.actor("archivist"), room.find(session, hearing), first.id, "别的", room.locker.now
        )


def test_what_was_said_is_found_as_heard_and_as_corrected_with_its_segment(room: Courtroom, hearing: Hearing) -> None:
    take_in(room)
    with room.store.read() as session:
        for wanted in ("张建国", "张见国", "八万", "借了 八万元"):
            (hit,) = transcript.search(session, room.actor(), wanted)
            assert hit.utterance.seat == "plaintiff" and hit.segment is not None and hit.segment.number == 1
        assert transcript.search(session, room.actor(), "万八") == []
        with pytest.raises(Refused):
            transcript.search(session, room.actor("it"), "八万")


def test_what_was_said_is_found_in_one_hearing_alone_a_piece_at_a_time(
    room: Courtroom, hearing: Hearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcript, "PIECE", 2)
    other = room.plan(room.told(after=4))
    room.tell(HearingOpened(hearing=other.ref, by="agenda", opened_at=room.locker.now, rate=RATE))
    for number in (2, 3, 4):
        recorded(room, hearing, number, {"judge": words("judge", 10 * number, f"八万 {number}")})
        recorded(room, other, number, {"judge": words("judge", 10 * number, f"八万 又 {number}")})
        take_in(room)
    with room.store.read() as session:
        here = transcript.search(session, room.actor(), "八万", hearing=hearing.id)
        assert [hit.utterance.heard for hit in here] == ["八万4", "八万3", "八万2", "张见国借了八万元"]
        below = here[1].utterance.id
        rest = transcript.search(session, room.actor(), "八万", below=below, hearing=hearing.id)
        assert [hit.utterance.heard for hit in rest] == ["八万2", "张见国借了八万元"]
        assert len(transcript.search(session, room.actor(), "八万")) == 7
    with desk(room.locker) as at:
        at.sign_in("clerk")
        shown = at.open(f"/hearings/search?q=八万&hearing={other.id}")
        assert shown.count("data-play") == 3 and f'name="hearing" value="{other.id}"' in shown


def test_words_are_written_without_blanks_between_chinese() -> None:
    assert transcript.joined(["现在", "开庭"]) == "现在开庭"
    assert transcript.joined(["播放", "video", "two", "证据"]) == "播放video two证据"


def test_who_reads_and_who_listens_is_on_record_once_in_ten_minutes(room: Courtroom, hearing: Hearing) -> None:
    take_in(room)
    with desk(room.locker) as at:
        at.sign_in("judge")
        shown = at.open(f"/hearings/{hearing.id}/transcript")
        assert "张建国借了八万元" in shown and 'data-at="80000"' in shown and "听到的：" in shown
        for _ in range(2):
            assert at.client.get(f"/hearings/{hearing.id}/sound/1/judge").content == SOUND + b"judge"
        assert "<mark>八万</mark>" in at.open("/hearings/search?q=八万")
    with desk(room.locker) as other:
        other.sign_in("it")
        other.open(f"/hearings/{hearing.id}/transcript", 403)
        assert other.client.get(f"/hearings/{hearing.id}/sound/1/judge").status_code == 403
    with room.store.read() as session:
        accesses = [(a.by, a.what, a.part) for a in session.scalars(select(Access).order_by(Access.id))]
    judge = room.actor("judge").ref
    assert accesses == [(judge, "read", ""), (judge, "listen", "1 judge"), (judge, "read", transcript.BY_SEARCH)]
    with desk(room.locker) as keeper:
        keeper.sign_in("archivist")
        shown = keeper.open(f"/hearings/{hearing.id}/keeping")
        told = [shown.index(words) for words in ("查找时看到其中的话", "听录音", "看笔录")]
        assert told == sorted(told), "the newest stands first"
        assert shown.count("李法官") == 3
    with room.store.read() as session, pytest.raises(Refused):
        transcript.accesses(session, room.actor("clerk"), hearing)


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [("bytes=0-", 0, None), ("bytes=100-199", 100, 200), ("bytes=-10", -10, None), ("bytes=10240-99999", 10240, None)],
)
def test_a_player_gets_the_stretch_it_asks_for(
    room: Courtroom, hearing: Hearing, wanted: str, first: int, last: int | None
) -> None:
    whole = SOUND + b"judge"
    with desk(room.locker) as at:
        at.sign_in("clerk")
        answer = at.client.get(f"/hearings/{hearing.id}/sound/1/judge", headers={"range": wanted})
        assert answer.status_code == 206 and answer.content == whole[first:last]
        begins = range(len(whole))[first]
        assert answer.headers["content-range"] == f"bytes {begins}-{begins + len(answer.content) - 1}/{len(whole)}"
        beyond = at.client.get(f"/hearings/{hearing.id}/sound/1/judge", headers={"range": "bytes=99999-"})
        assert beyond.status_code == 416
        assert at.client.get(f"/hearings/{hearing.id}/sound/1/nobody").status_code == 404


def test_a_correction_made_on_the_page_stands_beside_what_was_heard(room: Courtroom, hearing: Hearing) -> None:
    take_in(room)
    with desk(room.locker) as at:
        at.sign_in("clerk")
        at.open(f"/hearings/{hearing.id}/transcript")
        number = said(room, hearing)[0].id
        shown = at.send(f"/hearings/{hearing.id}/utterances/{number}", text="现在继续开庭")
        assert "现在继续开庭" in shown and "王书记" in shown and "听到的：" in shown


def test_whoever_corrects_a_late_word_comes_back_to_it_and_not_to_the_beginning(
    room: Courtroom, hearing: Hearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcript, "PIECE", 12)
    recorded(room, hearing, 2, {"judge": words("judge", 10, *(f"第 {n} 句" for n in range(60)))})
    take_in(room)
    with room.store.read() as session:
        late = transcript.whole(session, hearing.id)
    with desk(room.locker) as at:
        at.sign_in("clerk")
        first = at.open(f"/hearings/{hearing.id}/transcript")
        assert "第11句" not in first and "前面的话" not in first
        shown = at.send(f"/hearings/{hearing.id}/utterances/{late[40].id}", text="更正了的一句")
        assert "更正了的一句" in shown and "第30句" in shown and "第49句" in shown and "第5句" not in shown
        assert f"transcript?before={late[30].id}" in shown and f"transcript?after={late[51].id}" in shown
        above = at.open(f"/hearings/{hearing.id}/transcript?before={late[12].id}")
        assert "现在开庭" in above and "第9句" in above and "前面的话" not in above
        there = at.open(f"/hearings/{hearing.id}/transcript?sample={late[20].from_sample + 1}")
        assert f'id="u-{late[20].id}"' in there and f'id="u-{late[2].id}"' not in there


def test_whoever_reads_is_told_what_was_taken_in_and_corrected_since_and_nothing_else(
    room: Courtroom, hearing: Hearing
) -> None:
    take_in(room)
    first = said(room, hearing)[0]
    with desk(room.locker) as at:
        at.sign_in("clerk")
        shown = at.open(f"/hearings/{hearing.id}/transcript")
        taken, corrected = re.findall(r'data-(?:taken|corrected)="(\d+)"', shown)
        (word,) = re.findall(r'name="csrf" content="(\w+)"', shown)
        url = f"/hearings/{hearing.id}/transcript/news"
        assert "<article" not in at.open(f"{url}?taken={taken}&corrected={corrected}")
        recorded(room, hearing, 2, {"judge": words("judge", 12, "休庭")})
        take_in(room)
        told = at.client.post(
            f"/hearings/{hearing.id}/utterances/{first.id}", data={"text": "现在正式开庭"}, headers={"x-csrf": word}
        )
        assert told.status_code == 204
        news = at.open(f"{url}?taken={taken}&corrected={corrected}")
        assert "休庭" in news and "现在正式开庭" in news and "张建国" not in news
        taken, corrected = re.findall(r'data-(?:taken|corrected)="(\d+)"', news)
        assert "<article" not in at.open(f"{url}?taken={taken}&corrected={corrected}")


def test_all_seats_of_a_segment_are_heard_together_and_that_is_on_record(room: Courtroom, hearing: Hearing) -> None:
    seats = {"judge": SeatSound(sound=room.blobs.put(SOUND), device="t", channel=1)}
    mixed = room.blobs.put(b"everybody")
    room.tell(SegmentRecorded(hearing=hearing.ref, number=2, from_sample=10 * RATE, to_sample=20 * RATE, rate=RATE,
                              at=room.locker.now, seats=seats, mixed=mixed))  # fmt: skip
    with desk(room.locker) as at:
        at.sign_in("judge")
        assert at.client.get(f"/hearings/{hearing.id}/sound/2/mixed").content == b"everybody"
        assert at.client.get(f"/hearings/{hearing.id}/sound/1/mixed").status_code == 404
    with desk(room.locker) as keeper:
        keeper.sign_in("archivist")
        assert "全庭" in keeper.open(f"/hearings/{hearing.id}/keeping")


def test_captions_count_from_the_opening_name_the_speaker_and_a_copy_is_on_record(
    room: Courtroom, hearing: Hearing
) -> None:
    take_in(room)
    with desk(room.locker) as at:
        at.sign_in("clerk")
        srt = at.open(f"/hearings/{hearing.id}/transcript.srt")
        assert srt.startswith(
            "1\n00:00:01,000 --> 00:00:02,000\n审判长：现在开庭\n\n2\n00:00:05,000 --> 00:00:08,000\n原告：张建国"
        )
        number = said(room, hearing)[0].id
        at.open(f"/hearings/{hearing.id}/transcript")
        at.send(f"/hearings/{hearing.id}/utterances/{number}", text="证据 <a> & 质证")
        vtt = at.open(f"/hearings/{hearing.id}/transcript.vtt")
        cue = "00:00:01.000 --> 00:00:02.000\n<v 审判长>证据 &lt;a&gt; &amp; 质证\n"
        assert (
            vtt.startswith(f"WEBVTT\n\n{cue}")
            and at.client.get(f"/hearings/{hearing.id}/transcript.doc").status_code == 404
        )
    with room.store.read() as session:
        copies = session.scalars(select(Access.part).where(Access.what == "copy").order_by(Access.id)).all()
    assert copies == ["srt", "vtt"]
