"""What the life tests share: the disk that forgets, and one court a module."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit.powercut import ForgetfulDisk, build


@pytest.fixture(scope="session")
def power_cut_layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The layer that throws away what was not fsynced, compiled."""
    return build(tmp_path_factory.mktemp("powercut"))


@pytest.fixture
def forgetful(power_cut_layer: Path, tmp_path: Path) -> Callable[[str], ForgetfulDisk]:
    """Gives a folder of that name on a disk that keeps only what was fsynced."""

    def made(name: str) -> ForgetfulDisk:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        return ForgetfulDisk(folder, power_cut_layer, tmp_path / f"{name}-shadows")

    return made
