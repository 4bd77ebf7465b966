"""What reads pages and opens files: kept while it is sound, started anew when it died, clear about what is missing."""

import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from central.dossiers import asked, engines
from central.dossiers.engines import EngineFailed, engine_named
from tests.kit import paper
from tests.kit.process import until

_TEXT = "受理案件通知书\n我院已经立案受理"


@pytest.fixture
def alone() -> Iterator[None]:
    """No engine is loaded before, and none afterwards."""
    _gone()
    yield
    _gone()


def _gone() -> None:
    engines._reader().end()


def _read(size_mm: tuple[int, int] = paper.SLIP_MM) -> str:
    lines = engine_named("tesseract")(paper.drawn(_TEXT, 150, size_mm))
    return "".join(line.text for line in lines)


@pytest.mark.usefixtures("alone")
def test_the_engine_forgets_the_page_before_and_is_started_anew_when_it_died() -> None:
    first = _read()
    assert paper.errors(first, _TEXT) < 0.2
    assert _read(paper.A4_MM) and _read() == first
    engines._reader()._running().kill()
    with pytest.raises(EngineFailed, match="died over this page"):
        _read()
    assert _read() == first


@pytest.mark.usefixtures("alone")
def test_a_model_that_is_not_there_is_asked_for_by_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    with pytest.raises(EngineFailed, match=re.escape("install tesseract-ocr-chi-sim")):
        _read()


@pytest.mark.usefixtures("alone")
def test_an_engine_that_is_silent_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    hasty = asked.Asked("central.dossiers.tesseract", 0.001)
    monkeypatch.setattr(engines, "_reader", lambda: hasty)
    with pytest.raises(EngineFailed, match="gave no answer"):
        _read()
    assert hasty._process is None


def test_what_hangs_over_a_file_is_ended_with_the_process_it_was_made_by(tmp_path: Path) -> None:
    picture, endless = tmp_path / "page.jpg", tmp_path / "endless"
    picture.write_bytes(paper.jpeg(paper.drawn(_TEXT, 50), 50))
    os.mkfifo(endless)
    opener = asked.Asked("central.dossiers.opening", 60)
    assert opener.ask(what="look", file=str(picture)) == {"kind": "image", "pages": 1}
    opener._patience_s = 0.2
    with pytest.raises(asked.Silent):
        opener.ask(what="look", file=str(endless))
    until("nobody reads it any more", lambda: not _is_read(endless))
    opener.end()


def _is_read(pipe: Path) -> bool:
    try:
        os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
    except OSError as error:
        assert error.errno == errno.ENXIO
        return False
    return True
