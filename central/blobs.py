"""Weight: blobs named by their SHA-256, in a folder or an object store, uploaded in pieces that can be resumed.

A receipt is given only for what is durable: obstore does not fsync a local file, so we do, file and folder. An
object store is durable when it has answered.
"""

import asyncio
import contextlib
import hashlib
import logging
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import obstore
from fastapi import APIRouter, Depends, Header, HTTPException, Request
from fastapi.responses import PlainTextResponse, StreamingResponse
from fastapi.routing import APIRoute
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url
from tuspyserver import create_tus_router
from tuspyserver.storage.local import LocalFileStorage

from central.durable import keep_names
from central.room import Room

MAX_BLOB = 8 * 1024**3
"""Bytes one blob may have."""
MAX_PIECE = 8 * 1024**2
"""Bytes one request may carry; gateways send pieces of 4 MiB."""
MAX_TOLD = 16 * 1024**2
"""Bytes of a blob by which a box tells something that is read whole: a catalogue, a configuration, words."""
KEEP_UPLOADS_S = 7 * 86400
_PIECE = 1024**2
_SHA256 = re.compile(r"[0-9a-f]{64}")

logging.getLogger("tuspyserver").setLevel(logging.WARNING)  # else each look at an upload tells the file's name

_TUS = {
    "OPTIONS": ("upload_protocol", "What of tus 1.0 is spoken here."),
    "POST": ("begin_upload", "Begin an upload; its address is in `Location`."),
    "HEAD": ("upload_stands", "How far an upload is, in `Upload-Offset`."),
    "PATCH": ("go_on_with_upload", "Bring the next piece of an upload."),
    "DELETE": ("give_up_upload", "Give up an upload."),
}
"""Method -> what its call is named, and what it does."""

Door = Callable[..., Any]
"""A dependency that lets a caller in or raises."""
Receipt = Callable[[str, str, int], str]
"""(gateway, sha256, size) -> central's signed word that the blob is durable."""


Created = Callable[[Mapping[str, str], Mapping[str, Any]], None]
"""Hears the metadata of an upload that begins; raises HTTPException if it may not."""


class NoBlob(LookupError):
    """There is no blob of that name."""


class WrongBlob(ValueError):
    """The bytes are not those their name promises."""


class Blobs:
    """The court's blobs. Whatever is in it is durable."""

    def __init__(self, place: Path | str) -> None:
        """`place` is a folder, or a URL such as `s3://bucket/prefix`."""
        self.folder = place if isinstance(place, Path) else None
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            keep_names(self.folder.parent)
            self._store: Any = LocalStore(prefix=self.folder, mkdir=True)
        else:
            self._store = from_url(str(place))

    def put(self, data: bytes) -> str:
        """Keep these bytes; gives their SHA-256 once they are durable. Raises OSError."""
        sha256 = hashlib.sha256(data).hexdigest()
        if not self.is_durable(sha256):
            with _in_words():
                obstore.put(self._store, _key(sha256), data)
            self._make_durable(sha256)
        return sha256

    def put_file(self, path: Path, sha256: str) -> int:
        """Keep the content of a file under the name it claims; gives its size. Raises WrongBlob, OSError."""
        found = _digest(path)
        if found != sha256:
            raise WrongBlob(f"the bytes are {found}, promised was {sha256}")
        self._put_file(path, sha256)
        return path.stat().st_size

    def take_file(self, path: Path) -> str:
        """Keep the content of a file; gives its SHA-256 once it is durable. Raises OSError."""
        sha256 = _digest(path)
        self._put_file(path, sha256)
        return sha256

    def has(self, sha256: str) -> bool:
        """True if it is here."""
        try:
            self.size(sha256)
        except NoBlob:
            return False
        return True

    def is_durable(self, sha256: str) -> bool:
        """True if it is here, whole, and would survive a power cut from now on.

        A file may have its name and size while its bytes never reached the disk: central may have been killed
        before it could fsync. So a file is read again and fsynced before anybody is told.
        """
        if not self.has(sha256):
            return False
        if self.folder is not None:
            if _digest(self.folder / _key(sha256)) != sha256:
                return False
            self._make_durable(sha256)
        return True

    def size(self, sha256: str) -> int:
        """Its bytes; raises NoBlob, OSError."""
        try:
            with _in_words():
                return int(obstore.head(self._store, _key(sha256))["size"])
        except FileNotFoundError as error:
            raise NoBlob(sha256) from error

    def get(self, sha256: str, most: int = MAX_BLOB) -> bytes:
        """The whole blob, checked; raises NoBlob, WrongBlob if the disk altered it or it has more than `most` bytes."""
        if most < MAX_BLOB and self.size(sha256) > most:
            raise WrongBlob(f"blob {sha256} is larger than {most} bytes")
        try:
            data = bytes(obstore.get(self._store, _key(sha256)).bytes())
        except FileNotFoundError as error:
            raise NoBlob(sha256) from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise WrongBlob(f"blob {sha256} was altered where it lies")
        return data

    def remove(self, sha256: str) -> None:
        """It is gone, if it was here; whoever removes it knows that nobody else needs it. Raises OSError."""
        with contextlib.suppress(FileNotFoundError, NoBlob), _in_words():
            obstore.delete(self._store, _key(sha256))

    def pieces(self, sha256: str) -> Iterator[bytes]:
        """The blob piece by piece, for whoever checks it himself; raises NoBlob."""
        try:
            found = obstore.get(self._store, _key(sha256))
        except FileNotFoundError as error:
            raise NoBlob(sha256) from error
        return (bytes(piece) for piece in found.stream(min_chunk_size=_PIECE))

    def span(self, sha256: str, start: int, end: int) -> bytes:
        """Its bytes from `start` up to before `end`; raises NoBlob, OSError."""
        try:
            with _in_words():
                return bytes(obstore.get_range(self._store, _key(sha256), start=start, end=end))
        except FileNotFoundError as error:
            raise NoBlob(sha256) from error

    def _put_file(self, path: Path, sha256: str) -> None:
        if not self.is_durable(sha256):
            with _in_words():
                obstore.put(self._store, _key(sha256), path)
            self._make_durable(sha256)

    def _make_durable(self, sha256: str) -> None:
        if self.folder is None:
            return
        path = self.folder / _key(sha256)
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        keep_names(path.parent)
        keep_names(self.folder)


def blob_routes(blobs: Blobs, door: Door, receipt: Receipt) -> APIRouter:
    """`GET /api/v1/blobs/{sha256}` for gateways, and the receipt after which they may delete theirs."""
    router = APIRouter(prefix="/api/v1/blobs", tags=["gateways"])

    @router.get("/{sha256}", response_class=StreamingResponse)
    def blob(sha256: str, _: Annotated[str, Depends(door)]) -> StreamingResponse:
        """The blob itself."""
        size = _known(blobs, sha256)
        headers = {"Content-Length": str(size), "ETag": f'"{sha256}"', "Cache-Control": "private, immutable"}
        return StreamingResponse(blobs.pieces(sha256), media_type="application/octet-stream", headers=headers)

    @router.get("/{sha256}/receipt", response_class=PlainTextResponse)
    def stored(sha256: str, gateway: Annotated[str, Depends(door)]) -> str:
        """A `stored` token: the blob is durable here (ledger rule 5)."""
        size = _known(blobs, sha256)
        if not blobs.is_durable(sha256):
            raise HTTPException(404, f"blob {sha256} was damaged; send it again")
        return receipt(gateway, sha256, size)

    return router


def upload_routes(blobs: Blobs, folder: Path, door: Door, room: Room) -> APIRouter:
    """tus 1.0 at `/api/v1/uploads/`; metadata names `sha256`, and `filename` and `filetype` as tuspyserver asks.

    What finds no room is refused (507).
    """

    def created(metadata: Mapping[str, str], _: Mapping[str, Any]) -> None:
        if not _SHA256.fullmatch(metadata.get("sha256", "")):
            raise HTTPException(400, "Upload-Metadata must name sha256, 64 hex digits")

    async def completed(path: str, metadata: Mapping[str, str]) -> None:
        lies = Path(path)
        try:
            with room.held(lies.stat().st_size) if blobs.folder is not None else contextlib.nullcontext():
                await asyncio.to_thread(_keep, blobs, lies, metadata["sha256"])
        except HTTPException:  # one that finds no room any more would take it from all others
            await asyncio.to_thread(_throw_away, lies)
            raise

    return in_pieces(
        "uploads", folder, MAX_BLOB, [Depends(door), Depends(small_enough), Depends(room.admits)], created,
        tags=["gateways"], on_upload_complete=completed,
    )  # fmt: skip


def in_pieces(prefix: str, folder: Path, most: int, allowed: Sequence[Any], created: Created, **tus: Any) -> APIRouter:
    """Routes of tus 1.0 below /api/v1 for uploads of `most` bytes, whose pieces are durable in `folder`.

    Whoever begins one sweeps away those that were begun long ago.
    """
    folder.mkdir(parents=True, exist_ok=True)

    def begins(metadata: Mapping[str, str], info: Mapping[str, Any]) -> None:
        created(metadata, info)
        sweep_uploads(folder)

    uploads = create_tus_router(
        prefix=prefix,
        files_dir=str(folder),
        max_size=most,
        days_to_keep=KEEP_UPLOADS_S // 86400,
        storage=LocalFileStorage(str(folder)),
        pre_create_hook=begins,
        **tus,
    )
    for route in uploads.routes:
        if isinstance(route, APIRoute):
            route.name, route.description = _TUS[min(route.methods or ())]
            route.include_in_schema = route.path.startswith(f"/{prefix}/")  # the others: without the last stroke
    router = APIRouter(prefix="/api/v1", dependencies=[*allowed, Depends(_names_a_file)])
    router.include_router(uploads)
    return router


def sweep_uploads(folder: Path, now: float | None = None) -> int:
    """Delete what was begun and not finished long ago; gives how many files went. `now` is in seconds since 1970."""
    oldest = (time.time() if now is None else now) - KEEP_UPLOADS_S
    old = [path for path in folder.glob("*") if path.is_file() and path.stat().st_mtime < oldest]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _keep(blobs: Blobs, path: Path, sha256: str) -> None:
    """Move a finished upload among the blobs; one that is not what it promised is thrown away."""
    try:
        blobs.put_file(path, sha256)
    except WrongBlob as error:
        raise HTTPException(460, str(error)) from error
    finally:
        _throw_away(path)


def _throw_away(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.with_name(f"{path.name}.info").unlink(missing_ok=True)


def small_enough(content_length: Annotated[int, Header()] = 0) -> None:
    """A dependency of uploads: a request carries one piece. Raises HTTPException (413)."""
    if content_length > MAX_PIECE:
        raise HTTPException(413, f"send pieces of at most {MAX_PIECE} bytes")


def _names_a_file(request: Request) -> None:
    if "\0" in request.url.path:
        raise HTTPException(404, "no such upload")


def _known(blobs: Blobs, sha256: str) -> int:
    try:
        return blobs.size(sha256)
    except NoBlob:
        raise HTTPException(404, f"no blob {sha256}") from None


@contextmanager
def _in_words() -> Iterator[None]:
    """A store that fails (full, away) raises OSError, as every other disk does."""
    try:
        yield
    except BaseError as error:
        raise OSError(str(error).partition("\n")[0]) from error


def _key(sha256: str) -> str:
    """Raises NoBlob: what a line names may be anything."""
    if not _SHA256.fullmatch(sha256):
        raise NoBlob(sha256)
    return f"{sha256[:2]}/{sha256}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
