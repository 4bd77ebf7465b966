"""A sealed hearing is proven against its blobs, and what is not as it was sealed is named."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from central.blobs import Blobs
from central.hearings.proof import Flaw, flaws, is_all_here
from devices.hearings import SeatSound, SegmentRecorded
from devices.manifest import HearingManifest, Pause

OPENED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
RATE = 16000


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


def segment(blobs: Blobs, number: int, start: int, end: int) -> SegmentRecorded:
    """One of two seats, its bytes told apart by its number."""
    seats = {
        seat: SeatSound(
            sound=blobs.put(f"{seat} {number}".encode() * 900),
            words=blobs.put(f"words of {seat} {number}".encode()),
            device="mics",
            channel=channel,
        )
        for channel, seat in enumerate(("judge", "plaintiff"), 1)
    }
    mixed = blobs.put(f"all {number}".encode())
    return SegmentRecorded(
        hearing="h1", number=number, from_sample=start, to_sample=end, rate=RATE, at=OPENED, seats=seats, mixed=mixed
    )


def sealed(blobs: Blobs, *, resumes: int = 2000) -> tuple[str, list[SegmentRecorded]]:
    """Two segments with a pause up to sample 2000 between them; `resumes` is where the second begins."""
    segments = [segment(blobs, 1, 0, 1000), segment(blobs, 2, resumes, 3000)]
    manifest = HearingManifest(
        hearing="h1",
        court="court",
        gateway="room-1",
        room="1",
        opened_at=OPENED,
        closed_at=OPENED,
        rate=RATE,
        samples=3000,
        seats={"judge": "presiding_judge", "plaintiff": "plaintiff"},
        segments=tuple(segments),
        pauses=(Pause(reason="adjournment", from_sample=1000, to_sample=2000),),
    )
    return blobs.put(manifest.model_dump_json().encode()), segments


def lying(blobs: Blobs, sha256: str) -> Path:
    """The file a blob lies in."""
    assert blobs.folder is not None
    return next(path for path in blobs.folder.rglob("*") if path.is_file() and path.name.endswith(sha256[4:]))


def test_a_hearing_whose_blobs_are_as_sealed_has_no_flaw(blobs: Blobs) -> None:
    manifest, _ = sealed(blobs)
    assert flaws(blobs, manifest) == []


def test_one_changed_byte_of_one_seat_names_its_segment(blobs: Blobs) -> None:
    manifest, segments = sealed(blobs)
    file = lying(blobs, segments[1].seats["plaintiff"].sound)
    bytes_ = bytearray(file.read_bytes())
    bytes_[700] ^= 1
    file.write_bytes(bytes_)
    assert flaws(blobs, manifest) == [Flaw("altered", 2, "plaintiff", 2000, 3000)]


def test_words_and_the_backup_channel_that_are_gone_are_named(blobs: Blobs) -> None:
    manifest, segments = sealed(blobs)
    words = segments[0].seats["judge"].words
    assert words is not None and segments[0].mixed is not None
    lying(blobs, words).unlink()
    lying(blobs, segments[0].mixed).unlink()
    assert flaws(blobs, manifest) == [
        Flaw("missing", 1, "judge words", 0, 1000),
        Flaw("missing", 1, "mixed", 0, 1000),
    ]


def test_a_span_nobody_accounts_for_is_named_by_seat(blobs: Blobs) -> None:
    manifest, _ = sealed(blobs, resumes=2500)
    assert flaws(blobs, manifest) == [
        Flaw("unaccounted", None, "judge", 2000, 2500),
        Flaw("unaccounted", None, "plaintiff", 2000, 2500),
    ]


def test_a_manifest_that_is_not_here_is_the_only_thing_said(blobs: Blobs) -> None:
    assert flaws(blobs, "0" * 64) == [Flaw("missing", None, "manifest")]


def test_all_is_here_once_the_last_blob_has_come(blobs: Blobs) -> None:
    assert not is_all_here(blobs, "0" * 64)
    manifest, segments = sealed(blobs)
    assert is_all_here(blobs, manifest)
    lying(blobs, segments[0].seats["judge"].sound).unlink()
    assert not is_all_here(blobs, manifest)
