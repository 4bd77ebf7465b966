"""A hearing in a stranger's hands: what holds, and what was done to it, by segment and seat."""

import asyncio
import hashlib
import math
import shutil
import tempfile
import zipfile
from array import array
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import jwt
import pytest
from click.testing import CliRunner
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from central import pki
from central.blobs import Blobs
from central.cli.program import program
from central.fleet.tables import Gateway, GatewayKey
from central.hearings import api
from central.hearings.countersign import prove as countersign
from central.hearings.export import export
from central.hearings.projector import HearingProjector
from central.hearings.spoken import Access
from central.hearings.tables import Hearing, Segment
from central.hearings.verify import prove
from central.ledger.accept import Ledger
from central.ledger.export import Signatory
from central.ledger.own import Pen, take_pen
from central.ledger.tables import Parked
from central.ledger.verify import verify
from central.people.roles import may
from central.people.service import SYSTEM, add_person, issue_token
from central.store import Store
from central.web.errors import speak
from central.web.look import make_look
from central.web.refused import Refused
from central.wishes import service as wishes
from devices.claims import HearingClaims
from devices.grants import sign
from devices.hearings import (
    COURTROOM,
    HearingClosed,
    HearingOpened,
    HearingSealed,
    SeatSound,
    SegmentRecorded,
    SegmentTranscribed,
)
from devices.manifest import HearingManifest, WordsOwed
from devices.messages import Fact
from devices.speech import Words
from devices.transcribing import TRANSCRIBER, StoredSound, TranscribeSegment
from gateway.hearing.flac import decode, encode
from tests.kit.databases import sqlite_in

from .box import NOON, Box
from .conftest import COURT
from .keys import request_for

ROOM, RATE, SEATS = "courtroom-a", 16000, ("judge", "plaintiff")
SECONDS = 2
Files = dict[str, bytes]


class Hall:
    """A court with one courtroom whose lines go through its ledger."""

    def __init__(self, folder: Path, up_to_date: Path) -> None:
        self.folder = folder
        self._hums: dict[int, bytes] = {}
        self.authority = pki.create(folder / "pki", COURT, ["127.0.0.1"], NOON)
        self.pen = Pen(COURT, self.authority.signing_key, lambda: NOON + timedelta(minutes=1))
        self.store = Store(sqlite_in(folder, up_to_date))
        take_pen(self.store, self.pen)
        self.blobs = Blobs(folder / "blobs")
        self.known = {self.pen.kid: pki.pem(self.authority.signing)}
        self.box, self.other = self._box(ROOM), self._box("courtroom-b")

    def _box(self, name: str) -> Box:
        box = Box(name, COURT)
        self.known[box.kid] = pki.pem(self.authority.certify_gateway(name, request_for(box.key), NOON))
        with self.store.write() as session:
            gateway = Gateway(name=name, permit_secret=b"s" * 32, enrolled_at=NOON, presence="ready")
            session.add(gateway)
            session.flush()
            session.add(GatewayKey(gateway_id=gateway.id, kid=box.kid, certificate=self.known[box.kid],
                                   fingerprint=f"f {name}", admitted_at=NOON))  # fmt: skip
        return box

    def tell(self, *facts: Fact) -> None:
        """Its lines reach central in one batch."""
        self._tell(self.box, COURTROOM, facts)

    def _tell(self, box: Box, device: str, facts: Sequence[Fact], cause: str | None = None) -> None:
        first = len(box.raws) + 1
        for fact in facts:
            box.write(fact, device, cause)
        first = 1 if first == 2 else first  # the book's first line goes along
        with self.store.write() as session:
            ledger = Ledger(COURT, [HearingProjector()])
            accepted = ledger.accept(session, box.sender, *box.batch(first))
            assert (accepted.result, session.scalars(select(Parked)).all()) == ("stored", [])

    def have_written(self, ref: str, box: Box) -> None:
        """Central asks a room for the words of the third segment, and is answered."""
        sounds = {seat: sound.sound for seat, sound in self.segment(ref, 3, wordless=True).seats.items()}
        wish = TranscribeSegment(hearing=ref, number=3, from_sample=2 * SECONDS * RATE, rate=RATE,
                                 seats={seat: StoredSound(sound=sound) for seat, sound in sounds.items()})  # fmt: skip
        with self.store.write() as session:
            segment = session.scalars(
                select(Segment).join(Hearing).where(Hearing.ref == ref, Segment.number == 3)
            ).one()
            now = self.pen.clock()
            jti = wishes.ask(session, box.name, TRANSCRIBER, wish, "system", f"segment:{segment.id}", now).jti
        words = {seat: self.blobs.put(f"words of {seat} by {box.name}".encode()) for seat in SEATS}
        self._tell(box, TRANSCRIBER, [SegmentTranscribed(hearing=ref, number=3, words=words)], jti)

    def segment(self, ref: str, number: int, *, wordless: bool = False) -> SegmentRecorded:
        """Two seconds of two seats that hum, each its own note."""
        begins, ends = (number - 1) * SECONDS * RATE, number * SECONDS * RATE
        seats = {}
        for channel, seat in enumerate(SEATS, 1):
            said = Words(seat=seat, from_sample=begins, to_sample=ends, rate=RATE, model=f"m{number}")
            words = None if wordless else self.blobs.put(said.model_dump_json().encode())
            sound = self.blobs.put(self.hum(200 * channel + number))
            seats[seat] = SeatSound(sound=sound, words=words, device="table-a", channel=channel)
        return SegmentRecorded(hearing=ref, number=number, from_sample=begins, to_sample=ends, rate=RATE, at=NOON,
                               seats=seats, mixed=self.blobs.put(self.hum(100 + number)))  # fmt: skip

    def hold(self, ref: str, journaled: Sequence[int] = (1, 2, 3), *, writes: bool = True) -> None:
        """A hearing of three segments; the words of the third come after the seal, if its own room writes them.

        Central signs beside it.
        """
        segments = [self.segment(ref, 1), self.segment(ref, 2), self.segment(ref, 3, wordless=True)]
        manifest = HearingManifest(
            hearing=ref, court=COURT, gateway=ROOM, room="第三法庭", opened_at=NOON, closed_at=NOON, rate=RATE,
            samples=3 * SECONDS * RATE, seats={"judge": "presiding_judge", "plaintiff": "plaintiff"},
            segments=tuple(segments), words_owed=WordsOwed(why="room_needed", segments=(3,)),
        )  # fmt: skip
        sha256 = self.blobs.put(manifest.model_dump_json().encode())
        claims = HearingClaims(iss=ROOM, aud=COURT, hearing=ref, manifest=sha256, iat=1)
        seal = sign("hearing", claims.write(), self.box.key)
        self.tell(
            HearingOpened(hearing=ref, by="agenda", opened_at=NOON, rate=RATE),
            *(segments[number - 1] for number in journaled),
        )
        self.tell(
            HearingClosed(hearing=ref, at_sample=3 * SECONDS * RATE, by="agenda"),
            HearingSealed(hearing=ref, manifest=sha256, signature=seal, words_owed=(3,)),
        )
        third = segments[2]
        written = {"from_sample": third.from_sample, "to_sample": third.to_sample, "rate": RATE, "model": "later"}
        later = {
            seat: self.blobs.put(Words.model_validate({"seat": seat, **written}).model_dump_json().encode())
            for seat in SEATS
        }
        if writes:
            self.tell(SegmentTranscribed(hearing=ref, number=3, words=later))
        assert countersign(self.store, self.blobs, self.pen.clock) == 1

    def hum(self, note: int) -> bytes:
        """Two seconds of a note as FLAC."""
        if note not in self._hums:
            wave = (round(9000 * math.sin(2 * math.pi * note * n / RATE)) for n in range(SECONDS * RATE))
            self._hums[note] = self.flac(array("h", wave))
        return self._hums[note]

    def flac(self, samples: "array[int]") -> bytes:
        """Samples as a gateway keeps them."""
        pcm = self.folder / "one.pcm"
        pcm.write_bytes(samples.tobytes())
        (sound,), _ = asyncio.run(encode(pcm, RATE, 1, [1]))
        return sound

    def hand_out(self, path: Path, ref: str) -> Path:
        """The hearing as an archive."""
        export(self.store, self.blobs, Signatory(self.pen, pki.pem(self.authority.root), self.known), ref, path)
        return path


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory, up_to_date: Path) -> Iterator[Hall]:
    """Two hearings, sealed and countersigned."""
    hall = Hall(tmp_path_factory.mktemp("hall"), up_to_date)
    hall.hold("h-1")
    hall.hold("h-2")
    yield hall
    hall.store.close()


@pytest.fixture(scope="module")
def archive(hall: Hall) -> Path:
    return hall.hand_out(hall.folder / "h-1.zip", "h-1")


def files(archive: Path) -> Files:
    with zipfile.ZipFile(archive) as old:
        return {name: old.read(name) for name in old.namelist()}


def findings(hall: Hall, archive: Path, change: Callable[[Files], object], into: Path) -> str:
    """What verify says of the archive once that was done to it."""
    content = files(archive)
    change(content)
    copy = into / "changed.zip"
    with zipfile.ZipFile(copy, "w") as new:
        for name, data in content.items():
            new.writestr(name, data)
    report = verify(copy, hall.authority.root_fingerprint, prove)
    assert report.verdict == "not OK"
    return "\n".join(report.findings)


def test_an_exported_hearing_is_proven_by_the_root_packed_or_unpacked(
    hall: Hall, archive: Path, tmp_path: Path
) -> None:
    shutil.unpack_archive(archive, tmp_path / "unpacked")
    for place in (archive, tmp_path / "unpacked"):
        done = CliRunner().invoke(program, ["verify", str(place), "--root", hall.authority.root_fingerprint])
        assert (done.exit_code, done.output.splitlines()[0]) == (0, "OK"), done.output
        assert "hearing h-1 in 第三法庭" in done.output and "3 segments of 2 seats, 15 files" in done.output


def test_a_strangers_root_is_said(archive: Path) -> None:
    done = CliRunner().invoke(program, ["verify", str(archive), "--root", "ab" * 32])
    assert (done.exit_code, done.output.splitlines()[0]) == (1, "consistent, signer unknown")
    assert f"its root is a stranger's: {'ab' * 32} was asked for" in done.output


def test_one_changed_sample_is_named_by_segment_seat_and_hash(hall: Hall, archive: Path, tmp_path: Path) -> None:
    name = "hearing/0002/plaintiff.flac"
    sealed = hashlib.sha256(files(archive)[name]).hexdigest()
    sound = array("h", asyncio.run(decode(files(archive)[name], RATE)))
    sound[RATE] += 1
    altered = hall.flac(sound)
    said = findings(hall, archive, lambda content: content.update({name: altered}), tmp_path)
    found = hashlib.sha256(altered).hexdigest()
    assert said == f"segment 2, plaintiff: altered; its hash is {found}, sealed was {sealed}"


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("hearing/0003/judge.flac", None, "segment 3, judge: hearing/0003/judge.flac is missing"),
        ("hearing/0001/judge.words.json", b"{}", "segment 1, judge words: altered; its hash is 44136"),
        ("hearing/0003/judge.words.json", b"{}", "segment 3, judge words: altered; its hash is 44136"),
        ("hearing/0002.mixed.flac", b"", "segment 2, mixed: altered; its hash is e3b0c"),
        ("hearing/0004/judge.flac", b"", "hearing/0004/judge.flac is in the archive but not in the manifest"),
        ("hearing/manifest.json", None, "hearing/manifest.json is missing"),
        ("hearing/manifest.json", b"{}", "hearing/manifest.json is altered: it is no manifest"),
    ],
    ids=["segment", "word", "later word", "mixed channel", "a file more", "manifest", "empty manifest"],
)
def test_what_is_missing_changed_or_added_is_named(
    hall: Hall, archive: Path, tmp_path: Path, name: str, data: bytes | None, said: str
) -> None:
    def change(content: Files) -> object:
        return content.pop(name) if data is None else content.update({name: data})

    assert findings(hall, archive, change, tmp_path).startswith(said)


def test_the_manifest_of_another_hearing_is_named(hall: Hall, archive: Path, tmp_path: Path) -> None:
    other = files(hall.hand_out(tmp_path / "h-2.zip", "h-2"))
    put = {"hearing/manifest.json": other["hearing/manifest.json"]}
    said = findings(hall, archive, lambda content: content.update(put), tmp_path)
    assert said.startswith("hearing/manifest.json is that of another hearing: h-2, not h-1")


def test_a_segment_that_no_line_of_the_journal_has_is_named(hall: Hall, tmp_path: Path) -> None:
    hall.hold("h-3", journaled=(1, 3))
    report = verify(hall.hand_out(tmp_path / "h-3.zip", "h-3"), hall.authority.root_fingerprint, prove)
    assert report.findings == ["segment 2 is not as a line of courtroom-a has it"]


@pytest.fixture(scope="module")
def asked(hall: Hall) -> Path:
    """A hearing whose last words another room was asked for."""
    hall.hold("h-5", writes=False)
    hall.have_written("h-5", hall.other)
    return hall.hand_out(hall.folder / "h-5.zip", "h-5")


def test_words_another_room_was_asked_for_are_in_the_export_and_proven(hall: Hall, asked: Path) -> None:
    assert files(asked)["hearing/0003/judge.words.json"] == b"words of judge by courtroom-b"
    report = verify(asked, hall.authority.root_fingerprint, prove)
    assert (report.verdict, report.findings) == ("OK", [])


def test_words_its_own_room_was_asked_for_are_proven_too(hall: Hall, tmp_path: Path) -> None:
    hall.hold("h-6", writes=False)
    hall.have_written("h-6", hall.box)
    archive = hall.hand_out(tmp_path / "h-6.zip", "h-6")
    assert files(archive)["hearing/0003/judge.words.json"] == b"words of judge by courtroom-a"
    assert verify(archive, hall.authority.root_fingerprint, prove).findings == []


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        ({"sound": "a" * 64}, "the later words of segment 3 judge were made from another sound"),
        ({"wish": "another"}, "the later words of segment 3 judge are in no line of courtroom-b"),
        ({"gateway": ROOM}, "the later words of segment 3 judge are in no line of courtroom-a"),
    ],
    ids=["another sound", "another wish", "another room"],
)
def test_what_central_says_of_whom_it_asked_has_to_be_as_the_room_has_it(
    hall: Hall, asked: Path, tmp_path: Path, lie: dict[str, str], said: str
) -> None:
    def change(content: Files) -> None:
        claims = jwt.decode(content["manifest.jwt"], options={"verify_signature": False})
        claims["hearing"]["asked"]["3 judge"] |= lie
        content["manifest.jwt"] = sign("manifest", claims, hall.pen.key, hall.pen.kid).encode()

    assert findings(hall, asked, change, tmp_path) == said


def test_a_hearing_that_is_not_sealed_is_not_handed_out(hall: Hall, tmp_path: Path) -> None:
    hall.tell(HearingOpened(hearing="h-4", by="agenda", opened_at=NOON, rate=RATE))
    with pytest.raises(Refused, match="还没有封存"):
        hall.hand_out(tmp_path / "h-4.zip", "h-4")


def test_who_keeps_recordings_takes_a_hearing_away_by_rest_and_is_on_record(hall: Hall, tmp_path: Path) -> None:
    app = FastAPI()
    app.state.store, app.state.clock, app.state.blobs = hall.store, hall.pen.clock, hall.blobs
    app.state.pen, app.state.authority = hall.pen, hall.authority
    app.state.look = make_look("惠山区人民法院", ZoneInfo("Asia/Shanghai"), may, hall.pen.clock)
    app.include_router(api.router)
    speak(app)
    with hall.store.write() as session:
        people = {role: add_person(session, SYSTEM, role, role, [role], "correct horse battery", hall.pen.clock())
                  for role in ("clerk", "archivist")}  # fmt: skip
        tokens = {role: issue_token(session, SYSTEM, person, "test", role, hall.pen.clock())[1]
                  for role, person in people.items()}  # fmt: skip
        number = session.scalars(select(Hearing.id).where(Hearing.ref == "h-1")).one()
    before = set(Path(tempfile.gettempdir()).glob("courtside-*/h-1.zip"))
    with TestClient(app, base_url="http://court.test") as client:
        url = f"/api/v1/hearings/{number}/export.zip"
        assert client.get(url, headers={"authorization": f"Bearer {tokens['clerk']}"}).status_code == 403
        answer = client.get(url, headers={"authorization": f"Bearer {tokens['archivist']}"})
    assert answer.status_code == 200 and 'filename="h-1.zip"' in answer.headers["content-disposition"]
    (tmp_path / "h-1.zip").write_bytes(answer.content)
    report = verify(tmp_path / "h-1.zip", hall.authority.root_fingerprint, prove)
    assert (report.verdict, report.findings) == ("OK", [])
    assert set(Path(tempfile.gettempdir()).glob("courtside-*/h-1.zip")) == before
    with hall.store.read() as session:
        taken = session.scalars(select(Access).where(Access.hearing_id == number)).one()
        assert (taken.by, taken.what, taken.part) == (people["archivist"].actor.ref, "copy", "export")
