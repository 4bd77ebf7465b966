"""A file larger than a request may bring comes in pieces, goes on after a break, and is in the dossier once."""

import base64
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from central.dossiers.bounds import LARGEST_FILE
from central.dossiers.large import large_files
from tests.central.desk import application
from tests.central.programs import bearer
from tests.central.shelf import COMPLAINT, Shelf
from tests.kit import paper

URL = "/api/v1/file-uploads/"
TUS = {"tus-resumable": "1.0.0"}
DATA = paper.pdf([paper.drawn(COMPLAINT, 100, paper.SLIP_MM)])


@pytest.fixture
def app(shelf: Shelf, tmp_path: Path) -> FastAPI:
    opened = application(shelf.locker)
    opened.include_router(large_files(shelf.locker.blobs, tmp_path / "large"))
    return opened


def client(app: FastAPI, shelf: Shelf, login: str) -> TestClient:
    return TestClient(app, headers={**bearer(shelf.locker, login), **TUS}, raise_server_exceptions=False)


def begun(at: TestClient, **told: str) -> str:
    told = {"filename": "全卷.pdf", "filetype": "application/pdf", **told}
    metadata = ",".join(f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in told.items())
    answer = at.post(URL, headers={"upload-length": str(len(DATA)), "upload-metadata": metadata})
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


def piece(at: TestClient, url: str, start: int, end: int) -> tuple[int, str]:
    headers = {"upload-offset": str(start), "content-type": "application/offset+octet-stream"}
    answer = at.patch(url, content=DATA[start:end], headers=headers)
    return answer.status_code, answer.text


def left(folder: Path) -> list[Path]:
    return [path for path in (folder / "large").iterdir() if path.is_file()]


def test_a_large_file_goes_on_after_a_break_and_is_taken_once(app: FastAPI, shelf: Shelf, tmp_path: Path) -> None:
    at, half = client(app, shelf, "clerk"), len(DATA) // 2
    url = begun(at, case="1", secret="1")
    assert piece(at, url, 0, half)[0] == 204
    assert at.head(url).headers["upload-offset"] == str(half)
    assert piece(at, url, half, len(DATA))[0] == 204
    intake = shelf.intake(1)
    assert (intake.name, intake.size, intake.secret, intake.by) == ("全卷.pdf", len(DATA), True, shelf.actor().ref)
    assert shelf.locker.blobs.get(intake.sha256) == DATA and left(tmp_path) == []
    shelf.work()
    assert shelf.intake(1).pages == 1
    status, said = piece(at, begun(at, case="1", secret="1"), 0, len(DATA))
    assert status == 409 and "已在本案卷宗中" in said and left(tmp_path) == []


def test_who_may_not_write_and_what_names_no_case_is_turned_away(app: FastAPI, shelf: Shelf) -> None:
    assert client(app, shelf, "judge").post(URL, headers={"upload-length": "9"}).status_code == 403
    clerk = client(app, shelf, "clerk")
    nameless = {"upload-length": "9", "upload-metadata": "filename YQ==,filetype YQ=="}
    assert clerk.post(URL, headers=nameless).status_code == 400
    told = {"upload-metadata": "filename YQ==,filetype YQ==,case MQ=="}
    assert clerk.post(URL, headers={"upload-length": str(LARGEST_FILE + 1), **told}).status_code == 413
    assert TestClient(app).post(URL, headers={"upload-length": "9", **TUS}).status_code == 401
