"""A recording goes only when its time is over, nobody holds it, and two people agree; its traces stay."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from central.hearings import keeping, transcript
from central.hearings.disposal import dispose
from central.hearings.tables import Hearing, Segment
from central.ledger.tables import LedgerLine
from central.web.refused import Refused
from devices.hearings import HearingClosed, HearingOpened, HearingSealed, SeatSound, SegmentRecorded
from devices.journal import read_line
from devices.speech import Utterance, Word, Words
from tests.central.courtroom import Courtroom
from tests.central.desk import desk

RATE = 16000
SHARED = b"silence that two hearings have in common"
Do = Callable[..., keeping.Keeping]


def held(room: Courtroom, after: float) -> Hearing:
    """A sealed hearing of one segment, whose mixed channel has the same bytes each time."""
    hearing, now = room.plan(room.told(after=after)), room.locker.now
    word = Word(word=f"借条{after:.0f}", from_sample=0, to_sample=RATE)
    said = Utterance(from_sample=0, to_sample=RATE, words=(word,))
    words = Words(seat="judge", from_sample=0, to_sample=RATE, rate=RATE, model="m", utterances=(said,))
    sound = SeatSound(sound=room.blobs.put(f"sound {after}".encode()), device="t", channel=1,
                      words=room.blobs.put(words.model_dump_json().encode()))  # fmt: skip
    room.tell(
        HearingOpened(hearing=hearing.ref, by="agenda", opened_at=now, rate=RATE),
        SegmentRecorded(hearing=hearing.ref, number=1, from_sample=0, to_sample=RATE, rate=RATE, at=now,
                        seats={"judge": sound}, mixed=room.blobs.put(SHARED)),
        HearingClosed(hearing=hearing.ref, at_sample=RATE, by="agenda"),
        HearingSealed(hearing=hearing.ref, manifest="a" * 64, signature="token"),
    )  # fmt: skip
    transcript.take_in(room.store, room.blobs, lambda: room.locker.now)
    return hearing


def do(room: Courtroom, hearing: Hearing, step: Do, *told: str, by: str = "archivist") -> keeping.Keeping:
    with room.store.write() as session:
        hand = keeping.Hand(room.actor(by), room.find(session, hearing), room.locker.now)
        return step(session, hand, *told)


def refusal(room: Courtroom, hearing: Hearing, step: Do, *told: str, by: str = "archivist") -> str:
    with pytest.raises(Refused) as refused:
        do(room, hearing, step, *told, by=by)
    return refused.value.code


def sounds(room: Courtroom, hearing: Hearing) -> list[bool]:
    """Whether its sound, its words and its mixed channel are here."""
    with room.store.read() as session:
        (segment,) = session.scalars(select(Segment).where(Segment.hearing_id == hearing.id))
        names = (segment.sounds[0].sound, segment.sounds[0].words or "", segment.mixed or "")
    return [room.blobs.has(name) for name in names]


def test_a_recording_goes_by_rule_reason_and_a_second_person_and_its_traces_stay(room: Courtroom) -> None:
    hearing, other = held(room, 0), held(room, 5)
    assert refusal(room, hearing, keeping.propose, "到期") == "not_due", "nobody has classed it: it is kept for ever"
    do(room, hearing, keeping.classify, "short")
    assert refusal(room, hearing, keeping.propose, "到期") == "not_due"
    room.locker.now += timedelta(days=20 * 366)
    do(room, hearing, keeping.hold, "再审在即")
    assert refusal(room, hearing, keeping.propose, "到期") == "held"
    do(room, hearing, keeping.hold, "")
    assert refusal(room, hearing, keeping.approve, by="judge") == "not_proposed"
    assert refusal(room, hearing, keeping.propose, "到期", by="clerk") == "not_allowed"
    do(room, hearing, keeping.propose, "保管期限已满")
    assert refusal(room, hearing, keeping.approve) == "same_person"
    do(room, hearing, keeping.approve, by="judge")
    assert dispose(room.store, room.blobs, lambda: room.locker.now) == 1
    assert dispose(room.store, room.blobs, lambda: room.locker.now) == 0
    assert (sounds(room, hearing), sounds(room, other)) == ([False, False, True], [True, True, True])
    with room.store.read() as session:
        found = [hit.utterance.hearing_id for hit in transcript.search(session, room.actor("judge"), "借条")]
        assert found == [other.id]
        assert room.find(session, hearing).manifest == "a" * 64
        raw = select(LedgerLine.raw).where(LedgerLine.type == "disposal_approved")
        (line,) = [read_line(raw) for raw in session.scalars(raw)]
    told = {name: line.body[name] for name in ("hearing", "rule", "years", "proposed_by", "actor")}
    proposer, second = room.actor("archivist").ref, room.actor("judge").ref
    assert told == {"hearing": hearing.ref, "rule": "short", "years": 20, "proposed_by": proposer, "actor": second}
    assert "期限已满" not in str(line.body)
    assert refusal(room, hearing, keeping.hold, "太晚了") == "disposed"


def test_the_page_shows_rule_hold_and_who_has_to_approve(room: Courtroom) -> None:
    hearing = held(room, 0)
    with desk(room.locker) as at:
        at.sign_in("archivist")
        assert "定为永久保管的录音不销毁" in at.open(f"/hearings/{hearing.id}/keeping")
        at.send(f"/hearings/{hearing.id}/keeping/classify", rule="short")
        room.locker.now += timedelta(days=20 * 366)
        at.sign_in("archivist")
        assert "/keeping/propose" in at.open(f"/hearings/{hearing.id}/keeping")
        assert "再审在即" in at.send(f"/hearings/{hearing.id}/keeping/hold", words="再审在即")
        assert "已被要求保全" in at.shown and "/keeping/propose" not in at.shown
        room.locker.now -= timedelta(days=20 * 366)
        at.sign_in("archivist")
        at.send(f"/hearings/{hearing.id}/keeping/lift")
        assert "保管期限未满" in at.send(f"/hearings/{hearing.id}/keeping/propose", 409, words="想腾地方")
