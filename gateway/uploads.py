"""Weight goes by hash: blobs wait on disk until central has them, and come from central when a wish names them.

Up by tus 1.0: created, resumed from the offset central tells, sent in pieces. A blob is let go only on central's
signed `stored` receipt, which it gives after fsync of file and folder (ledger rule 5), and fourteen days after
that. Uploads run one after another in a worker thread, so that a slow line holds up nothing else.

    blobs/<sha256>          the blob; it waits as long as no receipt stands beside it
    blobs/<sha256>.at       where central takes its upload in, to resume after a restart
    blobs/<sha256>.stored   central's receipt

What central gives us is kept nowhere: a document may hold names, and a box stands where anybody can carry it off.
"""

import asyncio
import base64
import hashlib
import http.client
import logging
import os
import random
import re
from contextlib import suppress
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from devices.claims import StoredClaims
from devices.errors import DeviceOffline, WishRejected
from devices.grants import BadToken, read
from gateway import durable
from gateway.clock import Clock
from gateway.door import Ask, door
from gateway.identity import Identity
from gateway.journal import KEPT_S

PIECE = 4 * 1024 * 1024
"""Bytes of one PATCH."""
_SHA256 = re.compile(r"[0-9a-f]{64}")
_UPLOADS = "/api/v1/uploads/"
_BLOBS = "/api/v1/blobs/"
_TUS = {"Tus-Resumable": "1.0.0"}
_NO_ROOM = 507

log = logging.getLogger(__name__)


class NotStored(Exception):
    """Central did not take the blob in, this time; the text says why. The blob stays."""


class NoRoom(NotStored):
    """Central's disk has no room for it now."""


class Uploads:
    """The blobs of this gateway, in `folder`; used from the event loop. `backoff_s`: shortest and longest patience."""

    def __init__(
        self, identity: Identity, clock: Clock, folder: Path, backoff_s: tuple[float, float] = (2.0, 120.0)
    ) -> None:
        self._central = _Central(identity, clock)
        self._blobs = folder / "blobs"
        self._clock = clock
        self._backoff_s = backoff_s
        self._came = asyncio.Event()
        self._said = ""
        self._blobs.mkdir(parents=True, exist_ok=True)

    async def keep(self, blob: bytes) -> str:
        """Have it on disk, to be uploaded; gives its SHA-256. Only then may a line name it. Raises OSError."""
        sha256 = hashlib.sha256(blob).hexdigest()
        if not (self._blobs / sha256).exists():
            await asyncio.to_thread(durable.write, self._blobs / sha256, blob)
            self._came.set()
        return sha256

    def kept(self, sha256: str) -> bytes | None:
        """A blob that is still here."""
        path = self._blobs / sha256
        return path.read_bytes() if _SHA256.fullmatch(sha256) and path.exists() else None

    def make_room(self) -> bool:
        """Let go of the oldest blob central has receipted, before its fourteen days; False if there is none."""
        receipts = sorted(self._blobs.glob("*.stored"), key=lambda path: path.stat().st_mtime)
        for receipt in receipts[:1]:
            receipt.with_suffix("").unlink(missing_ok=True)
            receipt.unlink()
        return bool(receipts)

    def waiting(self) -> list[str]:
        """The blobs central has not receipted, oldest first."""
        blobs = [path for path in self._blobs.iterdir() if not path.suffix and not _beside(path, "stored").exists()]
        return [path.name for path in sorted(blobs, key=lambda path: path.stat().st_mtime)]

    async def run(self) -> None:
        """Upload what waits, and what comes, until cancelled; what fails is tried again with growing patience."""
        tries = 0
        try:
            while True:
                self._came.clear()
                tries = 0 if await self._upload_all() else tries + 1
                await asyncio.to_thread(self._let_go)
                await self._wait(tries)
        finally:
            self._central.stopping = True

    async def fetch(self, sha256: str) -> bytes:
        """The blob of that hash, from central. Raises DeviceOffline while it cannot be had, WishRejected."""
        if not _SHA256.fullmatch(sha256):
            raise WishRejected(f"{sha256[:70]!r} is no SHA-256")
        try:
            return await asyncio.to_thread(self._central.fetch, sha256)
        except (NotStored, OSError, http.client.HTTPException) as error:
            raise DeviceOffline(f"blob {sha256[:12]} cannot be had: {error}") from error

    async def _upload_all(self) -> bool:
        """Try each once: one that central will not have must not hold up the others. True if all are there.

        Where one found no room, one as large finds none either, and is not tried.
        """
        failed, too_large = 0, float("inf")
        for sha256 in self.waiting():
            path = self._blobs / sha256
            try:
                if (size := path.stat().st_size) >= too_large:
                    continue
                await asyncio.to_thread(self._central.upload, path)
            except NoRoom:
                failed, too_large = failed + 1, size
                self._say_once("central has no room for blobs now (507); they wait")
            except NotStored as error:
                failed += 1
                self._say_once(f"blob {sha256[:12]}: {error}")
            except (OSError, http.client.HTTPException) as error:
                self._say_once(f"central cannot be reached for blobs: {error}")
                return False
        if not failed:
            self._said = ""
        return not failed

    def _say_once(self, text: str) -> None:
        if text != self._said:
            self._said = text
            log.warning("%s", text)

    async def _wait(self, tries: int) -> None:
        least, most = self._backoff_s
        patience = random.uniform(0.5, 1.0) * min(least * 2.0**tries, most) if tries else None  # noqa: S311
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._came.wait()

    def _let_go(self) -> None:
        if not self._clock.trusted:
            return
        for receipt in self._blobs.glob("*.stored"):
            if self._clock.now().timestamp() - receipt.stat().st_mtime > KEPT_S:
                receipt.with_suffix("").unlink(missing_ok=True)
                receipt.unlink()


class _Central:
    """Central's HTTP door, blocking."""

    def __init__(self, identity: Identity, clock: Clock) -> None:
        self._identity = identity
        self._clock = clock
        self.stopping = False

    def upload(self, path: Path) -> None:
        """Bring the blob to central and keep its receipt beside it. Raises NotStored, OSError, HTTPException."""
        with door(self._identity, self._clock) as ask:
            if self._take_receipt(ask, path):
                return  # stored twice is stored once
            size = path.stat().st_size
            place, offset = self._place(ask, path, size)
            with path.open("rb") as blob:
                while offset < size and not self.stopping:
                    blob.seek(offset)
                    head = {**_TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
                    status, told, _ = ask("PATCH", place, blob.read(PIECE), head)
                    if status != 204:
                        raise (NoRoom if status == _NO_ROOM else NotStored)(f"PATCH {place} at {offset}: {status}")
                    offset = int(told["upload-offset"])
            if offset == size and not self._take_receipt(ask, path):
                _beside(path, "at").unlink(missing_ok=True)
                raise NotStored("central has all of it and gives no receipt")

    def fetch(self, sha256: str) -> bytes:
        """The blob of that hash. Raises NotStored, OSError, HTTPException."""
        with door(self._identity, self._clock) as ask:
            status, _, blob = ask("GET", _BLOBS + sha256)
        if status != 200:
            raise NotStored(f"central answered {status}")
        if hashlib.sha256(blob).hexdigest() != sha256:
            raise NotStored("what central gave has another hash")
        return blob

    def _place(self, ask: Ask, path: Path, size: int) -> tuple[str, int]:
        """Where to send it and from which byte: an upload begun before, or a new one."""
        note = _beside(path, "at")
        if note.exists():
            place = note.read_text()
            status, told, _ = ask("HEAD", place, headers=_TUS)
            if status in (200, 204):
                return place, int(told["upload-offset"])
        head = {**_TUS, "Upload-Length": str(size), "Upload-Metadata": _metadata(path.name)}
        status, told, body = ask("POST", _UPLOADS, headers=head)
        if status != 201:
            refused = NoRoom if status == _NO_ROOM else NotStored
            raise refused(f"POST {_UPLOADS}: {status} {body[:200].decode(errors='replace')}")
        place = urlsplit(urljoin(_UPLOADS, told["location"])).path
        durable.write(note, place.encode())
        return place, 0

    def _take_receipt(self, ask: Ask, path: Path) -> bool:
        status, _, token = ask("GET", f"{_BLOBS}{path.name}/receipt")
        if status != 200:
            return False
        who = self._identity
        try:
            claims = read("stored", token.decode(), who.central_keys, issuer=who.court, audience=who.gateway)
            stored: StoredClaims = StoredClaims.of(claims)
        except (BadToken, UnicodeDecodeError) as error:
            raise NotStored(f"a receipt that is not to be believed: {error}") from error
        if stored.sha256 != path.name or stored.size != path.stat().st_size:
            raise NotStored(f"a receipt for another blob: {stored.sha256}")
        receipt = _beside(path, "stored")
        durable.write(receipt, token)
        os.utime(receipt, (stored.iat, stored.iat))  # by central's clock: this box's may have stood in 1970
        _beside(path, "at").unlink(missing_ok=True)
        return True


def _metadata(sha256: str) -> str:
    told = {"sha256": sha256, "filename": sha256, "filetype": "application/octet-stream"}
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items())


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(f"{path.name}.{suffix}")
