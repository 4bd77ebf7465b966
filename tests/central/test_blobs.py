"""Weight: kept by hash, uploaded in pieces, receipted only when durable."""

import base64
import hashlib
import os
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import FastAPI, Header, HTTPException
from fastapi.testclient import TestClient

from central.blobs import KEEP_UPLOADS_S, MAX_PIECE, Blobs, NoBlob, WrongBlob, blob_routes, sweep_uploads, upload_routes
from central.room import Room

DATA = os.urandom(300_000)
SHA256 = hashlib.sha256(DATA).hexdigest()
BOX = {"Authorization": "locker-a"}


def door(authorization: Annotated[str, Header()] = "") -> str:
    """Lets in whoever says a name."""
    if not authorization:
        raise HTTPException(401)
    return authorization


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    """A folder of blobs."""
    return Blobs(tmp_path / "blobs")


@pytest.fixture
def client(blobs: Blobs, tmp_path: Path) -> TestClient:
    """The routes of blobs and uploads."""
    app = FastAPI()
    app.include_router(blob_routes(blobs, door, lambda gateway, sha256, size: f"{gateway} {sha256} {size}"))
    app.include_router(upload_routes(blobs, tmp_path / "uploads", door, Room("central", 0, tmp_path)))
    return TestClient(app, headers=BOX | {"Tus-Resumable": "1.0.0"})


def metadata(sha256: str) -> str:
    """What an upload is, as tus has it."""
    told = {"sha256": sha256, "filename": sha256, "filetype": "application/octet-stream"}
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items())


def begin(client: TestClient, sha256: str = SHA256, size: int = len(DATA)) -> str:
    """Create an upload; gives its path."""
    headers = {"Upload-Length": str(size), "Upload-Metadata": metadata(sha256)}
    answer = client.post("/api/v1/uploads/", headers=headers)
    assert answer.status_code == 201
    return str(answer.headers["location"])


def send(client: TestClient, url: str, offset: int, piece: bytes) -> int:
    """Send a piece; gives the status."""
    headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    return client.patch(url, content=piece, headers=headers).status_code


def test_what_is_put_twice_is_kept_once_and_comes_back_checked(blobs: Blobs) -> None:
    assert blobs.put(DATA) == blobs.put(DATA) == SHA256
    assert blobs.get(SHA256) == DATA
    assert b"".join(blobs.pieces(SHA256)) == DATA
    assert blobs.size(SHA256) == len(DATA)
    with pytest.raises(NoBlob):
        blobs.get("0" * 64)


def test_a_blob_the_disk_altered_is_noticed_and_replaced_when_put_again(blobs: Blobs) -> None:
    blobs.put(DATA)
    assert blobs.folder is not None
    path = blobs.folder / SHA256[:2] / SHA256
    path.write_bytes(DATA[:-1] + b"x")
    with pytest.raises(WrongBlob):
        blobs.get(SHA256)
    assert not blobs.is_durable(SHA256)
    blobs.put(DATA)
    assert blobs.get(SHA256) == DATA


def test_an_upload_in_pieces_resumes_and_is_receipted(client: TestClient, blobs: Blobs, tmp_path: Path) -> None:
    url = begin(client)
    assert send(client, url, 0, DATA[:100_000]) == 204
    assert client.head(url).headers["upload-offset"] == "100000"
    assert send(client, url, 50_000, DATA[50_000:]) == 409
    assert client.get(f"/api/v1/blobs/{SHA256}/receipt").status_code == 404
    assert send(client, url, 100_000, DATA[100_000:]) == 204
    assert client.get(f"/api/v1/blobs/{SHA256}").content == DATA
    receipt = client.get(f"/api/v1/blobs/{SHA256}/receipt")
    assert receipt.text == f"locker-a {SHA256} {len(DATA)}"
    assert [path for path in (tmp_path / "uploads").glob("*") if path.is_file()] == []


def test_an_upload_that_is_not_what_it_promised_is_thrown_away(client: TestClient, blobs: Blobs) -> None:
    url = begin(client, size=10)
    assert send(client, url, 0, b"0123456789") == 460
    assert not blobs.has(SHA256)
    assert client.head(url).status_code == 404


def test_nobody_uploads_or_fetches_without_a_name_and_pieces_are_bounded(client: TestClient, blobs: Blobs) -> None:
    url = begin(client)
    blobs.put(DATA)
    for answer in (
        client.post("/api/v1/uploads/", headers={"Upload-Length": "1", "Authorization": ""}),
        client.get(f"/api/v1/blobs/{SHA256}", headers={"Authorization": ""}),
        client.get(f"/api/v1/blobs/{SHA256}/receipt", headers={"Authorization": ""}),
    ):
        assert answer.status_code == 401
    anonymous = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream", "Authorization": ""}
    assert client.patch(url, content=DATA, headers=anonymous).status_code == 401
    assert client.head(url).headers["upload-offset"] == "0"  # nothing was written before the door
    assert send(client, url, 0, b"x" * (MAX_PIECE + 1)) == 413
    assert client.get("/api/v1/blobs/..%2F..%2Fpki%2Froot.key").status_code == 404


def test_an_upload_must_name_its_hash(client: TestClient) -> None:
    answer = client.post("/api/v1/uploads/", headers={"Upload-Length": "1"})
    assert answer.status_code == 400


def test_uploads_begun_long_ago_are_swept(client: TestClient, tmp_path: Path) -> None:
    begin(client)
    folder = tmp_path / "uploads"
    newest = max(path.stat().st_mtime for path in folder.glob("*"))
    assert sweep_uploads(folder, newest) == 0
    assert sweep_uploads(folder, newest + KEEP_UPLOADS_S + 1) == 2


def test_an_object_store_is_named_by_url() -> None:
    blobs = Blobs("memory:///")
    assert blobs.get(blobs.put(DATA)) == DATA
    assert blobs.is_durable(SHA256)


def test_whoever_begins_an_upload_sweeps_away_what_was_begun_long_ago(client: TestClient, tmp_path: Path) -> None:
    begin(client)
    for path in (tmp_path / "uploads").glob("*"):
        os.utime(path, (0, 0))
    begin(client)
    assert len(list((tmp_path / "uploads").glob("*"))) == 2


def test_the_name_of_what_is_uploaded_stands_in_no_log(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    assert client.head(begin(client)).status_code == 200
    assert SHA256 not in caplog.text


@pytest.mark.parametrize("name", ["../pki/root.key", "/etc/passwd", "a\0b", "", f"{'ab' * 32}\n", "half a sign \ud83d"])
def test_a_name_that_is_no_hash_is_no_blob(blobs: Blobs, name: str) -> None:
    for ask in (blobs.get, blobs.size, blobs.pieces, lambda name: blobs.span(name, 0, 1)):
        with pytest.raises(NoBlob):
            ask(name)
    assert not blobs.is_durable(name)
    blobs.remove(name)
