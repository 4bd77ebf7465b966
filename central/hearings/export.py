"""A sealed hearing to hand to a stranger: its manifest, sound and words of each seat, minutes, lines, and their proof.

Files are named for a person who wants to hear them: `hearing/0003/plaintiff.flac`. `central.hearings.verify` needs
nothing else.
"""

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.blobs import MAX_TOLD, Blobs, NoBlob
from central.hearings import backlog, minutes_proof
from central.hearings.course import events, segments
from central.hearings.facts import HearingCopied
from central.hearings.minutes import texts
from central.hearings.tables import Hearing
from central.hearings.transcript import accessed
from central.hearings.verify import MANIFEST, Asked, Named, place_of
from central.ledger.export import Signatory, pieces_with, put
from central.ledger.own import record
from central.ledger.tables import LedgerLine, book_and_seq, line_id
from central.people.roles import Actor, must
from central.store import Store
from central.web.refused import Refused
from devices.hearings import COURTROOM, SegmentTranscribed
from devices.journal import read_line
from devices.manifest import HearingManifest, parts
from devices.messages import Fact, read_fact, wire_name

FORM = "export"
"""How a copy of this kind is called where copies are on record."""
Later = Sequence[tuple[int, SegmentTranscribed]]
"""Words that were told after the seal, each with its line."""


@dataclass(frozen=True)
class Taker:
    """Who takes a hearing away, and when."""

    person: Actor
    now: datetime


def export(
    store: Store, blobs: Blobs, signatory: Signatory, ref: str, path: Path, taker: Taker | None = None
) -> Mapping[str, Any]:
    """Write the hearing `ref` into an archive; gives what its manifest says. What has not come is not in it, and shows.

    That it was copied is on record, by whom if a person does it; None: who has the machine. Raises Refused (no such
    hearing, not sealed, its manifest has not come, not allowed), OSError.
    """
    with store.write() as session:
        hearing = _sealed(session, ref)
        manifest = _manifest(blobs, hearing)
        if taker is None:
            record(session, HearingCopied(hearing=hearing.ref, form=FORM))
        else:
            must(taker.person, "hearing.keep")
            accessed(session, taker.person, hearing, "copy", FORM, taker.now)
    with store.read() as session, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        hearing = _sealed(session, ref)
        later = _later(session, hearing, manifest)
        words = {f"{told.number} {seat}": sha256 for _, told in later for seat, sha256 in told.words.items()}
        elsewhere = list(_elsewhere(session, hearing, manifest))
        words |= {part: sha256 for part, sha256, _, _ in elsewhere}
        minutes = _minutes(session, hearing)
        named = Named(
            hearing=hearing.ref, gateway=hearing.gateway, manifest=hearing.manifest or "", seal=hearing.seal or "",
            countersign=hearing.countersign or "", words=words, asked={part: asked for part, _, asked, _ in elsewhere},
            minutes=dict(minutes_proof.files(minutes.values())),
        )  # fmt: skip
        for name, sha256 in _files(named, manifest):
            _copy(archive, blobs, name, sha256)
        lines = [*_lines(session, hearing), *(line for line, _ in later), *(line for *_, line in elsewhere), *minutes]
        pieces = pieces_with(session, lines)
        return put(archive, session, signatory, pieces, {"hearing": named.model_dump()})


def _sealed(session: Session, ref: str) -> Hearing:
    hearing = session.scalars(select(Hearing).where(Hearing.ref == ref)).unique().one_or_none()
    if hearing is None:
        raise Refused("没有这场庭审。", code="no_such_hearing", status=404)
    if hearing.manifest is None:
        raise Refused("庭审“{ref}”还没有封存，不能导出。", code="not_sealed", ref=ref)
    return hearing


def _manifest(blobs: Blobs, hearing: Hearing) -> HearingManifest:
    try:
        return HearingManifest.model_validate_json(blobs.get(hearing.manifest or "", MAX_TOLD))
    except (NoBlob, ValueError):
        text = "庭审“{ref}”的封存清单还没有传到中心，或已损坏，不能导出。"
        raise Refused(text, code="no_manifest", ref=hearing.ref) from None


def _lines(session: Session, hearing: Hearing) -> Iterator[int]:
    yield from (event.line for event in events(session, hearing.id))
    yield from (segment.line for segment in segments(session, hearing.id))
    if hearing.proven_line is not None:
        yield hearing.proven_line


def _later(session: Session, hearing: Hearing, manifest: HearingManifest) -> Later:
    """Looked for only where words are owed, behind the seal in its own book."""
    if manifest.words_owed is None or hearing.sealed_line is None:
        return ()
    book, _ = book_and_seq(hearing.sealed_line)
    behind = select(LedgerLine.id, LedgerLine.raw).where(
        LedgerLine.id > hearing.sealed_line, LedgerLine.id < line_id(book + 1, 0),
        LedgerLine.type == wire_name(SegmentTranscribed), LedgerLine.device == COURTROOM,
    )  # fmt: skip
    told = ((number, read_line(raw)) for number, raw in session.execute(behind.order_by(LedgerLine.id)))
    return [
        (number, SegmentTranscribed.model_validate(line.body))
        for number, line in told
        if line.body.get("hearing") == hearing.ref
    ]


def _elsewhere(session: Session, hearing: Hearing, manifest: HearingManifest) -> Iterator[tuple[str, str, Asked, int]]:
    """The words of the transcript that a room was asked for: part, hash, who was asked, and the line of its answer."""
    if manifest.words_owed is None or hearing.proven_at is None:
        return
    owed = [one for one in segments(session, hearing.id) if one.number in manifest.words_owed.segments]
    for segment, wish, line, told in backlog.answers(session, owed, hearing.proven_at):
        for sound in segment.sounds:
            words = told.words.get(sound.seat)
            if words is not None and words == (sound.taken or sound.words):
                asked = Asked(gateway=wish.gateway, wish=wish.jti, sound=sound.sound)
                yield f"{segment.number} {sound.seat}", words, asked, line


def _minutes(session: Session, hearing: Hearing) -> Mapping[int, Fact]:
    """What central's book has of its texts, their objections and signatures, by line."""
    told: list[int | None] = []
    for text in texts(session, hearing.id):
        told += [text.line, text.read_line, *(one.line for one in text.signatures)]
        told += [line for one in text.objections for line in (one.line, one.decided_line)]
    wanted = select(LedgerLine.id, LedgerLine.raw).where(LedgerLine.id.in_([one for one in told if one is not None]))
    lines = ((number, read_line(raw)) for number, raw in session.execute(wanted.order_by(LedgerLine.id)))
    return {number: read_fact(line.type, line.body) for number, line in lines}


def _files(named: Named, manifest: HearingManifest) -> Iterator[tuple[str, str]]:
    yield MANIFEST, named.manifest
    for segment in manifest.segments:
        yield from ((place_of(segment.number, part), sha256) for part, sha256 in parts(segment))
    yield from named.minutes.items()
    for part, sha256 in named.words.items():
        number, _, seat = part.partition(" ")
        yield place_of(int(number), f"{seat} words"), sha256


def _copy(archive: zipfile.ZipFile, blobs: Blobs, name: str, sha256: str) -> None:
    try:
        found = blobs.pieces(sha256)
    except NoBlob:
        return  # it has not come, or is gone: whoever verifies is told
    entry = zipfile.ZipInfo(name)
    entry.compress_type = (
        zipfile.ZIP_STORED if name.endswith(".flac") else zipfile.ZIP_DEFLATED
    )  # FLAC packs no further
    with archive.open(entry, "w", force_zip64=True) as file:
        for piece in found:
            file.write(piece)
