"""Blobs: they leave the box only on central's signed receipt, and go on from where a broken line left them."""

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from devices.claims import StoredClaims
from devices.errors import DeviceOffline, WishRejected
from devices.grants import keys_of, read, sign
from gateway.clock import Clock
from gateway.identity import Identity
from gateway.uploads import PIECE, Uploads
from tests.kit.court import COURT, Court
from tests.kit.http import Answer, Request, serving

BLOB = bytes(range(256)) * 20_000
IMPATIENT = (0.01, 0.02)


class TusServer:
    """Central's HTTP door as far as blobs go; it can break a line and withhold a receipt."""

    def __init__(self, court: Court) -> None:
        self.court = court
        self.key = court.key
        self.identity: Identity
        self.blobs: dict[str, bytes] = {}
        self.under_way = b""
        self.named = ""
        self.pieces: list[int] = []
        self.cut_after = 0
        self.withhold = False
        self.full = False
        self.fills = False
        self.turned_away = 0
        self.claims_size = 0
        self.at: Callable[[], float] = time.time

    def answer(self, request: Request) -> Answer:
        token = request.headers["authorization"].removeprefix("Bearer ")
        read("gateway", token, keys_of([self.identity.key.public_key()]), "locker-a", COURT, datetime.now(UTC))
        if self.full and request.method in ("POST", "PATCH"):
            self.turned_away += 1
            return Answer(507)
        return {"POST": self._create, "HEAD": self._offset, "PATCH": self._piece, "GET": self._get}[request.method](
            request
        )

    def _create(self, request: Request) -> Answer:
        self.under_way = b""
        self.named = request.headers["upload-metadata"]
        assert request.headers["upload-length"] == str(len(BLOB))
        return Answer(201, headers={"Location": "http://elsewhere/api/v1/uploads/one"})

    def _offset(self, request: Request) -> Answer:
        return Answer(200, headers={"Upload-Offset": str(len(self.under_way))})

    def _piece(self, request: Request) -> Answer:
        assert request.headers["upload-offset"] == str(len(self.under_way))
        assert request.path == "/api/v1/uploads/one"
        self.pieces.append(len(request.body))
        self.under_way += request.body
        if len(self.under_way) == len(BLOB):
            self.blobs[hashlib.sha256(self.under_way).hexdigest()] = self.under_way
        if self.fills:
            self.full, self.fills = True, False
        if self.cut_after:
            self.cut_after -= 1
            return Answer(cut=True)
        return Answer(204, headers={"Upload-Offset": str(len(self.under_way))})

    def _get(self, request: Request) -> Answer:
        sha256, _, receipt = request.path.removeprefix("/api/v1/blobs/").partition("/")
        blob = self.blobs.get(sha256)
        if blob is None or (receipt and self.withhold):
            return Answer(404)
        if not receipt:
            return Answer(200, blob)
        size = self.claims_size or len(blob)
        claims = StoredClaims(iss=COURT, aud="locker-a", sha256=sha256, size=size, iat=int(self.at()))
        return Answer(200, sign("stored", claims.write(), self.key).encode())


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Court:
    return Court(tmp_path_factory.mktemp("court"))


@pytest.fixture
def central(court: Court, tmp_path: Path) -> Iterator[TusServer]:
    server = TusServer(court)
    with serving(server.answer) as url:
        server.identity = court.identity("locker-a", tmp_path / "identity", url=url)
        yield server


@asynccontextmanager
async def running(central: TusServer, folder: Path, clock: Clock | None = None) -> AsyncIterator[Uploads]:
    """Uploads at work as long as the block lasts."""
    it = Uploads(central.identity, clock or Clock(rtc_healthy=True), folder, IMPATIENT)
    task = asyncio.create_task(it.run())
    try:
        yield it
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()


async def until(holds: Callable[[], bool]) -> None:
    """Wait until that holds."""
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_blob_goes_in_pieces_and_stays_until_long_after_its_receipt(central: TusServer, tmp_path: Path) -> None:
    async with running(central, tmp_path / "data") as it:
        sha256 = await it.keep(BLOB)
        await until(lambda: not it.waiting())
    assert central.blobs == {sha256: BLOB}
    assert central.pieces == [PIECE, len(BLOB) - PIECE]
    assert "sha256 " in central.named
    assert (tmp_path / "data/blobs" / sha256).read_bytes() == BLOB


async def test_fourteen_days_after_its_receipt_the_blob_goes(central: TusServer, tmp_path: Path) -> None:
    async with running(central, tmp_path / "data") as it:
        sha256 = await it.keep(BLOB)
        await until(lambda: not it.waiting())
    blob = tmp_path / "data/blobs" / sha256
    assert blob.exists()
    later = Clock(wall=lambda: time.time() + 15 * 86400, rtc_healthy=True)
    async with running(central, tmp_path / "data", later):
        await until(lambda: not blob.exists())


async def test_the_fourteen_days_are_counted_by_centrals_clock(central: TusServer, tmp_path: Path) -> None:
    central.at = lambda: time.time() - 15 * 86400
    async with running(central, tmp_path / "data") as it:
        sha256 = await it.keep(BLOB)
        await until(lambda: not (tmp_path / "data/blobs" / sha256).exists())


async def test_while_central_has_no_room_the_blob_stays_and_what_was_begun_goes_on_after(
    central: TusServer, tmp_path: Path
) -> None:
    central.full = True
    async with running(central, tmp_path / "data") as it:
        sha256 = await it.keep(BLOB)
        await until(lambda: central.turned_away > 2)
        assert it.waiting() == [sha256] and not central.named
        central.fills = True
        central.full = False
        await until(lambda: central.full)
        tried = central.turned_away
        await until(lambda: central.turned_away > tried + 2)
        assert it.waiting() == [sha256] and it.kept(sha256) == BLOB
        central.full = False
        await until(lambda: not it.waiting())
    assert central.pieces == [PIECE, len(BLOB) - PIECE], "the first piece was not sent again"
    assert central.blobs == {sha256: BLOB}


async def test_where_one_finds_no_room_only_smaller_ones_are_tried_besides(
    central: TusServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    central.full = True
    it = Uploads(central.identity, Clock(rtc_healthy=True), tmp_path / "data", IMPATIENT)
    for age, blob in enumerate((b"as large", b"one", b"is large", b"two"), 1):
        os.utime(tmp_path / "data/blobs" / await it.keep(blob), (age, age))
    assert not await it._upload_all() and not await it._upload_all()
    assert central.turned_away == 2 * 2
    assert len(it.waiting()) == 4
    assert [record.getMessage() for record in caplog.records if "507" in record.getMessage()] == [
        "central has no room for blobs now (507); they wait"
    ]


async def test_an_upload_goes_on_where_the_line_broke(central: TusServer, tmp_path: Path) -> None:
    central.cut_after = 1
    async with running(central, tmp_path / "data") as it:
        await it.keep(BLOB)
        await until(lambda: not it.waiting())
    assert sum(central.pieces) == len(BLOB)


async def test_without_a_receipt_the_blob_waits_across_a_restart(central: TusServer, tmp_path: Path) -> None:
    central.withhold = True
    async with running(central, tmp_path / "data") as it:
        sha256 = await it.keep(BLOB)
        await until(lambda: bool(central.blobs))
    async with running(central, tmp_path / "data") as it:
        assert it.waiting() == [sha256]
        central.withhold = False
        await until(lambda: not it.waiting())


@pytest.mark.parametrize("lie", ["forged", "other_size"])
async def test_a_receipt_that_is_not_to_be_believed_frees_nothing(central: TusServer, tmp_path: Path, lie: str) -> None:
    central.blobs[hashlib.sha256(BLOB).hexdigest()] = BLOB
    if lie == "forged":
        central.key = central.identity.key
    else:
        central.claims_size = 1
    it = Uploads(central.identity, Clock(), tmp_path / "data", IMPATIENT)
    await it.keep(BLOB)
    task = asyncio.create_task(it.run())
    await asyncio.sleep(0.2)
    assert len(it.waiting()) == 1
    task.cancel()
    await asyncio.wait([task])


async def test_what_central_has_already_is_not_sent_again(central: TusServer, tmp_path: Path) -> None:
    central.blobs[hashlib.sha256(BLOB).hexdigest()] = BLOB
    async with running(central, tmp_path / "data") as it:
        await it.keep(BLOB)
        await until(lambda: not it.waiting())
    assert central.pieces == []


async def test_a_fetched_blob_is_checked_and_leaves_no_trace_on_the_disk(central: TusServer, tmp_path: Path) -> None:
    it = Uploads(central.identity, Clock(), tmp_path / "data", IMPATIENT)
    sha256 = hashlib.sha256(BLOB).hexdigest()
    with pytest.raises(DeviceOffline):
        await it.fetch(sha256)
    central.blobs[sha256] = BLOB + b"!"
    with pytest.raises(DeviceOffline, match="another hash"):
        await it.fetch(sha256)
    central.blobs[sha256] = BLOB
    assert await it.fetch(sha256) == BLOB
    assert [path for path in (tmp_path / "data").rglob("*") if path.is_file()] == []


async def test_a_name_that_is_no_hash_is_refused(central: TusServer, tmp_path: Path) -> None:
    with pytest.raises(WishRejected):
        await Uploads(central.identity, Clock(), tmp_path / "data").fetch("../identity/key.pem")
