"""A sealed hearing against its blobs: each segment that is not what the manifest says is named."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from central.blobs import MAX_TOLD, Blobs, NoBlob
from devices.hearings import SegmentRecorded
from devices.manifest import HearingManifest, parts, unaccounted

What = Literal["missing", "altered", "unaccounted"]


class Flaw(NamedTuple):
    """One thing that is not as it was sealed; samples count from the opening of the hearing."""

    what: What
    segment: int | None
    """Number of the segment; None for the manifest itself and for a span no segment covers."""
    part: str
    """`manifest`, `mixed`, a seat, or a seat and `words`: `plaintiff words`."""
    from_sample: int = 0
    to_sample: int = 0


def flaws(blobs: Blobs, manifest: str) -> Sequence[Flaw]:
    """What is missing, altered or unaccounted for in the hearing whose manifest has that hash; empty if it is whole.

    Every byte is read. Raises OSError, and ValueError for a blob that is no manifest.
    """
    found = _state(blobs, manifest)
    if found is not None:
        return [Flaw(found, None, "manifest")]
    sealed = HearingManifest.model_validate_json(blobs.get(manifest, MAX_TOLD))
    broken = [flaw for segment in sealed.segments for flaw in _of_segment(blobs, segment)]
    return broken + [Flaw("unaccounted", None, *hole) for hole in unaccounted(sealed)]


def is_all_here(blobs: Blobs, manifest: str) -> bool:
    """True once every blob of the hearing has come, whatever it holds; asked often, so the latest is looked for first.

    Raises OSError, ValueError.
    """
    if not blobs.has(manifest):
        return False
    sealed = HearingManifest.model_validate_json(blobs.get(manifest, MAX_TOLD))
    return all(blobs.has(sha256) for segment in reversed(sealed.segments) for _, sha256 in parts(segment))


def _of_segment(blobs: Blobs, segment: SegmentRecorded) -> Iterator[Flaw]:
    for part, sha256 in parts(segment):
        found = _state(blobs, sha256)
        if found is not None:
            yield Flaw(found, segment.number, part, segment.from_sample, segment.to_sample)


def _state(blobs: Blobs, sha256: str) -> Literal["missing", "altered"] | None:
    digest = hashlib.sha256()
    try:
        for piece in blobs.pieces(sha256):
            digest.update(piece)
    except NoBlob:
        return "missing"
    return None if digest.hexdigest() == sha256 else "altered"
