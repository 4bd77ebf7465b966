"""Which software a box starts, whatever step it was killed at."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.kept_software import IN_VAIN, PROGRAM, KeptSoftware, Release
from tests.kit.killed import killed_at_write

OLD, NEW = Release("old", 1, "0.1.0"), Release("new", 2, "0.2.0", ("wall-a",))


def box(folder: Path) -> KeptSoftware:
    """A box that has kept OLD, and has NEW beside it."""
    for name in ("old", "new", "own"):
        program = folder / name / PROGRAM
        program.parent.mkdir(parents=True)
        program.touch(mode=0o700)
    kept = KeptSoftware(folder)
    kept.tries(OLD)
    kept.keep()
    return kept


def starts(folder: Path) -> str:
    """What the next start would be."""
    return KeptSoftware(folder).begin(folder / "own").resolve().parents[1].name


def change(folder: Path) -> None:
    """A trial, its start and its proof."""
    KeptSoftware(folder).tries(NEW)
    KeptSoftware(folder).begin(folder / "own")
    KeptSoftware(folder).keep()


@pytest.mark.parametrize("after", [False, True], ids=["before the write", "after the write"])
@pytest.mark.parametrize("step", range(3))
def test_killed_at_any_write_it_starts_the_old_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int, after: bool
) -> None:
    box(tmp_path)
    with killed_at_write(monkeypatch, step, after=after):
        change(tmp_path)
    assert starts(tmp_path) in ("old", "new")
    change(tmp_path)
    assert starts(tmp_path) == "new"
    assert KeptSoftware(tmp_path).settled == 2


def test_one_that_does_not_last_is_started_three_times_and_then_given_up(tmp_path: Path) -> None:
    box(tmp_path).tries(NEW)
    assert [starts(tmp_path) for _ in range(IN_VAIN + 1)] == ["new"] * IN_VAIN + ["old"]
    kept = KeptSoftware(tmp_path)
    assert kept.given_up is not None and kept.given_up.release == "0.2.0"
    kept.refuse(2)
    assert (kept.given_up, kept.settled, kept.good) == (None, 2, OLD)


def test_without_a_release_the_box_starts_what_it_was_set_up_with(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    assert starts(tmp_path) == "own"


def gone(folder: Path) -> None:
    (folder / "new" / PROGRAM).unlink()


def unreadable(folder: Path) -> None:
    (folder / "state.json").write_text("[")


@pytest.mark.parametrize(("spoil", "left"), [(gone, "old"), (unreadable, "own")])
def test_what_is_gone_or_unreadable_is_not_started(tmp_path: Path, spoil: Callable[[Path], None], left: str) -> None:
    box(tmp_path).tries(NEW)
    spoil(tmp_path)
    assert starts(tmp_path) == left
