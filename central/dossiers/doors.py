"""Weight in and out: files that people bring, images of pages, bound volumes."""

import shutil
import tempfile
from pathlib import Path

from fastapi import Request, UploadFile
from fastapi.responses import StreamingResponse

from central.blobs import NoBlob
from central.dossiers.service import Brought
from central.dossiers.tables import Dossier
from central.people.roles import Actor, must
from central.web.here import blobs_of
from central.web.refused import Refused

_PIECE = 1024**2


def kept(request: Request, file: UploadFile) -> Brought:
    """A file that came with a request, durable. Raises OSError."""
    with tempfile.NamedTemporaryFile(prefix="courtside-") as copy:
        shutil.copyfileobj(file.file, copy, _PIECE)
        copy.flush()
        size = copy.tell()
        sha256 = blobs_of(request).take_file(Path(copy.name)) if size else ""
    return Brought(file.filename or "", sha256, size)


def blob(request: Request, sha256: str | None, kind: str, name: str = "") -> StreamingResponse:
    """A blob for a person's browser, which may keep it: its address names its content. Raises Refused (404)."""
    try:
        pieces, size = blobs_of(request).pieces(sha256 or ""), blobs_of(request).size(sha256 or "")
    except (NoBlob, OSError):
        raise Refused("这一页的图像还没有准备好。", code="no_blob", status=404) from None
    headers = {"content-length": str(size), "cache-control": "private, max-age=86400, immutable"}
    if name:
        headers |= {"content-disposition": f'inline; filename="{name}"', "cache-control": "private, no-cache"}
    return StreamingResponse(pieces, media_type=kind, headers=headers)


def content(request: Request, sha256: str) -> bytes:
    """A small blob, whole. Raises Refused (404)."""
    try:
        return blobs_of(request).get(sha256)
    except NoBlob:
        raise Refused("这一页的图像还没有准备好。", code="no_blob", status=404) from None


def volume(request: Request, dossier: Dossier | None, person: Actor, *, side: bool) -> StreamingResponse:
    """The bound volume. Raises Refused (not bound yet, not allowed)."""
    if side:
        must(person, "dossier.side")
    sha256 = dossier and (dossier.pdf_side if side else dossier.pdf)
    if dossier is None or not sha256:
        raise Refused("还没有装订成册。请先点“装订成 PDF”。", code="not_bound", status=404)
    return blob(request, sha256, "application/pdf", f"case-{dossier.case_id}{'-side' if side else ''}.pdf")
