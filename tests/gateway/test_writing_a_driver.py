"""`docs/writing-a-driver.md` followed word for word: what it says to write is written, what it says to type is run."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import house
from tests.kit.project import Project

GUIDE = (house.ROOT / "docs" / "writing-a-driver.md").read_text("utf-8")
SLOW = ("make", "pytest")
"""Lines that take long; instead of them the quick run tries, at the end:"""
QUICK = "eth_text and (only_the_cell or by_hand or released_once or busy)"


def _steps() -> Iterator[tuple[str, str]]:
    """("file=PATH" or "sh", text) of every block that says what to do, in order."""
    for info, text in re.findall(r"^```(.+?)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL):
        yield info.split()[-1], text


def _follow(project: Project, slow: bool) -> list[str]:
    """Do all of it; gives what was typed."""
    typed = []
    for what, text in _steps():
        if what != "sh":
            path = project.root / what.removeprefix("file=")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            continue
        for line in text.splitlines():
            if slow or not line.startswith(SLOW):
                project.run("bash", "-c", line)
                typed.append(line)
    return typed


def test_a_reader_who_follows_it_has_a_driver_that_keeps_the_contracts(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    typed = _follow(project, slow=False)
    assert len(typed) >= 3
    said = project.pytest("tests/contracts/test_locks.py", "-k", QUICK)
    assert "passed" in said
    project.run("ruff", "check", "--no-cache", ".")
    project.run("ruff", "format", "--no-cache", "--check", ".")


@pytest.mark.long
def test_a_reader_who_follows_it_to_the_end_passes_all_checks(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    project.is_set_up()
    assert "make check" in _follow(project, slow=True)


def test_the_guide_names_only_commands_that_are_run(tmp_path: Path) -> None:
    typed = {line for what, text in _steps() if what == "sh" for line in text.splitlines()}
    assert {line.split()[0] for line in typed} == {"courtside-gateway", "pytest", "make"}
