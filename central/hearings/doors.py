"""Sound for a person's browser: a blob, whole or the stretch of it that was asked for (RFC 9110, 14)."""

import re

from fastapi import Response

from central.blobs import Blobs, NoBlob
from central.web.refused import Refused

_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")
_MOST = 4 * 1024**2
"""Bytes one answer carries; a player asks for more."""
FLAC = "audio/flac"


def sound(blobs: Blobs, sha256: str, wanted: str | None) -> Response:
    """The bytes a `Range` header wants, or all of them. Raises Refused while the sound is not here."""
    try:
        size = blobs.size(sha256)
        start, end = _span(wanted, size)
        if start >= size:
            return Response(status_code=416, headers={"content-range": f"bytes */{size}"})
        content = blobs.span(sha256, start, end)
    except (NoBlob, OSError):
        raise Refused("这一段录音还没有传到中心，稍后再试。", code="no_blob", status=404) from None
    headers = {"accept-ranges": "bytes", "cache-control": "private, no-store", "etag": f'"{sha256}"'}
    if wanted is not None:
        headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
    return Response(content, 206 if wanted is not None else 200, headers, FLAC)


def _span(wanted: str | None, size: int) -> tuple[int, int]:
    found = _RANGE.match(wanted or "")
    if wanted is None or found is None or not any(found.groups()):
        return 0, size
    first, last = found.groups()
    if not first:
        return max(0, size - int(last)), size
    start = int(first)
    return start, min(int(last) + 1 if last else size, size, start + _MOST)
