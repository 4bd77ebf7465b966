"""A box changes its own software, is killed at every step, and always has one that works; real processes throughout."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from devices.claims import ReleaseClaims, Wheel
from devices.grants import sign
from devices.journal import Line, read_line
from gateway.journal_check import show
from gateway.kept_software import IN_VAIN
from gateway.update import AGAIN
from tests.kit.court import COURT, Court
from tests.kit.process import run, until
from tests.kit.wheels import DYING, wheel

LIGHT = "tests.kit.updating:main"
STARTS = 8
"""So often a service manager starts it again, here."""


@dataclass
class Place:
    """An environment as a box is set up with, and the court it belongs to."""

    python: Path
    court: Court
    folder: Path

    def box(self, name: str, version: int = 2) -> "Box":
        """A box that is to have that release."""
        folder = self.folder / name
        self.court.identity("room-1", folder)
        (folder / "blobs").mkdir()
        box = Box(self, folder)
        box.wants(version, *wheel(f"0.{version}.0", LIGHT))
        return box


@dataclass
class Box:
    """One box, and whoever starts it again whenever it ends."""

    place: Place
    folder: Path

    def wants(self, version: int, packed: Wheel, content: bytes, **other: str) -> None:
        """Central desires a release of that one package."""
        claims = {"release": f"0.{version}.0", "python": f"3.{sys.version_info.minor}", "iss": COURT, "iat": version}
        release = ReleaseClaims.of({**claims, "aud": "software", "wheels": [packed.model_dump()], **other})
        token = sign("software", release.write(), self.place.court.key).encode()
        sha256 = hashlib.sha256(token).hexdigest()
        (self.folder / "blobs" / sha256).write_bytes(token)
        (self.folder / "blobs" / packed.sha256).write_bytes(content)
        (self.folder / "desired.json").write_text(json.dumps({"sha256": sha256, "version": version}))

    def launch(self, **environment: str) -> "subprocess.Popen[str]":
        """Start what there is to start, in a session of its own."""
        command = [self.place.python, "-m", "gateway.launch", self.folder / "software", "run", self.folder]
        with (self.folder / "log").open("a") as log:
            return subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, text=True,
                start_new_session=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment},
            )  # fmt: skip

    def runs(self, **environment: str) -> list[int]:
        """Start it as a service manager does until it ends in order, or is killed; gives the exit codes."""
        codes: list[int] = []
        while not codes or codes[-1] not in (0, -signal.SIGKILL):
            assert len(codes) < STARTS, (self.folder / "log").read_text()
            codes.append(self.launch(**environment).wait(120))
        return codes

    def killed_before(self, step: str, number: int = 1) -> None:
        """Run it, and kill all of it before that step."""
        assert self.steps(KILL_BEFORE=step, KILL_AT=str(number))[-1].startswith(step)

    def steps(self, **environment: str) -> list[str]:
        """Run it, and write down every change it makes to its software; with `KILL_AT` it ends before that one."""
        count = self.folder / "steps"
        count.unlink(missing_ok=True)
        told = {"KILL_BELOW": str(self.folder / "software"), "KILL_COUNT": str(count), **environment}
        self.runs(**told)
        return count.read_text().splitlines()

    def release_there(self) -> str:
        """Which release the box would start now, as that says itself."""
        python = self.folder / "software" / "current" / "bin" / "python"
        return run(python, "-I", "-c", "from importlib.metadata import version; print(version('courtside'))").strip()

    def told(self, type_: str) -> list[Line]:
        """Lines of that type in its journal."""
        lines = [read_line(raw) for raw in show(self.folder / "journal.db")]
        return [line for line in lines if line.type == type_]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("update")
    made = folder / "set-up"
    run(Path(sys.executable), "-m", "venv", "--without-pip", made)
    packed, content = wheel("0.1.0", LIGHT)
    (folder / packed.file).write_bytes(content)
    pip = ("-m", "pip", "--isolated", "--python", made / "bin" / "python", "install", "--quiet", "--no-index")
    run(Path(sys.executable), *pip, "--no-deps", folder / packed.file)
    return Place(made / "bin" / "python", Court(folder / "court"), folder)


def test_killed_as_it_changes_over_a_box_goes_on_with_a_release_that_works_and_gives_back_one_that_dies(
    place: Place,
) -> None:
    box = place.box("changing over")
    box.killed_before("rename /current", 2)  # to be started, and not yet what is started
    assert box.release_there() == "0.1.0"
    box.killed_before("rename /state.json")  # its second start is not counted yet
    box.killed_before("rename /state.json", 2)  # proven, and not kept yet
    assert box.runs() == [0]
    assert box.release_there() == "0.2.0"
    assert [line.body for line in box.told("software_kept")] == [{"version": 2, "release": "0.2.0"}] * 2

    box.wants(3, *wheel("0.3.0", "dying:main", more={"dying.py": DYING}))
    assert box.runs() == [AGAIN, *[3] * IN_VAIN, 0]
    assert box.release_there() == "0.2.0"
    (refused,) = box.told("software_refused")
    assert refused.body["release"] == "0.3.0" and f"{IN_VAIN} times" in refused.body["why"]


@pytest.mark.long
def test_killed_at_every_step_it_goes_on_with_a_release_that_works(place: Place) -> None:
    whole = place.box("whole, every step").steps()
    for at in range(1, len(whole) + 1):
        survives(place, at, whole)


@pytest.mark.long
def test_killed_while_packages_are_unpacked_it_installs_anew(place: Place) -> None:
    for files in (1, 5, 20):
        box = place.box(f"unpacking {files}")
        process = box.launch()
        until("it unpacks", lambda: len(list((box.folder / "software").glob("0.*/**/*"))) >= files)  # noqa: B023
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(60)
        assert box.runs() == [AGAIN, 0]
        assert box.release_there() == "0.2.0"


def survives(place: Place, at: int, whole: list[str]) -> None:
    """Killed before that step it starts again, whatever it is then, and has the new release in the end."""
    box = place.box(f"killed at {at}")
    box.steps(KILL_AT=str(at))
    assert box.runs()[-1] == 0, whole[at - 1]
    assert box.release_there() == "0.2.0", whole[at - 1]
    assert len(box.told("software_refused")) == 0, whole[at - 1]
