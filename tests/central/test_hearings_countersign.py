"""Central signs under a sealed hearing only after it has read every byte of it and knows whose seal it is."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from central import pki
from central.fleet.tables import Gateway, GatewayKey
from central.hearings.countersign import prove
from central.hearings.tables import Hearing
from devices.claims import HearingClaims
from devices.grants import keys_of, read, sign, thumbprint
from devices.hearings import HearingClosed, HearingOpened, HearingSealed, SeatSound, SegmentRecorded
from devices.manifest import HearingManifest
from tests.central.courtroom import ROOM, Courtroom
from tests.central.desk import desk
from tests.central.keys import request_for
from tests.central.locker import COURT

RATE = 16000
FLAC = b"fLaC" + bytes(2000)


@pytest.fixture
def key(room: Courtroom, tmp_path: Path) -> Ed25519PrivateKey:
    """The key of the courtroom's gateway, certified."""
    key, now = Ed25519PrivateKey.generate(), datetime(2026, 11, 1, tzinfo=UTC)
    authority = pki.create(tmp_path / "pki", COURT, ["localhost"], now)
    certificate = pki.pem(authority.certify_gateway(ROOM, request_for(key), now))
    with room.store.write() as session:
        box = session.scalars(select(Gateway).where(Gateway.name == ROOM)).one()
        session.add(GatewayKey(gateway_id=box.id, kid=thumbprint(key.public_key()), certificate=certificate,
                               fingerprint="f", admitted_at=now))  # fmt: skip
    return key


def sealed(room: Courtroom, key: Ed25519PrivateKey) -> Hearing:
    """A hearing of one segment of ten seconds, sealed with that key."""
    hearing, now = room.plan(), room.locker.now
    sound = SeatSound(sound=room.blobs.put(FLAC), device="t", channel=1)
    segment = SegmentRecorded(hearing=hearing.ref, number=1, from_sample=0, to_sample=10 * RATE, rate=RATE, at=now,
                              seats={"judge": sound})  # fmt: skip
    manifest = HearingManifest(
        hearing=hearing.ref, court=COURT, gateway=ROOM, room="第三法庭", opened_at=now, closed_at=now, rate=RATE,
        samples=10 * RATE, seats={"judge": "presiding_judge"}, segments=(segment,),
    )  # fmt: skip
    sha256 = room.blobs.put(manifest.model_dump_json().encode())
    claims = HearingClaims(iss=ROOM, aud=COURT, hearing=hearing.ref, manifest=sha256, iat=1)
    room.tell(
        HearingOpened(hearing=hearing.ref, by="agenda", opened_at=now, rate=RATE),
        segment,
        HearingClosed(hearing=hearing.ref, at_sample=10 * RATE, by="agenda"),
        HearingSealed(hearing=hearing.ref, manifest=sha256, signature=sign("hearing", claims.write(), key)),
    )
    return hearing


def proven(room: Courtroom, hearing: Hearing) -> tuple[int, Hearing]:
    done = prove(room.store, room.blobs, lambda: room.locker.now)
    with room.store.read() as session:
        return done, room.find(session, hearing)


def lying(room: Courtroom, data: bytes) -> Path:
    """The file those bytes lie in."""
    assert room.blobs.folder is not None
    return next(path for path in room.blobs.folder.rglob("*") if path.is_file() and path.read_bytes() == data)


def test_a_whole_hearing_is_countersigned_once(
    room: Courtroom, key: Ed25519PrivateKey, court_key: Ed25519PrivateKey
) -> None:
    hearing = sealed(room, key)
    done, found = proven(room, hearing)
    assert (done, found.flaws) == (1, [])
    claims = read("hearing", found.countersign or "", keys_of([court_key.public_key()]), COURT, ROOM)
    assert (claims["hearing"], claims["manifest"]) == (hearing.ref, found.manifest)
    assert proven(room, hearing)[0] == 0
    with desk(room.locker) as at:
        at.sign_in("judge")
        assert "逐字节核对无误，中心已会签" in at.open(f"/hearings/{hearing.id}")


def test_one_changed_byte_is_named_by_segment_and_seat_and_nothing_is_signed(
    room: Courtroom, key: Ed25519PrivateKey
) -> None:
    hearing = sealed(room, key)
    file = lying(room, FLAC)
    file.write_bytes(FLAC[:-1] + b"\x01")
    _, found = proven(room, hearing)
    assert found.flaws == [["altered", 1, "judge", 0, 10 * RATE]] and found.countersign is None
    with desk(room.locker) as at:
        at.sign_in("judge")
        shown = at.open(f"/hearings/{hearing.id}")
        assert "中心没有会签" in shown and "第 1 段" in shown and "内容被改动" in shown


def test_sound_on_its_way_is_waited_for(room: Courtroom, key: Ed25519PrivateKey) -> None:
    hearing = sealed(room, key)
    lying(room, FLAC).unlink()
    assert proven(room, hearing)[0] == 0
    room.blobs.put(FLAC)
    assert proven(room, hearing)[1].countersign


def test_a_seal_by_another_key_is_not_countersigned(room: Courtroom, key: Ed25519PrivateKey) -> None:
    hearing = sealed(room, Ed25519PrivateKey.generate())
    _, found = proven(room, hearing)
    assert found.flaws == [["altered", None, "signature", 0, 0]] and found.countersign is None
