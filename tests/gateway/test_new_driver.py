"""`courtside-gateway new-driver`: what it writes works at once, keeps the rules of the house, and touches nothing."""

import hashlib
from pathlib import Path

import pytest

from gateway.catalogue import names, place
from gateway.new_driver import LONGEST_NAME, CannotWrite, named
from tests.kit.project import Project

KINDS = sorted({name.partition("/")[0] for name in names() if (place(name) / "wire.py").exists()})
LONG, SHORT = "a_device_of_a_long_name"[:LONGEST_NAME], "x"


def _digests(root: Path) -> dict[Path, str]:
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in root.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with a new driver of every kind that has bytes, whose names are as long as may be."""
    project = Project(tmp_path_factory.mktemp("project"))
    before = _digests(project.root)
    for kind in KINDS:
        named(kind, f"{kind}_{LONG}"[:LONGEST_NAME]).write(project.root)
    named("locks", SHORT, "board_8a").write(project.root)
    after = _digests(project.root)
    assert {path: after[path] for path in before} == before, "an existing file was touched"
    return project


def test_it_is_formatted_as_the_rest_whatever_its_name(project: Project) -> None:
    project.run("ruff", "check", "--no-cache", "drivers", "tests/drivers")
    project.run("ruff", "format", "--no-cache", "--check", "drivers", "tests/drivers")


def test_every_kind_has_its_row_in_the_table_by_walking(project: Project) -> None:
    project.run("python", "-m", "gateway.device_table", "docs/devices.md")
    table = (project.root / "docs" / "devices.md").read_text("utf-8").splitlines()
    for kind in KINDS:
        name = f"{kind}_{LONG}"[:LONGEST_NAME]
        (row,) = [line for line in table if line.startswith(f"| `{kind}/{name}` |")]
        assert f"| {name} | no | wire: " in row


@pytest.mark.long
def test_it_keeps_every_rule_of_the_house_and_every_contract_of_its_kind(project: Project) -> None:
    project.run("mypy", "--cache-dir", "/dev/null", "-p", "drivers")
    assert "passed" in project.pytest("tests/test_house_rules.py")
    named_so = " or ".join(f"{kind}_{LONG}"[:LONGEST_NAME] for kind in KINDS)
    said = project.pytest("tests/contracts", "tests/drivers", "tests/gateway/test_catalogue.py", "-k", named_so)
    assert "passed" in said


@pytest.mark.parametrize(
    ("kind", "name", "like", "told"),
    [
        ("lock", "mine", None, "no kind of device is called 'lock'; did you mean 'locks'?"),
        ("locks", "Mine", None, "'Mine' is no name for a driver"),
        ("locks", "class", None, "'class' is no name for a driver"),
        ("locks", "../mine", None, "is no name for a driver"),
        ("locks", "m" * (LONGEST_NAME + 1), None, f"at most {LONGEST_NAME}"),
        ("locks", "cu48", None, "locks/cu48 is there already"),
        ("readers", "cu48", None, "locks/cu48 is there already"),
        ("locks", "mine", "cu49", "is called 'cu49'; did you mean 'cu48'?"),
        ("scanners", "mine", None, "hang behind libraries"),
    ],
)
def test_what_cannot_be_is_refused_in_words(kind: str, name: str, like: str | None, told: str) -> None:
    with pytest.raises(CannotWrite) as refused:
        named(kind, name, like)
    assert told in str(refused.value)


def test_nothing_is_overwritten_and_then_nothing_is_written(tmp_path: Path) -> None:
    vectors = tmp_path / "tests" / "vectors" / "mine.yaml"
    vectors.parent.mkdir(parents=True)
    vectors.write_text("mine\n")
    with pytest.raises(CannotWrite, match=r"mine\.yaml is there already; nothing was written"):
        named("locks", "mine").write(tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [vectors]
    assert vectors.read_text() == "mine\n"


def test_a_folder_that_cannot_be_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "drivers").write_text("a file\n")
    with pytest.raises(CannotWrite, match="cannot be written"):
        named("locks", "mine").write(tmp_path)
