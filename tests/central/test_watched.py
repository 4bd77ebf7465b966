"""A watched folder: what is laid there whole is brought into its case once; what cannot be is laid aside and why."""

from pathlib import Path

from central.dossiers.watched import Watched
from tests.central.shelf import RECEIPT, Shelf
from tests.kit import paper

SLIP = paper.jpeg(paper.drawn(RECEIPT, 100, paper.SLIP_MM))


def laid(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_what_is_laid_there_is_brought_in_once_and_what_cannot_be_is_laid_aside(shelf: Shelf, tmp_path: Path) -> None:
    folder = tmp_path / "watched"
    whole = laid(folder, "(2026)苏0206民初123号/回证.jpg", SLIP)
    laid(folder, "HS-0001/同一份.jpg", SLIP)
    laid(folder, "没有的案件/回证.jpg", SLIP)
    growing = laid(folder, "HS-0001/在写.jpg", SLIP[:100])
    laid(folder, "HS-0001/~$锁.docx", b"lock")
    watched = Watched(folder, shelf.store, shelf.locker.blobs, shelf.actor(), lambda: shelf.locker.now)
    seen = watched.look()
    growing.write_bytes(SLIP + b"2")
    told = {outcome.path.relative_to(folder).as_posix(): outcome.said for outcome in watched.take_in(seen)}
    assert told["taken/(2026)苏0206民初123号/回证.jpg"] is None and not whole.exists()
    assert "没有重复收入" in str(told["refused/HS-0001/同一份.jpg"])
    assert "不是案号" in (folder / "refused" / "没有的案件" / "回证.jpg.txt").read_text("utf-8")
    assert len(told) == 3 and growing.exists()
    assert shelf.locker.blobs.get(shelf.intake(1).sha256) == SLIP
    shelf.work()
    assert [item for item, _, _ in shelf.told()] == [21]
    assert len(list(watched.take_in(watched.look()))) == 1
