"""Is an exported hearing what was sealed? Proven beside the ledger's piece in the same archive, without the court.

`hearing/manifest.json` has to be what its gateway sealed and central signed beside it; each segment stands as it is
in a line of the gateway's journal; each file has the hash that the manifest has for it. Words another room was asked
for stand in a line of that room.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from central.hearings import minutes_proof
from central.ledger.archive import BadArchive
from central.ledger.verify import Proven
from devices.claims import HearingClaims
from devices.grants import BadToken, Keys, read
from devices.hearings import COURTROOM, HearingSealed, SegmentRecorded, SegmentTranscribed
from devices.journal import Line
from devices.manifest import HearingManifest, parts, unaccounted
from devices.messages import Fact, UnreadableMessage, read_fact, wire_name
from devices.transcribing import TRANSCRIBER

MANIFEST = "hearing/manifest.json"
_CENTRAL = "central"
F = TypeVar("F", bound=Fact)


class Asked(BaseModel):
    """By central's word: which room was asked for words, by which wish, and of which sound."""

    model_config = ConfigDict(frozen=True)

    gateway: str
    wish: str
    sound: str


class Named(BaseModel):
    """What the archive's manifest says of the hearing in it."""

    model_config = ConfigDict(frozen=True)

    hearing: str
    gateway: str
    manifest: str
    """SHA-256 of the hearing's own manifest."""
    seal: str
    """The gateway's token over it."""
    countersign: str = ""
    """Central's; empty if central did not sign."""
    words: dict[str, str] = {}
    """Words made after the seal: `3 plaintiff` -> SHA-256."""
    asked: dict[str, Asked] = {}
    """Those of them that a room was asked for."""
    minutes: dict[str, str] = {}
    """Texts and signatures: name of the file -> SHA-256."""


def place_of(segment: int, part: str) -> str:
    """Where a part of a segment lies in the archive; parts as in `devices.manifest.parts`."""
    if part == "mixed":
        return f"hearing/{segment:04}.mixed.flac"
    seat, _, words = part.partition(" ")
    return f"hearing/{segment:04}/{seat}.{'words.json' if words else 'flac'}"


def prove(proven: Proven) -> tuple[Sequence[str], str]:
    """Findings about the hearing in an archive, and what was looked at; nothing for an archive without one."""
    said = proven.told.get("hearing")
    if said is None:
        return [f"{name} belongs to no hearing of this archive" for name in _files(proven)], ""
    try:
        named = Named.model_validate(said)
    except ValidationError as error:
        return [f"what the manifest says of the hearing cannot be read: {error}"], ""
    manifest, findings = _manifest(proven, named)
    if manifest is None:
        return findings, f"hearing {named.hearing}: its manifest is not there"
    findings += [*_signatures(proven, named), *_lines(proven, named, manifest), *_segments(proven, named, manifest)]
    wrong, minutes = minutes_proof.prove(proven, named.hearing, named.minutes)
    findings += wrong
    count = sum(len(list(parts(segment))) for segment in manifest.segments)
    seconds = manifest.samples / manifest.rate
    return findings, (
        f"hearing {named.hearing} in {manifest.room}, {manifest.opened_at:%Y-%m-%d %H:%M} UTC: {seconds:.1f} s, "
        f"{len(manifest.segments)} segments of {len(manifest.seats)} seats, {count + len(named.words)} files, "
        f"{len(manifest.gaps)} gaps, {len(manifest.pauses)} pauses{minutes}"
    )


def _files(proven: Proven) -> Sequence[str]:
    return sorted(name for name in proven.archive.names if name.startswith("hearing/"))


def _manifest(proven: Proven, named: Named) -> tuple[HearingManifest | None, list[str]]:
    try:
        found = proven.archive.sha256(MANIFEST)
        manifest = HearingManifest.model_validate_json(proven.archive.read(MANIFEST))
    except BadArchive as error:
        return None, [str(error)]
    except ValidationError:
        return None, [f"{MANIFEST} is altered: it is no manifest; its hash is {found}, sealed was {named.manifest}"]
    if manifest.hearing != named.hearing:
        return manifest, [f"{MANIFEST} is that of another hearing: {manifest.hearing}, not {named.hearing}"]
    if found != named.manifest:
        return manifest, [f"{MANIFEST} is altered: its hash is {found}, sealed was {named.manifest}"]
    if (manifest.gateway, manifest.court) != (named.gateway, proven.court):
        return manifest, [f"{MANIFEST} is of {manifest.gateway} in {manifest.court}, not of {named.gateway} here"]
    return manifest, []


def _signatures(proven: Proven, named: Named) -> Iterator[str]:
    ends = (named.gateway, proven.court)
    if not _signed(named, named.seal, proven.keys_of(named.gateway), ends):
        yield f"the seal of {named.hearing} is not by {named.gateway}, or for another manifest"
    if not named.countersign:
        yield f"central did not sign {named.hearing}: it found it altered, or not all of it had come"
    elif not _signed(named, named.countersign, proven.keys_of(_CENTRAL), ends[::-1]):
        yield f"the countersignature of {named.hearing} is not by this court's central, or for another manifest"


def _signed(named: Named, token: str, keys: Keys, ends: tuple[str, str]) -> bool:
    try:
        claims: HearingClaims = HearingClaims.of(read("hearing", token, keys, *ends))
    except BadToken:
        return False
    return (claims.hearing, claims.manifest) == (named.hearing, named.manifest)


def _told(lines: Iterable[Line], named: Named, kind: type[F], device: str = COURTROOM) -> Iterator[F]:
    """What these lines of a journal tell of this hearing."""
    for line in lines:
        if (line.device, line.type, line.body.get("hearing")) != (device, wire_name(kind), named.hearing):
            continue
        try:
            fact = read_fact(line.type, line.body)
        except UnreadableMessage:
            continue
        if isinstance(fact, kind):
            yield fact


def _lines(proven: Proven, named: Named, manifest: HearingManifest) -> Iterator[str]:
    lines = proven.lines.get(named.gateway, ())
    if named.manifest not in {sealed.manifest for sealed in _told(lines, named, HearingSealed)}:
        yield f"no line of {named.gateway} seals this manifest of {named.hearing}"
    recorded = {segment.number: segment for segment in _told(lines, named, SegmentRecorded)}
    later = {
        (told.number, seat): words
        for told in _told(lines, named, SegmentTranscribed)
        for seat, words in told.words.items()
    }
    for segment in manifest.segments:
        line = recorded.pop(segment.number, None)
        if line is None or not _same(segment, line, later):
            yield f"segment {segment.number} is not as a line of {named.gateway} has it"
    for number in sorted(recorded):
        yield f"segment {number} is a line of {named.gateway} but not in the manifest"
    told = {f"{number} {seat}": words for (number, seat), words in later.items()}
    for part, words in named.words.items():
        if (asked := named.asked.get(part)) is not None:
            yield from _asked_for(proven, named, manifest, part, asked)
        elif told.get(part) != words:
            yield f"the later words of segment {part} are in no line of {named.gateway}"


def _asked_for(proven: Proven, named: Named, manifest: HearingManifest, part: str, asked: Asked) -> Iterator[str]:
    """Central says which sound it had written down, and the room which words it wrote for that wish."""
    number, _, seat = part.partition(" ")
    recorded = (segment.seats.get(seat) for segment in manifest.segments if str(segment.number) == number)
    if asked.sound not in {sound.sound for sound in recorded if sound is not None}:
        yield f"the later words of segment {part} were made from another sound"
    lines = [line for line in proven.lines.get(asked.gateway, ()) if line.cause == asked.wish]
    facts = [fact for fact in _told(lines, named, SegmentTranscribed, TRANSCRIBER) if str(fact.number) == number]
    if named.words[part] not in {fact.words.get(seat) for fact in facts}:
        yield f"the later words of segment {part} are in no line of {asked.gateway}"


def _same(segment: SegmentRecorded, line: SegmentRecorded, later: Mapping[tuple[int, str], str]) -> bool:
    """Whether both have the same sound, and the words are those of the line or were told after it."""
    bare = {seat: sound.model_copy(update={"words": None}) for seat, sound in segment.seats.items()}
    if bare != {seat: sound.model_copy(update={"words": None}) for seat, sound in line.seats.items()}:
        return False
    if segment.model_copy(update={"seats": {}}) != line.model_copy(update={"seats": {}}):
        return False
    first = {seat: sound.words or later.get((line.number, seat)) for seat, sound in line.seats.items()}
    return all(sound.words in (None, first[seat]) for seat, sound in segment.seats.items())


def _segments(proven: Proven, named: Named, manifest: HearingManifest) -> Iterator[str]:
    expected = {(segment.number, part): sha256 for segment in manifest.segments for part, sha256 in parts(segment)} | {
        (int(part.split()[0]), f"{part.partition(' ')[2]} words"): sha256 for part, sha256 in named.words.items()
    }
    for (number, part), sha256 in expected.items():
        name = place_of(number, part)
        try:
            found = proven.archive.sha256(name)
        except BadArchive as error:
            yield f"segment {number}, {part}: {error}"
            continue
        if found != sha256:
            yield f"segment {number}, {part}: altered; its hash is {found}, sealed was {sha256}"
    known = {MANIFEST, *(place_of(number, part) for number, part in expected)}
    yield from (f"{name} is in the archive but not in the manifest" for name in _files(proven) if name not in known)
    for seat, begins, ends in unaccounted(manifest):
        yield f"{seat}: samples {begins} to {ends} are neither recorded nor declared missing"
