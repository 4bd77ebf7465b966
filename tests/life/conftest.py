"""What the life tests share: a court of real processes, and the disk that forgets."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.kit.installation import Installation
from tests.kit.powercut import ForgetfulDisk, build


@pytest.fixture
def court(tmp_path: Path) -> Iterator[Installation]:
    """A court just founded, its broker and central at work; it has no box yet."""
    with Installation(tmp_path / "court") as court:
        court.found()
        court.start("broker", "central")
        yield court


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
