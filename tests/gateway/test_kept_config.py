"""Which configuration a box starts with, whatever step it was killed at."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway import durable
from gateway.kept_config import IN_VAIN, KeptConfig, Start
from tests.kit.killed import killed_at_write

OLD, NEW = "devices: {}\n", "devices: {} # new\n"


def kept(folder: Path, *texts: str) -> KeptConfig:
    """A box that kept each of these in turn."""
    made = KeptConfig(folder)
    for version, text in enumerate(texts, 1):
        made.begin()
        made.tries(version, text)
        made.keep()
    return made


def change(folder: Path) -> None:
    """A start, a new configuration, its trial and its proof."""
    box = KeptConfig(folder)
    box.begin()
    box.lasted()
    box.tries(2, NEW)
    box.keep()


@pytest.mark.parametrize("after", [False, True], ids=["before the write", "after the write"])
@pytest.mark.parametrize("step", range(5))
def test_killed_at_any_step_it_starts_with_the_old_or_the_new_one_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int, after: bool
) -> None:
    kept(tmp_path, OLD)
    with killed_at_write(monkeypatch, step, after=after):
        change(tmp_path)
    start = KeptConfig(tmp_path).begin()
    assert start.text in (OLD, NEW) and not start.safe
    change(tmp_path)
    assert KeptConfig(tmp_path).begin() == Start(NEW, 2)


def test_one_that_ends_the_gateway_while_it_is_tried_is_given_up_for_the_last_good_one(tmp_path: Path) -> None:
    kept(tmp_path, OLD).tries(2, NEW)
    starts = [KeptConfig(tmp_path).begin() for _ in range(IN_VAIN)]
    assert starts[0] == Start(NEW, 2, on_trial=True)
    assert starts[-1] == Start(OLD, 1, given_up=2)
    assert KeptConfig(tmp_path).settled == 2


def test_three_starts_in_vain_lead_to_safe_mode_and_one_that_lasts_leads_out(tmp_path: Path) -> None:
    kept(tmp_path, OLD)
    assert [KeptConfig(tmp_path).begin().safe for _ in range(IN_VAIN + 2)] == [False] * IN_VAIN + [True] * 2
    box = KeptConfig(tmp_path)
    box.once_more()
    assert KeptConfig(tmp_path).begin().safe
    box = KeptConfig(tmp_path)
    box.lasted()
    assert KeptConfig(tmp_path).begin() == Start(OLD, 1)


def test_without_a_word_of_central_the_boxs_own_file_counts(tmp_path: Path) -> None:
    assert KeptConfig(tmp_path).begin() == Start(None, 0)


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_text("half")], ids=["lost", "torn"])
def test_a_text_that_is_not_what_was_kept_is_not_started(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    kept(tmp_path, OLD)
    (text,) = (tmp_path / "config").glob("*.yaml")
    spoil(text)
    assert KeptConfig(tmp_path).begin().text is None


def test_a_state_that_cannot_be_read_counts_as_none(tmp_path: Path) -> None:
    kept(tmp_path, OLD)
    (tmp_path / "config" / "state.json").write_text("[")
    assert KeptConfig(tmp_path).begin() == Start(None, 0)


def test_a_start_that_lasted_and_a_refusal_at_the_same_moment_are_both_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = KeptConfig(tmp_path)
    box.begin()
    write, writing, go_on = durable.write, threading.Event(), threading.Event()

    def slow_once(path: Path, content: bytes) -> None:
        if not writing.is_set():
            writing.set()
            assert go_on.wait(20)
        write(path, content)

    monkeypatch.setattr(durable, "write", slow_once)
    lasting = threading.Thread(target=box.lasted)
    lasting.start()
    assert writing.wait(20)
    refusing = threading.Thread(target=box.refuse, args=(5,))
    refusing.start()
    refusing.join(0.1)  # were it not to wait for its turn, it would be done by now, and then be written over
    go_on.set()
    lasting.join()
    refusing.join()
    assert KeptConfig(tmp_path).settled == 5
