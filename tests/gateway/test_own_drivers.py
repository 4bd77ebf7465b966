"""A device of an existing kind is added in a folder of its own: no existing file is touched, everything finds it."""

import json
from pathlib import Path

import httpx
import pytest

from drivers.link import open_link
from drivers.places import VARIABLE, own
from gateway.catalogue import names
from gateway.new_driver import named
from tests.kit.children import running
from tests.kit.project import Project

FILE = """\
gateway: locker-a
court: huishan
data: ./data
devices:
  wall-a: {driver: locks/court_board, port: /dev/ttyS1, cells: 12}
"""


@pytest.fixture(scope="module")
def project() -> Project:
    """Nothing is written to it."""
    return Project()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A court's own folder, with a lock board that Courtside does not know."""
    home = tmp_path_factory.mktemp("court")
    named("locks", "court_board", "cu48").write(home)
    return home


def test_it_is_listed_described_and_checked_as_if_it_came_along(project: Project, home: Path, tmp_path: Path) -> None:
    own_drivers = home / "drivers"
    assert "locks/court_board" in project.gateway("drivers", own_drivers=own_drivers)
    assert "locks/court_board" not in names()
    assert "cells" in project.gateway("drivers", "locks/court_board", own_drivers=own_drivers)
    (tmp_path / "locker-a.yaml").write_text(FILE.replace("cells", "cellz"))
    said = project.gateway("check", tmp_path / "locker-a.yaml", own_drivers=own_drivers, ends_with=1)
    assert "did you mean 'cells'" in said
    catalogue = json.loads(project.run("python", "-m", "gateway.catalogue_blob", own_drivers=own_drivers))
    assert catalogue["drivers"]["locks/court_board"]["settings"]["properties"]["cells"]


def test_it_passes_the_contracts_of_its_kind_where_it_lies(project: Project, home: Path) -> None:
    some = "court_board and (only_the_cell or by_hand or released_once or alike)"
    suite = ("tests/contracts/test_locks.py", home / "tests", "-c", "pyproject.toml", "-k", some)
    said = project.pytest(*suite, own_drivers=home / "drivers")
    assert "passed" in said and "failed" not in said


async def test_it_is_emulated_behind_a_real_port(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(home / "drivers"))
    (tmp_path / "locker-a.yaml").write_text(FILE)
    async with running("gateway.simulate", tmp_path / "locker-a.yaml", tmp_path / "ports") as started:
        async with httpx.AsyncClient(base_url=started.told["page"]) as page:
            (device,) = (await page.get("/api/devices")).json()
            assert device["look"]["doors"]["12"] == "shut"
        link = await open_link(started.told["ports"]["/dev/ttyS1"], 9600)
        await link.close()
        assert await started.end() == 0


def test_a_driver_that_is_broken_is_said_so_and_no_other_suffers(project: Project, tmp_path: Path) -> None:
    for name in ("good", "cut_off", "lacking", "elsewhere"):
        named("locks", name, "cu48").write(tmp_path)
    folder = tmp_path / "drivers" / "locks"
    (folder / "cut_off" / "driver.py").write_text("def line(:\n")
    (folder / "lacking" / "driver.py").write_text("ABOUT = 'nothing else'\n")
    (folder / "elsewhere" / "driver.py").write_text("import not_installed_here\n")
    said = project.gateway("drivers", own_drivers=tmp_path / "drivers", ends_with=1)
    assert "locks/good" in said and "locks/kr_cu16" in said
    assert f"'locks/cut_off' in {folder / 'cut_off'} cannot be loaded: SyntaxError" in said
    assert "its driver.py has no VERIFIED, TRANSPORTS, Config, Device" in said
    assert "No module named 'not_installed_here'" in said
    catalogue = json.loads(project.run("python", "-m", "gateway.catalogue_blob", own_drivers=tmp_path / "drivers"))
    assert {"locks/good", "locks/kr_cu16"} <= catalogue["drivers"].keys()
    assert "locks/cut_off" not in catalogue["drivers"]


def test_what_comes_along_is_never_replaced_by_a_folder_of_the_same_name(project: Project, tmp_path: Path) -> None:
    own_board = tmp_path / "drivers" / "locks" / "kr_cu16"
    own_board.mkdir(parents=True)
    (own_board / "driver.py").write_text("ABOUT = 'another'\n")
    listed = project.gateway("drivers", own_drivers=tmp_path / "drivers")
    assert listed.count("locks/kr_cu16") == 1
    assert "another" not in listed


def test_a_folder_to_which_anybody_may_write_is_not_looked_into(tmp_path: Path) -> None:
    named("locks", "court_board", "cu48").write(tmp_path)
    folder = tmp_path / "drivers"
    assert own(str(folder)) == ([str(folder)], [])
    open_file = folder / "locks" / "court_board" / "wire.py"
    open_file.chmod(0o666)
    assert own(str(folder)) == (
        [],
        [
            f"{VARIABLE}: {folder} is not looked into: anybody may write to {open_file}; `chmod o-w` it",
        ],
    )


def test_a_folder_in_one_to_which_anybody_may_write_is_not_looked_into(tmp_path: Path) -> None:
    named("locks", "court_board", "cu48").write(tmp_path / "court")
    tmp_path.chmod(0o777)
    folders, (refused,) = own(str(tmp_path / "court" / "drivers"))
    assert folders == []
    assert f"anybody may write to {tmp_path};" in refused
    tmp_path.chmod(0o1777)
    assert own(str(tmp_path / "court" / "drivers")) == ([str(tmp_path / "court" / "drivers")], [])


def test_a_folder_that_is_lost_or_named_by_half_is_said_in_words(project: Project, tmp_path: Path) -> None:
    folders, refused = own(f"{tmp_path / 'lost'}:drivers::{tmp_path}")
    assert folders == [str(tmp_path)]
    assert "it cannot be read: No such file or directory" in refused[0]
    assert "give its whole path" in refused[1]
    said = project.gateway("drivers", "locks/court_board", own_drivers=tmp_path / "lost", ends_with=1)
    assert "is no driver here" in said and "lost is not looked into" in said
