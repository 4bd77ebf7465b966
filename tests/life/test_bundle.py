"""The offline installer: it installs without a network, and what it installed works; a damaged one says so."""

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from tests.kit.process import Failed, run

ROOT = Path(__file__).parents[2]


@pytest.mark.long
def test_the_bundle_installs_without_a_network_and_what_it_installed_works(tmp_path: Path) -> None:
    run(ROOT / "firmware_configs" / "setup" / "setup.sh", "bundle", tmp_path / "made", tmp_path / "dist")
    (packed,) = (tmp_path / "dist").glob("courtside-*-offline.tar")
    with tarfile.open(packed) as archive:
        archive.extractall(tmp_path, filter="data")
    (bundle,) = tmp_path.glob("courtside-*")
    assert {"mosquitto", "python3-venv", "ffmpeg"} <= set((bundle / "packages.txt").read_text().split())

    into = tmp_path / "opt"
    nowhere = {**os.environ, "PYTHON": sys.executable, "PIP_INDEX_URL": "http://127.0.0.1:9"}
    subprocess.run([bundle / "install.sh", into], check=True, env=nowhere, stdin=subprocess.DEVNULL)
    programs = into / ".venv" / "bin"
    assert "locks/kr_cu16" in run(programs / "courtside-gateway", "drivers", cwd=tmp_path)
    first = ("--login", "admin", "--name", "管理员", "--password", "correct horse battery")
    run(programs / "courtside-central", "init", "--home", tmp_path / "home", "--court", "huishan", *first, cwd=tmp_path)
    with pytest.raises(Failed, match="broker"):  # all of it is there but what runs beside it
        run(programs / "courtside-central", "doctor", "--home", tmp_path / "home", cwd=tmp_path)

    gateway_alone(bundle, tmp_path / "gateway")

    (wheel, *_) = (bundle / "wheels").glob("courtside-*.whl")
    wheel.write_bytes(wheel.read_bytes()[:-1])
    with pytest.raises(Failed, match="damaged"):
        run(bundle / "install.sh", tmp_path / "again")


def gateway_alone(bundle: Path, folder: Path) -> None:
    """The release for gateways has all a gateway needs, and is taken in by central's rules."""
    (release,) = bundle.glob("gateway-*.zip")
    with zipfile.ZipFile(release) as packed:
        packed.extractall(folder)
    venv.create(folder / "env", with_pip=False)
    python = folder / "env" / "bin" / "python"
    pip = ("-m", "pip", "--isolated", "--python", python, "install", "--quiet", "--no-index", "--no-deps")
    run(Path(sys.executable), *pip, *sorted(folder.glob("*.whl")))
    shown = run(folder / "env" / "bin" / "courtside-gateway", "drivers", cwd=folder)
    assert "scanners/sane" in shown and "speech/vosk" in shown and "scanners/escl" in shown
    run(python, "-I", "-c", "import gateway.app, gateway.screen.page, drivers.scanners.escl.found", cwd=folder)
