"""A speech model is put in place only if it is whole, the one that was meant, and hears what is said."""

import functools
import hashlib
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.errors import DeviceFault
from drivers.speech.vosk import model as models
from drivers.speech.vosk.install import distance, install


def quiet(here: int, whole: int) -> None:
    """Nobody watches."""


@pytest.fixture
def published(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """(address, SHA-256) of the model that comes along, as an archive on a web server."""
    folder = tmp_path / "web"
    shutil.make_archive(str(folder / "court"), "zip", models.TINY.parent, models.TINY.name)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield (
            f"http://127.0.0.1:{server.server_port}/court.zip",
            hashlib.sha256((folder / "court.zip").read_bytes()).hexdigest(),
        )
        server.shutdown()
        serving.join()


def test_a_published_model_is_fetched_checked_and_in_place(tmp_path: Path, published: tuple[str, str]) -> None:
    address, sha256 = published
    seen: list[tuple[int, int]] = []
    installed = install(address, tmp_path / "models", lambda *told: seen.append(told), sha256)
    assert installed == (tmp_path / "models" / "court-zh-tiny", models.sha256(models.TINY), 0.0)
    assert seen[-1][0] == seen[-1][1] > 0
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["court-zh-tiny"]


def test_an_archive_with_another_hash_changes_nothing(tmp_path: Path, published: tuple[str, str]) -> None:
    with pytest.raises(DeviceFault, match="damaged or another one"):
        install(published[0], tmp_path / "models", quiet, "ab" * 32)
    assert not list((tmp_path / "models").iterdir())


def test_what_is_not_there_or_no_model_says_so(tmp_path: Path, published: tuple[str, str]) -> None:
    with pytest.raises(DeviceFault, match="cannot be fetched"):
        install(published[0].replace("court.zip", "other.zip"), tmp_path / "models", quiet)
    with pytest.raises(DeviceFault, match="holds no speech model"):
        install(str(tmp_path), tmp_path / "models", quiet)
    with pytest.raises(DeviceFault, match="begins with https"):
        install("ftp://192.0.2.1/x.zip", tmp_path / "models", quiet)


def test_a_distance_counts_characters() -> None:
    assert distance("没有异议", "没有意义") == 2
    assert distance("", "开庭") == distance("开庭", "") == 2
