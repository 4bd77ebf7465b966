"""A copy of the project's own files, to write in as its next author would; what is checked there is what CI checks."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from drivers.places import VARIABLE
from tests import house

_BIN = Path(sys.executable).parent


class Project:
    """The copy at `root`; without one the project itself, in which nothing may be written."""

    def __init__(self, root: Path = house.ROOT) -> None:
        self.root = root
        if root == house.ROOT:
            return
        for path in (path for path in house.files() if path.name != ".git"):
            (root / path.relative_to(house.ROOT)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, root / path.relative_to(house.ROOT))

    def run(self, *command: str | Path, own_drivers: Path | None = None, ends_with: int = 0) -> str:
        """Run a program of the environment there; gives what it said. AssertionError if it ends otherwise."""
        environment = {**os.environ, "PATH": f"{_BIN}:{os.environ['PATH']}", "PYTHONPATH": str(self.root)}
        if own_drivers is not None:
            environment[VARIABLE] = str(own_drivers)
        done = subprocess.run(
            list(map(str, command)),
            cwd=self.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == ends_with, f"{' '.join(map(str, command))}:\n{done.stdout}"
        return done.stdout

    def is_set_up(self) -> None:
        """Let `make` find an environment, so that it makes none."""
        (self.root / ".venv").symlink_to(_BIN.parent)
        stamp = self.root / "build" / "stamps" / "environment"
        stamp.parent.mkdir(parents=True)
        stamp.touch()

    def gateway(self, *arguments: str | Path, own_drivers: Path | None = None, ends_with: int = 0) -> str:
        """Run `courtside-gateway` of the copy."""
        return self.run("python", "-m", "gateway", *arguments, own_drivers=own_drivers, ends_with=ends_with)

    def pytest(self, *arguments: str | Path, own_drivers: Path | None = None) -> str:
        """Run tests of the copy."""
        return self.run("python", "-m", "pytest", "-p", "no:cacheprovider", *arguments, own_drivers=own_drivers)
